package eval

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"strata/engine/scheme"
	"strata/experiments/internal/testgallery"
)

// TestEvaluateKnown evaluates a gallery whose rankings can be told by looking.
func TestEvaluateKnown(t *testing.T) {
	g := testgallery.Shirts().Open(t)
	e, err := Plan{Schemes: testgallery.Schemes(t, "x", "y"), Ks: []int{3, 1}, Seed: 5}.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := e.WritePerQuery(&got); err != nil {
		t.Fatal(err)
	}
	// a ranks b, c, d, e, f in x, and e, d, c, b in y, where f has no score.
	want := `query,scheme,label,relevant,hits@1,hits@3,skipped
a,x,category,3,1,2,
a,x,brand name,2,0,1,
a,y,category,3,0,1,
a,y,brand name,2,1,2,
`
	if !strings.HasPrefix(got.String(), want) {
		t.Errorf("got\n%s\nwant first\n%s", got.String(), want)
	}
	for _, line := range []string{
		"b,x,brand name,,,,unknown\n", "d,x,brand name,0,,,lone\n", "f,y,brand name,0,,,lone\n", "f,y,category,3,,,unscored\n", "f,x,category,3,0,1,\n",
	} {
		if !strings.Contains(got.String(), line) {
			t.Errorf("no line %q in\n%s", line, got.String())
		}
	}
	sum, ok := e.Summary(testgallery.Schemes(t, "y")[0], "category", 3)
	if !ok || sum.N != 5 || sum.Unscored != 1 || sum.Unknown != 0 || sum.Lone != 0 {
		t.Errorf("got %+v", sum)
	}
}

// TestEvaluateOracle compares every integer of evaluations of random galleries
// with plain float64 loops, and every value with their quotient.
func TestEvaluateOracle(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 9))
			tab := testgallery.Random(rng, 60+int(seed)*45)
			g := tab.Open(t)
			plan := Plan{
				Schemes: testgallery.Schemes(t, "A", "B", "C", "A+B", "0.7*B+0.3*C", "0*A+C", "concat(A,2*B,C)", "rrf(A,B)", "rrf(A+B,concat(B,C),C)"),
				Ks:      []int{1, 4, 10, 1000},
				Seed:    seed + 1,
			}
			if seed%2 == 1 {
				plan.Filter = []scheme.Condition{{Label: "colour", Value: "red"}}
				plan.Where = []scheme.Condition{{Label: "colour", Value: "blue"}}
			}
			e, err := plan.Evaluate(t.Context(), g, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkQueries(t, tab, plan, e)
			checkHits(t, tab, e)
			checkValues(t, e)
		})
	}
}

func checkQueries(t *testing.T, tab *testgallery.Table, plan Plan, e *Evaluation) {
	var want []int
	for r := range tab.IDs {
		if tab.Split[r] != "gallery" && tab.Meets(r, plan.Where) {
			want = append(want, r)
		}
	}
	if fmt.Sprint(e.Queries) != fmt.Sprint(want) {
		t.Fatalf("got queries %v, want %v", e.Queries, want)
	}
}

// checkHits reads per_query.csv back and compares it with the oracle.
func checkHits(t *testing.T, tab *testgallery.Table, e *Evaluation) {
	var b bytes.Buffer
	if err := e.WritePerQuery(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at, compared := 0, 0
	for _, q := range e.Queries {
		for _, s := range e.Schemes {
			ranked, scores := tab.Rank(q, s, e.Filter)
			for _, label := range e.Labels {
				at++
				want := oracleRow(tab, q, label, ranked, scores, e.Ks)
				want = append([]string{tab.IDs[q], s.String(), label}, want...)
				if fmt.Sprint(rows[at]) != fmt.Sprint(want) {
					t.Fatalf("row %d: got %v, want %v", at, rows[at], want)
				}
				compared++
			}
		}
	}
	if compared != len(rows)-1 || compared == 0 {
		t.Errorf("compared %d of %d rows", compared, len(rows)-1)
	}
}

// oracleRow returns relevant, hits at each k, and skipped.
func oracleRow(tab *testgallery.Table, q int, label string, ranked []int, scores []float64, ks []int) []string {
	r := 0
	for _, row := range ranked {
		if tab.Relevant(label, q, row) {
			r++
		}
	}
	none := make([]string, len(ks))
	switch {
	case tab.Cells[label][q] == "":
		return append(append([]string{""}, none...), "unknown")
	case r == 0:
		return append(append([]string{"0"}, none...), "lone")
	case math.IsNaN(scores[ranked[0]]):
		return append(append([]string{strconv.Itoa(r)}, none...), "unscored")
	}
	out := []string{strconv.Itoa(r)}
	for _, k := range ks {
		hits := 0
		for _, row := range ranked[:min(k, len(ranked))] {
			if !math.IsNaN(scores[row]) && tab.Relevant(label, q, row) {
				hits++
			}
		}
		out = append(out, strconv.Itoa(hits))
	}
	return append(out, "")
}

// checkValues recomputes the summaries from per_query.csv.
func checkValues(t *testing.T, e *Evaluation) {
	for _, sum := range e.Summaries {
		s := indexOf(e.Schemes, sum.Scheme)
		var hits, n, reach int64
		var skips [4]int
		for i := range e.Queries {
			for l, label := range e.Labels {
				if label != sum.Label {
					continue
				}
				skip := e.Skip(i, s, l)
				if skips[skip]++; skip != Judged {
					continue
				}
				for k := range e.Ks {
					if e.Ks[k] == sum.K {
						hits += int64(e.HitsOf(i, s, l)[k])
					}
				}
				reach += int64(min(int(e.Relevant[i*len(e.Labels)+l]), sum.K))
				n++
			}
		}
		if sum.Hits != hits || int64(sum.N) != n || sum.Unknown != skips[1] || sum.Lone != skips[2] || sum.Unscored != skips[3] {
			t.Errorf("got %+v, want %d hits of %d, skips %v", sum, hits, n, skips)
		}
		if n == 0 {
			continue
		}
		places := float64(int64(sum.K) * n)
		if sum.Value != float64(hits)/places || sum.Ceiling != float64(reach)/places {
			t.Errorf("%s %s P@%d: got %v under %v", sum.Scheme, sum.Label, sum.K, sum.Value, sum.Ceiling)
		}
		if !(sum.Low <= sum.Value && sum.Value <= sum.High && sum.Value <= sum.Ceiling && 0 <= sum.Low && sum.Baseline > 0 && sum.Baseline <= 1) {
			t.Errorf("out of order: %+v", sum)
		}
	}
}

func indexOf(schemes []scheme.Scheme, s scheme.Scheme) int {
	for i := range schemes {
		if schemes[i].String() == s.String() {
			return i
		}
	}
	return -1
}

// TestEvaluateThreads compares all bytes with one and with several threads.
func TestEvaluateThreads(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(3, 3)), 300).Open(t)
	plan := Plan{Schemes: testgallery.Schemes(t, "A", "B+C", "rrf(A,B)"), Over: 120, Seed: 4}
	var first []byte
	for _, threads := range []int{1, 2, 5} {
		before := runtime.GOMAXPROCS(threads)
		e, err := plan.Evaluate(t.Context(), g, nil)
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := errors.Join(e.WriteMetrics(&b), e.WritePerQuery(&b)); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b.Bytes()
		} else if !bytes.Equal(first, b.Bytes()) {
			t.Errorf("with %d threads other bytes", threads)
		}
	}
}

