package eval

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
	"strata/experiments/run"
	"strata/experiments/script"
	"strata/experiments/table"
)

// written evaluates a plan on a table and writes the folder of a run.
func written(t *testing.T, tab *testgallery.Table, plan Plan) (*Evaluation, string) {
	t.Helper()
	e, err := plan.Evaluate(t.Context(), tab.Open(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	comparisons, err := e.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	f := run.Folder{Out: t.TempDir()}
	manifest, err := e.Manifest(t.Context(), f, time.Time{})
	if err == nil {
		err = f.Write(manifest, append(e.Tables(), table.Named{Name: "comparisons", Of: ComparisonsTable(comparisons)}))
	}
	if err != nil {
		t.Fatal(err)
	}
	return e, f.Out
}

// required judges a require step, and returns what is met and the error.
func required(t *testing.T, e *Evaluation, line string) ([]string, error) {
	t.Helper()
	step, err := script.ParseStep(line)
	if err != nil {
		t.Fatal(err)
	}
	require, ok := step.(script.Require)
	if !ok {
		t.Fatalf("%q is another step", line)
	}
	r, err := OpenRequirement(require)
	if err != nil {
		return nil, err
	}
	return e.Require(t.Context(), r)
}

// TestRequireLeast: every scheme must have the mean; the least value itself is enough.
func TestRequireLeast(t *testing.T) {
	tab := many(rand.New(rand.NewPCG(6, 1)), 300, 6)
	e, _ := written(t, tab, Plan{Schemes: testgallery.Schemes(t, "A", "A+B+C"), Ks: []int{5, 10}})
	low, high := e.Precisions(0, 0)[1].Value, e.Precisions(1, 0)[1].Value
	if low >= high {
		t.Fatalf("P@10 is %v and %v", low, high)
	}
	met, err := required(t, e, "require P@10 category >= "+table.Number(low))
	if err != nil || len(met) != 2 || met[0] != "A  P@10 category  "+table.Number(low)+" over 300" {
		t.Errorf("got %q, %v", met, err)
	}
	var unmet *Unmet
	met, err = required(t, e, "require P@10 category >= "+table.Number(math.Nextafter(low, 1)))
	if !errors.As(err, &unmet) || len(met) != 1 || len(unmet.Lines) != 1 || !strings.HasPrefix(unmet.Lines[0], "not met: A  P@10 category  ") {
		t.Errorf("got %q, %v", met, err)
	}
	if _, err = required(t, e, "require P@10 category >= 1"); !errors.As(err, &unmet) || len(unmet.Lines) != 2 {
		t.Errorf("got %v", err)
	}
	for line, want := range map[string]string{
		"require P@10 brand >= 0.1":      "no label brand; it has category",
		"require P@1 category >= 0.1":    "no P@1; it has P@5, P@10",
		"require nDCG@5 category >= 0.1": "no nDCG@5",
	} {
		var unlike *Unlike
		if _, err := required(t, e, line); !errors.As(err, &unlike) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", line, err)
		}
	}
}

// TestRequireNotWorse compares with runs of the same items: the lower end of the
// interval decides.
func TestRequireNotWorse(t *testing.T) {
	tab := many(rand.New(rand.NewPCG(6, 2)), 300, 6)
	plan := Plan{Schemes: testgallery.Schemes(t, "A"), Seed: 5}
	_, one := written(t, tab, plan)
	plan.Schemes = testgallery.Schemes(t, "A", "A+B+C")
	e, both := written(t, tab, plan)
	met, err := required(t, e, "require not-worse-than "+both)
	if err != nil || len(met) != 2 || met[1] != "A+B+C  P@10 category less that of A+B+C in the run  0 [0, 0] over 300" {
		t.Errorf("got %q, %v", met, err)
	}
	// The mixture is compared with the only scheme of the run, and is ahead.
	if met, err = required(t, e, "require not-worse-than "+one+" margin 0.001"); err != nil || len(met) != 2 || !strings.HasPrefix(met[1], "A+B+C  P@10 category less that of A in the run  0.") {
		t.Errorf("got %q, %v", met, err)
	}
	// The other way round it is behind by as much.
	_, mixture := written(t, tab, Plan{Schemes: testgallery.Schemes(t, "A+B+C"), Seed: 5})
	comparisons, err := e.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := comparisons[len(comparisons)-1] // A less the mixture, by P@10
	plan.Schemes = testgallery.Schemes(t, "A")
	e, _ = written(t, tab, plan)
	var unmet *Unmet
	if _, err = required(t, e, "require not-worse-than "+mixture+" margin "+table.Number(-c.Low)); !errors.As(err, &unmet) || len(unmet.Lines) != 1 {
		t.Errorf("a margin of the lower end itself: got %v", err)
	} else if want := table.Number(c.Diff) + " [" + table.Number(c.Low) + ", " + table.Number(c.High) + "] over 300"; !strings.Contains(err.Error(), want) || !strings.HasSuffix(err.Error(), mixture) {
		t.Errorf("got %v, want %s", err, want)
	}
	if met, err = required(t, e, "require not-worse-than "+mixture+" margin "+table.Number(math.Nextafter(-c.Low, 1))); err != nil || len(met) != 1 {
		t.Errorf("a margin just above: got %q, %v", met, err)
	}
}

// TestRequireUnlike: runs of other items, queries, labels and metrics are refused, with
// their counts; other features of the same items are not.
func TestRequireUnlike(t *testing.T) {
	tab := many(rand.New(rand.NewPCG(6, 3)), 120, 4)
	e, same := written(t, tab, Plan{Schemes: testgallery.Schemes(t, "A")})
	run := func(change func(tab *testgallery.Table, plan *Plan)) string {
		other := many(rand.New(rand.NewPCG(6, 3)), 120, 4)
		plan := Plan{Schemes: testgallery.Schemes(t, "A")}
		change(other, &plan)
		_, dir := written(t, other, plan)
		return dir
	}
	for name, c := range map[string]struct{ dir, want string }{
		"more items": {run(func(tab *testgallery.Table, _ *Plan) {
			*tab = *many(rand.New(rand.NewPCG(6, 3)), 121, 4)
		}), "is of another gallery: it has 121 items, this one 120"},
		"other labels": {run(func(tab *testgallery.Table, _ *Plan) {
			tab.Cells["category"][7] = "alone"
		}), "have another number of relevant candidates under category"},
		"other ids": {run(func(tab *testgallery.Table, _ *Plan) {
			tab.IDs[3] = "another"
		}), "has other queries: it has 120, this evaluation 120, and both have 119"},
		"fewer queries": {run(func(_ *testgallery.Table, plan *Plan) { plan.Over = 100 }), "has other queries: it has 100, this evaluation 120, and both have 100"},
		"other metrics": {run(func(_ *testgallery.Table, plan *Plan) { plan.Ks = []int{1, 5} }), "has no P@10; it has P@1, P@5"},
		"another name": {run(func(tab *testgallery.Table, _ *Plan) {
			tab.Labels[0], tab.Cells["kind"] = "kind", tab.Cells["category"]
		}), "has no label category; it has kind"},
		"other schemes": {run(func(_ *testgallery.Table, plan *Plan) {
			plan.Schemes = testgallery.Schemes(t, "B", "C")
		}), "has no scheme A, and is not of a single one: it has B, C"},
		"unscored": {run(func(tab *testgallery.Table, _ *Plan) {
			clear(tab.Layers["A"][5])
		}), "judges other queries under category: 119 by A, this evaluation 120 by A, and both 119"},
		"nothing": {filepath.Join(same, "nothing"), "no manifest.json"},
	} {
		var unlike *Unlike
		if met, err := required(t, e, "require not-worse-than "+c.dir); !errors.As(err, &unlike) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %q, %v, want %s", name, met, err, c.want)
		}
	}
	features := run(func(tab *testgallery.Table, _ *Plan) { tab.Layers["A"] = tab.Layers["B"] })
	if _, err := required(t, e, "require not-worse-than "+features+" margin 1"); err != nil {
		t.Errorf("other features: %v", err)
	}
	path := filepath.Join(same, "per_query.csv")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), ",\n", ",x\n", 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := required(t, e, "require not-worse-than "+same); err == nil {
		t.Error("a damaged table is read")
	}
}

