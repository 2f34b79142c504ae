package live

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"strata/engine"
	"strata/engine/items"
	"strata/engine/neighbour"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
)

// testSchemes have weights of many kinds; neighbourhoods cannot serve the last one.
func testSchemes(t *testing.T) []scheme.Scheme {
	return testgallery.Schemes(t, "A", "B", "0.3*A+0.7*C", "A+B+C", "concat(A,B)", "rrf(A,C)")
}

// queriesOf returns the rows that may be queries.
func queriesOf(g *engine.Gallery) []int {
	rows, err := eval.Plan{}.DrawQueries(g)
	if err != nil {
		panic(err)
	}
	return rows
}

// sampleOf returns the sample of neighbourhoods with so many rows of a layer, built
// within a budget.
func sampleOf(t *testing.T, g *engine.Gallery, m int, budget int64, filter []scheme.Condition) *Sample {
	t.Helper()
	n, err := neighbour.NewNeighbours(g, neighbour.Plan{Layers: []string{"A", "B", "C"}, Queries: queriesOf(g), M: m, Budget: budget, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Build(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	s, err := NewSample(g, n, len(queriesOf(g)), filter, g.Labels())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// randomGallery has ties, rows without a score, groups, splits and unknown values.
func randomGallery(t *testing.T, rows int) *engine.Gallery {
	return testgallery.Random(rand.New(rand.NewPCG(11, 12)), rows).Open(t)
}

// evaluated evaluates some queries in full.
func evaluated(t *testing.T, g *engine.Gallery, schemes []scheme.Scheme, queries []int, filter []scheme.Condition) *eval.Evaluation {
	t.Helper()
	e, err := eval.Plan{Schemes: schemes, Ks: []int{K}, Queries: queries, Filter: filter}.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// equalBits reports whether two numbers have the same bits, or are both no number.
func equalBits(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
}

// TestMeansOfAll knows all queries once those that are not proven are resolved: means
// and differences have the bits of an evaluation's, with a filter and without, whether
// neighbourhoods prove much or little.
func TestMeansOfAll(t *testing.T) {
	g := randomGallery(t, 250)
	schemes := testSchemes(t)
	for _, filter := range [][]scheme.Condition{nil, {{Label: "colour", Value: "red"}}} {
		for _, m := range []int{40, 1} {
			s := sampleOf(t, g, m, 0, filter)
			open := 0
			for _, sc := range schemes {
				c, err := s.Count(t.Context(), sc)
				if err != nil {
					t.Fatal(err)
				}
				open += c.Unproven
				if err := s.Resolve(t.Context(), sc); err != nil {
					t.Fatal(err)
				}
			}
			if m == 1 && open == 0 {
				t.Error("one row of a layer proves all rankings")
			}
			rows, err := s.Rows(t.Context(), schemes)
			if err != nil {
				t.Fatal(err)
			}
			if !rows.Complete() {
				t.Errorf("M %d: known %d, open %d of %d", m, rows.Known, rows.Open, rows.Queries)
			}
			wantRows(t, rows, evaluated(t, g, schemes, nil, filter))
		}
	}
}

// TestAt counts and compares at another k, as an evaluation does.
func TestAt(t *testing.T) {
	g := randomGallery(t, 250)
	schemes := testSchemes(t)[:3]
	s := sampleOf(t, g, 60, 0, nil)
	for _, k := range []int{3, 20, K, 20} {
		at := s.At(k)
		if at != s.At(k) || (k == K) != (at == s) {
			t.Fatalf("k %d: the sample is not kept", k)
		}
		for _, sc := range schemes {
			if err := at.Resolve(t.Context(), sc); err != nil {
				t.Fatal(err)
			}
		}
		rows, err := at.Rows(t.Context(), schemes)
		if err != nil {
			t.Fatal(err)
		}
		e, err := eval.Plan{Schemes: schemes, Ks: []int{k}}.Evaluate(t.Context(), g, nil)
		if err != nil {
			t.Fatal(err)
		}
		wantRows(t, rows, e)
		settled, err := at.Settle(t.Context(), rows)
		if err != nil {
			t.Fatal(err)
		}
		wantRows(t, settled, e)
	}
}

// wantRows compares rows with an evaluation of the same queries.
func wantRows(t *testing.T, rows *Rows, e *eval.Evaluation) {
	t.Helper()
	for i, sc := range rows.Schemes {
		for l, label := range rows.Labels {
			got, want := rows.Means[i][l], e.Precisions(i, l)[0]
			if got.N != want.N || got.N > 0 && (!equalBits(got.Value, want.Value) || got.Hits != want.Hits) {
				t.Errorf("%s, %s: %d queries with %v, want %d with %v", sc, label, got.N, got.Value, want.N, want.Value)
			}
		}
	}
	comparisons, err := e.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range comparisons {
		got, ok := rows.Against(c.A, c.B, c.Label)
		if ok != (c.N > 0) || ok && (!equalBits(got.Diff, c.Diff) || got.Win != c.Win || got.Tie != c.Tie || got.Loss != c.Loss || got.N != c.N) {
			t.Errorf("%s against %s, %s: %+v, want %+v", c.A, c.B, c.Label, got, c)
		}
		turned, _ := rows.Against(c.B, c.A, c.Label)
		if ok && (!equalBits(turned.Diff, 0-c.Diff) || turned.Win != c.Loss || turned.P != got.P) {
			t.Errorf("%s against %s turned: %+v", c.A, c.B, turned)
		}
	}
}

// TestMeansOfSome builds only what a budget holds: the means are those of the queries
// that are there, and grow with them.
func TestMeansOfSome(t *testing.T) {
	g := randomGallery(t, 250)
	schemes := testSchemes(t)
	s := sampleOf(t, g, 60, 200_000, nil)
	use := s.Usage()
	if !use.Cut || use.Done == 0 {
		t.Fatalf("the budget cuts nothing off: %s", use)
	}
	for _, sc := range schemes {
		if err := s.Resolve(t.Context(), sc); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := s.Rows(t.Context(), schemes)
	if err != nil {
		t.Fatal(err)
	}
	if rows.Complete() || rows.Known[0] != use.Done || rows.Queries != len(queriesOf(g)) {
		t.Errorf("known %d of %d queries, %d are built", rows.Known, rows.Queries, use.Done)
	}
	var queries []int
	for _, q := range s.from.Queries()[:use.Done] {
		queries = append(queries, int(q))
	}
	slices.Sort(queries)
	wantRows(t, rows, evaluated(t, g, schemes, queries, nil))
}

// TestCountsGrow counts while queries are built: what was counted before is kept, and
// the end is the same as counted at once.
func TestCountsGrow(t *testing.T) {
	g := randomGallery(t, 600)
	n, err := neighbour.NewNeighbours(g, neighbour.Plan{Layers: []string{"A", "B", "C"}, Queries: queriesOf(g), M: 40})
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSample(g, n, len(queriesOf(g)), nil, g.Labels())
	if err != nil {
		t.Fatal(err)
	}
	schemes := testSchemes(t)[:4]
	var known []int
	err = n.Build(t.Context(), func(u neighbour.Usage) {
		if u.Done%50 != 0 {
			return
		}
		rows, err := s.Rows(t.Context(), schemes)
		if err != nil {
			t.Error(err)
			return
		}
		known = append(known, rows.Known[0]+rows.Open[0])
		for i := range schemes {
			if n := rows.Known[i] + rows.Open[i]; n != known[len(known)-1] {
				t.Errorf("%s is counted over %d queries, the first scheme over %d", schemes[i], n, known[len(known)-1])
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(known) || len(known) < 2 {
		t.Errorf("known queries %d", known)
	}
	rows, err := s.Rows(t.Context(), schemes)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := NewSample(g, n, len(queriesOf(g)), nil, g.Labels())
	if err != nil {
		t.Fatal(err)
	}
	again, err := fresh.Rows(t.Context(), schemes)
	if err != nil {
		t.Fatal(err)
	}
	for i := range schemes {
		if !slices.Equal(rows.Means[i], again.Means[i]) && !math.IsNaN(rows.Means[i][0].Value) {
			t.Errorf("%s: %+v, counted at once %+v", schemes[i], rows.Means[i], again.Means[i])
		}
	}
}

// TestUnserved has no mean for a scheme of a layer that no neighbourhood has.
func TestUnserved(t *testing.T) {
	g := randomGallery(t, 60)
	n, err := neighbour.NewNeighbours(g, neighbour.Plan{Layers: []string{"A"}, Queries: items.Sample(60, 20, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Build(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	s, err := NewSample(g, n, len(queriesOf(g)), nil, g.Labels())
	if err != nil {
		t.Fatal(err)
	}
	schemes := testgallery.Schemes(t, "A", "A+B", "A")
	rows, err := s.Rows(t.Context(), schemes)
	if err != nil {
		t.Fatal(err)
	}
	label := g.Labels()[0].Name
	if _, ok := rows.Mean(schemes[1], label); ok || len(rows.Schemes) != 2 || rows.Alike(schemes[0], schemes[1]) {
		t.Errorf("A+B has a mean: %+v", rows)
	}
	if _, ok := rows.Mean(schemes[0], label); !ok {
		t.Errorf("A has no mean: %+v", rows)
	}
	if _, ok := rows.Verdict(label); ok {
		t.Error("one scheme is ahead of none")
	}
	var none *Rows
	if _, ok := none.Mean(schemes[0], label); ok {
		t.Error("no rows have a mean")
	}
}

// TestSettleServed settles the schemes that neighbourhoods can serve beside one that they
// cannot: all queries of theirs are known, and the numbers are those of an evaluation of
// them alone.
func TestSettleServed(t *testing.T) {
	g := randomGallery(t, 120)
	s := sampleOf(t, g, 40, 0, nil)
	schemes := testgallery.Schemes(t, "A", "rrf(rrf(A,B),C)", "B+C", "A+C")
	served := testgallery.Schemes(t, "A", "B+C", "A+C")
	for _, sc := range schemes {
		if err := s.Resolve(t.Context(), sc); err != nil {
			t.Fatal(err)
		}
	}
	rough, err := s.Rows(t.Context(), schemes)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.Settle(t.Context(), rough)
	if err != nil {
		t.Fatal(err)
	}
	if !rows.Complete() || rows.Rough || !rows.Final() || rows.Served(1) {
		t.Fatalf("known %d of %d queries, rough %t", rows.Known, rows.Queries, rows.Rough)
	}
	e := evaluated(t, g, served, nil, nil)
	comparisons, err := e.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range comparisons {
		d, ok := rows.Against(c.A, c.B, c.Label)
		if ok != (c.N > 0) || ok && (d.P != c.P || d.Holm != c.Holm || d.Low != c.Low || d.High != c.High) {
			t.Errorf("%s against %s, %s: %+v, evaluated %+v", c.A, c.B, c.Label, d, c)
		}
	}
	for l, label := range rows.Labels {
		for i, sc := range served {
			m, ok := rows.Mean(sc, label)
			if want := e.Precisions(i, l)[0]; ok != (want.N > 0) || ok && (m.Value != want.Value || m.Half != (want.High-want.Low)/2) {
				t.Errorf("%s, %s: %+v, want %+v", sc, label, m, want)
			}
		}
		if m, ok := rows.Mean(schemes[1], label); ok {
			t.Errorf("%s has a mean: %+v", schemes[1], m)
		}
		v, ok := rows.Verdict(label)
		if ok && (len(v.Over) != 2 || len(v.Apart) != 1 || !v.Apart[0].Equal(schemes[1])) {
			t.Errorf("the verdict on %s is %+v", label, v)
		}
	}
	alone, err := s.Rows(t.Context(), schemes[1:2])
	if err != nil {
		t.Fatal(err)
	}
	if alone.Complete() || !alone.Final() {
		t.Errorf("a scheme without a mean is complete: %+v", alone)
	}
}

// TestChance has the exact p where few queries differ and where all differ alike, and the
// normal approximation's elsewhere.
func TestChance(t *testing.T) {
	for _, c := range []struct {
		name      string
		of        []int64
		want, off float64
	}{
		{"no query", nil, math.NaN(), 0},
		{"a single query", []int64{3}, math.NaN(), 0},
		{"equal queries", []int64{0, 0, 0}, 1, 0},
		{"two alike", []int64{2, 2}, 0.5, 0},
		{"five alike among others", append(make([]int64, 1000), -1, -1, -1, -1, -1), 0.0625, 0},
		{"many alike", slices.Repeat([]int64{1}, 40), math.Ldexp(1, -39), 0},
		{"very many alike", slices.Repeat([]int64{1}, 5000), 0, 0},
		{"both ways", []int64{3, -1}, 1, 0},
		{"many", slices.Repeat([]int64{1, 0, -2, 3, 1, 0, -1, 0}, 30), 0.0055, 0.0001},
	} {
		var m moments
		var differing []int64
		for _, d := range c.of {
			if m.add(d); d != 0 {
				differing = append(differing, d)
			}
		}
		got := chance(m, differing)
		if !equalBits(got, c.want) && !(math.Abs(got-c.want) <= c.off) {
			t.Errorf("%s: p %v, want %v", c.name, got, c.want)
		}
	}
}

// TestNormal compares interval and p with the resampling of an evaluation, which they
// approximate, and Settle with its bits.
func TestNormal(t *testing.T) {
	g := testgallery.Demo(t)
	n, err := neighbour.NewNeighbours(g, neighbour.Plan{Layers: []string{"A", "B", "C"}, Queries: queriesOf(g)})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Build(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	label, err := g.Label("category")
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSample(g, n, len(queriesOf(g)), nil, []*items.Label{label})
	if err != nil {
		t.Fatal(err)
	}
	schemes := testgallery.Schemes(t, "A", "B", "B+C", "0.9*B+C")
	for _, sc := range schemes {
		if err := s.Resolve(t.Context(), sc); err != nil {
			t.Fatal(err)
		}
	}
	rough, err := s.Rows(t.Context(), schemes)
	if err != nil {
		t.Fatal(err)
	}
	settled, err := s.Settle(t.Context(), rough)
	if err != nil {
		t.Fatal(err)
	}
	if !rough.Rough || settled.Rough {
		t.Errorf("rough %t, settled %t", rough.Rough, settled.Rough)
	}
	for i, sc := range schemes {
		a, b := rough.Means[i][0], settled.Means[i][0]
		if !equalBits(a.Value, b.Value) || math.Abs(a.Half-b.Half) > 0.05*b.Half {
			t.Errorf("%s: %+v, settled %+v", sc, a, b)
		}
		for _, other := range schemes[:i] {
			a, _ := rough.Against(sc, other, "category")
			b, _ := settled.Against(sc, other, "category")
			if !equalBits(a.Diff, b.Diff) || math.Abs(a.Low-b.Low) > 0.003 || math.Abs(a.High-b.High) > 0.003 || math.Abs(a.P-b.P) > 0.06 {
				t.Errorf("%s against %s: %+v, settled %+v", sc, other, a, b)
			}
		}
	}
	v, ok := settled.Verdict("category")
	if !ok || v.Best.String() != "B+C" && v.Best.String() != "B" && v.Best.String() != "0.9*B+C" || len(v.Over) != 3 || !v.Over[2].Shown() || v.Over[2].Scheme.String() != "A" {
		t.Errorf("the verdict is %+v", v)
	}
	e := evaluated(t, g, schemes, nil, nil)
	comparisons, err := e.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range comparisons {
		if d, ok := settled.Against(c.A, c.B, c.Label); c.Label == "category" && (!ok || d.P != c.P || d.Low != c.Low || d.High != c.High) {
			t.Errorf("%s against %s: %+v, evaluated %+v", c.A, c.B, d, c)
		}
	}
}

// BenchmarkRows counts one new weighting of three layers over all queries, and compares
// it with three others.
func BenchmarkRows(b *testing.B) {
	g := testgallery.Random(rand.New(rand.NewPCG(1, 2)), 10_000).Open(b)
	n, err := neighbour.NewNeighbours(g, neighbour.Plan{Layers: []string{"A", "B", "C"}, Queries: queriesOf(g)})
	if err != nil {
		b.Fatal(err)
	}
	if err := n.Build(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	s, err := NewSample(g, n, len(queriesOf(g)), nil, g.Labels())
	if err != nil {
		b.Fatal(err)
	}
	schemes := testgallery.Schemes(b, "A", "B", "C", "A+B+C")
	b.ReportMetric(float64(len(n.Queries())), "queries")
	for i := 0; b.Loop(); i++ {
		schemes[3].Terms[1].Weight = 1 + float64(i)/1000
		if _, err := s.Rows(b.Context(), schemes); err != nil {
			b.Fatal(err)
		}
	}
}
