package eval

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"strata/engine/scheme"
	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
	"strata/experiments/stats"
	"strata/experiments/table"
)

// many is a gallery of n items in so many classes, with layers that know a
// little of them.
func many(rng *rand.Rand, n, classes int) *testgallery.Table {
	t := &testgallery.Table{
		Labels: []string{"category"},
		Cells:  map[string][]string{"category": make([]string, n)},
		Layers: map[string][][]float32{},
	}
	for r := range n {
		t.IDs = append(t.IDs, fmt.Sprint(r))
		t.Cells["category"][r] = fmt.Sprintf("class %d", rng.IntN(classes))
	}
	for _, name := range []string{"A", "B", "C"} {
		centres := map[string][]float32{}
		for r := range n {
			centre := centres[t.Cells["category"][r]]
			if centre == nil {
				for range 8 {
					centre = append(centre, float32(rng.NormFloat64()))
				}
				centres[t.Cells["category"][r]] = centre
			}
			row := make([]float32, 8)
			for i := range row {
				row[i] = centre[i] + 2*float32(rng.NormFloat64())
			}
			t.Layers[name] = append(t.Layers[name], row)
		}
	}
	return t
}

// BenchmarkCompare compares 20 schemes over 10,000 queries, P@1, P@5 and P@10
// under one label: 570 comparisons, each with 10,000 resamples of queries and of
// classes.
func BenchmarkCompare(b *testing.B) {
	g := many(rand.New(rand.NewPCG(1, 1)), 10_000, 75).Open(b)
	var some []scheme.Scheme
	for i := range 20 {
		some = append(some, testgallery.Schemes(b, fmt.Sprintf("%d*A+%d*B+%d*C", i%5, i%3+1, i))...)
	}
	e, err := Plan{Schemes: some}.Evaluate(b.Context(), g, nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		all, err := e.Compare(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		if len(all) != 570 {
			b.Fatalf("%d comparisons", len(all))
		}
	}
}

// TestCompareOracle recomputes differences, wins, exact p-values and intervals of
// random galleries in the plainest way, also of schemes that judge different
// queries.
func TestCompareOracle(t *testing.T) {
	for seed := range uint64(3) {
		g := testgallery.Random(rand.New(rand.NewPCG(seed, 12)), 90).Open(t)
		metrics, err := metric.ParseMetrics([]string{"nDCG", "Success", "RR@all"}, []int{1, 5})
		if err != nil {
			t.Fatal(err)
		}
		plan := Plan{Schemes: testgallery.Schemes(t, "A", "B", "A+C", "rrf(B,C)"), Ks: []int{1, 5}, Metrics: metrics, Seed: seed + 1}
		e, err := plan.Evaluate(t.Context(), g, nil)
		if err != nil {
			t.Fatal(err)
		}
		all, err := e.Compare(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := len(e.Labels) * len(e.Metrics) * 6; len(all) != want {
			t.Fatalf("%d comparisons, want %d", len(all), want)
		}
		for _, c := range all {
			checkComparison(t, e, c)
		}
	}
}

func checkComparison(t *testing.T, e *Evaluation, c Comparison) {
	t.Helper()
	a, b, l, m := indexOf(e.Schemes, c.A), indexOf(e.Schemes, c.B), slices.Index(e.Labels, c.Label), slices.Index(e.Metrics, c.Metric)
	if a >= b {
		t.Errorf("%s before %s", c.A, c.B)
	}
	unit := float64(max(1, c.Metric.Unit()))
	var differences []float64
	cells := map[string]float64{}
	win, loss := 0, 0
	for i, q := range e.Queries {
		if e.Skip(i, a, l) != Judged || e.Skip(i, b, l) != Judged {
			continue
		}
		d := (e.value(i, a, l, m) - e.value(i, b, l, m)) / unit
		differences = append(differences, d)
		cells[e.Judge.Labels[l].Label.Cell(q)] += d
		if d > 0 {
			win++
		} else if d < 0 {
			loss++
		}
	}
	n := float64(len(differences))
	var sum, squares float64
	for _, d := range differences {
		sum, squares = sum+d, squares+d*d
	}
	if c.N != len(differences) || c.Win != win || c.Loss != loss || c.Tie != c.N-win-loss || c.Classes != len(cells) {
		t.Errorf("got %+v, want %d won, %d lost of %d in %d classes", c, win, loss, len(differences), len(cells))
	}
	if math.Abs(c.Diff-sum/n) > 1e-12 {
		t.Errorf("%s vs %s, %v: the difference is %v, want %v", c.A, c.B, c.Metric, c.Diff, sum/n)
	}
	// The percentile interval is about that of the normal distribution.
	half := 1.96 * math.Sqrt(squares/n-sum/n*sum/n) / math.Sqrt(n)
	if math.Abs(c.Low-(sum/n-half)) > 0.15*half+0.02 || math.Abs(c.High-(sum/n+half)) > 0.15*half+0.02 {
		t.Errorf("%s vs %s, %v: the interval is %v to %v, want about %v to %v", c.A, c.B, c.Metric, c.Low, c.High, sum/n-half, sum/n+half)
	}
	if !(c.ClassLow <= c.Diff+1e-12 && c.Diff <= c.ClassHigh+1e-12) {
		t.Errorf("%s vs %s, %v: %v is outside the classes' %v to %v", c.A, c.B, c.Metric, c.Diff, c.ClassLow, c.ClassHigh)
	}
	if c.Metric.Unit() > 0 && c.Method != stats.Exact {
		t.Errorf("%v of %d queries: the p is by %s", c.Metric, c.N, c.Method)
	}
	if c.Metric.Unit() > 0 {
		counts := make([]int64, len(differences))
		for j, d := range differences {
			counts[j] = int64(math.Round(d * unit))
		}
		if want := testgallery.SlowP(counts); math.Abs(c.P-want) > 1e-11*want {
			t.Errorf("%s vs %s, %v: p is %v, want %v", c.A, c.B, c.Metric, c.P, want)
		}
	}
	if c.P <= 0 || c.P > 1 || c.Holm < c.P || c.Holm > 1 {
		t.Errorf("%s vs %s, %v: p is %v, and %v adjusted", c.A, c.B, c.Metric, c.P, c.Holm)
	}
}

// TestCompareEqual: schemes that rank alike differ by exactly 0, with p = 1.
func TestCompareEqual(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(4, 12)), 90).Open(t)
	metrics, err := metric.ParseMetrics([]string{"AP", "RR@all"}, []int{5})
	if err != nil {
		t.Fatal(err)
	}
	e, err := Plan{Schemes: testgallery.Schemes(t, "A", "2*A", "A+0*B"), Ks: []int{5}, Metrics: metrics}.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := e.Compare(t.Context(), nil)
	if err != nil || len(all) != 2*3*3 {
		t.Fatalf("%d comparisons, %v", len(all), err)
	}
	for _, c := range all {
		if c.Diff != 0 || c.Low != 0 || c.High != 0 || c.P != 1 || c.Holm != 1 || c.ClassP != 1 || c.Tie != c.N || c.Method != stats.Exact {
			t.Errorf("got %+v", c)
		}
	}
}