// TestMeasuredMetrics: a manifest that names what is no metric is an error that says so.
func TestMeasuredMetrics(t *testing.T) {
	for _, name := range []string{"all", "none", "", "P@0", "MRR"} {
		m := &run.Measured{Dir: "out", Manifest: run.Manifest{Metrics: []string{name}}}
		if _, err := measuredMetrics(m, m); err == nil || !strings.Contains(err.Error(), strconv.Quote(name)) || strings.Contains(err.Error(), "%!") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestCompareRuns: a scheme of one run against one of another gives what both give in
// one evaluation, but for the draws of its intervals.
func TestCompareRuns(t *testing.T) {
	tab := testgallery.Random(rand.New(rand.NewPCG(8, 12)), 90)
	metrics, err := metric.ParseMetrics([]string{"nDCG", "Success", "RR@all", "Judged"}, []int{1, 5})
	if err != nil {
		t.Fatal(err)
	}
	plan := Plan{Ks: []int{1, 5}, Metrics: metrics, Seed: 2}
	at := func(texts ...string) (*Evaluation, string) {
		plan.Schemes = testgallery.Schemes(t, texts...)
		return written(t, tab, plan)
	}
	_, a := at("A")
	_, c := at("C")
	e, both := at("C", "A")
	want, err := e.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	compare := func(x, y string) *RunComparisons {
		first, errX := run.ReadMeasured(x)
		second, errY := run.ReadMeasured(y)
		if err := errors.Join(errX, errY); err != nil {
			t.Fatal(err)
		}
		r, err := CompareRuns(t.Context(), first, second)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	got := compare(a, c)
	if got.Shared != len(e.Queries) || got.OnlyA+got.OnlyB != 0 || len(got.All) != len(want) {
		t.Fatalf("%d queries, %d comparisons, want %d", got.Shared, len(got.All), len(want))
	}
	for i, w := range want {
		g := got.All[i]
		if g.A.String() != "C" || g.B.String() != "A" || g.Label != w.Label || g.Metric != w.Metric || g.N != w.N ||
			math.Abs(g.Diff-w.Diff) > 1e-15 || g.Win != w.Win || g.Tie != w.Tie || g.Loss != w.Loss || g.Method != w.Method || math.Abs(g.P-w.P) > 0.03 {
			t.Errorf("got %+v, want %+v", g, w)
		}
		if math.Abs(g.Low-w.Low) > 0.03 || math.Abs(g.High-w.High) > 0.03 {
			t.Errorf("%s %v: %v to %v, want about %v to %v", g.Label, g.Metric, g.Low, g.High, w.Low, w.High)
		}
	}
	// The scheme that both have is paired with itself, and half of the queries are there.
	plan.Over = 40
	_, some := at("B", "A")
	got = compare(both, some)
	if got.Shared != 40 || got.OnlyA != len(e.Queries)-40 || got.OnlyB != 0 || len(got.All) != len(want) {
		t.Fatalf("got %d shared, %d and %d, %d comparisons", got.Shared, got.OnlyA, got.OnlyB, len(got.All))
	}
	for _, g := range got.All {
		if g.A.String() != "A" || g.B.String() != "A" || g.Diff != 0 || g.P != 1 || g.Tie != g.N {
			t.Errorf("got %+v", g)
		}
	}
	if text := testgallery.Written(t, got.Write); !strings.Contains(text, "paired over the queries that both have: 40; only in "+both) || strings.Contains(text, "P@1 ") || !strings.Contains(text, "nDCG@5 ") {
		t.Error(text)
	}
}
