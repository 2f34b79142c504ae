package pane

import (
	"slices"
	"testing"

	"strata/engine"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/check"
	"strata/experiments/eval"
	"strata/fixtures"
	"strata/tui/picture"
)

func TestWithWeight(t *testing.T) {
	for _, tc := range []struct {
		scheme string
		knob   int
		weight float64
		want   string
	}{
		{"A+B", 1, .5, "A+0.5*B"},
		{"A+B", 0, 0, "0*A+B"},
		{"0*A+B", 1, 0, "0*A+0.01*B"},
		{"concat(A,B)", 0, .123456, "concat(0.12*A,B)"},
		{"rrf(A,B+C)", 1, .25, "rrf(A,B+0.25*C)"},
		{"A+B", 0, -3, "0*A+B"},
	} {
		s := parse(t, tc.scheme)
		if got := WithWeight(s, tc.knob, tc.weight).String(); got != tc.want {
			t.Errorf("%s with knob %d at %g is %s, want %s", tc.scheme, tc.knob, tc.weight, got, tc.want)
		}
		if s.String() != parse(t, tc.scheme).String() {
			t.Errorf("%s was changed in place", tc.scheme)
		}
	}
}

func TestSlideSteps(t *testing.T) {
	for _, tc := range []struct {
		scheme string
		by     float64
		want   string
	}{
		{"A+B", -SliderStep, "0.95*A+B"},
		{"0.3*A+B", -SliderFineStep, "0.29*A+B"},
		{"0.97*A+B", SliderStep, "A+B"},
		{"A+B", SliderStep, "1.25*A+B"},
		{"A+B", SliderFineStep, "1.05*A+B"},
		{"2*A+B", SliderStep, "2.25*A+B"},
		{"2*A+B", -SliderStep, "1.75*A+B"},
		{"1.1*A+B", -SliderStep, "A+B"},
		{"3.9*A+B", SliderStep, "4*A+B"},
		{"6*A+B", SliderStep, "6*A+B"},
		{"6*A+B", -SliderStep, "5.75*A+B"},
		{"0.02*A+B", -SliderStep, "0*A+B"},
	} {
		if got := (sliders{}).Slide(parse(t, tc.scheme), tc.by).String(); got != tc.want {
			t.Errorf("%s by %g is %s, want %s", tc.scheme, tc.by, got, tc.want)
		}
	}
}

func TestToggled(t *testing.T) {
	for _, tc := range []struct {
		scheme, layer, want string
	}{
		{"A", "B", "A+B"},
		{"A+0.5*B", "B", "A"},
		{"A", "A", ""},
		{"0*A+B", "B", ""},
		{"concat(A,B)", "C", "concat(A,B,C)"},
		{"rrf(A,B)", "C", "rrf(A,B,C)"},
		{"rrf(A,B,C)", "B", "rrf(A,C)"},
		{"rrf(A,B)", "B", ""},
	} {
		got, ok := Toggled(parse(t, tc.scheme), tc.layer)
		if ok != (tc.want != "") || ok && got.String() != tc.want {
			t.Errorf("%s with %s toggled is %s, %v; want %q", tc.scheme, tc.layer, got, ok, tc.want)
		}
	}
}

func TestMoves(t *testing.T) {
	hits := func(rows ...int) []rank.Hit {
		var out []rank.Hit
		for _, r := range rows {
			out = append(out, rank.Hit{Row: r})
		}
		return out
	}
	got := moves(hits(5, 1, 9, 2), hits(1, 2, 3, 5))
	if want := []int{3, -1, isNew, -2}; !slices.Equal(got, want) {
		t.Errorf("moves are %v, want %v", got, want)
	}
	for move, want := range map[int]string{0: "=", 3: "▲3", -2: "▼2", isNew: "new"} {
		if got := moveText(move); got != want {
			t.Errorf("moveText(%d) = %q, want %q", move, got, want)
		}
	}
}

