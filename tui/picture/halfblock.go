package picture

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
)

// inkRamp draws a pixel without colour, from white to black: a product stands on white paper, which stays blank.
const inkRamp = " .:-=+*#%@"

// drawHalfBlocks fills in the lines of m.
func (t *Thumbs) drawHalfBlocks(_ context.Context, p *Picture, m image.Image, _ *encoder, key pictureKey) error {
	p.Lines = halfBlocks(m, key.box, key.cellW, key.cellH, t.terminal.Profile)
	return nil
}

// halfBlocks draws m in box with two pixels a cell, ▀ in the upper one's colour on the lower one's. The picture keeps
// its proportions on cells of cellW×cellH pixels and is centred between blanks; every line is box.Cols cells wide.
// Without colour, cells are characters of rising darkness.
func halfBlocks(m image.Image, box Box, cellW, cellH int, profile termenv.Profile) []string {
	pixelW, pixelH := fitPixels(m.Bounds().Dx(), m.Bounds().Dy(), box.Cols*cellW, box.Rows*cellH)
	cols := min(box.Cols, max(1, (pixelW+cellW/2)/cellW))
	halves := min(2*box.Rows, max(1, (2*pixelH+cellH/2)/cellH))
	small := resample(m, cols, halves)
	return centred(box, cols, (halves+1)/2, func(b *strings.Builder, row int) {
		if profile == termenv.Ascii {
			inkLine(b, small, 2*row)
		} else {
			blockLine(b, small, 2*row, profile)
		}
	})
}

// centred returns the lines of a picture of cols × rows cells in the middle of a box, between blanks. line writes a row
// of its cells.
func centred(box Box, cols, rows int, line func(b *strings.Builder, row int)) []string {
	left, top := (box.Cols-cols)/2, (box.Rows-rows)/2
	lines := make([]string, box.Rows)
	for at := range lines {
		row := at - top
		if row < 0 || row >= rows {
			lines[at] = strings.Repeat(" ", box.Cols)
			continue
		}
		var b strings.Builder
		b.WriteString(strings.Repeat(" ", left))
		line(&b, row)
		b.WriteString(strings.Repeat(" ", box.Cols-left-cols))
		lines[at] = b.String()
	}
	return lines
}

// blockLine writes the pixels of lines y and y+1. A colour is set only where it changes.
func blockLine(b *strings.Builder, m *image.RGBA, y int, profile termenv.Profile) {
	last := ""
	for x := range m.Rect.Dx() {
		style := sgrColor(m.RGBAAt(x, y), false, profile)
		if y+1 < m.Rect.Dy() {
			style += ";" + sgrColor(m.RGBAAt(x, y+1), true, profile)
		}
		if style != last {
			b.WriteString("\x1b[" + style + "m")
			last = style
		}
		b.WriteString("▀")
	}
	b.WriteString("\x1b[0m")
}

// sgrColor returns the parameters that set c as the colour of the character, or of what is behind it.
func sgrColor(c color.RGBA, behind bool, profile termenv.Profile) string {
	base := 38
	if behind {
		base = 48
	}
	switch profile {
	case termenv.TrueColor:
		return fmt.Sprintf("%d;2;%d;%d;%d", base, c.R, c.G, c.B)
	case termenv.ANSI256:
		return fmt.Sprintf("%d;5;%d", base, ansi.Convert256(c))
	}
	n := int(ansi.Convert16(c))
	if n >= 8 {
		return fmt.Sprint(base + 52 + n - 8) // 90–97 and 100–107, the bright eight
	}
	return fmt.Sprint(base - 8 + n)
}

// inkLine writes the mean darkness of lines y and y+1.
func inkLine(b *strings.Builder, m *image.RGBA, y int) {
	for x := range m.Rect.Dx() {
		light := int(color.GrayModel.Convert(m.RGBAAt(x, y)).(color.Gray).Y)
		if y+1 < m.Rect.Dy() {
			light = (light + int(color.GrayModel.Convert(m.RGBAAt(x, y+1)).(color.Gray).Y)) / 2
		}
		b.WriteByte(inkRamp[(255-light)*(len(inkRamp)-1)/255])
	}
}
