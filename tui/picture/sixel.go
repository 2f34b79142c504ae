package picture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"image"

	"github.com/mattn/go-sixel"
)

// encoder is one worker's sixel encoder with the buffer it writes to; its scratch memory is reused.
type encoder struct {
	out   bytes.Buffer
	sixel *sixel.Encoder
}

// drawSixel fills in the sixel picture of m. The encoder is given a picture that is already mapped to its palette: its own
// table has 5 bits a channel, and it names every register of a palette in every picture.
func (t *Thumbs) drawSixel(ctx context.Context, p *Picture, m image.Image, e *encoder, key pictureKey) error {
	boxW, boxH := sixelArea(t.terminal, key.box, key.cellW, key.cellH)
	p.PixelW, p.PixelH = fitPixels(m.Bounds().Dx(), m.Bounds().Dy(), boxW, boxH)
	p.Covers = coveredCells(p.PixelW, p.PixelH, key.cellW, key.cellH)
	small := resample(m, p.PixelW, p.PixelH)
	if err := ctx.Err(); err != nil {
		return err
	}
	var colors *palette
	if key.quality == QualityLarge {
		colors = ownPalette(small, t.colors)
	} else {
		colors = t.palette // set before ready was closed
	}
	e.out.Reset()
	if err := e.sixel.Encode(colors.paint(small)); err != nil {
		return err
	}
	p.Bytes = bytes.Clone(e.out.Bytes())
	sum := sha256.Sum256(p.Bytes)
	p.Key = string(sum[:16])
	return nil
}

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

func newSixelHand(Terminal) hand { return &cellHand{end: stringTerminator} }
