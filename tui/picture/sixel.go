package picture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"image"
	"image/png"

	"github.com/mattn/go-sixel"
)

// encoder is what one worker encodes with, and the buffer that it writes to; its scratch memory is reused.
type encoder struct {
	out   bytes.Buffer
	sixel *sixel.Encoder
	png   *png.Encoder
}

// newEncoder returns an encoder.
func newEncoder() *encoder {
	e := &encoder{png: &png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: &pngBuffers{}}}
	e.sixel = sixel.NewEncoder(&e.out)
	return e
}

// pngBuffers keeps the PNG encoder's scratch memory for one worker.
type pngBuffers struct{ kept *png.EncoderBuffer }

// Get returns what is kept.
func (b *pngBuffers) Get() *png.EncoderBuffer { return b.kept }

// Put keeps a buffer.
func (b *pngBuffers) Put(kept *png.EncoderBuffer) { b.kept = kept }

// fitted sets the size of p and returns m in it.
func (t *Thumbs) fitted(p *Picture, m image.Image, key pictureKey) *image.RGBA {
	boxW, boxH := t.driver.area(t.terminal, key.box, key.cellW, key.cellH)
	p.PixelW, p.PixelH = fitPixels(m.Bounds().Dx(), m.Bounds().Dy(), boxW, boxH)
	p.Covers = coveredCells(p.PixelW, p.PixelH, key.cellW, key.cellH)
	p.cell = Box{key.cellW, key.cellH}
	return resample(m, p.PixelW, p.PixelH)
}

// painted sets the size of p and returns m in it, mapped to the shared palette, which is faded in QualityFaded, or in
// QualityLarge to one of its own.
func (t *Thumbs) painted(ctx context.Context, p *Picture, m image.Image, key pictureKey) (*image.Paletted, error) {
	small := t.fitted(p, m, key)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if key.quality == QualityLarge {
		return ownPalette(small, t.colors).paint(small), nil
	}
	out := t.palette.paint(small) // set before ready was closed
	if key.quality == QualityFaded && t.fadesPalette() {
		out.Palette = fadedPalette(out.Palette, t.light)
	}
	return out, nil
}

// drawSixel fills in the sixel picture of m. The encoder is given a picture that is already mapped to its palette: its own
// table has 5 bits a channel, and it names every register of a palette in every picture.
func (t *Thumbs) drawSixel(ctx context.Context, p *Picture, m image.Image, e *encoder, key pictureKey) error {
	painted, err := t.painted(ctx, p, m, key)
	if err != nil {
		return err
	}
	e.out.Reset()
	if err := e.sixel.Encode(painted); err != nil {
		return err
	}
	p.Bytes = bytes.Clone(e.out.Bytes())
	sum := sha256.Sum256(p.Bytes)
	p.Key = string(sum[:16])
	if t.terminal.Tmux {
		p.Covers = coveredCells(p.PixelW, bands(p.PixelH), key.cellW, key.cellH)
		if key.quality != QualityLarge {
			p.pixels = painted
		}
	}
	return nil
}

// bands returns the pixels of the six-pixel bands that a sixel of height h has.
func bands(h int) int { return (h + 5) / 6 * 6 }

// sixelArea returns the pixels that a sixel picture may use in box: all columns, and as many rows as whole six-pixel
// bands fit, within the largest picture that the terminal takes. A terminal may clear or draw whole bands, so a picture
// of this height never reaches the cells below.
func sixelArea(t Terminal, box Box, cellW, cellH int) (w, h int) {
	w, h = box.Cols*cellW, box.Rows*cellH
	if t.PictureW > 0 && t.PictureH > 0 {
		w, h = min(w, t.PictureW), min(h, t.PictureH)
	}
	return w, max(h/6*6, min(6, h))
}

// coveredCells returns the cells that w×h pixels touch.
func coveredCells(w, h, cellW, cellH int) Box {
	return Box{Cols: (w + cellW - 1) / cellW, Rows: (h + cellH - 1) / cellH}
}

// leastRegisters is the least number of colour registers with which a picture can be told from another.
const leastRegisters = 16

// offersSixel says how the terminal offers sixel.
func offersSixel(_ brand, r replies) string {
	if !r.sixel || r.colorRegisters > 0 && r.colorRegisters < leastRegisters {
		return ""
	}
	return "the terminal answers DA1 with 4"
}

func newSixelHand(t Terminal) hand {
	if t.Tmux {
		return newStripHand()
	}
	return &cellHand{end: stringTerminator}
}
