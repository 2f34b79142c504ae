package experiments

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
	"strata/experiments/mine"
	"strata/experiments/report"
	"strata/experiments/run"
	"strata/experiments/table"
	"strata/experiments/tune"
)

// TestEvaluateOdd evaluates and compares under labels with little to find, at a k
// that is larger than the gallery: there every candidate is a hit that can be.
func TestEvaluateOdd(t *testing.T) {
	e, err := eval.Plan{Schemes: testgallery.Schemes(t, "A", "B"), Ks: []int{1, testgallery.OddK}, Macro: true}.Evaluate(t.Context(), testgallery.Odd().Open(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]struct {
		n, unknown, lone int
		value            float64
	}{
		"one": {n: testgallery.OddItems, value: float64(testgallery.OddItems-1) / testgallery.OddK}, "lone": {lone: testgallery.OddItems, value: math.NaN()}, "unknown": {unknown: testgallery.OddItems, value: math.NaN()},
		"price": {n: testgallery.OddItems, value: 1. / testgallery.OddK}, "date": {n: testgallery.OddItems, value: 2. / testgallery.OddK},
	} {
		for _, s := range e.Summaries {
			if s.Label != label || s.K != testgallery.OddK || s.Mean != eval.Micro {
				continue
			}
			if s.N != want.n || s.Unknown != want.unknown || s.Lone != want.lone || table.Cell(s.Value) != table.Cell(want.value) || table.Cell(s.Ceiling) != table.Cell(want.value) {
				t.Errorf("%s: %+v, want %+v", label, s, want)
			}
			if want.n > 0 && (s.Low != s.Value || s.High != s.Value) {
				t.Errorf("%s: interval %v to %v of values that are all %v", label, s.Low, s.High, s.Value)
			}
		}
	}
	comparisons, err := e.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range comparisons {
		judged := c.Label != "lone" && c.Label != "unknown"
		switch {
		case !judged && (c.N != 0 || !math.IsNaN(c.P)):
			t.Errorf("%s: a comparison without queries: %+v", c.Label, c)
		case judged && c.Metric.K == testgallery.OddK && (c.Diff != 0 || c.Low != 0 || c.High != 0 || c.P != 1 || c.Holm != 1 || c.Tie != testgallery.OddItems):
			t.Errorf("%s: a comparison of the same hits: %+v", c.Label, c)
		}
	}
	for _, write := range []string{testgallery.Written(t, e.WriteTable), string(tableBytes(t, e.MetricsTable(), table.CSV)), string(tableBytes(t, eval.ComparisonsTable(comparisons), table.CSV))} {
		if strings.Contains(write, "NaN") {
			t.Errorf("NaN in\n%s", write)
		}
	}
}

// TestEqualSchemes: a scheme given twice is one, and has nothing to be compared
// with; one that is spelled otherwise has the same results, and p is 1.
func TestEqualSchemes(t *testing.T) {
	g := testgallery.Odd().Open(t)
	e, err := eval.Plan{Schemes: testgallery.Schemes(t, "A", "1*A")}.Evaluate(t.Context(), g, nil)
	if err != nil || len(e.Schemes) != 1 {
		t.Fatalf("%d schemes, %v", len(e.Schemes), err)
	}
	if comparisons, err := e.Compare(t.Context(), nil); err != nil || len(comparisons) != 0 {
		t.Errorf("%d comparisons of one scheme, %v", len(comparisons), err)
	}
	e, err = eval.Plan{Schemes: testgallery.Schemes(t, "A", "2*A")}.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	comparisons, err := e.Compare(t.Context(), nil)
	if err != nil || len(comparisons) == 0 {
		t.Fatalf("%d comparisons, %v", len(comparisons), err)
	}
	for _, c := range comparisons {
		if c.N > 0 && (c.Diff != 0 || c.P != 1 || c.Holm != 1 || c.Win != 0 || c.Loss != 0) {
			t.Errorf("%s: of identical results: %+v", c.Label, c)
		}
	}
	s := testgallery.Schemes(t, "A", "2*A")
	m, err := mine.Mining{Gallery: g, A: s[0], B: s[1]}.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range m.Classes {
		if c.Diff != 0 || c.P != 1 {
			t.Errorf("of identical results: %+v", c)
		}
	}
	for _, d := range m.Disagreements {
		if d.Overlap < 1-1e-12 {
			t.Errorf("identical rankings overlap by %v", d.Overlap)
		}
	}
}

// TestTuneOdd searches under the same labels.
func TestTuneOdd(t *testing.T) {
	g := testgallery.Odd().Open(t)
	for label, want := range map[string]struct {
		value float64
		wrong string
	}{
		"one":     {value: float64(testgallery.OddItems-1) / testgallery.OddK},
		"price":   {value: 1. / testgallery.OddK},
		"date":    {value: 2. / testgallery.OddK},
		"lone":    {wrong: "P@40 lone: none of the 6 queries to tune on is judged"},
		"unknown": {wrong: "P@40 unknown: none of the 6 queries to tune on is judged"},
	} {
		got, err := tune.Tuning{Gallery: g, Layers: []string{"A", "B"}, Objective: metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: testgallery.OddK}, Label: label}, Parts: 2, Share: 0.5}.Do(t.Context(), nil)
		if want.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), want.wrong) {
				t.Errorf("%s: got %v, want %q", label, err, want.wrong)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", label, err)
			continue
		}
		s := got.Summary(got.Best, 0)
		if best := got.Trials[got.Best]; best.Tune[0] != want.value || s.Value != want.value || best.Scheme.String() != "A" {
			t.Errorf("%s: the best is %s with %v and %v, want A with %v: of equal ones the simplest", label, best.Scheme, best.Tune[0], s.Value, want.value)
		}
		for _, c := range got.Comparisons {
			if c.Label == label && (c.P != 1 || c.Diff != 0) {
				t.Errorf("%s: of identical results: %+v", label, c)
			}
		}
		if len(got.FrontOf) != 2 || len(got.Front) != 1 { // without one, of which all items have the same value, and lone
			t.Errorf("%s: a front of %d schemes by %v of %v", label, len(got.Front), got.FrontOf, got.Targets)
		}
		for _, ta := range got.Tables() {
			if text := string(tableBytes(t, ta.Of, table.CSV)); strings.Contains(text, "NaN") || strings.Contains(text, "-0,") {
				t.Errorf("%s: NaN or -0 in %s\n%s", label, ta.Name, text)
			}
		}
	}
}

