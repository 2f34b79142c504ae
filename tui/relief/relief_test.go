package relief

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"strata/engine"
	"strata/engine/neighbour"
	"strata/engine/scheme"
	"strata/experiments/landscape"
	"strata/experiments/live"
	"strata/fixtures"
	"strata/tui/cells"
	"strata/tui/picture"
)

// surveyed returns landscapes of the built-in gallery: of three layers and of two, with the first one as it begins.
func surveyed(t testing.TB) (some, three, two *landscape.Landscape) {
	t.Helper()
	g, err := engine.OpenFS(context.Background(), "demo", fixtures.Demo())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	var queries []int
	for row := 0; row < g.Len(); row += 8 {
		queries = append(queries, row)
	}
	n, err := neighbour.NewNeighbours(g, neighbour.Plan{Layers: []string{"A", "B", "mixed8"}, Queries: queries})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Build(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	s, err := live.NewSample(g, n, len(queries), nil, g.Labels())
	if err != nil {
		t.Fatal(err)
	}
	survey := func(text string, steps int) *landscape.Landscape {
		sc, err := scheme.ParseScheme(text)
		if err != nil {
			t.Fatal(err)
		}
		l, err := landscape.New(s, sc, []int{256, 768, 1280})
		if err != nil {
			t.Fatal(err)
		}
		for range steps {
			if l.Final() {
				break
			}
			if l, err = l.Sharper(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		return l
	}
	return survey("A+B+mixed8", 30), survey("A+2.1*B+mixed8", 10_000), survey("B+0.3*mixed8", 10_000)
}

// stageOf returns a screen.
func stageOf(cols, rows int, apart, plain bool) *Stage {
	return &Stage{Size: picture.Box{Cols: cols, Rows: rows}, Foot: rows - 2, CellW: 8, CellH: 17, Apart: apart, Plain: plain, Styles: cells.NewStyles(termenv.Ascii, true, true)}
}

// TestPages puts landscapes on screens of all sizes, in pixels, as blocks and as characters: what is written and drawn
// stays on the screen and apart.
func TestPages(t *testing.T) {
	some, three, two := surveyed(t)
	for _, l := range []*landscape.Landscape{some, three, two} {
		for _, size := range [][2]int{{20, 4}, {39, 12}, {80, 24}, {100, 30}, {120, 40}, {160, 50}, {200, 60}, {300, 30}} {
			for _, way := range []struct{ apart, plain bool }{{true, true}, {false, false}, {false, true}} {
				st := stageOf(size[0], size[1], way.apart, way.plain)
				v := View{}.Opened(1, l.Here, []string{"brand", "category"}).With(l)
				if s, ok := v.Wants(st); ok {
					box := s.Box
					p := picture.Picture{Box: box}
					if d := v.Draw(s); d.Image.Rect.Dx() != box.Cols*8 || d.Image.Rect.Dy() != box.Rows*17 {
						t.Errorf("a picture of %v in %v cells", d.Image.Rect, box)
					} else {
						v = v.Drawn(d, p)
					}
					if _, again := v.Wants(st); !again && v.Asked != s {
						t.Error("a picture is not wanted, which was not asked for")
					}
				}
				plan := v.Plan(st)
				if plan.Box.H > 0 && (plan.Box.X+plan.Box.W > plan.side.X || plan.scale >= st.Foot || plan.side.X+plan.side.W > size[0]) {
					t.Errorf("%v: the plan is %+v", size, plan)
				}
				c := cells.NewCanvas(st.Size)
				v.Put(c, st)
				lines := c.Finished()
				for y, line := range lines {
					if w := ansi.StringWidth(line); w != size[0] || y >= st.Foot && strings.TrimSpace(line) != "" {
						t.Errorf("%v: line %d is %d cells wide: %q", size, y, w, line)
					}
				}
			}
		}
	}
}

// TestPress puts the point where the picture is pressed: at the cell of any node, it goes to that node or to one beside it.
func TestPress(t *testing.T) {
	_, three, two := surveyed(t)
	st := stageOf(200, 60, true, true)
	for _, l := range []*landscape.Landscape{three, two} {
		v := View{}.Opened(1, l.Here, nil).With(l)
		p := v.Plan(st)
		f := newFrame(l, p.Box.W*8, p.Box.H*17, 8)
		for node := range l.Len() {
			x, y := f.at(l.Grid.Weights(node))
			got := v.Press(st, p.Box.X+int(x/8), p.Box.Y+int(y/17)).At
			a, b := l.Grid.Weights(got), l.Grid.Weights(node)
			for i := range a {
				if d := a[i] - b[i]; d > 1 || d < -1 {
					t.Fatalf("a press on %v leads to %v", b, a)
				}
			}
		}
		if v.Press(st, 0, 0).At != v.At {
			t.Error("a press beside the picture moves the point")
		}
	}
}

// TestMoves walks at random: a point never leaves the grid, what can move does, and left undoes right.
func TestMoves(t *testing.T) {
	_, three, two := surveyed(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, l := range []*landscape.Landscape{three, two} {
		v := View{}.Opened(1, l.Here, nil).With(l)
		if v.At != l.Len() {
			t.Fatalf("the row is at %d", v.At)
		}
		for range 2000 {
			d := Direction(rng.IntN(6))
			next := v.Moved(d)
			if v.Moves(d) == (next.At == v.At) || next.At < 0 || next.At > l.Len() {
				t.Fatalf("from %d in direction %d to %d", v.At, d, next.At)
			}
			if back, ok := map[Direction]Direction{Left: Right, Up: Down, FineLeft: FineRight}[d]; ok && v.At < l.Len() && next.At != v.At && len(l.Factors) == 3 {
				if again := next.Moved(back); again.At != v.At && l.Used(v.At) == 3 && l.Used(next.At) == 3 {
					t.Errorf("from %v to %v and back to %v", l.Weights(v.At), l.Weights(next.At), l.Weights(again.At))
				}
			}
			v = next
		}
		if v = v.ToBest(); !v.AtBest() || v.ToRow().At != l.HereNode {
			t.Error("the best is not where it is")
		}
		front := v.Front()
		for range front {
			v = v.Along(1)
		}
		if !v.AtBest() {
			t.Errorf("along a front of %d there is no way round", len(front))
		}
	}
}

// BenchmarkLandscape draws the picture of a landscape at 200×60: the first one, and one of which the point moved.
func BenchmarkLandscape(b *testing.B) {
	_, three, _ := surveyed(b)
	st := stageOf(200, 60, true, true)
	v := View{}.Opened(1, three.Here, nil).With(three)
	s, _ := v.Wants(st)
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			v.Draw(s)
		}
	})
	v = v.Drawn(v.Draw(s), picture.Picture{})
	b.Run("moved", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			s.At = i % three.Len()
			v.Draw(s)
		}
	})
}
