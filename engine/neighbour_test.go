package engine

import (
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
	"strata/engine/neighbour"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// allRows returns the numbers from 0 to n-1.
func allRows(n int) []int { return items.Sample(n, n, 1) }

// built returns neighbourhoods that are built.
func built(t testing.TB, g *Gallery, p neighbour.Plan) *neighbour.Neighbours {
	t.Helper()
	n, err := neighbour.NewNeighbours(g, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Build(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return n
}

// neighbourProofs counts proofs by scheme.
type neighbourProofs struct {
	schemes []scheme.Scheme
	proven  []int
	asked   int
}

// check ranks the queries under the schemes from neighbourhoods, and compares what is
// proven with want.
func (p *neighbourProofs) check(t *testing.T, n *neighbour.Neighbours, queries []int, wants [][][]rank.Hit, k int, among *items.Candidates, what string) {
	t.Helper()
	if p.proven == nil {
		p.proven = make([]int, len(p.schemes))
	}
	for i, q := range queries {
		p.asked++
		for s, scheme := range p.schemes {
			r, proven, err := n.Rank(t.Context(), q, scheme, k, among)
			if err != nil {
				t.Fatal(err)
			}
			if proven {
				p.proven[s]++
				checkRankings(t, []rank.Ranking{r}, wants[i][s:s+1], k, fmt.Sprintf("%s, query %d", what, q))
			}
		}
	}
	for i, got := range neighbourRankAll(t, n, queries, p.schemes, k, among) {
		checkRankings(t, got, wants[i], k, fmt.Sprintf("%s, query %d of RankAll", what, queries[i]))
	}
}

func (p *neighbourProofs) log(t *testing.T, what string) {
	t.Helper()
	for s, scheme := range p.schemes {
		t.Logf("%s: %s: %d of %d proofs fail", what, scheme, p.asked-p.proven[s], p.asked)
	}
}

func neighbourRankAll(t testing.TB, n *neighbour.Neighbours, queries []int, schemes []scheme.Scheme, k int, among *items.Candidates) [][]rank.Ranking {
	t.Helper()
	got := make([][]rank.Ranking, len(queries))
	var mu sync.Mutex
	err := n.RankAll(t.Context(), queries, schemes, k, among, func(i int, rankings []rank.Ranking) {
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

// neighbourSchemes are those of the tests of search, and more weights.
var neighbourSchemes = append(slices.Clone(testSchemes),
	"0.3*B", "A+B+C", "0.1*A+0.45*B+0.45*C", "3*C+0.001*A", "concat(A,B,C)", "rrf(A,B,C)", "rrf(0.3*A,B+C)")

// TestNeighboursAreSortEverything compares with the sorted gallery: over random
// galleries with copies, rows without a score, groups, splits and filters, for every M.
func TestNeighboursAreSortEverything(t *testing.T) {
	for _, m := range []int{1, 4, 30, 100} {
		proofs := neighbourProofs{}
		for seed := range uint64(12) {
			rows := []int{1, 2, 5, 30, 200, 900}[seed%6]
			g, o, among := testGallery(t, 1000*uint64(m)+seed, rows)
			proofs.schemes = parseAll(t, g, neighbourSchemes)
			n := built(t, g, neighbour.Plan{Layers: []string{"A", "B", "C"}, Queries: allRows(rows), M: m, Seed: seed})
			var queries []int
			var wants [][][]rank.Hit
			for q := 0; q < rows; q += 1 + rows/9 {
				queries = append(queries, q)
				wants = append(wants, o.rankAll(proofs.schemes, q))
			}
			for _, k := range []int{0, 1, 3, 10, rows + 3} {
				proofs.check(t, n, queries, wants, k, among, fmt.Sprintf("M %d, seed %d, %d rows", m, seed, rows))
			}
		}
		proofs.log(t, fmt.Sprint("M ", m))
		for s, proven := range proofs.proven {
			nested := strings.Contains(neighbourSchemes[s], "rrf(rrf")
			if nested == (proven > 0) || m == 1 && proven == proofs.asked {
				t.Errorf("M %d, %s: %d of %d are proven", m, neighbourSchemes[s], proven, proofs.asked)
			}
		}
	}
}

// fewValues draws rows of a few small numbers: most cosines equal others, but for
// rounding, and lists end among equal ones.
func fewValues(rng *rand.Rand, rows, dim int) matrix {
	var m matrix
	for range rows {
		row := make([]float32, dim)
		for i := range row {
			row[i] = float32(rng.IntN(3)) - 0.5*float32(rng.IntN(2))
		}
		m.rows = append(m.rows, row)
	}
	return m
}

// TestNeighboursAtTheBorder ranks where lists end among equal scores, and where what
// is outside scores as much as the last hit, or nearly so.
func TestNeighboursAtTheBorder(t *testing.T) {
	proofs := neighbourProofs{}
	for seed := range uint64(24) {
		rng := rand.New(rand.NewPCG(seed, 77))
		rows := 20 + rng.IntN(90)
		layers := map[string]matrix{
			"A": fewValues(rng, rows, 1+rng.IntN(2)), "B": fewValues(rng, rows, 2), "C": fewValues(rng, rows, 3),
		}
		if seed%4 == 0 {
			layers["B"] = constant(rows)
		}
		g := open(t, writeGallery(t, "id\n"+strings.Join(ids(rows), "\n"), layers))
		among, err := g.Candidates(nil)
		if err != nil {
			t.Fatal(err)
		}
		without := map[int][]int32{}
		for range rng.IntN(40) {
			q := rng.IntN(rows)
			without[q] = append(without[q], int32(rng.IntN(rows)))
		}
		if seed%3 == 0 {
			among = among.Without(without)
		}
		o := newOracle(layers, func(q, row int) bool { return among.HasFor(q, row) })
		proofs.schemes = parseAll(t, g, neighbourSchemes)
		m := 1 + rng.IntN(12)
		n := built(t, g, neighbour.Plan{Layers: []string{"C", "A", "B"}, Queries: allRows(rows), M: m, Seed: seed})
		var queries []int
		var wants [][][]rank.Hit
		for q := range rows {
			queries = append(queries, q)
			wants = append(wants, o.rankAll(proofs.schemes, q))
		}
		for _, k := range []int{1, m, 1 + rng.IntN(12)} {
			proofs.check(t, n, queries, wants, k, among, fmt.Sprintf("seed %d, M %d, %d rows", seed, m, rows))
		}
	}
	proofs.log(t, "borders")
	for s, proven := range proofs.proven[:4] {
		if proven == 0 || proven == proofs.asked {
			t.Errorf("%s: %d of %d are proven: both cases must occur", proofs.schemes[s], proven, proofs.asked)
		}
	}
}

// TestNeighboursOfTransforms: a derived layer is a layer as any other, and one that is
// added later gives what it gives from the start.
func TestNeighboursOfTransforms(t *testing.T) {
	g := open(t, someGallery(t, 3, 700))
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	schemes := parseAll(t, g, []string{"A", "A|pca5", "A+B.x+0.5*A|centre", "0.2*A|pca5+B.x", "concat(A,A|pca5)", "rrf(A|centre,B.x)"})
	plan := neighbour.Plan{Layers: []string{"A", "A|pca5", "B.x", "A|centre"}, Queries: allRows(700), M: 60}
	whole := built(t, g, plan)
	plan.Layers = plan.Layers[:2]
	grown := built(t, g, plan)
	if _, proven, err := grown.Rank(t.Context(), 5, schemes[2], 10, among); err != nil || proven {
		t.Fatalf("a layer that is not built: proven %v, %v", proven, err)
	}
	grown.AddLayers("A", "B.x", "A|centre")
	if u := grown.Usage(); u.Done != 0 {
		t.Errorf("%d queries are built in layers that were just added", u.Done)
	}
	if err := grown.Build(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	queries := allRows(700)
	want := rankAll(t, g, queries, schemes, 10, among)
	proven := 0
	for place := range whole.Hoods {
		a, b := whole.Hoods[place].Load(), grown.Hoods[place].Load()
		if !sameHoods(a, b) {
			t.Fatalf("place %d: %+v built at once, %+v in two steps", place, a, b)
		}
		q := int(whole.Order[place])
		for s, scheme := range schemes {
			got, ok, err := whole.Rank(t.Context(), q, scheme, 10, among)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				proven++
				checkSame(t, got, want[q][s], fmt.Sprint("query ", q))
			}
		}
	}
	if all := len(queries) * len(schemes); proven < all/2 {
		t.Errorf("%d of %d rankings are proven", proven, all)
	}
}

// checkSame compares a ranking with that of a search.
func checkSame(t *testing.T, got, want rank.Ranking, what string) {
	t.Helper()
	if !sameHits(got.Hits, want.Hits) || got.Candidates != want.Candidates {
		t.Fatalf("%s, %s:\ngot  %d of %v\nwant %d of %v", what, got.Scheme, got.Candidates, got.Hits, want.Candidates, want.Hits)
	}
}

// sameHoods reports whether two neighbourhoods are equal, bit for bit.
func sameHoods(a, b *neighbour.Neighbourhood) bool {
	return a != nil && b != nil && a.Least == b.Least && slices.Equal(a.Rows, b.Rows) && slices.Equal(a.Borders, b.Borders) &&
		slices.EqualFunc(a.Cosines, b.Cosines, func(x, y float64) bool { return x == y || x != x && y != y })
}

// TestNeighboursThreads: the same with one goroutine and with several.
func TestNeighboursThreads(t *testing.T) {
	g, _, among := testGallery(t, 4711, 900)
	schemes := parseAll(t, g, neighbourSchemes)
	plan := neighbour.Plan{Layers: []string{"A", "B", "C"}, Queries: allRows(900)}
	var one *neighbour.Neighbours
	var want []neighbour.HitCounts
	for _, threads := range []int{1, 2, 5} {
		before := runtime.GOMAXPROCS(threads)
		n := built(t, g, plan)
		counts := make([]neighbour.HitCounts, len(schemes))
		for s, scheme := range schemes {
			counts[s] = neighbour.HitCounts{Ks: []int{1, 10}, Labels: g.Labels()}
			if err := n.CountHits(t.Context(), scheme, among, &counts[s]); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GOMAXPROCS(before)
		if one == nil {
			one, want = n, counts
		}
		for place := range n.Hoods {
			if !sameHoods(one.Hoods[place].Load(), n.Hoods[place].Load()) {
				t.Fatalf("%d threads: place %d differs", threads, place)
			}
		}
		for s := range schemes {
			if !slices.Equal(counts[s].Hits, want[s].Hits) || !slices.Equal(counts[s].States, want[s].States) {
				t.Fatalf("%d threads: counts of %s differ", threads, schemes[s])
			}
		}
	}
}

// TestNeighboursCount compares the counts of all queries with those of their rankings.
func TestNeighboursCount(t *testing.T) {
	g, o, among := testGallery(t, 4712, 700)
	n := built(t, g, neighbour.Plan{Layers: []string{"A", "B", "C"}, Queries: allRows(700), M: 40})
	for _, scheme := range parseAll(t, g, []string{"A", "A+B", "0.2*C+0.5*B+A", "concat(A,C)"}) {
		counts := neighbour.HitCounts{Ks: []int{1, 5, 10}, Labels: g.Labels()}
		if err := n.CountHits(t.Context(), scheme, among, &counts); err != nil {
			t.Fatal(err)
		}
		states := map[neighbour.HitState]int{}
		for place, q := range n.Queries() {
			state := counts.States[place]
			states[state]++
			if state == neighbour.Unproven {
				continue
			}
			ranking := o.rank(scheme, int(q))
			if scored := len(ranking) > 0 && ranking[0].Scored(); scored != (state == neighbour.Counted) {
				t.Fatalf("%s, query %d: state %d, scored %v", scheme, q, state, scored)
			}
			for l, label := range g.Labels() {
				for i, k := range counts.Ks {
					want := 0
					for _, h := range ranking[:min(k, len(ranking))] {
						if h.Scored() && label.Relevant(int(q), h.Row) {
							want++
						}
					}
					if got := int(counts.Of(place, l)[i]); got != want {
						t.Fatalf("%s, query %d, %s: %d hits among %d, not %d", scheme, q, label.Name, got, k, want)
					}
				}
			}
		}
		if states[neighbour.Unscored] == 0 || states[neighbour.Counted] == 0 {
			t.Errorf("%s: states %v: both kinds must occur", scheme, states)
		}
	}
}

// TestNeighboursWhileBuilding reads while they are built, and stops a build that goes
// on later.
func TestNeighboursWhileBuilding(t *testing.T) {
	g, o, among := testGallery(t, 4714, 900)
	scheme := parseAll(t, g, []string{"A+0.5*B"})[0]
	n, err := neighbour.NewNeighbours(g, neighbour.Plan{Layers: []string{"A", "B"}, Queries: allRows(900)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	last := 0
	err = n.Build(ctx, func(u neighbour.Usage) {
		if u.Done < last {
			t.Errorf("%d queries are done after %d", u.Done, last)
		}
		last = u.Done
		seen, err := n.Each(t.Context(), scheme, 10, among, func(h neighbour.Hits) {
			if h.Proven && h.Place%50 == 0 {
				for i, want := range neighbour.ScoredHits(o.rank(scheme, h.Query)[:10]) {
					if int(h.Rows[i]) != want.Row || h.Scores[i] != want.Score {
						t.Errorf("query %d, hit %d: row %d", h.Query, i, h.Rows[i])
					}
				}
			}
		})
		if err != nil || seen < u.Done {
			t.Errorf("%d queries are seen, %d are done, error %v", seen, u.Done, err)
		}
		if u.Done > 0 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	u := n.Usage()
	if u.Done == 0 || u.Done == u.Queries {
		t.Errorf("%s after a cancelled build", u)
	}
	if err := n.Build(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	whole := built(t, g, neighbour.Plan{Layers: []string{"A", "B"}, Queries: allRows(900)})
	for place := range n.Hoods {
		if !sameHoods(n.Hoods[place].Load(), whole.Hoods[place].Load()) {
			t.Fatalf("place %d differs from that of a build that was not stopped", place)
		}
	}
}

// TestNeighboursBudget: a budget keeps the first queries, and says so.
func TestNeighboursBudget(t *testing.T) {
	g, _, among := testGallery(t, 4716, 900)
	plan := neighbour.Plan{Layers: []string{"A", "B", "C"}, Queries: allRows(900), M: 20}
	whole := built(t, g, plan)
	all := whole.Usage()
	if all.Cut || all.Done != 900 || all.Bytes > 50*all.Members+300*900 {
		t.Errorf("without a budget: %+v", all)
	}
	plan.Budget = all.Bytes / 3
	n := built(t, g, plan)
	u := n.Usage()
	if !u.Cut || u.Bytes > plan.Budget || u.Done < 250 || u.Done > 350 || !strings.Contains(u.String(), "holds no more") {
		t.Errorf("a third of the memory: %s", u)
	}
	for place := range n.Hoods {
		if h := n.Hoods[place].Load(); (h != nil) != (place < u.Done) || h != nil && !sameHoods(h, whole.Hoods[place].Load()) {
			t.Fatalf("place %d of %d", place, u.Done)
		}
	}
	queries := allRows(900)
	schemes := parseAll(t, g, []string{"A", "A+B+C"})
	want := rankAll(t, g, queries, schemes, 10, among)
	for i, got := range neighbourRankAll(t, n, queries, schemes, 10, among) {
		for s := range schemes {
			checkSame(t, got[s], want[i][s], fmt.Sprint("query ", i))
		}
	}
	plan.Budget = 1
	if u := built(t, g, plan).Usage(); u.Done != 0 || !u.Cut || u.Bytes != 0 {
		t.Errorf("no memory: %+v", u)
	}
}

// TestNeighboursSignOfZero: a score is +0 where its cosine is −0, as in a search.
func TestNeighboursSignOfZero(t *testing.T) {
	m := matrix{rows: [][]float32{{1, 0}, {-1, 0}, {0, 1}, {float32(math.Copysign(0, -1)), -1}, {1, 1}}}
	g := open(t, writeGallery(t, "id\n"+strings.Join(ids(5), "\n"), map[string]matrix{"A": m, "B": m}))
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	n := built(t, g, neighbour.Plan{Layers: []string{"A", "B"}, Queries: allRows(5)})
	for i := range n.Hoods {
		column := n.Hoods[i].Load().Cosines
		for at := range column {
			if column[at] == 0 {
				column[at] = math.Copysign(0, -1) // nothing has read it yet
			}
		}
	}
	zeros := 0
	for _, scheme := range parseAll(t, g, []string{"A", "A+B", "rrf(A,B)"}) {
		for q := range 5 {
			r, proven, err := n.Rank(t.Context(), q, scheme, 5, among)
			if err != nil || !proven {
				t.Fatal(proven, err)
			}
			for _, h := range r.Hits {
				if h.Score == 0 {
					zeros++
					if math.Signbit(h.Score) {
						t.Errorf("%s, query %d, row %d: −0", scheme, q, h.Row)
					}
				}
			}
		}
	}
	if zeros == 0 {
		t.Error("no score is 0")
	}
}

func TestNeighboursOfBadPlans(t *testing.T) {
	g, _, _ := testGallery(t, 4717, 30)
	for _, tt := range []struct {
		plan neighbour.Plan
		text string
	}{
		{neighbour.Plan{Queries: []int{3, 30}}, "query 1 of 2 is row 30, the gallery has 30"},
		{neighbour.Plan{Queries: []int{-1}}, "is row -1"},
		{neighbour.Plan{Queries: []int{3, 4, 3}}, "row 3 is a query twice"},
		{neighbour.Plan{M: -1}, "-1 nearest rows"},
		{neighbour.Plan{M: 1 << 16}, "65536 nearest rows"},
		{neighbour.Plan{Budget: -1}, "a budget of -1 bytes"},
		{neighbour.Plan{Layers: []string{"A", "B", "A"}}, "layer A stands twice"},
		{neighbour.Plan{Name: "../x"}, `the name "../x"`},
	} {
		if _, err := neighbour.NewNeighbours(g, tt.plan); err == nil || !contains(err, tt.text) {
			t.Errorf("%+v: %v, not %q", tt.plan, err, tt.text)
		}
	}
	n, err := neighbour.NewNeighbours(g, neighbour.Plan{Layers: []string{"Z"}, Queries: []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Build(t.Context(), nil); err == nil || !contains(err, `no layer "Z"`) {
		t.Errorf("a layer that is not there: %v", err)
	}
}