// TestCompareThreads compares all bytes with one and with several threads, of
// exact p-values and of others.
func TestCompareThreads(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(3, 3)), 300).Open(t)
	metrics, err := metric.ParseMetrics([]string{"all"}, []int{1, 10})
	if err != nil {
		t.Fatal(err)
	}
	plan := Plan{Schemes: testgallery.Schemes(t, "A", "B+C", "rrf(A,B)"), Ks: []int{1, 10}, Metrics: metrics, Over: 120, Seed: 4, Macro: true}
	var first []byte
	for _, threads := range []int{1, 2, 5} {
		before := runtime.GOMAXPROCS(threads)
		e, err := plan.Evaluate(t.Context(), g, nil)
		if err != nil {
			t.Fatal(err)
		}
		all, err := e.Compare(t.Context(), nil)
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := errors.Join(ComparisonsTable(all).Write(&b, table.CSV), e.WriteMetrics(&b), e.WritePerQuery(&b), WriteComparisonTable(&b, all)); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b.Bytes()
		} else if !bytes.Equal(first, b.Bytes()) {
			t.Errorf("with %d threads other bytes", threads)
		}
	}
	for _, method := range []string{",exact,", ",permutation,"} {
		if !bytes.Contains(first, []byte(method)) {
			t.Errorf("no p is %s", method)
		}
	}
}

// TestCompareBaseline compares all schemes with one, and refuses another.
func TestCompareBaseline(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(4, 12)), 60).Open(t)
	some := testgallery.Schemes(t, "A", "B", "C", "A+B")
	e, err := Plan{Schemes: some[:3], Labels: []string{"colour"}, Ks: []int{5}}.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	against, err := e.Compare(t.Context(), &some[1])
	if err != nil {
		t.Fatal(err)
	}
	all, err := e.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(against) != 2 || against[0].A.String() != "A" || against[1].A.String() != "C" || against[0].B.String() != "B" || against[1].B.String() != "B" {
		t.Fatalf("got %+v", against)
	}
	// A vs B is the same but for Holm's family, C vs B the opposite of B vs C.
	one := against[0]
	if one.Holm = all[0].Holm; fmt.Sprint(one) != fmt.Sprint(all[0]) {
		t.Errorf("got %+v, want %+v", one, all[0])
	}
	if against[1].Diff != -all[2].Diff || against[1].P != all[2].P || against[1].Win != all[2].Loss {
		t.Errorf("got %+v, want the opposite of %+v", against[1], all[2])
	}
	if _, err := e.Compare(t.Context(), &some[3]); err == nil || !strings.Contains(err.Error(), "baseline A+B is not among the schemes") {
		t.Errorf("got %v", err)
	}
}

// TestCompareNobody: without a judged query there are no numbers, and with one
// class none over classes.
func TestCompareNobody(t *testing.T) {
	tab := testgallery.Shirts()
	tab.Cells["category"] = []string{"1", "2", "3", "4", "5", ""}
	tab.Cells["brand name"] = []string{"x", "x", "x", "x", "x", "x"}
	e, err := Plan{Schemes: testgallery.Schemes(t, "x", "y"), Ks: []int{2}}.Evaluate(t.Context(), tab.Open(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := e.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := errors.Join(ComparisonsTable(all).Write(&b, table.CSV), WriteComparisonTable(&b, all)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\nx,y,category,P@2,,,,,,,0,0,0,0,0,,,,\n",
		"\nx,y,brand name,P@2,0,0,0,1,1,exact,5,0,5,0,1,,,,\n",
		"\nx vs y            -\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestCompareCancelled(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(4, 12)), 60).Open(t)
	e, err := Plan{Schemes: testgallery.Schemes(t, "A", "B")}.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Compare(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
