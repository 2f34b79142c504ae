package picture

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// KeptInTmux is how many sixel pictures tmux keeps, over all its windows: the tenth drops the oldest, also in 3.5a.
const KeptInTmux = 9

// stripHand draws the small pictures of a row as one sixel, since tmux keeps few. It drops a picture whole when text is
// written into one of its cells, and when anything is erased in one of its rows, also beside it. The height counts in
// whole bands. One that is drawn over another does not take its place: both count.
type stripHand struct {
	cellHand
	encoder *encoder
}

func newStripHand() *stripHand {
	e := newEncoder()
	e.sixel.Transparent = true // between the pictures
	return &stripHand{cellHand{stringTerminator}, e}
}

// arrange joins pictures that stand side by side. A picture with a palette of its own stays alone.
func (h *stripHand) arrange(frame []Placement) []Placement {
	sorted := slices.Clone(frame)
	slices.SortStableFunc(sorted, func(a, b Placement) int {
		return cmp.Or(cmp.Compare(a.slot.row, b.slot.row), cmp.Compare(a.slot.col, b.slot.col))
	})
	var all []Placement
	for at := 0; at < len(sorted); {
		end := at + 1
		for end < len(sorted) && besides(sorted[end-1], sorted[end]) {
			end++
		}
		if end-at == 1 {
			all = append(all, sorted[at])
		} else {
			all = append(all, strip(sorted[at:end]))
		}
		at = end
	}
	for len(all) > KeptInTmux { // while pictures are missing, a row is several
		least := len(all) - 1
		for i := least; i >= 0; i-- {
			if all[i].pieces() < all[least].pieces() {
				least = i
			}
		}
		all = slices.Delete(all, least, least+1)
	}
	return all
}

// pieces returns how many of a row's pictures p has; one that stays alone counts for more than any strip.
func (p Placement) pieces() int {
	if p.parts == nil && p.pixels == nil {
		return math.MaxInt
	}
	return max(1, len(p.parts))
}

// besides reports whether b stands in a's row with nothing between them but a gap that no picture was taken out of.
func besides(a, b Placement) bool {
	return a.pixels != nil && b.pixels != nil && a.cell == b.cell && a.slot.row == b.slot.row && a.slot.box == b.slot.box &&
		b.slot.col-a.slot.col-a.slot.box.Cols < a.slot.box.Cols
}

// strip joins pictures from left to right.
func strip(parts []Placement) Placement {
	first, last := parts[0], parts[len(parts)-1]
	s := Placement{Col: first.Col, Row: first.slot.row, cell: first.cell, parts: parts, Bytes: first.Bytes}
	var key strings.Builder
	for _, p := range parts {
		at := s.inside(p)
		s.PixelW, s.PixelH = max(s.PixelW, at.Max.X), max(s.PixelH, at.Max.Y)
		fmt.Fprintf(&key, "%s@%d,%d ", p.Key, p.Col-s.Col, p.Row-s.Row)
	}
	s.Key = key.String()
	// It does not reach below the slot: below a picture that is centred there, a row is free, and a row has a band.
	s.Box = Box{last.Col + last.Box.Cols - s.Col, coveredCells(s.PixelW, bands(s.PixelH), s.cell.Cols, s.cell.Rows).Rows}
	return s
}

// inside returns where a part is in the strip, in pixels.
func (p Placement) inside(part Placement) image.Rectangle {
	at := image.Pt((part.Col-p.Col)*p.cell.Cols, (part.Row-p.Row)*p.cell.Rows)
	return image.Rectangle{at, at.Add(image.Pt(part.PixelW, part.PixelH))}
}

// put draws a picture, or encodes a strip, after it has taken off the older one of the same cells.
func (h *stripHand) put(p Placement, over *Placement) [][]byte {
	if len(p.parts) > 0 {
		h.encoder.out.Reset()
		if err := h.encoder.sixel.Encode(p.joined()); err != nil {
			return [][]byte{nil} // a buffer takes all
		}
		p.Bytes = bytes.Clone(h.encoder.out.Bytes())
	}
	all := h.cellHand.put(p, nil)
	if over != nil {
		off := ansi.SaveCursor + string(h.erase(nil, *over)) + ansi.RestoreCursor
		all = append([][]byte{[]byte(off)}, all...)
	}
	return all
}

func (h *stripHand) erase(b []byte, p Placement) []byte {
	b = append(b, ansi.ResetStyle...)
	for row := range p.Box.Rows {
		b = append(b, ansi.CursorPosition(p.Col+1, p.Row+row+1)...)
		b = append(b, strings.Repeat(" ", p.Box.Cols)...)
	}
	return b
}

func (h *stripHand) overwrites() bool { return true }

// joined returns the pixels of a strip. Its pictures have the colours of one palette.
func (p Placement) joined() *image.Paletted {
	out := image.NewPaletted(image.Rect(0, 0, p.PixelW, p.PixelH), color.Palette{color.Transparent})
	number := map[color.Color]uint8{}
	for _, part := range p.parts {
		at := p.inside(part)
		renumbered := make([]uint8, len(part.pixels.Palette))
		for i, c := range part.pixels.Palette {
			n, ok := number[c]
			if !ok {
				n = uint8(len(out.Palette))
				number[c], out.Palette = n, append(out.Palette, c)
			}
			renumbered[i] = n
		}
		for y := range part.PixelH {
			target := out.Pix[out.PixOffset(at.Min.X, at.Min.Y+y):]
			for x, c := range part.pixels.Pix[y*part.pixels.Stride:][:part.PixelW] {
				target[x] = renumbered[c]
			}
		}
	}
	return out
}
