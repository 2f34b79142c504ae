package tune

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
	"strata/experiments/table"
)

// TestGrid counts the points of grids and looks at their spelling: exact
// fractions, each point once, never two layers of one place.
func TestGrid(t *testing.T) {
	for _, c := range []struct {
		axes        axes
		parts, want int
	}{
		{axes{0, 1}, 10, 11},
		{axes{0, 1, 2}, 10, 66},
		{axes{0, 1, 2, 3}, 10, 286},
		{axes{0, 1, 2}, 1, 3},
		{axes{0, 1}, 100, 101},
		{axes{0, 0}, 10, 2},                // either alone
		{axes{0, 1, 1}, 10, 21},            // two edges with one end in common
		{axes{0, 0, 1, 1}, 4, 4 + 4*3},     // each alone, and three mixtures of each pair
		{axes{0, 1, 1, 2}, 3, 4 + 5*2 + 2}, // each alone, two of each of five pairs, and the two triples
	} {
		all := grid(c.axes, c.parts)
		seen := map[string]bool{}
		for _, w := range all {
			seen[w.scheme([]string{"A", "B", "C", "D"}).String()] = true
			if w.sum() == 0 || c.parts%w.sum() != 0 {
				t.Errorf("%v is not of a grid of 1/%d", w, c.parts)
			}
			checkPlaces(t, c.axes, w)
		}
		if len(all) != c.want || len(seen) != c.want || gridSize(c.axes, c.parts) != c.want {
			t.Errorf("%v, %d parts: %d points, %d spellings, size %d; want %d", c.axes, c.parts, len(all), len(seen), gridSize(c.axes, c.parts), c.want)
		}
	}
	var spelled []string
	for _, w := range grid(axes{0, 1}, 4) {
		spelled = append(spelled, w.scheme([]string{"A", "B|zscore"}).String())
	}
	if got, want := strings.Join(spelled, " "), "A 3*A+B|zscore A+B|zscore A+3*B|zscore B|zscore"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	many := make(axes, 60)
	for i := range many {
		many[i] = i
	}
	for _, c := range []struct {
		axes  axes
		parts int
		wrong string
	}{
		{many[:1], 10, "two layers or more"},
		{many[:2], 0, "none of 1"},
		{many[:2], 101, "none of 1"},
		{many[:9], 20, "more than 5000"},
		{many, 100, "more than 5000"},
		{append(make(axes, 5000), 1), 2, "more than 5000"},
	} {
		if err := checkGrid(c.axes, c.parts); err == nil || !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%d layers, %d parts: %v, want %q", len(c.axes), c.parts, err, c.wrong)
		}
	}
}

// checkPlaces checks that no place has two layers.
func checkPlaces(t *testing.T, a axes, w weights) {
	t.Helper()
	has := map[int]bool{}
	for layer, x := range w {
		if x > 0 && has[a[layer]] {
			t.Errorf("%v of %v has two layers in one place", w, a)
		}
		has[a[layer]] = has[a[layer]] || x > 0
	}
}

func TestNeighbours(t *testing.T) {
	for _, c := range []struct {
		axes  axes
		from  weights
		parts int
		want  []weights
	}{
		{axes{0, 1}, weights{1, 0}, 20, []weights{{19, 1}}},
		{axes{0, 1}, weights{1, 1}, 4, []weights{{1, 3}, {3, 1}}},
		{axes{0, 1, 2}, weights{1, 1, 1}, 20, []weights{{17, 23, 20}, {17, 20, 23}, {23, 17, 20}, {20, 17, 23}, {23, 20, 17}, {20, 23, 17}}},
		{axes{0, 1, 1}, weights{1, 0, 1}, 4, []weights{{1, 0, 3}, {3, 0, 1}, {1, 1, 0}}},
		{axes{0, 1, 1}, weights{1, 0, 0}, 4, []weights{{3, 1, 0}, {3, 0, 1}}},
		{axes{0, 0}, weights{1, 0}, 4, []weights{{0, 1}}},
	} {
		got := c.axes.neighbours(c.from, c.parts)
		if !slices.EqualFunc(got, c.want, slices.Equal[weights]) {
			t.Errorf("%v of %v by 1/%d: %v, want %v", c.from, c.axes, c.parts, got, c.want)
		}
		for _, w := range got {
			checkPlaces(t, c.axes, w)
		}
	}
}

