package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"strata/engine/items"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// oracle ranks by sorting everything, in plain float64, from the definitions
// of the package comment; it shares no code with the search but the scheme.
type oracle struct {
	layers map[string][][]float64
	square map[string][]float64
	among  func(q, row int) bool
	n      int
	known  map[string]moments    // by layer
	hubs   map[string][]float64  // r by row, by the name of a term
	every  func(q, row int) bool // among without a filter; nil where no hub is asked for
	group  func(row int) string  // nil where no krecip is asked for
}

func newOracle(layers map[string]matrix, among func(q, row int) bool) *oracle {
	o := &oracle{layers: map[string][][]float64{}, square: map[string][]float64{}, among: among}
	for name, m := range layers {
		for _, row := range m.rows {
			wide := make([]float64, len(row))
			for i, v := range row {
				_, wide[i] = appendValue(nil, m.typ(), v)
			}
			o.layers[name] = append(o.layers[name], wide)
			o.square[name] = append(o.square[name], product(wide, wide))
		}
		o.n = len(m.rows)
	}
	return o
}

// product is the canonical product, written out from its definition.
func product(a, b []float64) float64 {
	var lane [8]float64
	for i := range a {
		lane[i%8] += float64(a[i] * b[i])
	}
	return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]))
}

func (o *oracle) score(s scheme.Scheme, q, row int) float64 {
	var sum, weights, qq, xx float64
	for _, t := range s.Terms {
		if t.Weight == 0 {
			continue
		}
		a, b := o.layers[t.Factor.String()][q], o.layers[t.Factor.String()][row]
		aa, bb, ab := o.square[t.Factor.String()][q], o.square[t.Factor.String()][row], product(a, b)
		if !(aa > 0 && bb > 0 && aa < math.Inf(1) && bb < math.Inf(1)) {
			return math.NaN()
		}
		if s.Kind == scheme.Concat {
			w := t.Weight * t.Weight
			sum += float64(w * ab)
			qq += float64(w * aa)
			xx += float64(w * bb)
		} else {
			cosine := ab / float64(math.Sqrt(aa)*math.Sqrt(bb))
			if t.Hub > 0 {
				near := o.near(t)
				cosine = 2*cosine - near[q] - near[row]
			} else if s.Kind == scheme.HubSum {
				near := o.nearSum(s)
				cosine = 2*cosine - near[q] - near[row]
			}
			sum += float64(t.Weight * cosine)
			weights += t.Weight
		}
	}
	if s.Kind == scheme.Concat {
		return sum / float64(math.Sqrt(qq)*math.Sqrt(xx))
	}
	return sum / weights
}

// rank returns all candidates, best first.
func (o *oracle) rank(s scheme.Scheme, q int) []rank.Hit {
	var hits []rank.Hit
	if s.Kind == scheme.RRF {
		fused := map[int]float64{}
		for _, part := range s.Parts {
			for i, h := range o.rank(part, q) {
				if math.IsNaN(h.Score) {
					fused[h.Row] = math.NaN()
				}
				fused[h.Row] += 1 / float64(60+i+1)
			}
		}
		for row, f := range fused {
			hits = append(hits, rank.Hit{Row: row, Score: f})
		}
	} else {
		for row := range o.n {
			if o.among(q, row) {
				hits = append(hits, rank.Hit{Row: row, Score: o.score(s, q, row)})
			}
		}
	}
	sortHits(hits)
	return hits
}

// sortHits sorts best first.
func sortHits(hits []rank.Hit) {
	slices.SortFunc(hits, func(a, b rank.Hit) int {
		switch {
		case math.IsNaN(a.Score) && math.IsNaN(b.Score):
			return cmp.Compare(a.Row, b.Row)
		case math.IsNaN(a.Score):
			return 1
		case math.IsNaN(b.Score):
			return -1
		}
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Row, b.Row))
	})
}

var testSchemes = []string{
	"A", "B", "C", "A+B", "0.7*B+0.3*C", "A+0*B+2.5*C", "concat(A,B)", "concat(B,0.5*C)", "concat(3*C)",
	"rrf(A,C)", "rrf(A+B,concat(A,C),0.1*B+C)", "rrf(rrf(A,B),C)", "1e-20*A+1e20*B",
}