// TestNoQueries: conditions that no item meets are an error of each, which names them.
func TestNoQueries(t *testing.T) {
	g := testgallery.Odd().Open(t)
	s := testgallery.Schemes(t, "A", "B")
	where := []scheme.Condition{{Label: "price", Value: "0.5"}, {Label: "date", Value: "2024-01-04"}}
	want := "no item is a query: evaluate where price=0.5 date=2024-01-04"
	_, evaluated := eval.Plan{Schemes: s, Where: where}.Evaluate(t.Context(), g, nil)
	_, mined := mine.Mining{Gallery: g, A: s[0], B: s[1], Where: where}.Do(t.Context(), nil)
	_, tuned := tune.Tuning{Gallery: g, Layers: []string{"A", "B"}, Objective: metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 1}, Label: "one"}, Where: where, Parts: 2, Share: 0.5}.Do(t.Context(), nil)
	for name, err := range map[string]error{"evaluate": evaluated, "mine": mined, "tune": tuned} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}

// TestCutLine: an expected line that was cut in its middle is named, with what is
// there and what should be, wherever it was cut.
func TestCutLine(t *testing.T) {
	dir := t.TempDir()
	testgallery.Shirts().Write(t, dir)
	steps := "gallery " + table.Quote(dir) + "\nschemes x, y\ncompare on category\n"
	s := NewSession(Options{Open: openFolder, SkipContent: true})
	defer s.Close()
	results := do(t, s, steps)
	lines := results[len(results)-1].Lines
	whole := lines[len(lines)-1]
	for _, at := range []int{1, len(whole) / 2, len(whole) - 1} {
		text := steps + "    " + strings.Join(lines[:len(lines)-1], "\n    ") + "\n    " + whole[:at]
		script, err := parseScript(t, "cut.strata", text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Replay(t.Context(), script, ReplayOptions{Open: openFolder, Check: true})
		var d *Difference
		if !errors.As(err, &d) || d.Line != 3+len(lines) || d.Got != whole || d.Expected != strings.TrimRight(whole[:at], " ") {
			t.Errorf("cut at %d: %v", at, err)
		}
	}
}

// manyClasses is a gallery of 100,000 items with 150,000 classes: one of each
// item, and one of every two.
func manyClasses(n int) *testgallery.Table {
	rng := rand.New(rand.NewPCG(7, 7))
	tab := &testgallery.Table{Labels: []string{"class"}, Cells: map[string][]string{}, Layers: map[string][][]float32{}}
	for r := range n {
		tab.IDs = append(tab.IDs, fmt.Sprint("i", r))
		tab.Cells["class"] = append(tab.Cells["class"], fmt.Sprintf("c%d|p%d", r, r/2))
		for _, layer := range []string{"A", "B"} {
			row := make([]float32, 8)
			for d := range row {
				row[d] = float32(rng.NormFloat64())
			}
			tab.Layers[layer] = append(tab.Layers[layer], row)
		}
	}
	for r := 1; r < n; r += 2 { // under A every second pair is found
		if r%4 == 1 {
			tab.Layers["A"][r] = slices.Clone(tab.Layers["A"][r-1])
		}
	}
	return tab
}

// TestHundredThousandClasses evaluates, compares, mines and tunes 100,000 items of 150,000
// classes, in a time that nothing quadratic in either would keep.
func TestHundredThousandClasses(t *testing.T) {
	const items, queries = 100_000, 200
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	g := manyClasses(items).Open(t)
	s := testgallery.Schemes(t, "A", "B")
	e, err := eval.Plan{Schemes: s, Over: queries, Macro: true}.Evaluate(ctx, g, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := 0.0 // of those under A whose second half of a pair is the same
	for _, q := range e.Queries {
		if q%4 < 2 {
			want++
		}
	}
	if got := e.Summaries[0]; got.Value != want/queries || got.N != queries {
		t.Errorf("P@1 %v over %d, want %v over %d", got.Value, got.N, want/queries, queries)
	}
	comparisons, err := e.Compare(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c := comparisons[0]; c.Classes < queries/2 || c.Classes > 2*queries || c.Diff < want/queries-0.01 {
		t.Errorf("%+v", c)
	}
	m, err := report.WriteMining(ctx, mine.Mining{Gallery: g, A: s[0], B: s[1], Over: queries}, run.Folder{Page: filepath.Join(t.TempDir(), "m.html"), Out: t.TempDir()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// A value that no other item has is a class, too: each query is in two, which
	// few share.
	if len(m.Classes) < queries || len(m.Classes) > 2*queries || len(m.Losses) != queries || len(m.Lines()) > 100 {
		t.Errorf("%d classes, %d losses, %d lines", len(m.Classes), len(m.Losses), len(m.Lines()))
	}
	u, err := report.WriteTuning(ctx, tune.Tuning{
		Gallery: g, Layers: []string{"A", "B"}, Objective: metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 1}, Label: "class"}, Over: queries, Parts: 2, Share: 0.5,
	}, run.Folder{Page: filepath.Join(t.TempDir(), "t.html"), Out: t.TempDir()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if best := u.Trials[u.Best]; best.Weights[0] == 0 {
		t.Errorf("the best is %s", best.Scheme)
	}
}