// testTuning returns a search over a random gallery.
func testTuning(t *testing.T, seed uint64) Tuning {
	g := testgallery.Random(rand.New(rand.NewPCG(seed, 8)), 160).Open(t)
	return Tuning{
		Gallery: g, Layers: []string{"A", "B", "C"}, Objective: metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 5}, Label: "category"},
		Constraints: []metric.Constraint{{Target: metric.Target{Metric: metric.Metric{Kind: metric.AveragePrecision, K: 5}, Label: "colour"}, Least: 0.01}},
		Parts:       4, Share: 0.5, Seed: seed + 1,
	}
}

// TestTuneOracle evaluates the trials of a search one by one, and looks for its
// best and its front in the plainest way.
func TestTuneOracle(t *testing.T) {
	for seed := range uint64(4) {
		ask := testTuning(t, seed)
		got, err := ask.Do(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		best := -1.0
		for i, trial := range got.Trials {
			for _, side := range []struct {
				queries []int
				values  []float64
			}{{got.Tune, trial.Tune}, {got.Report, trial.Report}} {
				if side.values == nil {
					continue
				}
				e, err := eval.Plan{
					Schemes: []scheme.Scheme{trial.Scheme}, Ks: []int{5}, Metrics: []metric.Metric{{Kind: metric.AveragePrecision, K: 5}}, Queries: side.queries,
				}.Evaluate(t.Context(), ask.Gallery, nil)
				if err != nil {
					t.Fatal(err)
				}
				for n, target := range got.Targets {
					at := slices.IndexFunc(e.Summaries, func(s eval.Summary) bool { return s.Label == target.Label && s.Metric == target.Metric })
					if want := e.Summaries[at].Value; side.values[n] != want {
						t.Errorf("seed %d, %s, %s: %v, want %v", seed, trial.Scheme, target, side.values[n], want)
					}
				}
			}
			if trial.Tune[1] >= 0.01 {
				best = max(best, trial.Tune[0])
			}
			if trial.Refined != (i >= 16) { // 15 of the grid, and equal weights
				t.Errorf("trial %d, %s: refined is %t", i, trial.Scheme, trial.Refined)
			}
		}
		if got.Trials[got.Best].Tune[0] != best || !got.Trials[got.Best].Feasible {
			t.Errorf("seed %d: the best has %v, want %v", seed, got.Trials[got.Best].Tune[0], best)
		}
		if e := got.Trials[got.Equal].Scheme.String(); e != "A+B+C" {
			t.Errorf("equal weights are %s", e)
		}
		for i, layer := range []string{"A", "B", "C"} {
			if s := got.Trials[got.Single[i]].Scheme.String(); s != layer {
				t.Errorf("layer %s alone is %s", layer, s)
			}
		}
		checkFront(t, got)
	}
}

// checkFront checks that nothing is above the front and all else is below it.
func checkFront(t *testing.T, got *Tuned) {
	t.Helper()
	covers := func(a, b Trial) (all, some bool) {
		all = true
		for _, n := range got.FrontOf {
			all = all && a.Tune[n] >= b.Tune[n]
			some = some || a.Tune[n] > b.Tune[n]
		}
		return all, some
	}
	for j, b := range got.Trials {
		in, below := slices.Contains(got.Front, j), false
		for i, a := range got.Trials {
			all, some := covers(a, b)
			if in && all && some {
				t.Errorf("%s is of the front, and %s is above it", b.Scheme, a.Scheme)
			}
			below = below || i != j && all && slices.Contains(got.Front, i)
		}
		if !in && !below {
			t.Errorf("%s is not of the front, and nothing there covers it", b.Scheme)
		}
	}
}

func TestTuneErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		with  func(*Tuning)
		wrong string
	}{
		{"one layer", func(a *Tuning) { a.Layers = []string{"x"} }, "two layers or more, not 1"},
		{"unknown layer", func(a *Tuning) { a.Layers = []string{"x", "z"} }, `no layer "z"`},
		{"a sum", func(a *Tuning) { a.Layers = []string{"x", "x+y"} }, "this is no layer"},
		{"a weighted layer", func(a *Tuning) { a.Layers = []string{"x", "2*y"} }, "this is no layer"},
		{"a layer twice", func(a *Tuning) { a.Layers = []string{"x", " x"} }, "named twice"},
		{"a layer among alternatives twice", func(a *Tuning) { a.Layers = []string{"x", "y/x"} }, "named twice"},
		{"an empty alternative", func(a *Tuning) { a.Layers = []string{"x", "y/"} }, "expected a layer"},
		{"no likeness", func(a *Tuning) { a.Near = 2 }, "a cosine of 2 is no likeness"},
		{"no share", func(a *Tuning) { a.Share = 1 }, "leaves no query to report on"},
		{"unknown label", func(a *Tuning) { a.Objective.Label = "price" }, `no label "price"`},
		{"unknown label of the front", func(a *Tuning) {
			a.Front = []metric.Target{{Metric: metric.Metric{Kind: metric.Precision, K: 1}, Label: "price"}}
		}, `no label "price"`},
		{"nobody", func(a *Tuning) { a.Where = []scheme.Condition{{Label: "category", Value: "hat"}} }, `no value of category "hat"`},
		{"one query", func(a *Tuning) { a.Over = 1 }, "cannot be divided"},
		{"nobody judged", func(a *Tuning) {
			a.Where = []scheme.Condition{{Label: "brand name", Value: "y"}, {Label: "brand name", Value: "lone"}}
			a.Layers, a.Objective.Label = []string{"x", "x|centre"}, "brand name"
		}, "none of the 1 queries to tune on is judged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := testgallery.Shirts().Open(t)
			ask := Tuning{Gallery: g, Layers: []string{"x", "y"}, Objective: metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 1}, Label: "category"}, Parts: 10, Share: 0.5}
			c.with(&ask)
			if _, err := ask.Do(t.Context(), nil); err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("got %v, want %q", err, c.wrong)
			}
		})
	}
}