func TestLostHits(t *testing.T) {
	rows := func(rows ...int) []rank.Hit {
		var out []rank.Hit
		for _, r := range rows {
			out = append(out, rank.Hit{Row: r})
		}
		return out
	}
	all := lostHits(rows(5, 1, 9), rows(1, 2, 3, 5))
	if len(all) != 2 || all[0].Row != 2 || all[0].place != 1 || all[1].Row != 3 || all[1].place != 2 {
		t.Errorf("lost are %v", all)
	}
	if got, want := lostText(all, 10), "2 lost: 2 3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	ten := rows(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	if got := lostText(lostHits(rows(20), ten), len(ten)); got != "all lost" {
		t.Errorf("got %q of ten", got)
	}

	// Where pictures of one are all that has room, it is one that was a hit.
	b := Board{Rows: Rows{Difference: true, Marked: []string{"kind"}}}
	b.Shown.Rankings = []eval.Ranking{
		{Ranking: rank.Ranking{Hits: rows(1, 2, 3, 4)}, Labels: []eval.LabelHits{{Label: "kind", Relevant: []bool{false, false, true, true}}}},
		{Ranking: rank.Ranking{Hits: rows(9, 4)}},
	}
	l := &Layout{losses: losses{Ghosts: 1, Ghost: picture.Box{Cols: 4, Rows: 2}}, lineup: lineup{FoldH: 3}}
	if got := b.ghosts(l, 1); len(got) != 1 || got[0].Row != 3 {
		t.Errorf("of %v lost %v is shown", b.lostOf(1), got)
	}
	l.FoldH = 7
	if got := b.ghosts(l, 1); len(got) != 3 || got[0].Row != 1 || got[2].place != 2 {
		t.Errorf("lost %v are shown", got)
	}
	b.Rows.Difference = false
	if got := b.lostOf(1); got != nil {
		t.Errorf("lost %v are shown without being asked for", got)
	}
}

func TestRowsFollowTheFocus(t *testing.T) {
	l := &Layout{Visible: 2}
	for _, tc := range []struct {
		name   string
		pane   Rows
		n      int
		want   []int
		pinned bool
	}{
		{"first", Rows{}, 4, []int{0, 1}, false},
		{"down", Rows{Focus: 2}, 4, []int{1, 2}, false},
		{"last", Rows{Focus: 3}, 4, []int{2, 3}, false},
		{"beyond", Rows{Focus: 9, Top: 9}, 4, []int{2, 3}, false},
		{"pinned", Rows{Focus: 3, Pinned: true}, 4, []int{0, 3}, true},
		{"on the pinned", Rows{Focus: 0, Top: 2, Pinned: true}, 4, []int{0, 2}, true},
		{"few", Rows{Focus: 0, Top: 3}, 1, []int{0}, false},
	} {
		p := tc.pane.Follow(l, tc.n)
		if got := p.Visible(l, tc.n, false); !slices.Equal(got, tc.want) {
			t.Errorf("%s: rows %v are visible, want %v", tc.name, got, tc.want)
		}
	}
}