// testGallery writes a random gallery and returns it with its oracle.
func testGallery(t testing.TB, seed uint64, rows int) (*Gallery, *oracle, *items.Candidates) {
	rng := rand.New(rand.NewPCG(seed, 1))
	layers := map[string]matrix{
		"A": randomMatrix(rng, rows, 1+rng.IntN(40), false),
		"B": randomMatrix(rng, rows, 1+rng.IntN(300), true),
		"C": randomMatrix(rng, rows, 1+rng.IntN(9), false),
	}
	var items strings.Builder
	items.WriteString("id,category,group,split\n")
	groups, splits, kinds := make([]string, rows), make([]string, rows), make([]string, rows)
	for r := range rows {
		kinds[r] = fmt.Sprintf("k%d", rng.IntN(4))
		if rng.IntN(3) == 0 {
			groups[r] = fmt.Sprintf("g%d", rng.IntN(1+rows/3))
		}
		splits[r] = []string{"", "both", "query", "gallery"}[min(3, rng.IntN(10))]
		fmt.Fprintf(&items, "i%d,%s,%s,%s\n", r, kinds[r], groups[r], splits[r])
	}
	var filter []scheme.Condition
	if seed%2 == 1 {
		filter = []scheme.Condition{{Label: "category", Value: kinds[0]}, {Label: "category", Value: kinds[rows/2]}}
	}
	g := open(t, writeGallery(t, items.String(), layers))
	among, err := g.Candidates(filter)
	if err != nil {
		t.Fatal(err)
	}
	o := newOracle(layers, func(q, row int) bool {
		return q != row && splits[row] != "query" && (q >= rows || groups[q] == "" || groups[q] != groups[row]) &&
			(filter == nil || kinds[row] == kinds[0] || kinds[row] == kinds[rows/2])
	})
	return g, o, among
}

func parseAll(t testing.TB, g *Gallery, texts []string) []scheme.Scheme {
	t.Helper()
	schemes := make([]scheme.Scheme, len(texts))
	for i, text := range texts {
		var err error
		if schemes[i], err = g.ParseScheme(text); err != nil {
			t.Fatal(err)
		}
	}
	return schemes
}

// sameHits reports whether two lists are the same, scores bit for bit.
func sameHits(a, b []rank.Hit) bool {
	return slices.EqualFunc(a, b, func(a, b rank.Hit) bool {
		return a.Row == b.Row && (a.Score == b.Score || math.IsNaN(a.Score) && math.IsNaN(b.Score))
	})
}

func TestSearchIsSortEverything(t *testing.T) {
	for seed := range uint64(12) {
		rows := []int{1, 2, 5, 30, 200, 1100}[seed%6]
		g, o, among := testGallery(t, seed, rows)
		s := rank.NewSearcher(g, 1<<20)
		schemes := parseAll(t, g, testSchemes)
		for q := 0; q < rows; q += 1 + rows/7 {
			wants := o.rankAll(schemes, q)
			for _, k := range []int{0, 1, 10, rows + 3} {
				got, err := s.Search(t.Context(), q, schemes, k, among)
				if err != nil {
					t.Fatal(err)
				}
				checkRankings(t, got, wants, k, fmt.Sprintf("seed %d, query %d of %d rows", seed, q, rows))
				if among.Count(q) != len(wants[0]) {
					t.Fatalf("seed %d, query %d: %d candidates, not %d", seed, q, among.Count(q), len(wants[0]))
				}
			}
		}
	}
}

// rankAll returns the full rankings of every scheme.
func (o *oracle) rankAll(schemes []scheme.Scheme, q int) [][]rank.Hit {
	all := make([][]rank.Hit, len(schemes))
	for i, s := range schemes {
		all[i] = o.rank(s, q)
	}
	return all
}