// TestTuneAlternatives searches with two layers for one place, and finds what
// searches with either find.
func TestTuneAlternatives(t *testing.T) {
	ask := Tuning{
		Gallery: testgallery.Demo(t), Layers: []string{"A", "B/pattern/C"}, Objective: metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 5}, Label: "pattern"},
		Front: []metric.Target{{Metric: metric.Metric{Kind: metric.Precision, K: 5}, Label: "pattern"}}, Parts: 4, Share: 0.5, Over: 120,
	}
	got, err := ask.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := "[A B pattern C] [0 1 1 1] [A B/pattern/C]"; fmt.Sprint(got.Layers, got.Places, got.PlacesText()) != want {
		t.Errorf("%v %v %v, want %s", got.Layers, got.Places, got.PlacesText(), want)
	}
	values := map[string]float64{}
	for _, trial := range got.Trials {
		checkPlaces(t, got.Places, trial.Weights)
		values[trial.Scheme.String()] = trial.Tune[0]
	}
	best := 0.0
	for _, other := range []string{"B", "pattern", "C"} {
		ask.Layers = []string{"A", other}
		one, err := ask.Do(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, trial := range one.Trials {
			if !trial.Refined && values[trial.Scheme.String()] != trial.Tune[0] {
				t.Errorf("%s: %v among alternatives, %v alone", trial.Scheme, values[trial.Scheme.String()], trial.Tune[0])
			}
			if !trial.Refined {
				best = max(best, trial.Tune[0])
			}
		}
	}
	if got.Trials[got.Best].Tune[0] < best {
		t.Errorf("the best has %v, a grid of one alternative %v", got.Trials[got.Best].Tune[0], best)
	}
	if e := got.Trials[got.Equal].Scheme.String(); e != "A+B" {
		t.Errorf("equal weights are %s", e)
	}
	if len(got.Single) != 4 || got.Trials[got.Single[2]].Scheme.String() != "pattern" {
		t.Errorf("layers alone are %v", got.Single)
	}
	// Alternatives alone: no weights at all.
	ask.Layers = []string{"A/B"}
	if got, err = ask.Do(t.Context(), nil); err != nil || len(got.Trials) != 2 || got.Role(got.Equal) == "" {
		t.Errorf("%v %v", got, err)
	}
}

// TestTuneDuplicates: with duplicates left out, the values are those of an
// evaluation without them.
func TestTuneDuplicates(t *testing.T) {
	ask := testTuning(t, 4)
	ask.Near, ask.Constraints = 0.8, nil
	got, err := ask.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Duplicates.Pairs) == 0 {
		t.Fatal("the gallery has no duplicates")
	}
	best := got.Trials[got.Best]
	e, err := eval.Plan{Schemes: []scheme.Scheme{best.Scheme}, Ks: []int{5}, Queries: got.Report, Without: got.Duplicates.Without()}.Evaluate(t.Context(), ask.Gallery, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s := e.Summaries[0]; got.Summary(got.Best, 0).Value != s.Value {
		t.Errorf("%v, want %v", got.Summary(got.Best, 0).Value, s.Value)
	}
	ask.Near = 0
	with, err := ask.Do(t.Context(), nil)
	trials := func(of *Tuned) string {
		return testgallery.Written(t, func(w io.Writer) error { return of.trialsTable().Write(w, table.CSV) })
	}
	if err != nil || trials(with) == trials(got) {
		t.Errorf("duplicates make no difference: %v", err)
	}
}