// TestEvaluateAlone: what else is evaluated does not change a scheme's numbers.
func TestEvaluateAlone(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(8, 3)), 150).Open(t)
	all, err := Plan{Schemes: testgallery.Schemes(t, "A", "B", "A+C")}.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	one, err := Plan{Schemes: testgallery.Schemes(t, "A+C"), Labels: []string{"colour"}, Ks: []int{5}}.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := all.Summary(testgallery.Schemes(t, "A+C")[0], "colour", 5)
	if got := one.Summaries[0]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("alone %+v\nbeside others %+v", got, want)
	}
}

func TestEvaluateErrors(t *testing.T) {
	g := testgallery.Shirts().Open(t)
	x := testgallery.Schemes(t, "x")
	for _, c := range []struct {
		name string
		plan Plan
		want string
	}{
		{"no schemes", Plan{}, "no schemes"},
		{"unknown layer", Plan{Schemes: testgallery.Schemes(t, "z")}, `no layer "z"`},
		{"unknown label", Plan{Schemes: x, Labels: []string{"colour"}}, `no label "colour"`},
		{"unknown value", Plan{Schemes: x, Where: []scheme.Condition{{Label: "category", Value: "sock"}}}, `"sock"`},
		{"unknown filter", Plan{Schemes: x, Filter: []scheme.Condition{{Label: "kind", Value: "sock"}}}, `no label "kind"`},
		{"k zero", Plan{Schemes: x, Ks: []int{0, 5}}, "k is from 1"},
		{"k huge", Plan{Schemes: x, Ks: []int{5, 1 << 16}}, "not 65536"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.plan.Evaluate(t.Context(), g, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
}

// TestEvaluateNobody evaluates a label under which no query is judged.
func TestEvaluateNobody(t *testing.T) {
	tab := testgallery.Shirts()
	tab.Cells["category"] = []string{"1", "2", "3", "4", "5", ""}
	e, err := Plan{Schemes: testgallery.Schemes(t, "x"), Labels: []string{"category"}, Ks: []int{2}}.Evaluate(t.Context(), tab.Open(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := errors.Join(e.WriteMetrics(&b), e.WriteTable(&b)); err != nil {
		t.Fatal(err)
	}
	if want := "\nx,category,P@2,micro,,,,0,1,5,0,,\n"; !strings.Contains(b.String(), want) {
		t.Errorf("got\n%s", b.String())
	}
}

// TestWriteTable: the ceiling is that of a scheme that judges queries, though
// the first has none.
func TestWriteTable(t *testing.T) {
	tab := testgallery.Shirts()
	tab.Labels = tab.Labels[:1]
	for _, row := range tab.Layers["y"] {
		clear(row)
	}
	e, err := Plan{Schemes: testgallery.Schemes(t, "y", "x")}.Evaluate(t.Context(), tab.Open(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := e.WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	want := `P@10     category
y        -
x        0.3000 ±0.0750
ceiling  0.3000
random   0.3000
category: 0 queries; skipped 6 unscored
category, x: 6 queries
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

func TestEvaluateProgress(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(1, 1)), 900).Open(t)
	calls, last := 0, 0
	e, err := Plan{Schemes: testgallery.Schemes(t, "A")}.Evaluate(t.Context(), g, func(done, of int) {
		if done <= last || done > of {
			t.Errorf("%d of %d after %d", done, of, last)
		}
		last = done
		calls++
	})
	if err != nil {
		t.Fatal(err)
	}
	if last != len(e.Queries) || calls > 410 {
		t.Errorf("%d of %d in %d calls", last, len(e.Queries), calls)
	}
}
