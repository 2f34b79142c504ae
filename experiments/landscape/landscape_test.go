package landscape

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"strata/engine"
	"strata/engine/neighbour"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
	"strata/experiments/live"
	"strata/fixtures/need"
)

// queriesOf returns the rows that may be queries.
func queriesOf(g *engine.Gallery) []int {
	var rows []int
	for row := range g.Len() {
		if g.IsQuery(row) {
			rows = append(rows, row)
		}
	}
	return rows
}

// sampleOf returns the sample of neighbourhoods with so many rows of a layer, built within
// a budget.
func sampleOf(t testing.TB, g *engine.Gallery, m int, budget int64, filter []scheme.Condition) *live.Sample {
	t.Helper()
	n, err := neighbour.NewNeighbours(g, neighbour.Plan{Layers: []string{"A", "B", "C"}, Queries: queriesOf(g), M: m, Budget: budget, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Build(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	s, err := live.NewSample(g, n, len(queriesOf(g)), filter, g.Labels())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// whole returns a landscape of which all is known, and checks what is said on the way.
func whole(t testing.TB, s *live.Sample, text string) *Landscape {
	t.Helper()
	l, err := New(s, testgallery.Schemes(t, text)[0], []int{3, 17, 40})
	if err != nil {
		t.Fatal(err)
	}
	for range 10_000 {
		if l.Final() {
			return l
		}
		next, err := l.Sharper(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if next == l {
			t.Fatalf("nothing more is known: over %d of %d, %d nodes, step %d", l.Over, l.Queries, l.Counted, l.Step)
		}
		l = next
	}
	t.Fatal("the landscape never ends")
	return nil
}

// evaluated evaluates some queries in full.
func evaluated(t *testing.T, g *engine.Gallery, schemes []scheme.Scheme, queries []int, filter []scheme.Condition) *eval.Evaluation {
	t.Helper()
	e, err := eval.Plan{Schemes: schemes, Ks: []int{live.K}, Queries: queries, Filter: filter}.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func equalBits(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
}

// TestGrid numbers the nodes of both shapes.
func TestGrid(t *testing.T) {
	for _, text := range []string{"A+B", "A+B+C"} {
		g, err := NewGrid(testgallery.Schemes(t, text)[0])
		if err != nil {
			t.Fatal(err)
		}
		perLevel := make([]int, len(g.levels())+1)
		for node := range g.Len() {
			s := g.Steps(node)
			if g.Node(s[0], s[1], s[2]) != node || s[0]+s[1]+s[2] != g.Parts || min(s[0], s[1], s[2]) < 0 {
				t.Errorf("%s: node %d has the steps %v", text, node, s)
			}
			sc := g.Scheme(node)
			parsed := testgallery.Schemes(t, sc.String())[0]
			w, at := g.WeightsOf(withAll(g, sc))
			if !parsed.Equal(sc) || at != node || apart(w, g.Weights(node)) > 1e-12 || len(sc.Terms) != g.Used(node) {
				t.Errorf("%s: node %d is %s: parsed %s, at %d with %v", text, node, sc, parsed, at, w)
			}
			perLevel[g.level(node)]++
			if g.Nearest(g.Weights(node), nil) != node {
				t.Errorf("%s: node %d is not nearest to itself", text, node)
			}
		}
		want := []int{21, 45, 165, 0}
		if len(g.Factors) == 2 {
			want = []int{6, 5, 10, 80, 0}
		}
		if !slices.Equal(perLevel, want) {
			t.Errorf("%s: nodes by level %d, want %d", text, perLevel, want)
		}
	}
	for _, text := range []string{"A", "A+B+C+D", "concat(A,B)", "rrf(A,B)"} {
		if _, err := NewGrid(testgallery.Schemes(t, text)[0]); err == nil {
			t.Errorf("%s has a grid", text)
		}
	}
}

// apart returns how far weights are apart, in steps.
func apart(a, b Weights) float64 {
	most := 0.0
	for i := range a {
		most = max(most, math.Abs(a[i]-b[i]))
	}
	return most
}

// TestOtherSpellings has a node for weights that are scored alike to the last bit, and only then.
func TestOtherSpellings(t *testing.T) {
	for text, want := range map[string]string{
		"A+B": "0.5*A+0.5*B", "2*A+2*B": "0.5*A+0.5*B", "7*A+13*B": "", "0.35*A+0.65*B": "0.35*A+0.65*B", "0.7*A+1.3*B": "0.35*A+0.65*B",
		"0*A+0.25*B": "B", "0*A+3*B": "", "0.333*A+B": "", "A+2*B+C": "0.25*A+0.5*B+0.25*C", "0.25*A+0.5*B+0.25*C": "0.25*A+0.5*B+0.25*C", "A+0*B+0*C": "A",
	} {
		sc := testgallery.Schemes(t, text)[0]
		g, err := NewGrid(sc)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if _, node := g.WeightsOf(sc); node >= 0 {
			got = g.Scheme(node).String()
		}
		if got != want {
			t.Errorf("%s is the node %q, want %q", text, got, want)
		}
	}
}

// withAll returns the scheme with a term for every layer of a grid.
func withAll(g Grid, sc scheme.Scheme) scheme.Scheme {
	var out scheme.Scheme
	for _, f := range g.Factors {
		weight := 0.0
		for _, t := range sc.Terms {
			if t.Factor.Equal(f) {
				weight = t.Weight
			}
		}
		out.Terms = append(out.Terms, scheme.Term{Weight: weight, Factor: f})
	}
	return out
}

// TestLandscapeIsEvaluated compares all points with evaluations: means, and differences to the
// best, have the same bits, on galleries with ties, rows without a score, groups and splits;
// with a filter and without; whether neighbourhoods prove much or little.
func TestLandscapeIsEvaluated(t *testing.T) {
	sizes := []int{40, 60}
	if !need.Patient() {
		sizes = sizes[:1]
	}
	for seed, rows := range sizes {
		g := testgallery.Random(rand.New(rand.NewPCG(uint64(seed), 3)), rows).Open(t)
		for _, tc := range []struct {
			scheme string
			m      int
			filter []scheme.Condition
		}{
			{"A+B+C", 40, nil},
			{"0.31*C+A+0*B", 2, nil},
			{"A+B+C", 40, []scheme.Condition{{Label: "colour", Value: "red"}}},
			{"0.3*C+0.7*A", 3, nil},
			{"B+1.5*C", 40, []scheme.Condition{{Label: "colour", Value: "red"}}},
		} {
			s := sampleOf(t, g, tc.m, 0, tc.filter)
			l := whole(t, s, tc.scheme)
			if !l.Complete() || l.Step != 1 || l.Counted != l.Len() || l.Over != len(queriesOf(g)) {
				t.Errorf("%s: over %d of %d, %d of %d nodes, step %d", tc.scheme, l.Over, l.Queries, l.Counted, l.Len(), l.Step)
			}
			wantPoints(t, g, l, nil, tc.filter)
		}
	}
}

// wantPoints compares points with an evaluation of queries.
func wantPoints(t *testing.T, g *engine.Gallery, l *Landscape, queries []int, filter []scheme.Condition) {
	t.Helper()
	var schemes []scheme.Scheme
	places := map[string]int{}
	for point := range l.Points() {
		for _, sc := range []scheme.Scheme{l.Scheme(point), l.Row(point)} {
			if _, ok := places[sc.String()]; !ok {
				places[sc.String()] = point
				schemes = append(schemes, sc)
			}
		}
	}
	e := evaluated(t, g, schemes, queries, filter)
	for label, r := range l.Reliefs {
		best := 0.0
		for i, sc := range schemes {
			got, want := r.Means[places[sc.String()]], e.Precisions(i, label)[0]
			if got.N != want.N || got.N > 0 && (!equalBits(got.Value, want.Value) || got.Hits != want.Hits) {
				t.Errorf("%s, %s: %d queries with %v, want %d with %v", sc, r.Label, got.N, got.Value, want.N, want.Value)
			}
			if places[sc.String()] < l.Len() && want.N > 0 {
				best = max(best, want.Value)
			}
		}
		if r.Best < 0 || r.Means[r.Best].Value != best {
			t.Fatalf("%s: the best is %d, the highest mean %v", r.Label, r.Best, best)
		}
		for i, sc := range schemes {
			best := slices.IndexFunc(schemes, l.Scheme(r.Best).Equal)
			got, want := r.Lead[places[sc.String()]], difference(e, best, i, r.Label)
			if got.N != want.N || got.N > 0 && (!equalBits(got.Diff, want.Diff) || got.Win != want.Win || got.Tie != want.Tie || got.Loss != want.Loss) {
				t.Errorf("the best against %s, %s: %+v, want %+v", sc, r.Label, got, want)
			}
		}
	}
}

// difference compares two schemes of an evaluation, query by query.
func difference(e *eval.Evaluation, a, b int, label string) live.Difference {
	var d live.Difference
	hits := map[int]int{}
	for _, q := range e.QueryHits(e.Schemes[a], label, live.K) {
		hits[q.Query] = q.Hits
	}
	sum := 0
	for _, q := range e.QueryHits(e.Schemes[b], label, live.K) {
		had, ok := hits[q.Query]
		if !ok {
			continue
		}
		d.N++
		sum += had - q.Hits
		switch {
		case had > q.Hits:
			d.Win++
		case had < q.Hits:
			d.Loss++
		default:
			d.Tie++
		}
	}
	d.Diff = float64(sum) / float64(live.K*d.N)
	return d
}

// TestSomeQueries has a landscape of the queries that a budget holds.
func TestSomeQueries(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(11, 12)), 250).Open(t)
	s := sampleOf(t, g, 60, 200_000, nil)
	u := s.Usage()
	if !u.Cut || u.Done == 0 {
		t.Fatalf("the budget cuts nothing off: %s", u)
	}
	l := whole(t, s, "A+B")
	if l.Complete() || l.Over != u.Done || l.Queries != len(queriesOf(g)) {
		t.Errorf("over %d of %d queries, %d are built", l.Over, l.Queries, u.Done)
	}
}

// TestGrowing looks at a landscape while queries are built: at any time all means are over the
// same queries, never fewer than before, and the end is that of one that is counted at once.
func TestGrowing(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(11, 12)), 300).Open(t)
	n, err := neighbour.NewNeighbours(g, neighbour.Plan{Layers: []string{"A", "B", "C"}, Queries: queriesOf(g), M: 40})
	if err != nil {
		t.Fatal(err)
	}
	s, err := live.NewSample(g, n, len(n.Queries()), nil, g.Labels())
	if err != nil {
		t.Fatal(err)
	}
	l, err := New(s, testgallery.Schemes(t, "A+B+C")[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	if next, err := l.Sharper(t.Context(), nil); next != l || err != nil {
		t.Errorf("without a query there is a landscape: %v", err)
	}
	steps := map[int]bool{}
	err = n.Build(t.Context(), func(u neighbour.Usage) {
		if u.Done == 0 {
			return
		}
		calls := 0
		next, err := l.Sharper(t.Context(), func() bool { calls++; return calls < 7 })
		if err != nil {
			t.Error(err)
			return
		}
		if next.Over < l.Over || next.Over > u.Done || next.Final() {
			t.Errorf("over %d queries, then over %d of %d", l.Over, next.Over, u.Done)
		}
		steps[next.Step] = true
		for _, c := range next.shown {
			if c != nil && c.Len() != next.Over {
				t.Errorf("a mean is over %d queries, others over %d", c.Len(), next.Over)
			}
		}
		l = next
	})
	if err != nil {
		t.Fatal(err)
	}
	if !steps[4] || !steps[2] {
		t.Errorf("steps %v on the way", steps)
	}
	for !l.Final() {
		if l, err = l.Sharper(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	fresh := whole(t, s, "A+B+C")
	for i, r := range l.Reliefs {
		o := fresh.Reliefs[i]
		same := func(a, b live.Mean) bool {
			return a.N == b.N && equalBits(a.Value, b.Value) && equalBits(a.Half, b.Half)
		}
		if r.Best != o.Best || r.Level != o.Level || !slices.EqualFunc(r.Means, o.Means, same) {
			t.Errorf("%s: best %d, at once %d; level %d, at once %d", r.Label, r.Best, o.Best, r.Level, o.Level)
		}
	}
	if moved := l.With(testgallery.Schemes(t, "0.21*A+B+C")[0]); moved.Counted != l.Len() || moved.Points() != l.Len()+1 || moved.Final() {
		t.Errorf("with other weights %d nodes of %d are known", moved.Counted, l.Len())
	}
}

// TestOddLabels has labels with one class, lone classes, and no known value.
func TestOddLabels(t *testing.T) {
	g := testgallery.Odd().Open(t)
	n, err := neighbour.NewNeighbours(g, neighbour.Plan{Layers: []string{"A", "B"}, Queries: queriesOf(g)})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Build(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, labels := range [][]string{{"one", "lone", "unknown", "price"}, {"one"}, nil} {
		s, err := live.NewSample(g, n, len(n.Queries()), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if labels != nil {
			all := g.Labels()[:len(labels)]
			if s, err = live.NewSample(g, n, len(n.Queries()), nil, all); err != nil {
				t.Fatal(err)
			}
		}
		l := whole(t, s, "A+B")
		for i, r := range l.Reliefs {
			judged := r.Label == "one" || r.Label == "price"
			if (r.Best >= 0) != judged || judged && r.Level == 0 {
				t.Errorf("%s: the best is %d, level %d", r.Label, r.Best, r.Level)
			}
			if _, _, ok := l.Span(i); ok != judged {
				t.Errorf("%s has a span: %t", r.Label, ok)
			}
			if lines := l.Contour(i); r.Label == "one" && lines != nil {
				t.Errorf("all means are equal, and there is a contour: %v", lines)
			}
			if r.Label == "one" && l.Used(r.Best) != 1 {
				t.Errorf("of equal means the best is of %d layers", l.Used(r.Best))
			}
		}
		if front := l.Front(0, -1); len(l.Reliefs) == 0 && front != nil {
			t.Errorf("without a label there is a front: %v", front)
		}
	}
}

// TestBetween interpolates: at nodes there is their mean, between them no more than about them;
// a contour lies between a node that the best is ahead of and one that it is not.
func TestBetween(t *testing.T) {
	g := testgallery.Demo(t)
	s := sampleOf(t, g, 0, 0, nil)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, text := range []string{"A+B+C", "A+B"} {
		l := whole(t, s, text)
		for node := range l.Len() {
			if got, want := l.Value(0, l.Weights(node)), l.Reliefs[0].Means[node].Value; math.Abs(got-want) > 1e-12 {
				t.Errorf("%s: node %d has %v, its mean is %v", text, node, got, want)
			}
		}
		low, high, _ := l.Span(0)
		for range 10_000 {
			w := Weights{rng.Float64(), rng.Float64(), rng.Float64()}
			if len(l.Factors) == 2 {
				w[2] = 0
			}
			sum := w[0] + w[1] + w[2]
			for i := range w {
				w[i] *= float64(l.Parts) / sum
			}
			nodes, shares := l.around(w)
			total := 0.0
			var back Weights
			for i, node := range nodes {
				total += shares[i]
				for j, x := range l.Weights(node) {
					back[j] += shares[i] * x
				}
			}
			if v := l.Value(0, w); math.Abs(total-1) > 1e-9 || slices.Min(shares[:]) < -1e-9 || v < low-1e-9 || v > high+1e-9 {
				t.Fatalf("%s: %v lies between %v with %v: %v", text, w, nodes, shares, v)
			}
			for j := range w {
				if math.Abs(back[j]-w[j]) > 1e-6 {
					t.Fatalf("%s: %v lies between %v with %v, which is %v", text, w, nodes, shares, back)
				}
			}
		}
		lines := l.Contour(0)
		if len(lines) == 0 {
			t.Fatalf("%s has no contour", text)
		}
		for _, line := range lines {
			for _, end := range line {
				nodes, shares := l.around(end)
				at := 0.0
				for i, node := range nodes {
					if shares[i] > 1e-9 {
						at += shares[i] * l.Reliefs[0].Ahead(node)
					}
				}
				if math.Abs(at-1) > 1e-6 {
					t.Errorf("%s: on the contour at %v the lead is %v half intervals", text, end, at)
				}
			}
		}
	}
}

// TestFront compares the front with its definition.
func TestFront(t *testing.T) {
	g := testgallery.Demo(t)
	l := whole(t, sampleOf(t, g, 0, 0, nil), "A+B+C")
	for _, y := range []int{1, -1} {
		front := l.Front(0, y)
		value := func(label, node int) float64 {
			if label < 0 {
				return 0
			}
			return l.Reliefs[label].Means[node].Value
		}
		for b := range l.Len() {
			beaten := false
			for a := range l.Len() {
				x, z, w := value(0, a)-value(0, b), value(y, a)-value(y, b), l.Width(b)-l.Width(a)
				if x >= 0 && z >= 0 && w >= 0 && (x > 0 || z > 0 || w > 0 || a < b) {
					beaten = true
				}
			}
			if slices.Contains(front, b) == beaten {
				t.Errorf("%s is exceeded: %t, in the front: %t", l.Scheme(b), beaten, !beaten)
			}
		}
		if !slices.IsSortedFunc(front, func(a, b int) int { return int(1e9 * (value(0, b) - value(0, a))) }) {
			t.Errorf("the front is %v", front)
		}
	}
}

// BenchmarkLandscape surveys a triangle of 231 weights over 10,000 rows, from neighbourhoods
// that are there.
func BenchmarkLandscape(b *testing.B) {
	g := testgallery.Random(rand.New(rand.NewPCG(1, 2)), 10_000).Open(b)
	s := sampleOf(b, g, 0, 0, nil)
	b.ReportMetric(float64(s.Usage().Done), "queries")
	for b.Loop() {
		l, err := New(s, testgallery.Schemes(b, "A+B+C")[0], nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := l.Sharper(b.Context(), func() bool { return !l.Final() }); err != nil {
			b.Fatal(err)
		}
	}
}