// checkRankings compares rankings with the first k of the full ones.
func checkRankings(t *testing.T, got []rank.Ranking, wants [][]rank.Hit, k int, what string) {
	t.Helper()
	for i, want := range wants {
		if got[i].Candidates != len(want) {
			t.Fatalf("%s, %s: %d candidates, not %d", what, got[i].Scheme, got[i].Candidates, len(want))
		}
		if want = want[:min(k, len(want))]; !sameHits(got[i].Hits, want) {
			t.Fatalf("%s, %s, k %d:\ngot  %v\nwant %v", what, got[i].Scheme, k, got[i].Hits, want)
		}
	}
}

func TestRankAllIsSearch(t *testing.T) {
	for seed := range uint64(8) {
		rows := []int{1, 3, 140, 1100}[seed%4]
		g, o, among := testGallery(t, 100+seed, rows)
		schemes := parseAll(t, g, testSchemes)
		var queries []int
		for q := 0; q < rows; q += 1 + rows/40 {
			queries = append(queries, q)
		}
		wants := make([][][]rank.Hit, len(queries))
		for i, q := range queries {
			wants[i] = o.rankAll(schemes, q)
		}
		for _, k := range []int{0, 1, 10, rows + 1} {
			for i, got := range rankAll(t, g, queries, schemes, k, among) {
				checkRankings(t, got, wants[i], k, fmt.Sprintf("seed %d, query %d of %d rows", seed, queries[i], rows))
			}
		}
	}
}