func TestLayout(t *testing.T) {
	kind := Kind{CellW: 8, CellH: 17, Graphics: picture.GraphicsSixel, Schemes: 4, Labels: 4, Marked: 2, Layers: 4}
	for _, tc := range []struct {
		name       string
		cols, rows int
		change     func(*Kind)
		ok         func(l Layout) bool
	}{
		{"two rows", 80, 24, nil, func(l Layout) bool { return l.Visible == 2 && l.Gap == 1 }},
		{"the strip gives way to a third row", 100, 30, nil, func(l Layout) bool { return l.Visible == 3 && l.QueryBox.Rows == 5 }},
		{"but not without need", 100, 30, func(k *Kind) { k.Schemes = 2 }, func(l Layout) bool { return l.QueryBox.Rows == 6 }},
		{"margins are alike", 120, 40, nil, func(l Layout) bool { return l.Query.X == 1 && l.Rows.X+l.Rows.W == 119 }},
		{"the left column has what is left", 160, 45, nil, func(l Layout) bool { return l.Query.W == 36 && l.Rows.X+l.Rows.W == 159 }},
		{"labels in place of pictures", 120, 40, func(k *Kind) { k.Graphics = picture.GraphicsNone }, func(l Layout) bool { return l.Captions == 4 }},
		{"as far as they fit", 80, 24, func(k *Kind) { k.Graphics = picture.GraphicsNone }, func(l Layout) bool { return l.Captions == 2 && l.Visible == 4 }},
		{"text under the two pictures", 120, 40, func(k *Kind) { k.Panel = true }, func(l Layout) bool {
			return l.PanelBelow && l.PanelBox.Rows >= 20 && l.PanelBox.Rows+2+4 <= l.Panel.H
		}},
		{"lost hits at the end", 120, 40, func(k *Kind) { k.Difference = true }, func(l Layout) bool {
			return l.Ghosts == 1 && l.Ghost.Rows == 2 && l.ghostsInColumn() == 3 && l.Thumb.Rows == 4 && l.Rows.X+l.Rows.W <= 119
		}},
		{"two columns of them", 200, 60, func(k *Kind) { k.Difference = true }, func(l Layout) bool {
			return l.Ghosts > 0 && l.Ghost.Rows == 3 && l.Rows.X+l.Rows.W <= 199 && l.GhostAt(0, l.ghostsInColumn()*l.Ghosts-1).X+l.Ghost.Cols < 199
		}},
		{"no room for them", 80, 24, func(k *Kind) { k.Difference = true }, func(l Layout) bool { return l.Ghosts == 0 && l.Visible == 2 }},
		{"nor in tmux", 120, 40, func(k *Kind) { k.Difference, k.Joined = true, true }, func(l Layout) bool { return l.Ghosts == 0 }},
		{"which keeps few rows", 200, 120, func(k *Kind) { k.Schemes, k.Joined = 12, true }, func(l Layout) bool { return l.Visible == 8 }},
		{"one row in two lines", 120, 40, func(k *Kind) { k.Schemes = 1 }, func(l Layout) bool { return l.Folds == 2 && l.Thumb.Rows == 8 }},
		{"not without gain", 80, 24, func(k *Kind) { k.Schemes = 1 }, func(l Layout) bool { return l.Folds == 1 }},
		{"nor beside a hit that is looked at", 120, 40, func(k *Kind) { k.Schemes, k.Panel = 1, true }, func(l Layout) bool { return l.Folds == 1 }},
		{"text in five larger pictures", 120, 40, func(k *Kind) { k.Graphics = picture.GraphicsHalfBlock }, func(l Layout) bool {
			return l.Across == 5 && l.Drawn == 5 && l.Thumb.Rows >= leastText && l.Visible == 3
		}},
		{"in ten where cells are many", 200, 60, func(k *Kind) { k.Graphics = picture.GraphicsHalfBlock }, func(l Layout) bool {
			return l.Slot >= fewCells == (l.Across == 10)
		}},
		{"four labels in two lines", 120, 40, func(k *Kind) { k.Marked = 4 }, func(l Layout) bool { return l.Marks == 2 }},
		{"text beside them", 80, 24, func(k *Kind) { k.Panel = true }, func(l Layout) bool { return !l.PanelBelow && l.PanelBox.Rows > 8 }},
	} {
		k := kind
		k.Size = picture.Box{Cols: tc.cols, Rows: tc.rows}
		if tc.change != nil {
			tc.change(&k)
		}
		if l := NewLayout(k); !tc.ok(l) {
			t.Errorf("%s: %+v", tc.name, l)
		}
	}
}

func TestMatchLabels(t *testing.T) {
	g, err := engine.OpenFS(t.Context(), "demo", fixtures.Demo())
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	category, err := g.Label("category")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := MatchLabels(t.Context(), g, []string{"cap"})
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	in := 0
	for row := range g.Len() {
		if category.Cell(row) == "knit-cap" {
			in++
			if _, ok := slices.BinarySearch(rows, int32(row)); !ok {
				t.Errorf("row %d is a cap and not found", row)
			}
		}
	}
	if in == 0 {
		t.Error("the gallery has no caps")
	}
}

func parse(t *testing.T, text string) scheme.Scheme {
	t.Helper()
	s, err := scheme.ParseScheme(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBestIsBold(t *testing.T) {
	rows := [][]figure{
		{{hits: 3, judged: true}, {hits: 2, judged: true}},
		{{hits: 7, judged: true}, {hits: 2, judged: true}},
		{{}, {hits: 2, judged: true}},
	}
	b := bestOf(rows)
	if b.hits[0] != 7 || b.hits[1] != -1 {
		t.Errorf("the best hits are %v, want 7 and none where all are alike", b.hits)
	}
}

func TestParityText(t *testing.T) {
	for _, c := range []struct {
		p    check.Parity
		want string
	}{
		{check.Parity{Pictures: 8, Cosine: 1}, "parity of 8 pictures: cosine ≥ 1, difference 0"},
		{check.Parity{Pictures: 1, Cosine: .99999999, Difference: 3.14e-7}, "parity of 1 picture: cosine ≥ .9999999, difference 3.1e-07"},
	} {
		if got := parityText(c.p); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