// TestTuneInfeasible names the nearest scheme.
func TestTuneInfeasible(t *testing.T) {
	ask := testTuning(t, 2)
	ask.Constraints = []metric.Constraint{{Target: metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 5}, Label: "colour"}, Least: 0.99}, {Target: metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 5}, Label: "category"}, Least: 0.01}}
	_, err := ask.Do(t.Context(), nil)
	var infeasible *InfeasibleError
	if !errors.As(err, &infeasible) {
		t.Fatalf("got %v", err)
	}
	ask.Constraints = nil
	ask.Front = []metric.Target{{Metric: metric.Metric{Kind: metric.Precision, K: 5}, Label: "colour"}}
	all, err := ask.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	colour := all.TargetAt(metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 5}, Label: "colour"})
	for _, trial := range all.Trials[:infeasible.Schemes] {
		if trial.Tune[colour] > infeasible.Values[0] {
			t.Errorf("%s has %v, nearer than %s with %v", trial.Scheme, trial.Tune[colour], infeasible.Nearest, infeasible.Values[0])
		}
	}
}

// TestTunedValuesSaySo looks for every value of the queries to tune on in all that
// is printed and written: its column, or the word before it, says what it is.
func TestTunedValuesSaySo(t *testing.T) {
	got, err := testTuning(t, 1).Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	tuned, others := map[string]bool{}, map[string]bool{"": true, "0": true, "1": true}
	for _, trial := range got.Trials {
		for n := range got.Targets {
			tuned[table.Number(trial.Tune[n])] = true
			if trial.Report != nil {
				others[table.Number(trial.Report[n])] = true
			}
		}
	}
	said := 0
	for _, table := range got.Tables() {
		for row := range table.Of.Rows {
			for c, text := range row {
				column := table.Of.Columns[c].Name
				if !tuned[text] || others[text] || strings.HasPrefix(column, "weight ") {
					continue
				}
				if said++; column != "tune" && !strings.HasPrefix(column, "tune ") {
					t.Errorf("%s: %s is of the queries to tune on, and stands under %s", table.Name, text, column)
				}
			}
		}
	}
	before := ""
	for _, line := range got.Lines() {
		for word := range strings.FieldsSeq(line) {
			if tuned[word] && !others[word] && before != ">=" {
				if said++; before != "tune" {
					t.Errorf("%s: %s is of the queries to tune on, and stands behind %s", line, word, before)
				}
			}
			before = word
		}
	}
	if said < 2*len(got.Trials) {
		t.Errorf("%d values of %d schemes were found", said, len(got.Trials))
	}
}

// TestTuneTable says which value was chosen by.
func TestTuneTable(t *testing.T) {
	ask := testTuning(t, 1)
	got, err := ask.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := got.WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"chosen on  reported on", "only the latter says what to expect", "AP@5 colour >= 0.01: ", "queries left out: without a score",
		fmt.Sprintf("%.4f where it was chosen", got.Trials[got.Best].Tune[0]),
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// TestMeasureInParts measures so many schemes that queries are ranked some at a
// time.
func TestMeasureInParts(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(3, 8)), 120).Open(t)
	m := eval.Measurer{Gallery: g, Memory: eval.TargetMemory, Targets: []metric.Target{{Metric: metric.Metric{Kind: metric.NDCG, K: 5}, Label: "category"}, {Metric: metric.Metric{Kind: metric.Precision, K: 5}, Label: "category"}}}
	queries, err := m.Plan().DrawQueries(g)
	if err != nil {
		t.Fatal(err)
	}
	var few [][]float64
	ws := grid(axes{0, 1, 2}, 12)
	var all []scheme.Scheme
	for _, w := range ws {
		all = append(all, w.scheme([]string{"A", "B", "C"}))
	}
	for _, memory := range []int{eval.TargetMemory, 12 * len(all) * 7} {
		m.Memory = memory
		means, _, err := m.Measure(t.Context(), all, queries)
		if err != nil {
			t.Fatal(err)
		}
		if few != nil && fmt.Sprint(means) != fmt.Sprint(few) {
			t.Error("other means with queries some at a time")
		}
		few = means
	}
}
