package eval

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
	"strata/experiments/table"
)

// TestStandings: the shares add up to 1 among the schemes, also where they judge
// different queries; schemes that rank alike share; and two schemes stand as the
// interval of their difference says.
func TestStandings(t *testing.T) {
	for seed := range uint64(3) {
		g := testgallery.Random(rand.New(rand.NewPCG(seed, 12)), 90).Open(t)
		metrics, err := metric.ParseMetrics([]string{"nDCG", "RR@all"}, []int{1, 5})
		if err != nil {
			t.Fatal(err)
		}
		plan := Plan{Schemes: testgallery.Schemes(t, "A", "2*A", "C", "rrf(B,C)"), Ks: []int{1, 5}, Metrics: metrics, Seed: seed + 1, Macro: true}
		e, err := plan.Evaluate(t.Context(), g, nil)
		if err != nil {
			t.Fatal(err)
		}
		for l, label := range e.Labels {
			judged := e.Judged(0, l)
			for s := range e.Schemes {
				judged = Common(judged, e.Judged(s, l))
			}
			for m := range e.Metrics {
				for _, mean := range []Mean{Micro, Macro} {
					var all []Standing
					total := 0.0
					for s := range e.Schemes {
						of := e.Standings[e.SummaryAt(s, l, mean, m)]
						all, total = append(all, of), total+of.First
					}
					if math.Abs(total-1) > 1e-12 || all[0] != all[1] || all[0].Low < 1.5 || all[2].High > 4 || all[3].N != len(judged) {
						t.Errorf("%s %v %v: over %d queries got %+v", label, e.Metrics[m], mean, len(judged), all)
					}
				}
			}
		}
		plan.Schemes = testgallery.Schemes(t, "A", "B+C")
		if e, err = plan.Evaluate(t.Context(), g, nil); err != nil {
			t.Fatal(err)
		}
		comparisons, err := e.Compare(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range comparisons {
			first := e.Standings[e.SummaryAt(0, i/len(e.Metrics), Micro, i%len(e.Metrics))].First
			if c.Low > 0 && first < 0.97 || c.High < 0 && first > 0.03 || c.Low < 0 && c.High > 0 && (first < 0.02 || first > 0.98) {
				t.Errorf("%s %v: ahead by %v to %v, first in %v of the resamples", c.Label, c.Metric, c.Low, c.High, first)
			}
		}
	}
}

// TestStandingsText writes standings for people and as a table: the same with any number
// of threads, and nothing where no query is judged.
func TestStandingsText(t *testing.T) {
	tab := testgallery.Random(rand.New(rand.NewPCG(3, 3)), 200)
	for r := range tab.Cells["colour"] {
		tab.Cells["colour"][r] = fmt.Sprint("alone ", r)
	}
	g := tab.Open(t)
	var first string
	for _, threads := range []int{1, 3} {
		before := runtime.GOMAXPROCS(threads)
		e, err := Plan{Schemes: testgallery.Schemes(t, "A", "B+C", "0.5*A"), Labels: []string{"category", "colour"}, Ks: []int{1, 10}, Macro: true}.Evaluate(t.Context(), g, nil)
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := errors.Join(e.WriteStandingTable(&b), e.StandingsTable().Write(&b, table.CSV)); err != nil {
			t.Fatal(err)
		}
		if text := b.String(); first == "" {
			first = text
		} else if text != first {
			t.Errorf("with %d threads\n%s\nnot\n%s", threads, text, first)
		}
	}
	for _, want := range []string{"P@10 best, rank  category", "  -\n", "\nscheme,label,metric,mean,queries,p_best,rank_low,rank_high,tied_at_cut\n", "\nA,colour,P@1,micro,0,,,,"} {
		if !strings.Contains(first, want) {
			t.Errorf("no %q in\n%s", want, first)
		}
	}
	if strings.Contains(first, "NaN") {
		t.Error(first)
	}
}

// TestTies counts equal scores around the cuts in rankings by sorting everything, of
// galleries with duplicates and rows without a score.
func TestTies(t *testing.T) {
	ties := 0
	for seed := range uint64(4) {
		tab := testgallery.Random(rand.New(rand.NewPCG(seed, 77)), 60)
		for r := 0; r < 20; r++ {
			for name := range tab.Layers {
				tab.Layers[name][r+20] = tab.Layers[name][r]
			}
		}
		e, err := Plan{Schemes: testgallery.Schemes(t, "A", "B+C", "rrf(A,C)"), Ks: []int{1, 3, 59, 400}, Keep: -1}.Evaluate(t.Context(), tab.Open(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		for s, sc := range e.Schemes {
			for n, k := range e.Ks {
				want := 0
				for _, q := range e.Queries {
					rows, scores := tab.Rank(q, sc, nil)
					if k < len(rows) && scores[rows[k-1]] == scores[rows[k]] {
						want++
					}
				}
				// The plain sums round otherwise, but for equal rows.
				if got := e.Tied(s, n); got < want && sc.String() != "rrf(A,C)" || k >= 60 && got > 0 {
					t.Errorf("seed %d, %s at %d: %d ties, at least %d", seed, sc, k, got, want)
				} else if ties += got; got > len(e.Queries) {
					t.Errorf("%d ties of %d queries", got, len(e.Queries))
				}
			}
		}
	}
	if ties == 0 {
		t.Error("no ties at all")
	}
}

// TestTiesByHand: four items on one ray, of which the order of rows chooses one, and
// none where all candidates are hits.
func TestTiesByHand(t *testing.T) {
	tab := plain([]string{"x", "x", "x", "x", "x"}, 0, 10, 10, 10, 40)
	e, err := Plan{Schemes: testgallery.Schemes(t, "A"), Ks: []int{1, 2, 3, 4}}.Evaluate(t.Context(), tab.Open(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	// 0° and 40° have the three at 10° as ties at 1 and 2; each at 10° has its two twins
	// at 1, then the one at 0°, then that at 40°.
	for n, want := range []int{5, 2, 0, 0} {
		if got := e.Tied(0, n); got != want {
			t.Errorf("at %d: %d ties, want %d", e.Ks[n], got, want)
		}
	}
	e, err = Plan{Schemes: testgallery.Schemes(t, "A"), Ks: []int{1}}.Evaluate(t.Context(), tab.Open(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := testgallery.Written(t, e.WriteTable); !strings.HasSuffix(got, "\ntied at rank 1, in the order of rows: A 5 of 5 queries\n") {
		t.Error(got)
	}
}