func rankAll(t testing.TB, g *Gallery, queries []int, schemes []scheme.Scheme, k int, among *items.Candidates) [][]rank.Ranking {
	t.Helper()
	got := make([][]rank.Ranking, len(queries))
	var mu sync.Mutex
	err := g.RankAll(t.Context(), queries, schemes, k, among, func(i int, rankings []rank.Ranking) {
		mu.Lock()
		defer mu.Unlock()
		if got[i] != nil {
			t.Errorf("query %d came twice", i)
		}
		got[i] = rankings
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestNearTies puts many rows within the float32 error of one another: only
// canonical rescoring can order them.
func TestNearTies(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	const rows, dim = 1300, 64
	base := make([]float32, dim)
	for i := range base {
		base[i] = float32(rng.ExpFloat64())
	}
	m := matrix{}
	for r := range rows {
		row := slices.Clone(base)
		at := rng.IntN(dim)
		for range 1 + r%3 {
			row[at] = math.Nextafter32(row[at], float32(rng.IntN(2))*1e9)
		}
		m.rows = append(m.rows, row)
	}
	layers := map[string]matrix{"A": m, "B": randomMatrix(rng, rows, 8, false), "C": m}
	var items strings.Builder
	items.WriteString("id\n")
	for r := range rows {
		fmt.Fprintf(&items, "i%d\n", r)
	}
	g := open(t, writeGallery(t, items.String(), layers))
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	o := newOracle(layers, func(q, row int) bool { return q != row })
	schemes := parseAll(t, g, []string{"A", "A+C", "concat(A,C)", "A+0.001*B", "rrf(A,B)"})
	queries := []int{0, 1, 7, 600, 1299}
	got := rankAll(t, g, queries, schemes, 10, among)
	for i, q := range queries {
		for j, scheme := range schemes {
			if want := o.rank(scheme, q)[:10]; !sameHits(got[i][j].Hits, want) {
				t.Errorf("query %d, %s:\ngot  %v\nwant %v", q, scheme, got[i][j].Hits, want)
			}
		}
	}
}

func TestExtremeValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	const rows = 40
	layers := map[string]matrix{"A": {}, "B": {}, "C": {half: true}}
	for r := range rows {
		for name, scale := range map[string]float64{"A": []float64{1e-44, 3e38, 1e-30, 1}[r%4], "B": 1e-40, "C": 6e-8} {
			m := layers[name]
			row := make([]float32, 20)
			for i := range row {
				row[i] = float32(scale * rng.Float64())
			}
			if name == "C" && r%3 == 0 {
				for i := range row {
					row[i] = 65504 * float32(rng.IntN(2))
				}
			}
			m.rows = append(m.rows, row)
			layers[name] = m
		}
	}
	var items strings.Builder
	items.WriteString("id\n")
	for r := range rows {
		fmt.Fprintf(&items, "i%d\n", r)
	}
	g := open(t, writeGallery(t, items.String(), layers))
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	o := newOracle(layers, func(q, row int) bool { return q != row })
	schemes := parseAll(t, g, testSchemes)
	var queries []int
	for q := range rows {
		queries = append(queries, q)
	}
	got := rankAll(t, g, queries, schemes, 10, among)
	s := rank.NewSearcher(g, 1<<20)
	for i, q := range queries {
		one, err := s.Search(t.Context(), q, schemes, 10, among)
		if err != nil {
			t.Fatal(err)
		}
		for j, scheme := range schemes {
			want := o.rank(scheme, q)[:10]
			if !sameHits(got[i][j].Hits, want) || !sameHits(one[j].Hits, want) {
				t.Fatalf("query %d, %s:\nbatch %v\nsearch %v\nwant %v", q, scheme, got[i][j].Hits, one[j].Hits, want)
			}
		}
	}
}

func TestFaults(t *testing.T) {
	nan := float32(math.NaN())
	g := open(t, writeGallery(t, "id\na\nb\nc\nd\n", map[string]matrix{
		"A": {rows: [][]float32{{1, 0}, {0, 0}, {1, nan}, {0, 0}}},
		"B": {rows: [][]float32{{1}, {1}, {1}, {1}}},
	}))
	if faults := g.Layers[0].Faults(); faults != nil {
		t.Errorf("faults are known before the layer was read: %v", faults)
	}
	if err := g.Measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	faults := strings.Join(g.Layers[0].Faults(), "\n")
	for _, want := range []string{"A.npy: 1 of 4 rows are not finite; the first is row 2: value 1 is NaN", "A.npy: 2 of 4 rows are zero; the first is row 1"} {
		if !strings.Contains(faults, want) {
			t.Errorf("got %q\nwant %q in it", faults, want)
		}
	}
	if faults := g.Layers[1].Faults(); len(faults) != 0 {
		t.Errorf("B has no faults, got %v", faults)
	}
}

func TestSearcherKeepsWithinBudget(t *testing.T) {
	g, _, among := testGallery(t, 4, 200)
	schemes := parseAll(t, g, []string{"A+B"})
	s := rank.NewSearcher(g, 3*2*200*8)
	for q := range 10 {
		if _, err := s.Search(t.Context(), q, schemes, 1, among); err != nil {
			t.Fatal(err)
		}
	}
	if u := s.Usage(); u.Queries != 3 || u.Bytes != 3*2*200*8 {
		t.Errorf("got %+v, want 3 queries of two columns", u)
	}
	tiny := rank.NewSearcher(g, 1)
	if _, err := tiny.Search(t.Context(), 0, schemes, 1, among); err != nil {
		t.Fatal(err)
	}
	if u := tiny.Usage(); u.Queries != 1 {
		t.Errorf("the latest query is kept: got %+v", u)
	}
}

func TestCancel(t *testing.T) {
	g, _, among := testGallery(t, 10, 200)
	schemes := parseAll(t, g, []string{"A", "rrf(A,B)"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := rank.NewSearcher(g, 1<<20).Search(ctx, 0, schemes, 1, among); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled search returned %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	err := g.RankAll(ctx, []int{0, 1, 2, 3}, schemes, 1, among, func(int, []rank.Ranking) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled batch returned %v", err)
	}
}

func TestThreadsDoNotMatter(t *testing.T) {
	g, _, among := testGallery(t, 13, 1500)
	schemes := parseAll(t, g, testSchemes)
	queries := items.Sample(1500, 150, 3)
	var first [][]rank.Ranking
	for _, threads := range []int{1, 2, 7} {
		old := runtime.GOMAXPROCS(threads)
		got := rankAll(t, g, queries, schemes, 10, among)
		runtime.GOMAXPROCS(old)
		if first == nil {
			first = got
		}
		for i := range got {
			for j := range got[i] {
				if !sameHits(got[i][j].Hits, first[i][j].Hits) {
					t.Fatalf("%d threads: query %d, %s differs", threads, queries[i], schemes[j])
				}
			}
		}
	}
}

func TestSortNominees(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	var swap []rank.Nominee
	for _, n := range []int{0, 1, 2, 100, 5000} {
		a := make([]rank.Nominee, n)
		for i := range a {
			a[i] = rank.Nominee{Row: int32(i), Score: float32(math.Round(rng.NormFloat64()*50) / 50)}
			if rng.IntN(10) == 0 {
				a[i].Score = float32(math.Copysign(0, -1))
			}
		}
		want := slices.Clone(a)
		slices.SortStableFunc(want, func(a, b rank.Nominee) int { return cmp.Compare(b.Score, a.Score) })
		rank.SortNominees(a, &swap)
		if !slices.Equal(a, want) {
			t.Errorf("%d nominees are out of order", n)
		}
	}
}

func TestSample(t *testing.T) {
	for _, tt := range []struct{ n, k int }{{10, 3}, {10, 10}, {3, 10}, {1000, 999}, {5, 0}} {
		got := items.Sample(tt.n, tt.k, 7)
		if len(got) != min(tt.n, tt.k) || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("Sample(%d, %d) = %v", tt.n, tt.k, got)
		}
	}
	if got := fmt.Sprint(items.Sample(1000, 5, 7)); got != fmt.Sprint(items.Sample(1000, 5, 7)) || got == fmt.Sprint(items.Sample(1000, 5, 8)) {
		t.Errorf("a seed fixes the sample, another one changes it: %s", got)
	}
	// The numbers must be the same on every machine.
	if got := fmt.Sprint(items.Sample(9583, 5, 7)); got != "[1108 1605 2581 2871 8293]" {
		t.Errorf("Sample(9583, 5, 7) = %s", got)
	}
}

func TestRelevance(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	var items strings.Builder
	items.WriteString("id,tags,group,split\n")
	const rows = 60
	m := matrix{}
	tags := make([][]string, rows)
	groups := make([]string, rows)
	splits := make([]string, rows)
	for r := range rows {
		for _, tag := range []string{"red", "white", "blue", "green"} {
			if rng.IntN(4) == 0 {
				tags[r] = append(tags[r], tag)
			}
		}
		if rng.IntN(2) == 0 {
			groups[r] = fmt.Sprint("g", rng.IntN(10))
		}
		splits[r] = []string{"query", "gallery", "both"}[rng.IntN(3)]
		fmt.Fprintf(&items, "i%d,%s,%s,%s\n", r, strings.Join(tags[r], "|"), groups[r], splits[r])
		m.rows = append(m.rows, []float32{1})
	}
	g := open(t, writeGallery(t, items.String(), map[string]matrix{"A": m}))
	among, err := g.Candidates([]scheme.Condition{{Label: "tags", Value: "red"}, {Label: "tags", Value: "blue"}})
	if err != nil {
		t.Fatal(err)
	}
	label := g.Labels()[0]
	relevance := among.Relevance(label)
	for q := range rows {
		want, candidates := 0, 0
		for x := range rows {
			if x == q || splits[x] == "query" || groups[q] != "" && groups[q] == groups[x] ||
				!slices.Contains(tags[x], "red") && !slices.Contains(tags[x], "blue") {
				continue
			}
			candidates++
			share := slices.ContainsFunc(tags[q], func(tag string) bool { return slices.Contains(tags[x], tag) })
			if share {
				want++
			}
			if label.Relevant(q, x) != share {
				t.Fatalf("Relevant(%v, %v) is %v", tags[q], tags[x], !share)
			}
		}
		if got := relevance.Count(q); got != want || among.Count(q) != candidates {
			t.Errorf("query %d: R is %d, not %d; %d candidates, not %d", q, got, want, among.Count(q), candidates)
		}
	}
	if _, err := g.Candidates([]scheme.Condition{{Label: "tags", Value: "rd"}}); err == nil || !strings.Contains(err.Error(), `no value of tags "rd" (there is blue, green, red, white)`) {
		t.Errorf("unknown value: %v", err)
	}
}
