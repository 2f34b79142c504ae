package cost

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"strata/engine"
	"strata/engine/graph"
	"strata/engine/layer"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
	"strata/experiments/run"
	"strata/experiments/table"
	"strata/fixtures/need"
)

// lossyGraph looks at all its vectors whose place in a shuffled order is under ef.
type lossyGraph struct {
	dim    int
	rows   []int
	values [][]float32
	ef     int
	open   *int // graphs that were not closed
}

func (g *lossyGraph) Version() string { return "0.0" }
func (g *lossyGraph) SetEf(ef int) error {
	g.ef = ef
	return nil
}
func (g *lossyGraph) Bytes() int64 { return int64(4 * g.dim * len(g.rows)) }
func (g *lossyGraph) Close() error {
	*g.open--
	return nil
}

func (g *lossyGraph) Add(row int, vector []float32) error {
	g.rows, g.values = append(g.rows, row), append(g.values, slices.Clone(vector))
	return nil
}

// lookedAt reports whether a search with ef looks at a row.
func lookedAt(row, ef int) bool { return (row*167)%307 < ef }

func (g *lossyGraph) Search(vector []float32, n int) ([]int, error) {
	scores := map[int]float64{}
	var rows []int
	for i, row := range g.rows {
		if !lookedAt(row, g.ef) {
			continue
		}
		rows = append(rows, row)
		for d, v := range vector {
			scores[row] += float64(v) * float64(g.values[i][d])
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	return rows[:min(n, len(rows))], nil
}

// clock is a clock that goes on a millisecond whenever it is looked at.
func clock() func() time.Time {
	now := time.Unix(0, 0)
	return func() time.Time {
		now = now.Add(time.Millisecond)
		return now
	}
}

// costOf returns a study of a gallery of 300 rows with everything that makes ranking
// hard, and the table.
func costOf(t *testing.T, texts ...string) (Cost, *testgallery.Table) {
	t.Helper()
	tab := testgallery.Random(rand.New(rand.NewPCG(21, 4)), 300)
	tab.Labels = append(tab.Labels, "nothing")
	tab.Cells["nothing"] = make([]string, 300)
	open := 0
	t.Cleanup(func() {
		if open != 0 {
			t.Errorf("%d graphs were not closed", open)
		}
	})
	return Cost{
		Gallery: tab.Open(t), Schemes: testgallery.Schemes(t, texts...), Labels: []string{"category", "nothing"}, K: 5,
		Depths: []int{20, 60}, Bits: []int{8, 4, 1}, PCA: []int{2, 8, 64},
		Graph: func(dim, _ int) (Graph, error) {
			open++
			return &lossyGraph{dim: dim, open: &open}, nil
		},
		GraphHow: "by hand", Efs: []int{60, 150, 400},
		Folder: run.Folder{Out: filepath.Join(t.TempDir(), "out"), Version: "test", Command: []string{"strata", "cost"}, Now: clock()},
	}, tab
}

// way returns what a way costs.
func (s SchemeCost) way(t *testing.T, name string, depth int) WayCost {
	t.Helper()
	for _, w := range s.Ways {
		if w.Name == name && w.Depth == depth {
			return w
		}
	}
	t.Fatalf("%s: no way %s with %d rescored", s.Scheme, name, depth)
	return WayCost{}
}

// TestCost measures against the oracle: what the exact ways find is all, what a graph
// finds that looks at a part of the rows is what sorting that part gives.
func TestCost(t *testing.T) {
	c, tab := costOf(t, "A+C", "concat(B,0.5*C)")
	costs, err := c.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range costs.Schemes {
		for _, name := range []string{"exact", "certified"} {
			if w := s.way(t, name, 0); w.Recall.Value != 1 || w.Recall.Low != 1 || w.Recall.High != 1 || w.Short != 0 {
				t.Errorf("%s: %s has recall %+v, short %d", s.Scheme, name, w.Recall, w.Short)
			}
		}
		e, err := eval.Plan{Schemes: []scheme.Scheme{s.Scheme}, Labels: c.Labels, Ks: []int{5}}.Evaluate(t.Context(), c.Gallery, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := e.Summary(s.Scheme, "category", 5)
		if got := s.Ways[0].Labels[0].Precision; got != (Estimate{want.Value, want.Low, want.High, want.N}) {
			t.Errorf("%s: exact P@5 is %+v, want %+v", s.Scheme, got, want)
		}
		checkLosses(t, s)
		checkOrder(t, s)
		for _, ef := range c.Efs {
			got := s.way(t, fmt.Sprint("graph-ef", ef), 0)
			recall, short := oracleRecall(tab, c.Gallery, s.Scheme, 5, func(row int) bool { return lookedAt(row, ef) })
			if math.Abs(got.Recall.Value-recall) > 1e-12 || got.Short != short {
				t.Errorf("%s: ef %d: recall %v, short %d, want %v and %d", s.Scheme, ef, got.Recall.Value, got.Short, recall, short)
			}
		}
	}
	if want := []string{"A+C: no pca64: no layer has more than 64 features", "concat(B,0.5*C): no pca64: no layer has more than 64 features"}; !slices.Equal(costs.Notes, want) {
		t.Errorf("notes %q", costs.Notes)
	}
	if first, second := costs.Schemes[0].way(t, "exact", 0).Bytes, int64(300*4*(3+40)); first != second {
		t.Errorf("the matrices have %d bytes, want %d", first, second)
	}
}

// checkLosses compares every loss with the difference of the precisions.
func checkLosses(t *testing.T, s SchemeCost) {
	t.Helper()
	exact := s.Ways[0].Labels
	for _, w := range s.Ways[1:] {
		l := w.Labels[0]
		if l.Loss.N != exact[0].Precision.N || math.Abs(l.Loss.Diff-(l.Precision.Value-exact[0].Precision.Value)) > 1e-12 {
			t.Errorf("%s: %s: P %v loses %v over %d, of %v", s.Scheme, w, l.Precision, l.Loss.Diff, l.Loss.N, exact[0].Precision)
		}
		if l := w.Labels[1]; l.Precision.N != 0 || !math.IsNaN(l.Precision.Value) || l.Loss.N != 0 {
			t.Errorf("%s: %s: a label without values has %+v", s.Scheme, w, l)
		}
	}
}

// checkOrder checks that more bits, more components and more candidates find more, but
// for a little chance, and that rescoring does.
func checkOrder(t *testing.T, s SchemeCost) {
	t.Helper()
	last := map[string]float64{}
	for _, w := range s.Ways {
		if w.Depth == 0 {
			last[w.Name] = w.Recall.Value
			continue
		}
		if w.Recall.Value+0.005 < last[w.Name] {
			t.Errorf("%s: %s: recall %v, with fewer rescored %v", s.Scheme, w, w.Recall.Value, last[w.Name])
		}
		last[w.Name] = w.Recall.Value
	}
	for _, pair := range [][2]string{{"codes1", "codes4"}, {"codes4", "codes8"}, {"pca2", "pca8"}, {"graph-ef60", "graph-ef150"}, {"graph-ef150", "graph-ef400"}} {
		less, more := s.way(t, pair[0], 0).Recall.Value, s.way(t, pair[1], 0).Recall.Value
		if less > more+0.005 || less > 0.999 {
			t.Errorf("%s: %s has recall %v, %s %v", s.Scheme, pair[0], less, pair[1], more)
		}
	}
}

// oracleRecall returns the recall of a search that sorts only some rows, and the
// queries for which that has too few.
func oracleRecall(tab *testgallery.Table, g *engine.Gallery, s scheme.Scheme, k int, some func(row int) bool) (recall float64, short int) {
	n := 0
	for q := range tab.IDs {
		if !g.IsQuery(q) {
			continue
		}
		rows, scores := tab.Rank(q, s, nil)
		rows = slices.DeleteFunc(rows, func(r int) bool { return math.IsNaN(scores[r]) })
		if len(rows) == 0 {
			continue
		}
		exact := rows[:min(k, len(rows))]
		least := scores[exact[len(exact)-1]]
		found, hits := 0, 0
		for _, r := range rows {
			if some(r) && found < k {
				found++
				if scores[r] >= least-1e-12 { // equal rows' sums are equal but for rounding
					hits++
				}
			}
		}
		if found < len(exact) {
			short++
		}
		recall += float64(min(hits, len(exact))) / float64(len(exact))
		n++
	}
	return recall / float64(n), short
}

// TestCostSame measures twice, with other numbers of processors: the tables and the
// drawing are the same bytes, and those of the clock have their own files.
func TestCostSame(t *testing.T) {
	need.Long(t)
	var first map[string]string
	for _, processors := range []int{1, 3} {
		before := runtime.GOMAXPROCS(processors)
		c, _ := costOf(t, "A+C", "B")
		c.Folder.Formats, c.Timed, c.Items, c.Over = []table.Format{table.CSV, table.JSONLines, table.Parquet}, 3, 50_000_000, 120
		_, err := c.Do(t.Context(), nil)
		if now := runtime.GOMAXPROCS(before); err != nil || now != processors {
			t.Fatalf("%d processors are left of %d; %v", now, processors, err)
		}
		files := map[string]string{}
		entries, err := os.ReadDir(c.Folder.Out)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
			b, err := os.ReadFile(filepath.Join(c.Folder.Out, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			files[e.Name()] = string(b)
		}
		want := "cost.csv cost.jsonl cost.parquet cost.svg extrapolation.txt manifest.json timings.csv timings.jsonl timings.parquet"
		if got := strings.Join(names, " "); got != want {
			t.Errorf("files %s, want %s", got, want)
		}
		if first == nil {
			first = files
			continue
		}
		for _, name := range []string{"cost.csv", "cost.jsonl", "cost.parquet", "cost.svg"} {
			if files[name] != first[name] {
				t.Errorf("%s differs", name)
			}
		}
	}
	checkCostTable(t, first["cost.csv"])
	d := xml.NewDecoder(strings.NewReader(first["cost.svg"]))
	var text strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := token.(xml.CharData); ok {
			text.Write(c)
		}
	}
	for _, want := range []string{"A+C: 300 items, 120 queries", "missed of the exact first 5", "P@5 category lost", "1 bit", "pca8", "ef 400", "best 20 rescored"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the drawing has no %q", want)
		}
	}
}

// checkCostTable looks at the table: exact rows without a difference, empty cells for a
// label without values.
func checkCostTable(t *testing.T, text string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	if len(rows) != 1+2*2*(2+3*3+2*3+3*3) { // schemes × labels × ways
		t.Errorf("%d rows", len(rows))
	}
	for _, row := range rows[1:] {
		empty := row[at["value"]] == ""
		if empty != (row[at["label"]] == "nothing") || (row[at["diff"]] == "") != (empty || row[at["way"]] == "exact") {
			t.Errorf("row %q", row)
		}
	}
}

// TestCostWithoutCodes measures under a layer that has too many features for codes: the
// other ways are there.
func TestCostWithoutCodes(t *testing.T) {
	tab := &testgallery.Table{Labels: []string{"category"}, Cells: map[string][]string{"category": {"a", "b", "a", "b"}}, Layers: map[string][][]float32{}}
	for r := range 4 {
		tab.IDs = append(tab.IDs, fmt.Sprint("i", r))
		row := make([]float32, 1<<16+1)
		row[r], row[7] = 1, 2
		tab.Layers["wide"] = append(tab.Layers["wide"], row)
	}
	costs, err := Cost{
		Gallery: tab.Open(t), Schemes: testgallery.Schemes(t, "wide"), K: 1, Depths: []int{2}, Bits: []int{8}, PCA: []int{2},
		Folder: run.Folder{Out: t.TempDir(), Now: clock()},
	}.Do(t.Context(), nil)
	if err != nil || len(costs.Schemes[0].Ways) != 1 {
		t.Fatalf("%+v %v", costs, err)
	}
	if len(costs.Notes) != 2 || costs.Notes[0] != "wide: nothing by codes: layer wide has no codes" || !strings.HasPrefix(costs.Notes[1], "wide: no pca2: ") {
		t.Errorf("notes %q", costs.Notes)
	}
}

// TestCostRefuses gives what cannot be measured.
func TestCostRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Cost)
		wrong  string
	}{
		"no schemes":    {func(c *Cost) { c.Schemes = nil }, eval.ErrNoSchemes.Error()},
		"k":             {func(c *Cost) { c.K = 0 }, "k is from 1 to 65535, not 0"},
		"large k":       {func(c *Cost) { c.K, c.Depths = 290, nil }, "the first 290 of"},
		"depth":         {func(c *Cost) { c.Depths = []int{5} }, "rescoring the best 5 changes nothing of the first 5"},
		"fusion":        {func(c *Cost) { c.Schemes = testgallery.Schemes(t, "rrf(A,B)") }, "rrf(A,B): cost takes sums and concatenations"},
		"derived":       {func(c *Cost) { c.Schemes = testgallery.Schemes(t, "B|pca4") }, "B|pca4: cost takes the gallery's own layers"},
		"unknown layer": {func(c *Cost) { c.Schemes = testgallery.Schemes(t, "D") }, `no layer "D"`},
		"unknown label": {func(c *Cost) { c.Labels = []string{"brand"} }, `no label "brand"`},
		"no query":      {func(c *Cost) { c.Where = []scheme.Condition{{Label: "category", Value: "class 9999"}} }, `no value of category "class 9999"`},
		"no times":      {func(c *Cost) { c.Items = 5 }, "to extrapolate, some queries must be timed"},
		"bits":          {func(c *Cost) { c.Bits = []int{2} }, "codes have 8, 4 or 1 bits a value, not 2"},
		"graph":         {func(c *Cost) { c.Graph = func(int, int) (Graph, error) { return nil, errors.New("no room") } }, "no room"},
	} {
		t.Run(name, func(t *testing.T) {
			study, _ := costOf(t, "A")
			c.change(&study)
			if _, err := study.Do(t.Context(), nil); err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%v, want %q", err, c.wrong)
			}
			if _, err := os.Stat(study.Folder.Out); err == nil {
				t.Error("files were written")
			}
		})
	}
}

