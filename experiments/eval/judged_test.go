package eval

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"strata/engine"
	"strata/engine/neighbour"
	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
)

// judgedTable is a random table, with groups, splits, rows without a score and equal ones, and
// grades from 0 to 3 by query and item.
type judgedTable struct {
	*testgallery.Table
	grades map[[2]int]int
}

func newJudgedTable(seed uint64, n int) *judgedTable {
	rng := rand.New(rand.NewPCG(seed, 51))
	tab := &judgedTable{testgallery.Random(rng, n), map[[2]int]int{}}
	for r := range tab.IDs {
		tab.IDs[r] = fmt.Sprintf("item %d%%", r) // blanks part fields
	}
	for range n * 12 {
		if q := rng.IntN(n); q%9 > 0 {
			tab.grades[[2]int{q, rng.IntN(n)}] = rng.IntN(4) * rng.IntN(2)
		}
	}
	return tab
}

// open writes the gallery, and its judgements in the order of a map.
func (tab *judgedTable) open(t *testing.T) *engine.Gallery {
	t.Helper()
	dir := t.TempDir()
	tab.Write(t, dir)
	var b strings.Builder
	b.WriteString("query,item,grade\n")
	for pair, grade := range tab.grades {
		fmt.Fprintf(&b, "%s,%s,%d\n", tab.IDs[pair[0]], tab.IDs[pair[1]], grade)
	}
	if err := os.WriteFile(filepath.Join(dir, "qrels.csv"), []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	g, err := engine.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return g
}

// TestJudgedQueries computes R, who is judged, and every metric from the grades as they
// were drawn, and from the exported files.
func TestJudgedQueries(t *testing.T) {
	for seed := range uint64(2) {
		tab := newJudgedTable(seed, 90)
		g := tab.open(t)
		e, err := Plan{
			Schemes: testgallery.Schemes(t, "A", "rrf(A,C)"), Labels: []string{"category", "qrels"}, Macro: true,
			Ks: []int{1, 3, 10}, Metrics: trecMetrics(t), Keep: -1,
		}.Evaluate(t.Context(), g, nil)
		if err != nil {
			t.Fatal(err)
		}
		skips, compared := map[Skip]int{}, 0
		for s := range e.Schemes {
			run, qrels := exported(t, e, s, 1)
			files := readTrec(t, run, qrels)
			files.largest = 3
			for i, q := range e.Queries {
				want, r, some := map[string]int{}, 0, false
				for x := range tab.IDs {
					grade, ok := tab.grades[[2]int{q, x}]
					some = some || ok
					if ok && tab.Candidate(q, x, nil) {
						want[trecName(tab.IDs[x])] = grade
						if grade > 0 {
							r++
						}
					}
				}
				skip := e.Skip(i, s, 1)
				skips[skip]++
				if some != (skip != Unknown) || some && (r > 0) != (skip != Lone) || r > 0 && int(e.Relevant[i*2+1]) != r {
					t.Fatalf("%s: %v, R %d, want %d of %v", g.ID(q), skip, e.Relevant[i*2+1], r, some)
				}
				if skip != Judged {
					continue
				}
				id := trecName(g.ID(q))
				if !maps.Equal(files.gains[id], want) {
					t.Fatalf("%s: %v is written, want %v", g.ID(q), files.gains[id], want)
				}
				for m, metric := range e.Metrics {
					got := e.value(i, s, 1, m) / float64(max(1, metric.Unit()))
					if want := files.value(metric, id); math.Abs(got-want) > 1e-14 {
						t.Fatalf("%s, %s: %v is %v, from the files %v", e.Schemes[s], g.ID(q), metric, got, want)
					}
					compared++
				}
			}
		}
		if skips[Judged] < 50 || skips[Unknown] == 0 || skips[Lone] == 0 || compared < 500 {
			t.Errorf("skipped %v, %d compared", skips, compared)
		}
		for m := range e.Metrics {
			micro, macro := e.Summaries[e.SummaryAt(0, 1, Micro, m)], e.Summaries[e.SummaryAt(0, 1, Macro, m)]
			if math.IsNaN(micro.Value) || micro.Value > micro.Ceiling+1e-12 || !math.IsNaN(macro.Value) || macro.Classes != 0 || !math.IsNaN(macro.Low) {
				t.Errorf("%v: %+v %+v", e.Metrics[m], micro, macro)
			}
		}
		comparisons, err := e.Compare(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range comparisons {
			if c.Label == "qrels" && (!math.IsNaN(c.ClassP) || math.IsNaN(c.P) || c.N == 0) {
				t.Errorf("%+v", c)
			}
		}
	}
}

// TestJudgedNeighbours: hits that neighbourhoods count are those of full rankings.
func TestJudgedNeighbours(t *testing.T) {
	g := newJudgedTable(3, 120).open(t)
	var queries []int
	for q := range g.Len() {
		if g.IsQuery(q) {
			queries = append(queries, q)
		}
	}
	n, err := neighbour.NewNeighbours(g, neighbour.Plan{Layers: []string{"A", "B"}, Queries: queries, M: 60})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Build(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	schemes := testgallery.Schemes(t, "A", "A+0.5*B")
	targets := []metric.Target{{Metric: metric.Metric{Kind: metric.Precision, K: 5}, Label: "qrels"}}
	with := Measurer{Gallery: g, Targets: targets, Memory: TargetMemory, Neighbours: n}
	without := Measurer{Gallery: g, Targets: targets, Memory: TargetMemory}
	means, judged, err := with.Measure(t.Context(), schemes, queries)
	if err != nil {
		t.Fatal(err)
	}
	plain, counted, err := without.Measure(t.Context(), schemes, queries)
	if err != nil {
		t.Fatal(err)
	}
	for s := range schemes {
		if !slices.Equal(means[s], plain[s]) || !slices.Equal(judged[s], counted[s]) || judged[s][0] == 0 || means[s][0] == 0 {
			t.Errorf("%s: %v of %v, want %v of %v", schemes[s], means[s], judged[s], plain[s], counted[s])
		}
	}
}
