package eval

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"strata/engine/rank"
	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
	"strata/experiments/stats"
)

// The traps of METRICS.md, in which other evaluators differ from one another or
// from what is meant, a test each. T08, of logarithms, is in discount_test.go.

// plain is a gallery of one layer A, whose rows are ranked by their angles in
// degrees, and one label.
func plain(label []string, degrees ...float64) *testgallery.Table {
	t := &testgallery.Table{Labels: []string{"category"}, Cells: map[string][]string{"category": label}, Layers: map[string][][]float32{}}
	for i, d := range degrees {
		t.IDs = append(t.IDs, string(rune('a'+i)))
		t.Layers["A"] = append(t.Layers["A"], []float32{float32(math.Cos(d * math.Pi / 180)), float32(math.Sin(d * math.Pi / 180))})
	}
	return t
}

// evaluated evaluates schemes on a table and keeps all rankings.
func evaluated(t *testing.T, tab *testgallery.Table, metrics string, ks []int, texts ...string) *Evaluation {
	t.Helper()
	some, err := metric.ParseMetrics(strings.Fields(metrics), ks)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Plan{Schemes: testgallery.Schemes(t, texts...), Ks: ks, Metrics: some, Keep: -1}.Evaluate(t.Context(), tab.Open(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// ranked returns the ids of a query's ranking.
func ranked(e *Evaluation, query, scheme int) string {
	var ids []string
	for _, row := range e.rankings[query*len(e.Schemes)+scheme] {
		ids = append(ids, e.Gallery.ID(int(row)))
	}
	return strings.Join(ids, "")
}

// TestTrapT01Self: with exact copies of the query, it is the query that is left
// out, by its id, and not the last of the ranking or the first.
func TestTrapT01Self(t *testing.T) {
	e := evaluated(t, plain([]string{"x", "x", "x", "y", "y"}, 30, 30, 30, 50, 60), "", []int{2, 4}, "A")
	for q, want := range []string{"bcde", "acde", "abde"} {
		if got := ranked(e, q, 0); got != want || e.HitsOf(q, 0, 0)[0] != 2 {
			t.Errorf("query %s: ranks %s, want %s", e.Gallery.ID(q), got, want)
		}
	}
}

// TestTrapT02Lone: a query whose class has no other item is counted as skipped,
// is in no mean, and in no judgements.
func TestTrapT02Lone(t *testing.T) {
	e := evaluated(t, plain([]string{"x", "x", "lone"}, 0, 10, 20), "AP", []int{1}, "A")
	sum := e.Summaries[0]
	if sum.N != 2 || sum.Lone != 1 || sum.Value != 1 || sum.Coverage() != 2.0/3 {
		t.Errorf("got %+v", sum)
	}
	run, qrels := exported(t, e, 0, 0)
	if files := readTrec(t, run, qrels); files.gains["c"] != nil || files.ranked["c"] == nil {
		t.Errorf("the lone query is in the run only:\n%s%s", run, qrels)
	}
}

// TestTrapT03Missing: a query that is in a mean is in both files.
func TestTrapT03Missing(t *testing.T) {
	e := evaluated(t, testgallery.Random(rand.New(rand.NewPCG(3, 41)), 80), "", []int{5}, "A", "B")
	for s := range e.Schemes {
		for l := range e.Labels {
			run, qrels := exported(t, e, s, l)
			files := readTrec(t, run, qrels)
			for i, q := range e.Queries {
				id := e.Gallery.ID(q)
				if e.Skip(i, s, l) == Judged && (files.ranked[id] == nil || files.gains[id] == nil) {
					t.Errorf("%s is missing in a file", id)
				}
			}
		}
	}
}

// TestTrapT04Unlabelled: without a value a query is skipped for that label only,
// and a hit is not relevant; Judged says how many have one, so that P lies between
// P and P+1-Judged.
func TestTrapT04Unlabelled(t *testing.T) {
	tab := plain([]string{"x", "", "x", "y"}, 0, 10, 20, 30)
	tab.Labels = append(tab.Labels, "brand")
	tab.Cells["brand"] = []string{"1", "1", "1", "1"}
	e := evaluated(t, tab, "Judged", []int{2}, "A")
	if e.Skip(1, 0, 0) != Unknown || e.Skip(1, 0, 1) != Judged {
		t.Errorf("b is skipped %v for category, %v for brand", e.Skip(1, 0, 0), e.Skip(1, 0, 1))
	}
	if p, judged := e.value(0, 0, 0, 0), e.value(0, 0, 0, 1); p != 1 || judged != 1 { // a ranks b, c
		t.Errorf("P@2 is %v/2, Judged@2 %v/2", p, judged)
	}
	run, qrels := exported(t, e, 0, 0)
	if _, ok := readTrec(t, run, qrels).gains["a"]["b"]; ok || strings.Contains(qrels, "b 0 ") {
		t.Errorf("b has no value, and a judgement:\n%s", qrels)
	}
}

// TestTrapT05Ties: equal scores are ranked by row, and exported as different
// ones, so that no reader breaks ties its own way (trec_eval: by descending id).
func TestTrapT05Ties(t *testing.T) {
	e := evaluated(t, plain([]string{"x", "y", "y", "x", "x"}, 0, 20, 20, 20, 20), "RR@all AP@all", []int{2}, "A")
	run, qrels := exported(t, e, 0, 0)
	files := readTrec(t, run, qrels)
	if got := strings.Join(files.ranked["a"], ""); got != "bcde" {
		t.Errorf("the run ranks %s", got)
	}
	if got := e.value(0, 0, 0, 2); got != 1.0/3 || files.value(metric.Metric{Kind: metric.ReciprocalRank, K: 0}, "a") != got {
		t.Errorf("RR is %v, from the files %v", got, files.value(metric.Metric{Kind: metric.ReciprocalRank, K: 0}, "a"))
	}
}

// TestTrapT06Float32: exported scores are integers that float32 holds.
func TestTrapT06Float32(t *testing.T) {
	e := evaluated(t, testgallery.Random(rand.New(rand.NewPCG(6, 41)), 200), "RR@all", []int{5}, "A")
	run, _ := exported(t, e, 0, 0)
	last, query := float32(0), ""
	for line := range strings.Lines(run) {
		var q, id, tag string
		var rank int
		var score float64
		if _, err := fmt.Sscanf(line, "%s Q0 %s %d %g %s", &q, &id, &rank, &score, &tag); err != nil {
			t.Fatal(err)
		}
		if float64(float32(score)) != score || score != math.Trunc(score) || score < 1 || q == query && float32(score) >= last {
			t.Fatalf("score %v after %v", score, last)
		}
		last, query = float32(score), q
	}
}

// TestTrapT07MeanOrder: the mean of P@k is the quotient of two integers, where
// sums of P@k in one order or another are not.
func TestTrapT07MeanOrder(t *testing.T) {
	e := evaluated(t, testgallery.Random(rand.New(rand.NewPCG(7, 41)), 400), "", []int{3, 7}, "A")
	differs := false
	for _, sum := range e.Summaries {
		want, _ := big.NewRat(sum.Hits, int64(sum.K*sum.N)).Float64()
		if sum.Value != want {
			t.Errorf("P@%d: %v is not %d/%d", sum.K, sum.Value, sum.Hits, sum.K*sum.N)
		}
		sequential := 0.0
		for i := range e.Queries {
			if l := slices.Index(e.Labels, sum.Label); e.Skip(i, 0, l) == Judged {
				sequential += float64(e.HitsOf(i, 0, l)[slices.Index(e.Ks, sum.K)]) / float64(sum.K)
			}
		}
		differs = differs || sequential/float64(sum.N) != want
	}
	if !differs {
		t.Error("a sum of quotients gives the same bits, so this tests nothing")
	}
}

// TestTrapT09Level: judgements are 0 and 1, so a reader's level of relevance
// changes nothing; those of levels are graded, and 1 or more is relevant.
func TestTrapT09Level(t *testing.T) {
	tab := plain([]string{"w/k/s", "w/k/c", "w/s", "m/k", "w/k/s"}, 0, 10, 20, 30, 40)
	g := tab.Open(t)
	e, err := Plan{
		Schemes: testgallery.Schemes(t, "A"), Labels: []string{"category/1", "category/*"}, Ks: []int{3},
		Metrics: []metric.Metric{{Kind: metric.NDCG, K: 3}}, Keep: -1,
	}.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, flat := exported(t, e, 0, 0)
	_, graded := exported(t, e, 0, 1)
	if strings.Contains(flat, " 2\n") || !strings.Contains(graded, "a 0 b 2\na 0 c 1\na 0 d 0\na 0 __pad1 3\n") {
		t.Errorf("judgements of category/1\n%sof all levels\n%s", flat, graded)
	}
	log3 := math.Log2(3)
	if got, want := e.value(0, 0, 1, 1), (2+1/log3)/(3+2/log3+0.5); math.Abs(got-want) > 1e-15 {
		t.Errorf("graded nDCG@3 is %v, want %v", got, want)
	}
	if got, want := e.value(0, 0, 0, 1), (1+1/log3)/(1+1/log3+0.5); math.Abs(got-want) > 1e-15 {
		t.Errorf("nDCG@3 of the first level is %v, want %v", got, want)
	}
	if e.value(0, 0, 0, 0) != 2 || e.value(0, 0, 1, 0) != 2 {
		t.Error("P@3 is the same for the first level and for all")
	}
}

// TestOverlapGains checks that an overlap's nDCG has as many gains as labels are shared, and that its precision asks for
// one.
func TestOverlapGains(t *testing.T) {
	tab := plain([]string{"w/k/s", "w/k/c", "w/s", "m/k", "w/k/s"}, 0, 10, 20, 30, 40)
	e, err := Plan{
		Schemes: testgallery.Schemes(t, "A"), Labels: []string{"overlap(category/1,category/2)"}, Ks: []int{3},
		Metrics: []metric.Metric{{Kind: metric.NDCG, K: 3}}, Keep: -1,
	}.Evaluate(t.Context(), tab.Open(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	log3 := math.Log2(3)
	if got, want := e.value(0, 0, 0, 1), (2+1/log3)/(2+2/log3+0.5); math.Abs(got-want) > 1e-15 {
		t.Errorf("nDCG@3 is %v, want %v", got, want)
	}
	if got := e.value(0, 0, 0, 0); got != 2 {
		t.Errorf("%v of the first three share a label, want 2", got)
	}
}

// TestTrapT10Padding: relevant items that no run holds stand as padding, R lines
// a query in all, and no metric differs from that with all ids.
func TestTrapT10Padding(t *testing.T) {
	tab := testgallery.Random(rand.New(rand.NewPCG(10, 41)), 150)
	e := evaluated(t, tab, "AP R nDCG Success RR", []int{5}, "A", "B")
	for l, label := range e.Labels {
		run, qrels := exported(t, e, 0, l)
		files := readTrec(t, run, qrels)
		for i, q := range e.Queries {
			if e.Skip(i, 0, l) != Judged {
				continue
			}
			id := e.Gallery.ID(q)
			if got, want := files.relevant(id), int(e.Relevant[i*len(e.Labels)+l]); got != want {
				t.Fatalf("%s, %s: %d relevant lines, R is %d", id, label, got, want)
			}
			full := &trecEval{files.ranked, map[string]map[string]int{id: {}}, 1}
			for row := range tab.IDs {
				if tab.Candidate(q, row, nil) && tab.Relevant(label, q, row) {
					full.gains[id][tab.IDs[row]] = 1
				}
			}
			for _, m := range e.Metrics {
				if m.Kind != metric.JudgedShare && files.value(m, id) != full.value(m, id) {
					t.Fatalf("%s, %s: %v is %v with padding, %v with ids", id, label, m, files.value(m, id), full.value(m, id))
				}
			}
		}
	}
}

// TestTrapT11EqualSchemes: without a difference p is 1, and neither NaN nor
// "not significant" for want of a number; and no test assumes normal differences.
func TestTrapT11EqualSchemes(t *testing.T) {
	e := evaluated(t, testgallery.Random(rand.New(rand.NewPCG(11, 41)), 60), "AP", []int{5}, "A", "3*A")
	all, err := e.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.P != 1 || c.Holm != 1 || c.Method != stats.Exact {
			t.Errorf("got %+v", c)
		}
	}
}

// TestTrapT12Fisher: a p of random divisions counts the one observed, so it is
// never 0; equal sums are equal, being integers; the seed fixes it.
func TestTrapT12Fisher(t *testing.T) {
	p := &stats.Pairing{Columns: [][]int64{make([]int64, 60), make([]int64, 60)}}
	for j := range 60 {
		p.Columns[0][j] = 1 << 40
	}
	if err := p.Divide(t.Context(), stats.Stream{Seed: 1}); err != nil {
		t.Fatal(err)
	}
	if got := p.Permute(0, 1); got != 1.0/(stats.Resamples+1) {
		t.Errorf("60 of 60 won: p is %v", got)
	}
	// In floats 0.1+0.2-0.3 is not 0, and 0.1+0.2 more than 0.3. In integers the
	// signs of 1, 2 and 3 give ±6, ±4, ±2, 0 and 0, of which 0 is the least far.
	if got, _ := stats.ExactP([]int64{1, 2, -3}); got != 1 {
		t.Errorf("a sum of 0: p is %v", got)
	}
	first := p.Permute(1, 0)
	if err := p.Divide(t.Context(), stats.Stream{Seed: 1}); err != nil || p.Permute(1, 0) != first {
		t.Errorf("another p from the same seed, %v", err)
	}
}

// TestTrapT13RankFusion: rrf is Σ 1/(60+rank), ranks from 1, over full rankings.
func TestTrapT13RankFusion(t *testing.T) {
	tab := plain([]string{"x", "x", "x", "x"}, 0, 10, 20, 30)
	tab.Layers["B"] = [][]float32{{1, 0}, {0, 1}, {1, 1}, {1, 0.1}}
	g := tab.Open(t)
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	rankings, err := rank.NewSearcher(g, 1<<20).Search(t.Context(), 0, testgallery.Schemes(t, "rrf(A,B)"), 1, among)
	if err != nil {
		t.Fatal(err)
	}
	// A ranks b, c, d and B d, c, b, so c has 2/62 and the others 1/61 + 1/63, which is more.
	if hit := rankings[0].Hits[0]; g.ID(hit.Row) != "b" || hit.Score != 1.0/61+1.0/63 {
		t.Errorf("the first is %s with %v", g.ID(hit.Row), hit.Score)
	}
}

// TestTrapT14Fusion: a sum adds the scores of all rows. One that is low in a layer
// counts with its negative cosine, not with the 0 of a list that it is not in.
func TestTrapT14Fusion(t *testing.T) {
	tab := plain([]string{"x", "x", "x"}, 0, 10, 50)
	tab.Layers["B"] = [][]float32{{1, 0}, {-1, 0}, {1, 1.2}}
	e := evaluated(t, tab, "", []int{1}, "A+B")
	if got := ranked(e, 0, 0); got != "c" { // b: 0.98-1, c: 0.64+0.64
		t.Errorf("ranks %s", got)
	}
}

// TestTrapT15Weights: weights need not add to 1, not even nearly, and the queries
// of an evaluation are drawn by its seed alone.
func TestTrapT15Weights(t *testing.T) {
	e := evaluated(t, testgallery.Random(rand.New(rand.NewPCG(15, 41)), 120), "", []int{10}, "0.1*A+0.2*B+0.7*C", "1*A+2*B+7*C")
	for i := range e.Queries {
		if ranked(e, i, 0) != ranked(e, i, 1) {
			t.Errorf("query %d: %s and %s", i, ranked(e, i, 0), ranked(e, i, 1))
		}
	}
	var drawn [2][]int
	for i, text := range []string{"A", "B+C"} {
		e, err := Plan{Schemes: testgallery.Schemes(t, text), Over: 20, Seed: 5}.Evaluate(t.Context(), e.Gallery, nil)
		if err != nil {
			t.Fatal(err)
		}
		drawn[i] = e.Queries
	}
	if !slices.Equal(drawn[0], drawn[1]) {
		t.Errorf("queries %v and %v", drawn[0], drawn[1])
	}
}

// TestTrapT16Cosine: lengths of rows change no ranking of a sum, and a row of
// zeros has no score: it is no hit, and as a query it is skipped.
func TestTrapT16Cosine(t *testing.T) {
	label := []string{"x", "x", "x", "x", "x"}
	tab := plain(label, 0, 40, 10, 30, 20)
	long := plain(label, 0, 40, 10, 30, 20)
	for r, row := range long.Layers["A"] {
		for i := range row {
			row[i] *= float32(int(1) << (3 * r))
		}
	}
	clear(tab.Layers["A"][4])
	clear(long.Layers["A"][4])
	a, b := evaluated(t, tab, "", []int{4}, "A"), evaluated(t, long, "", []int{4}, "A")
	if ranked(a, 0, 0) != "cdb" || ranked(b, 0, 0) != "cdb" {
		t.Errorf("rank %s and %s", ranked(a, 0, 0), ranked(b, 0, 0))
	}
	if got := a.HitsOf(0, 0, 0)[0]; got != 3 || a.Skip(4, 0, 0) != Unscored {
		t.Errorf("%d hits, and the zeros are skipped %v", got, a.Skip(4, 0, 0))
	}
}

// TestTrapT17NearDuplicates: photos of one listing answer one another only
// without a group, and then add to the precision.
func TestTrapT17NearDuplicates(t *testing.T) {
	tab := plain([]string{"x", "x", "x", "y", "y"}, 0, 1, 40, 10, 20)
	without := evaluated(t, tab, "", []int{1}, "A").Summaries[0]
	tab.Group = []string{"listing", "listing", "", "", ""}
	with := evaluated(t, tab, "", []int{1}, "A").Summaries[0]
	if without.Hits != 3 || with.Hits != 1 || with.N != 5 { // e hits d; a and b one another no more
		t.Errorf("%d hits without the group, %d with", without.Hits, with.Hits)
	}
}

// TestTrapT18Baseline: what a random ranking gives is Σ n/N·(n-1)/(N-1) over the
// classes, of the queries that have one.
func TestTrapT18Baseline(t *testing.T) {
	var label []string
	var degrees []float64
	want := 0.0
	for class, n := range []int{2, 5, 13} {
		for range n {
			label, degrees = append(label, fmt.Sprint(class)), append(degrees, float64(len(degrees)))
		}
		want += float64(n) / 20 * float64(n-1) / 19
	}
	e := evaluated(t, plain(label, degrees...), "", []int{1, 10}, "A")
	for _, sum := range e.Summaries {
		if math.Abs(sum.Baseline-want) > 1e-15 {
			t.Errorf("P@%d: %v, want %v", sum.K, sum.Baseline, want)
		}
	}
}
