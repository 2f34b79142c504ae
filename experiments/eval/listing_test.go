package eval

import (
	"math"
	"slices"
	"strings"
	"testing"

	"strata/engine"
	"strata/engine/rank"
	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
)

// photosOf returns the candidates of a query by listing.
func (tab *judgedTable) photosOf(q int) map[string][]int {
	of := map[string][]int{}
	for r := range tab.IDs {
		if !tab.Candidate(q, r, nil) {
			continue
		}
		listing := tab.Group[r]
		if listing == "" {
			listing = "row of " + tab.IDs[r]
		}
		of[listing] = append(of[listing], r)
	}
	return of
}

// gain returns the largest gain of photos.
func (tab *judgedTable) gain(label string, q int, photos []int) int {
	largest := 0
	for _, r := range photos {
		switch {
		case label == "qrels":
			largest = max(largest, tab.grades[[2]int{q, r}])
		case tab.Relevant(label, q, r):
			largest = max(largest, 1)
		}
	}
	return largest
}

// TestListings computes R, M, hits, AP and nDCG of listings from the table, beside a scheme of items.
func TestListings(t *testing.T) {
	for seed := range uint64(2) {
		tab := newJudgedTable(seed, 90)
		for r, group := range tab.Group { // photos of a listing are mostly alike
			if group != "" && r%4 > 0 {
				tab.Cells["category"][r] = "class " + group[len(group)-1:]
			}
		}
		g := tab.open(t)
		metrics, err := metric.ParseMetrics([]string{"AP@5", "nDCG@5", "R@5"}, []int{5})
		if err != nil {
			t.Fatal(err)
		}
		e, err := Plan{Schemes: testgallery.Schemes(t, "A", "best(A)", "mean(rrf(A,C))"), Labels: []string{"category", "qrels"}, Ks: []int{5}, Metrics: metrics}.Evaluate(t.Context(), g, nil)
		if err != nil {
			t.Fatal(err)
		}
		fewer := 0
		for l, label := range e.Labels {
			var ceilings, baselines, n float64
			for i, q := range e.Queries {
				listings := tab.photosOf(q)
				var gains []int // of all relevant listings
				for _, photos := range listings {
					if gain := tab.gain(label, q, photos); gain > 0 {
						gains = append(gains, gain)
					}
				}
				if e.Skip(i, 1, l) != Judged {
					continue
				}
				if r := e.R(i, 1, l); r != len(gains) || r > e.R(i, 0, l) {
					t.Fatalf("%s, query %d: R is %d, of items %d, want %d", label, q, r, e.R(i, 0, l), len(gains))
				}
				if len(gains) < e.R(i, 0, l) {
					fewer++
				}
				ceilings, baselines, n = ceilings+math.Min(float64(len(gains)), 5)/5, baselines+float64(len(gains))/float64(max(len(listings), 5)), n+1
				for s := 1; s < len(e.Schemes); s++ {
					tab.checkListings(t, g, e, i, s, l, gains)
				}
			}
			sum := e.Precisions(1, l)[0]
			if math.Abs(sum.Ceiling-ceilings/n) > 1e-12 || math.Abs(sum.Baseline-baselines/n) > 1e-12 {
				t.Errorf("%s: the ceiling is %v, want %v; the baseline %v, want %v", label, sum.Ceiling, ceilings/n, sum.Baseline, baselines/n)
			}
		}
		if fewer == 0 {
			t.Error("there are as many listings as items")
		}
	}
}

// checkListings compares the hits and metrics of one query; all are the gains of its relevant listings.
func (tab *judgedTable) checkListings(t *testing.T, g *engine.Gallery, e *Evaluation, i, s, l int, all []int) {
	t.Helper()
	q, label := e.Queries[i], e.Labels[l]
	if e.Skip(i, s, l) != Judged {
		return
	}
	rankings, err := rank.NewSearcher(g, 1<<20).Search(t.Context(), q, e.Schemes[s:s+1], 5, e.Among)
	if err != nil {
		t.Fatal(err)
	}
	listings := tab.photosOf(q)
	hits, precision, gain, ideal := 0, 0.0, 0.0, 0.0
	for n, h := range rankings[0].Hits {
		photos := []int{h.Row}
		for _, of := range listings {
			if slices.Contains(of, h.Row) {
				photos = of
			}
		}
		if of := tab.gain(label, q, photos); of > 0 && h.Scored() {
			hits++
			precision += float64(hits) / float64(n+1)
			gain += float64(of) / math.Log2(float64(n+2))
		}
	}
	all = slices.Clone(all)
	slices.Sort(all)
	slices.Reverse(all)
	for n, of := range all[:min(5, len(all))] {
		ideal += float64(of) / math.Log2(float64(n+2))
	}
	r := float64(len(all))
	want := map[string]float64{"AP@5": precision / r, "nDCG@5": gain / ideal, "R@5": float64(hits) / r}
	got := e.valuesOf(i, s, l)
	if int(e.HitsOf(i, s, l)[0]) != hits {
		t.Fatalf("%s, %s, query %d: %d hits, want %d", e.Schemes[s], label, q, e.HitsOf(i, s, l)[0], hits)
	}
	for m, of := range e.Metrics[1:] {
		if want := want[of.String()]; math.Abs(got[m]-want) > 1e-12 {
			t.Fatalf("%s, %s, query %d, %s: %v, want %v", e.Schemes[s], label, q, of, got[m], want)
		}
	}
	if marked := NewJudge(e.Among, g.Labels()).Ranking(q, rankings[0]); label == "category" {
		at := slices.IndexFunc(marked.Labels, func(l LabelHits) bool { return l.Label == label })
		if of := marked.Labels[at]; of.Hits != hits || of.R != len(all) {
			t.Fatalf("a search counts %d hits of %d, want %d of %d", of.Hits, of.R, hits, len(all))
		}
	}
}

// TestListingsKnown: an evaluation that is taken over has the counts of one that is made anew; runs of
// items do not hold listings.
func TestListingsKnown(t *testing.T) {
	g := newJudgedTable(1, 60).open(t)
	plan := Plan{Schemes: testgallery.Schemes(t, "A", "best(A)"), Labels: []string{"category"}, Ks: []int{1, 5}}
	known, err := plan.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, texts := range [][]string{{"best(A)"}, {"mean(A)", "best(A)"}, {"A", "mean(A)"}} {
		again := plan
		again.Schemes = testgallery.Schemes(t, texts...)
		fresh, err := again.Evaluate(t.Context(), g, nil)
		if err != nil {
			t.Fatal(err)
		}
		again.Known = known
		over, err := again.Evaluate(t.Context(), g, nil)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := testgallery.Written(t, fresh.WritePerQuery), testgallery.Written(t, over.WritePerQuery); a != b {
			t.Errorf("%v: taken over\n%.400s\nanew\n%.400s", texts, b, a)
		}
	}
	plan.Keep = 5
	if _, err := plan.Evaluate(t.Context(), g, nil); err == nil || !strings.Contains(err.Error(), "best(A) ranks listings, and the runs of trec_eval hold items") {
		t.Errorf("runs of listings: %v", err)
	}
}
