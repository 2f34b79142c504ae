package relief

import (
	"image"
	"math"
	"slices"

	"strata/engine/scheme"
	"strata/experiments/landscape"
	"strata/tui/picture"
)

// View is the page of a landscape. Its methods return it changed.
type View struct {
	Open   bool
	Row    int                  // of the screen, whose weights it is about
	Scheme scheme.Scheme        // of that row
	Land   *landscape.Landscape // nil: nothing is known yet
	Had    *landscape.Landscape // the last one, maybe of other layers
	At     int                  // the point
	Label  string
	Other  string // of the front; "": none
	marked []string

	Asked   Sight           // what the latest picture is made from, or will be
	Busy    bool            // a picture is being drawn: the next one waits for it
	Picture picture.Picture // the latest one that is ready
	shown   Sight           // what that is made from
	ground  *ground         // under its marks
}

// ground is the picture of a sight without marks.
type ground struct {
	of Sight
	m  *image.RGBA
}

// Fits reports whether a scheme's weights have a landscape.
func Fits(sc scheme.Scheme) bool {
	_, err := landscape.NewGrid(sc)
	return err == nil
}

// Opened returns the page of a row's scheme, under the first of the marked labels.
func (v View) Opened(row int, sc scheme.Scheme, marked []string) View {
	had := v.Land
	if had == nil {
		had = v.Had
	}
	return View{Open: true, Row: row, Scheme: sc, Had: had, marked: slices.Clone(marked)}
}

// Closed returns the page closed; what is known stays for the next time.
func (v View) Closed() View {
	return View{Had: v.latest()}
}

// latest returns the landscape that the next one can begin with.
func (v View) latest() *landscape.Landscape {
	if v.Land != nil {
		return v.Land
	}
	return v.Had
}

// Latest is the landscape that the next one can begin with; nil: there is none.
func (v View) Latest() *landscape.Landscape { return v.latest() }

// With returns the page with what is known by now.
func (v View) With(l *landscape.Landscape) View {
	first := v.Land == nil
	v.Land = l
	if first {
		v.At = l.HereNode
		names := v.labels()
		if len(names) > 0 {
			v.Label = names[0]
		}
		if len(names) > 1 {
			v.Other = names[1]
		}
	}
	return v
}

