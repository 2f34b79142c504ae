package pane

import (
	"fmt"
	"math"
	"strings"

	"strata/engine/scheme"
	"strata/tui/cells"
)

// The steps of a slider, up to a weight of 1 and, coarser by a factor, up to the largest.
const (
	SliderStep     = .05
	SliderFineStep = .01
	overOne        = 5
	SliderMost     = 4
)

// sliders shows the weights of the focused scheme; at is the one the keys move.
type sliders struct{ At int }

// Slide returns the scheme with the weight moved by a step, between 0 and SliderMost. Above 1 the steps are larger, and 1
// is not passed. A larger weight, typed as text, only goes down.
func (p sliders) Slide(s scheme.Scheme, by float64) scheme.Scheme {
	switch w := knobs(&s)[p.At].Weight; {
	case by > 0 && w >= SliderMost:
		return s
	case by > 0 && w >= 1:
		return WithWeight(s, p.At, min(w+by*overOne, SliderMost))
	case w > 1:
		return WithWeight(s, p.At, max(w+by*overOne, 1))
	default:
		return WithWeight(s, p.At, min(w+by, 1))
	}
}

// Clamped returns the pane with a slider that exists.
func (p sliders) Clamped(s scheme.Scheme) sliders {
	p.At = min(max(p.At, 0), max(len(knobs(&s))-1, 0))
	return p
}

// first returns the slider in the first of height lines, so that the chosen one is visible.
func (p sliders) first(n, height int) int {
	return max(0, min(p.At-height/2, n-height))
}

// Track returns where the slider's line begins and how long it is.
func (p sliders) Track(terms []*scheme.Term, width int) (x, w int) {
	for _, t := range terms {
		x = max(x, len(t.Name()))
	}
	x = min(x, 10, max(width/3, 3)) + 1
	return x, max(width-x-6, 3)
}

// view returns the lines of the sliders of scheme number place.
func (p sliders) view(s *cells.Styles, scheme scheme.Scheme, place, width, height int) []string {
	terms := knobs(&scheme)
	if height < 2 || len(terms) == 0 {
		return nil
	}
	lines := []string{cells.Padded(s.Faint.Render(fmt.Sprintf("weights of %d", place+1)), width)}
	x, w := p.Track(terms, width)
	first := p.first(len(terms), height-1)
	for i := first; i < len(terms) && len(lines) < height; i++ {
		t := terms[i]
		look, name, stroke := s.Faint, s.Plain, "─"
		if i == p.At && len(terms) > 1 {
			look, name, stroke = s.Accent, s.Strong, "━"
		}
		at := int(math.Round(min(t.Weight, 1) * float64(w-1)))
		knob := "●"
		if t.Weight == 0 {
			knob = "○"
		}
		line := name.Render(cells.Padded(cells.Cut(t.Name(), x-1), x)) +
			look.Render(strings.Repeat(stroke, at)) + name.Render(knob) + s.Faint.Render(strings.Repeat("─", w-1-at)) +
			name.Render(cells.Right(cells.WeightText(t.Weight), 5))
		lines = append(lines, cells.Padded(line, width))
	}
	return lines
}

// HitTest returns the slider at a cell of its rectangle and the weight at that place.
func (p sliders) HitTest(scheme scheme.Scheme, r cells.Rect, x, y int) (at int, weight float64, ok bool) {
	terms := knobs(&scheme)
	if !r.Has(x, y) || y == r.Y || len(terms) < 2 {
		return 0, 0, false
	}
	at = p.first(len(terms), r.H-1) + y - r.Y - 1
	if at >= len(terms) {
		return 0, 0, false
	}
	left, w := p.Track(terms, r.W)
	return at, p.WeightAt(x-r.X-left, w), true
}

// WeightAt returns the weight at a place of a track of w cells, in steps of .05.
func (p sliders) WeightAt(x, w int) float64 {
	share := min(max(float64(x)/float64(w-1), 0), 1)
	return math.Round(share/SliderStep) * SliderStep
}