// TestCostCancelled cancels while a graph is built.
func TestCostCancelled(t *testing.T) {
	c, _ := costOf(t, "A")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := c.Do(ctx, func(what string) {
		if strings.Contains(what, "building a graph") {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestCostScale compares the arithmetic with one that was done by hand.
func TestCostScale(t *testing.T) {
	ms := func(n ...int) (times []time.Duration) {
		for _, v := range n {
			times = append(times, time.Duration(v)*time.Millisecond)
		}
		return times
	}
	c := &Costs{
		K: 10, Items: 1000, Scale: 50_000_000, Limits: layer.Limits{Bandwidth: 20e9, Processors: 2},
		Schemes: []SchemeCost{{Scheme: testgallery.Schemes(t, "A")[0], Ways: []WayCost{
			{Way: Way{Name: "exact", Family: exactFamily, Bytes: 4_000_000}, Time: WayTime{All: ms(1, 2, 9)}},
			{Way: Way{Name: "codes4", Family: codesFamily, Bytes: 600_000}, Time: WayTime{All: ms(1, 1, 1), Build: time.Second}},
			{Way: Way{Name: "codes4", Family: codesFamily, Bytes: 600_000, Depth: 40}, Time: WayTime{All: ms(1, 1, 1)}},
			{Way: Way{Name: "graph-ef16", Family: graphFamily, Bytes: 2_200_000}, Time: WayTime{All: ms(4, 5, 6), Build: 2 * time.Second}},
		}}},
	}
	var b bytes.Buffer
	if err := c.WriteScale(&b); err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(b.String(), "\n\n")
	want := `A
exact
  memory   4000.0* bytes an item × 50,000,000 = 200.0 GB
  query    2 ms* × 50,000,000 / 1,000 = 100 s
           no less than 200.0 GB / 20.0* GB/s = 10 s
codes4
  memory   600.0* bytes an item × 50,000,000 = 30.0 GB
  query    1 ms* × 50,000,000 / 1,000 = 50 s
           no less than 30.0 GB / 20.0* GB/s = 1.5 s
  build    1 s* × 50,000,000 / 1,000 = 13.9 h
graph-ef16
  memory   2200.0* bytes an item × 50,000,000 = 110.0 GB
  query    5 ms* × ln 50,000,000 / ln 1,000 = 5 ms × 2.57 = 12.8 ms
  build    2 s* × 50,000,000 / 1,000 × 2.57 = 2.97 days, by one thread
rescoring
  disk     4000.0* bytes an item × 50,000,000 = 200.0 GB of matrices, in memory or not
  reads    best 40 × 4000.0* bytes = 0.16 MB a query
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestCostGraph measures with the real library, twice: the same, and more with a larger
// ef.
func TestCostGraph(t *testing.T) {
	library := need.USearch(t)
	var first []SchemeCost
	for range 2 {
		c, _ := costOf(t, "B")
		c.Bits, c.PCA, c.Depths, c.Efs = nil, nil, nil, []int{5, 20, 200}
		c.Graph = func(dim, rows int) (Graph, error) {
			return graph.New(library, graph.Options{Dim: dim, Rows: rows, Kind: graph.Float32, M: 4, EfConstruction: 16, Searchers: runtime.GOMAXPROCS(0)})
		}
		costs, err := c.Do(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		s := costs.Schemes[0]
		var recall []float64
		for _, w := range s.Ways[1:] {
			recall = append(recall, w.Recall.Value)
		}
		if !(recall[0] <= recall[1]+0.01 && recall[1] <= recall[2]+0.01 && recall[2] > 0.95) || costs.Graph != "USearch 2.26.2, by hand" && !strings.HasPrefix(costs.Graph, "USearch 2.") {
			t.Errorf("%s: recall %v", costs.Graph, recall)
		}
		if first == nil {
			first = costs.Schemes
		} else if got, want := fmt.Sprintf("%+v", costs.Schemes), fmt.Sprintf("%+v", first); got != want {
			t.Errorf("then %s, now %s", want, got)
		}
	}
}