// labels returns the names of the labels, the marked ones first.
func (v *View) labels() []string {
	var names []string
	for _, name := range append(slices.Clone(v.marked), v.Land.Labels...) {
		if slices.Contains(v.Land.Labels, name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// label returns the place of the label, and of the other one; -1 for one that there is not.
func (v *View) label() (label, other int) {
	if v.Land == nil {
		return -1, -1
	}
	return slices.Index(v.Land.Labels, v.Label), slices.Index(v.Land.Labels, v.Other)
}

// Known reports whether there is a landscape under the label.
func (v *View) Known() bool {
	label, _ := v.label()
	return label >= 0 && v.Land.Reliefs[label].Best >= 0
}

// Labels returns the number of labels.
func (v *View) Labels() int {
	if v.Land == nil {
		return 0
	}
	return len(v.Land.Labels)
}

// NextLabel returns the page under the next label.
func (v View) NextLabel() View {
	names := v.labels()
	v.Label = names[(slices.Index(names, v.Label)+1)%len(names)]
	if v.Other == v.Label {
		v = v.NextOther()
	}
	return v
}

// NextOther returns the page with the front of the label and the next other one.
func (v View) NextOther() View {
	names := slices.DeleteFunc(v.labels(), func(name string) bool { return name == v.Label })
	if len(names) == 0 {
		v.Other = ""
		return v
	}
	v.Other = names[(slices.Index(names, v.Other)+1)%len(names)]
	return v
}

// Direction is a way that an arrow key moves the point.
type Direction int

// The directions of the arrow keys, and of those with shift, which move by one node where others move by several.
const (
	Left Direction = iota
	Right
	Up
	Down
	FineLeft
	FineRight
)

// coarseStep is how many nodes of a line an arrow key moves the point.
const coarseStep = 5

// Moved returns the page with the point moved.
func (v View) Moved(d Direction) View {
	if node := v.next(d); node >= 0 {
		v.At = node
	}
	return v
}

// Moves reports whether the point can move.
func (v *View) Moves(d Direction) bool { return v.Land != nil && v.next(d) >= 0 }

// next returns the node to which the point moves, or -1.
func (v *View) next(d Direction) int {
	l, at := v.Land, v.At
	if at >= l.Len() {
		if at = l.Nearest(l.HereAt, nil); !on(l, at) {
			return v.snapped(d)
		}
	}
	s := l.Steps(at)
	a, b, c := s[0], s[1], s[2]
	if len(l.Factors) == 2 {
		by := map[Direction]int{Left: -coarseStep, Right: coarseStep, FineLeft: -1, FineRight: 1}[d]
		if b = min(max(b+by, 0), l.Parts); by == 0 || b == s[1] {
			return -1
		}
		return l.Node(l.Parts-b, b, 0)
	}
	even := a%2 == 0
	switch d {
	case Left:
		b, c = b+1, c-1
	case Right:
		b, c = b-1, c+1
	case Up: // and back down: every other time from the other side
		a++
		if even && b > 0 || c == 0 {
			b--
		} else {
			c--
		}
	case Down:
		a--
		if even {
			c++
		} else {
			b++
		}
	default:
		return -1
	}
	if min(a, b, c) < 0 {
		return -1
	}
	return l.Node(a, b, c)
}

// on reports whether the row's weights are those of a node, though maybe spelled otherwise.
func on(l *landscape.Landscape, node int) bool {
	w := l.Grid.Weights(node)
	for i := range w {
		if math.Abs(w[i]-l.HereAt[i]) > 1e-6 {
			return false
		}
	}
	return true
}

// snapped returns the node nearest to a point between nodes, of those that lie in a direction.
func (v *View) snapped(d Direction) int {
	l := v.Land
	x, y := spot(l, l.Weights(v.At))
	return l.Nearest(l.Weights(v.At), func(node int) bool {
		nx, ny := spot(l, l.Grid.Weights(node))
		switch d {
		case Left, FineLeft:
			return nx < x && math.Abs(ny-y) <= x-nx
		case Right, FineRight:
			return nx > x && math.Abs(ny-y) <= nx-x
		case Up:
			return ny > y && math.Abs(nx-x) <= ny-y
		}
		return ny < y && math.Abs(nx-x) <= y-ny
	})
}

// spot returns where weights are, from 0 to 1: x from the second layer to the third, y to the first; of two layers x
// goes from the first to the second.
func spot(l *landscape.Landscape, w landscape.Weights) (x, y float64) {
	parts := float64(l.Parts)
	if len(l.Factors) == 2 {
		return w[1] / parts, 0
	}
	return (w[2] + w[0]/2) / parts, w[0] / parts
}

// weightsAt returns the weights of a spot; false outside of the triangle.
func weightsAt(l *landscape.Landscape, x, y float64) (landscape.Weights, bool) {
	parts := float64(l.Parts)
	if len(l.Factors) == 2 {
		return landscape.Weights{(1 - x) * parts, x * parts, 0}, x >= 0 && x <= 1
	}
	w := landscape.Weights{y * parts, (1 - x - y/2) * parts, (x - y/2) * parts}
	return w, min(w[0], w[1], w[2]) >= 0
}

// ToBest returns the page with the point at the best node.
func (v View) ToBest() View {
	if label, _ := v.label(); label >= 0 && v.Land.Reliefs[label].Best >= 0 {
		v.At = v.Land.Reliefs[label].Best
	}
	return v
}

// AtBest reports whether the point is at the best node.
func (v *View) AtBest() bool { return v.ToBest().At == v.At }

// ToRow returns the page with the point at the row's weights.
func (v View) ToRow() View {
	v.At = v.Land.HereNode
	return v
}

// Front returns the nodes of the front.
func (v *View) Front() []int {
	label, other := v.label()
	if label < 0 {
		return nil
	}
	return v.Land.Front(label, other)
}

// Along returns the page with the point further along the front: from elsewhere, at its first node.
func (v View) Along(by int) View {
	front := v.Front()
	if len(front) == 0 {
		return v
	}
	i := slices.Index(front, v.At)
	switch {
	case i < 0 && by > 0:
		i = 0
	case i < 0:
		i = len(front) - 1
	default:
		i = (i + by + len(front)) % len(front)
	}
	v.At = front[i]
	return v
}

// Chosen returns the row's scheme with the weights of the point.
func (v *View) Chosen() scheme.Scheme { return v.Land.Row(v.At) }
