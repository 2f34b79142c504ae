package picture

import (
	"context"
	"fmt"
	"image"
)

// Draw returns an image that is no item's as a picture in a box, with a palette of its own. It is made now, and not
// kept. Where a terminal shows no pictures it is text, half-blocks. The error is ctx's, or the encoder's.
func (t *Thumbs) Draw(ctx context.Context, m image.Image, box Box) (Picture, error) {
	t.mu.Lock()
	key := pictureKey{-1, box, t.cellW, t.cellH, QualityLarge}
	t.mu.Unlock()
	p := Picture{Row: key.row, Box: box}
	if box.Cols <= 0 || box.Rows <= 0 {
		return p, ctx.Err()
	}
	if t.driver.draw == nil {
		p.Lines = halfBlocks(m, box, key.cellW, key.cellH, t.terminal.Profile)
		return p, ctx.Err()
	}
	var e *encoder
	select {
	case e = <-t.encoders:
		defer func() { t.encoders <- e }()
	case <-ctx.Done():
		return Picture{}, ctx.Err()
	}
	if err := t.driver.draw(t, ctx, &p, m, e, key); err != nil {
		return Picture{}, fmt.Errorf("drawing %d×%d cells: %w", box.Cols, box.Rows, err)
	}
	return p, ctx.Err()
}
