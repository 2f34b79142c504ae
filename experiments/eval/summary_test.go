package eval

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
	"strata/experiments/table"
	"strata/fixtures/need"
)

// TestMacroByHand: a macro mean is that of the classes' means, of the values of
// judged queries; the unknown and the lone are of no class.
func TestMacroByHand(t *testing.T) {
	tab := plain([]string{"x", "x", "x", "y", "y", "lone", ""}, 0, 10, 35, 50, 60, 36, 0.1)
	tab.Labels = append(tab.Labels, "several")
	tab.Cells["several"] = []string{"u|v", "u", "", "v", "", "", ""}
	g := tab.Open(t)
	e, err := Plan{Schemes: testgallery.Schemes(t, "A"), Ks: []int{2}, Metrics: []metric.Metric{{Kind: metric.Success, K: 1}}, Macro: true}.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	micro := e.Summaries[e.SummaryAt(0, 0, Micro, 0)]
	macro := e.Summaries[e.SummaryAt(0, 0, Macro, 0)]
	perClass := map[string][2]float64{}
	for i, q := range e.Queries {
		if e.Skip(i, 0, 0) == Judged {
			c := perClass[g.Labels()[0].Cell(q)]
			perClass[g.Labels()[0].Cell(q)] = [2]float64{c[0] + e.value(i, 0, 0, 0), c[1] + 1}
		}
	}
	x, y := perClass["x"], perClass["y"]
	if x[1] != 3 || y[1] != 2 || micro.Metric.String() != "P@1" || micro.Value != (x[0]+y[0])/5 {
		t.Fatalf("%v: got %+v", perClass, micro)
	}
	if want := (x[0]/3 + y[0]/2) / 2; math.Abs(macro.Value-want) > 1e-15 || macro.Classes != 2 || macro.N != 5 || macro.Value == micro.Value {
		t.Errorf("got %+v, want %v", macro, want)
	}
	if macro.Low != min(x[0]/3, y[0]/2) || macro.High != max(x[0]/3, y[0]/2) {
		t.Errorf("a quarter of the resamples are twice the one class, a quarter twice the other: %v to %v", macro.Low, macro.High)
	}
	// a counts under both of its values, u with b and v with d.
	several := e.Summaries[e.SummaryAt(0, 1, Macro, 0)]
	hit := map[string]float64{}
	for i, q := range e.Queries {
		hit[g.ID(q)] = e.value(i, 0, 1, 0)
	}
	if want := ((hit["a"]+hit["b"])/2 + (hit["a"]+hit["d"])/2) / 2; several.Value != want || several.Classes != 2 || several.N != 3 {
		t.Errorf("got %+v, want %v", several, want)
	}
}

