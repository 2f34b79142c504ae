package picture

import (
	"context"
	"image"
	"image/color"
	"math"
	"strings"

	"github.com/muesli/termenv"
)

// grid is how many pixels a cell of text has.
type grid struct{ w, h int }

// The grids of block characters: quadrants are in most fonts, sextants are drawn by terminals themselves.
var (
	quadrants = grid{2, 2}
	sextants  = grid{2, 3}
)

// quadrantRunes are the characters by their pixels: 1, 2, 4 and 8 for the upper left to the lower right one.
const quadrantRunes = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"

// The sextants that stand elsewhere in Unicode: those that are half a cell.
const (
	leftHalf  = 0b010101
	rightHalf = 0b101010
)

// char returns the character that shows the pixels of mask, from the upper left to the lower right one.
func (g grid) char(mask int) rune {
	if g == quadrants {
		return []rune(quadrantRunes)[mask]
	}
	switch mask {
	case 0:
		return ' '
	case leftHalf:
		return '▌'
	case rightHalf:
		return '▐'
	case 1<<6 - 1:
		return '█'
	}
	r := rune(0x1FB00 + mask - 1)
	if mask > leftHalf {
		r--
	}
	if mask > rightHalf {
		r--
	}
	return r
}

func (t *Thumbs) drawQuadrants(_ context.Context, p *Picture, m image.Image, _ *encoder, key pictureKey) error {
	p.Lines = mosaic(m, key.box, key.cellW, key.cellH, t.terminal.Profile, quadrants)
	return nil
}

func (t *Thumbs) drawSextants(_ context.Context, p *Picture, m image.Image, _ *encoder, key pictureKey) error {
	p.Lines = mosaic(m, key.box, key.cellW, key.cellH, t.terminal.Profile, sextants)
	return nil
}

// mosaic draws m in box as characters of two colours, each of which shows the pixels of a cell as well as two colours
// can. The picture is placed as by halfBlocks, which also draws it where there is no colour.
func mosaic(m image.Image, box Box, cellW, cellH int, profile termenv.Profile, g grid) []string {
	if profile == termenv.Ascii {
		return halfBlocks(m, box, cellW, cellH, profile)
	}
	pixelW, pixelH := fitPixels(m.Bounds().Dx(), m.Bounds().Dy(), box.Cols*cellW, box.Rows*cellH)
	cols := min(box.Cols, max(1, (pixelW+cellW/2)/cellW))
	rows := min(box.Rows, max(1, (pixelH+cellH/2)/cellH))
	small := resample(m, cols*g.w, rows*g.h)
	return centred(box, cols, rows, func(b *strings.Builder, row int) { g.line(b, small, row, cols, profile) })
}

// line writes a row of cells. A colour is set only where it changes.
func (g grid) line(b *strings.Builder, m *image.RGBA, row, cols int, profile termenv.Profile) {
	last := ""
	pixels := make([]rgb, g.w*g.h)
	for col := range cols {
		for i := range pixels {
			c := m.RGBAAt(col*g.w+i%g.w, row*g.h+i/g.w)
			pixels[i] = rgb{float32(c.R), float32(c.G), float32(c.B)}
		}
		mask, front, back := twoColors(pixels)
		style := sgrColor(front, false, profile) + ";" + sgrColor(back, true, profile)
		if style != last {
			b.WriteString("\x1b[" + style + "m")
			last = style
		}
		b.WriteRune(g.char(mask))
	}
	b.WriteString("\x1b[0m")
}

// twoColors parts pixels into those of mask and the others, so that the means of both are as near to the pixels as they
// can be, and returns the means. The first pixel is one of the others.
func twoColors(pixels []rgb) (mask int, front, back color.RGBA) {
	least := float32(math.MaxFloat32)
	var means [2]rgb
	for part := 0; part < 1<<len(pixels); part += 2 {
		var sums [2]rgb
		var counts [2]float32
		for i, p := range pixels {
			side := part >> i & 1
			counts[side]++
			for c := range p {
				sums[side][c] += p[c]
			}
		}
		for side := range sums {
			for c := range sums[side] {
				sums[side][c] /= max(counts[side], 1)
			}
		}
		var off float32
		for i, p := range pixels {
			off += p.distance(sums[part>>i&1])
		}
		if off < least {
			least, mask, means = off, part, sums
		}
	}
	if mask == 0 { // of one colour
		means[1] = means[0]
	}
	return mask, means[1].color(), means[0].color()
}

// color returns c rounded.
func (c rgb) color() color.RGBA {
	return color.RGBA{uint8(c[0] + 0.5), uint8(c[1] + 0.5), uint8(c[2] + 0.5), 255}
}
