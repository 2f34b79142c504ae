package picture

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"slices"
	"strings"
)

// stripHand draws the small pictures of a row as one sixel: tmux keeps 10 pictures (3.4) or 20, over all its windows.
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
	return all
}

// besides reports whether b stands in a's row with nothing between them but a gap that no picture was taken out of.
func besides(a, b Placement) bool {
	return a.pixels != nil && b.pixels != nil && a.cell == b.cell && a.slot.row == b.slot.row && a.slot.box == b.slot.box &&
		b.slot.col-a.slot.col-a.slot.box.Cols < a.slot.box.Cols
}

// strip joins pictures from left to right.
func strip(parts []Placement) Placement {
	first, last := parts[0], parts[len(parts)-1]
	s := Placement{Col: first.Col, Row: first.Row, cell: first.cell, parts: parts, Bytes: first.Bytes}
	bottom := 0
	for _, p := range parts {
		s.Row, bottom = min(s.Row, p.Row), max(bottom, p.Row+p.Box.Rows)
	}
	s.Box = Box{last.Col + last.Box.Cols - s.Col, bottom - s.Row}
	var key strings.Builder
	for _, p := range parts {
		at := s.inside(p)
		s.PixelW, s.PixelH = max(s.PixelW, at.Max.X), max(s.PixelH, at.Max.Y)
		fmt.Fprintf(&key, "%s@%d,%d ", p.Key, p.Col-s.Col, p.Row-s.Row)
	}
	s.Key = key.String()
	return s
}

// inside returns where a part is in the strip, in pixels.
func (p Placement) inside(part Placement) image.Rectangle {
	at := image.Pt((part.Col-p.Col)*p.cell.Cols, (part.Row-p.Row)*p.cell.Rows)
	return image.Rectangle{at, at.Add(image.Pt(part.PixelW, part.PixelH))}
}

// put encodes a strip; an older one of the same cells would show through it.
func (h *stripHand) put(p Placement, over *Placement) [][]byte {
	if len(p.parts) == 0 {
		return h.cellHand.put(p, over)
	}
	h.encoder.out.Reset()
	if err := h.encoder.sixel.Encode(p.joined()); err != nil {
		return [][]byte{nil} // a buffer takes all
	}
	p.Bytes = bytes.Clone(h.encoder.out.Bytes())
	all := h.cellHand.put(p, nil)
	if over != nil {
		all = append([][]byte{h.erase(nil, *over)}, all...)
	}
	return all
}

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