// TestWriteMetricsMacro: macro rows follow the micro ones of a scheme and label.
func TestWriteMetricsMacro(t *testing.T) {
	g := plain([]string{"x", "x", "x"}, 0, 10, 20).Open(t)
	e, err := Plan{Schemes: testgallery.Schemes(t, "A"), Ks: []int{1, 2}, Metrics: []metric.Metric{{Kind: metric.JudgedShare, K: 2}, {Kind: metric.NDCG, K: 0}}, Macro: true}.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := errors.Join(e.WriteMetrics(&b), e.WritePerQuery(&b)); err != nil {
		t.Fatal(err)
	}
	want := `A,category,P@1,micro,1,1,1,3,0,0,0,1,1
A,category,P@2,micro,1,1,1,3,0,0,0,1,1
A,category,nDCG,micro,1,1,1,3,0,0,0,1,1
A,category,Judged@2,micro,1,1,1,3,0,0,0,,
A,category,P@1,macro,1,,,3,0,0,0,1,1
A,category,P@2,macro,1,,,3,0,0,0,1,1
A,category,nDCG,macro,1,,,3,0,0,0,1,1
A,category,Judged@2,macro,1,,,3,0,0,0,,
query,scheme,label,relevant,hits@1,hits@2,skipped,nDCG,Judged@2
a,A,category,2,1,2,,1,1
`
	if !strings.Contains(b.String(), want) {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// TestOddLabels: labels that are no classes, or hardly any, give the right
// numbers, and no error.
func TestOddLabels(t *testing.T) {
	const n = 12
	column := func(cell func(r int) string) []string {
		cells := make([]string, n)
		for r := range cells {
			cells[r] = cell(r)
		}
		return cells
	}
	for _, c := range []struct {
		name  string
		cells []string
		value float64 // of P@20, over all
		want  string  // the skips
	}{
		{"one class", column(func(int) string { return "x" }), 11.0 / 20, "12 queries"},
		{"classes of one", column(strconv.Itoa), math.NaN(), "0 queries; skipped 12 lone"},
		{"all unknown", column(func(int) string { return "" }), math.NaN(), "0 queries; skipped 12 unknown"},
		{"prices", column(func(r int) string { return fmt.Sprintf("%d.5", r*r) }), math.NaN(), "0 queries; skipped 12 lone"},
		{"dates", column(func(r int) string { return fmt.Sprintf("2026-11-%02d", r/6+1) }), 5.0 / 20, "12 queries"},
		{"bars", column(func(int) string { return " | |" }), math.NaN(), "0 queries; skipped 12 unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab := many(rand.New(rand.NewPCG(1, 51)), n, 3)
			tab.Cells["category"] = c.cells
			metrics, err := metric.ParseMetrics([]string{"deep", "AP(hits)", "AP(min)"}, []int{1, 20})
			if err != nil {
				t.Fatal(err)
			}
			e, err := Plan{Schemes: testgallery.Schemes(t, "A", "B"), Ks: []int{1, 20}, Metrics: metrics, Macro: true, Keep: -1}.Evaluate(t.Context(), tab.Open(t), nil)
			if err != nil {
				t.Fatal(err)
			}
			all, err := e.Compare(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := errors.Join(e.WriteTable(&b), ComparisonsTable(all).Write(&b, table.CSV), WriteComparisonTable(&b, all), e.WriteMetrics(&b), e.WritePerQuery(&b), e.writeQrels(&b, 0)); err != nil {
				t.Fatal(err)
			}
			sum := e.Precisions(0, 0)[1]
			if got := sum.Value; got != c.value && !(math.IsNaN(got) && math.IsNaN(c.value)) || Skips(sum) != c.want {
				t.Errorf("got %v over %s", got, Skips(sum))
			}
			if !math.IsNaN(c.value) && (sum.Value != sum.Ceiling || math.Abs(sum.Baseline-sum.Value) > 1e-12) {
				t.Errorf("all are ranked: %v under %v, at random %v", sum.Value, sum.Ceiling, sum.Baseline)
			}
			for _, bad := range []string{"NaN", "Inf"} {
				if strings.Contains(b.String(), bad) {
					t.Errorf("%s in\n%s", bad, b.String())
				}
			}
		})
	}
}

// TestManyClasses: 100,000 items in 50,000 classes.
func TestManyClasses(t *testing.T) {
	need.Long(t)
	const n = 100_000
	tab := &testgallery.Table{Labels: []string{"category"}, Cells: map[string][]string{"category": make([]string, n)}, Layers: map[string][][]float32{}}
	for r := range n {
		tab.IDs = append(tab.IDs, strconv.Itoa(r))
		tab.Cells["category"][r] = strconv.Itoa(r / 2)
		// Both of a class are alike, and far from the next.
		angle := float64(r/2)*2.399963 + float64(r%2)*1e-6
		tab.Layers["A"] = append(tab.Layers["A"], []float32{float32(math.Cos(angle)), float32(math.Sin(angle)), float32(r/2%1000) / 100})
	}
	metrics, err := metric.ParseMetrics([]string{"Rprec", "nDCG"}, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	e, err := Plan{Schemes: testgallery.Schemes(t, "A", "2*A"), Ks: []int{1}, Metrics: metrics, Macro: true, Over: 60}.Evaluate(t.Context(), tab.Open(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := e.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, sum := range e.Summaries {
		if sum.N != 60 || sum.Mean == Macro && sum.Classes < 55 || sum.Value < 0.9 || sum.Baseline > 2.0/n {
			t.Errorf("got %+v", sum)
		}
	}
	if len(all) != 3 || all[0].P != 1 || all[0].Classes < 55 || e.Depth != 1 {
		t.Errorf("got %+v, rankings %d deep", all, e.Depth)
	}
}

// TestDepth: metrics without a cut-off make rankings deeper, and no metric at a
// cut-off changes by that.
func TestDepth(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(8, 51)), 150).Open(t)
	at := func(names string) *Evaluation {
		metrics, err := metric.ParseMetrics(strings.Fields(names), []int{3, 10})
		if err != nil {
			t.Fatal(err)
		}
		e, err := Plan{Schemes: testgallery.Schemes(t, "A+B", "rrf(A,C)"), Ks: []int{3, 10}, Metrics: metrics}.Evaluate(t.Context(), g, nil)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	shallow, middle, deep := at("all"), at("all Rprec"), at("deep")
	if shallow.Depth != 10 || middle.Depth <= 10 || middle.Depth >= 150 || deep.Depth != 150 {
		t.Errorf("rankings are %d, %d and %d deep", shallow.Depth, middle.Depth, deep.Depth)
	}
	for m, metric := range shallow.Metrics {
		for _, other := range []*Evaluation{middle, deep} {
			for n := range other.Metrics {
				if other.Metrics[n] != metric {
					continue
				}
				for i := range shallow.Queries {
					if a, b := shallow.value(i, 1, 0, m), other.value(i, 1, 0, n); a != b {
						t.Fatalf("%v of query %d: %v, and %v in rankings %d deep", metric, i, a, b, other.Depth)
					}
				}
			}
		}
	}
}
