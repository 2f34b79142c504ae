package mine

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"strata/engine/scheme"
	"strata/experiments/internal/testgallery"
	"strata/experiments/table"
)

// TestMineOracle finds again what a search over random galleries finds, in the
// plainest way.
func TestMineOracle(t *testing.T) {
	for seed := range uint64(5) {
		tab := testgallery.Random(rand.New(rand.NewPCG(seed, 6)), 120)
		g := tab.Open(t)
		s := testgallery.Schemes(t, "A+B", "rrf(A,C)")
		const k = 5
		m, err := Mining{Gallery: g, A: s[0], B: s[1], K: k}.Do(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		o := &mineOracle{tab: tab, m: m, k: k}
		o.rank()
		o.checkLosses(t)
		o.checkClasses(t)
		o.checkMistakes(t)
		o.checkHubs(t)
		if len(m.Disagreements) != len(m.Evaluation.Queries) || !slices.IsSortedFunc(m.Disagreements, func(a, b Disagreement) int {
			if a.Overlap < b.Overlap || math.IsNaN(a.Overlap) && !math.IsNaN(b.Overlap) {
				return -1
			}
			return 1
		}) {
			t.Error("queries are not sorted by overlap")
		}
	}
}

// mineOracle holds the rankings of a table.
type mineOracle struct {
	tab    *testgallery.Table
	m      *Mined
	k      int
	rows   map[int][2][]int // by query and scheme: candidates, best first, without those that have no score
	scores map[int][2][]float64
}

func (o *mineOracle) rank() {
	o.rows, o.scores = map[int][2][]int{}, map[int][2][]float64{}
	for _, q := range o.m.Evaluation.Queries {
		var rows [2][]int
		var scores [2][]float64
		for s, scheme := range o.m.Evaluation.Schemes {
			all, of := o.tab.Rank(q, scheme, nil)
			rows[s] = slices.DeleteFunc(all, func(r int) bool { return math.IsNaN(of[r]) })
			scores[s] = of
		}
		o.rows[q], o.scores[q] = rows, scores
	}
}

// hits returns the hits of a query among the first k, and whether it is judged.
func (o *mineOracle) hits(label string, q, scheme int) (n int, judged bool) {
	for i, r := range o.rows[q][scheme] {
		if i < o.k && o.tab.Relevant(label, q, r) {
			n++
		}
	}
	for r := range o.tab.IDs {
		judged = judged || o.tab.Candidate(q, r, nil) && o.tab.Relevant(label, q, r)
	}
	return n, judged && len(o.rows[q][scheme]) > 0
}

func (o *mineOracle) checkLosses(t *testing.T) {
	t.Helper()
	n := 0
	for _, label := range o.m.Evaluation.Labels {
		for _, q := range o.m.Evaluation.Queries {
			a, inA := o.hits(label, q, 0)
			b, inB := o.hits(label, q, 1)
			if !inA || !inB {
				continue
			}
			n++
			if !slices.ContainsFunc(o.m.Losses, func(l Loss) bool {
				return l.Query == q && l.Label == label && l.HitsA == a && l.HitsB == b && l.Loss == a-b
			}) {
				t.Errorf("no loss of %d less %d hits for %s under %s", a, b, o.tab.IDs[q], label)
			}
		}
	}
	if len(o.m.Losses) != n {
		t.Errorf("%d losses, want %d", len(o.m.Losses), n)
	}
	for i, l := range o.m.Losses[1:] {
		if before := o.m.Losses[i]; before.Label == l.Label && (before.Loss < l.Loss || before.Loss == l.Loss && before.Query > l.Query) {
			t.Errorf("loss %+v is before %+v", before, l)
		}
	}
}

func (o *mineOracle) checkClasses(t *testing.T) {
	t.Helper()
	for i, c := range o.m.Classes {
		var a, b, n int
		for _, l := range o.m.Losses {
			if l.Label == c.Label && slices.Contains(strings.Split(o.tab.Cells[l.Label][l.Query], "|"), c.Class) {
				a, b, n = a+l.HitsA, b+l.HitsB, n+1
			}
		}
		if c.HitsA != a || c.HitsB != b || c.Queries != n || c.Win+c.Tie+c.Loss != n || c.Diff != float64(a-b)/float64(o.k*n) {
			t.Errorf("class %+v: want %d and %d hits of %d queries", c, a, b, n)
		}
		if !(c.P > 0 && c.P <= 1) {
			t.Errorf("class %+v has no p", c)
		}
		if i > 0 && o.m.Classes[i-1].Label == c.Label && o.m.Classes[i-1].Diff < c.Diff {
			t.Errorf("class %d is not in order", i)
		}
	}
}

func (o *mineOracle) checkMistakes(t *testing.T) {
	t.Helper()
	n := 0
	for s := range o.m.Evaluation.Schemes {
		for _, label := range o.m.Evaluation.Labels {
			for _, q := range o.m.Evaluation.Queries {
				rows := o.rows[q][s]
				_, judged := o.hits(label, q, s)
				if !judged || o.tab.Cells[label][rows[0]] == "" || o.tab.Relevant(label, q, rows[0]) {
					continue
				}
				n++
				margin := math.NaN()
				for _, r := range rows[:min(len(rows), OverlapDepth)] {
					if o.tab.Relevant(label, q, r) {
						margin = o.scores[q][s][rows[0]] - o.scores[q][s][r]
						break
					}
				}
				if !slices.ContainsFunc(o.m.Mistakes, func(m Mistake) bool {
					return m.Scheme == s && m.Label == label && m.Query == q && m.Hit == rows[0] &&
						math.Abs(m.Score-o.scores[q][s][rows[0]]) < 1e-9 &&
						(math.Abs(m.Margin-margin) < 1e-9 || math.IsNaN(margin) && math.IsNaN(m.Margin))
				}) {
					t.Errorf("no mistake of %s for %s under %s", o.m.Evaluation.Schemes[s], o.tab.IDs[q], label)
				}
			}
		}
	}
	if len(o.m.Mistakes) != n {
		t.Errorf("%d mistakes, want %d", len(o.m.Mistakes), n)
	}
}

func (o *mineOracle) checkHubs(t *testing.T) {
	t.Helper()
	for s, h := range o.m.Hubs {
		counts := make([]int, len(o.tab.IDs))
		for _, q := range o.m.Evaluation.Queries {
			for _, r := range o.rows[q][s][:min(o.k, len(o.rows[q][s]))] {
				counts[r]++
			}
		}
		hubs, never := 0, 0
		for r, n := range counts {
			if o.tab.Split[r] == "query" {
				continue
			}
			if n == 0 {
				never++
			}
			if float64(n) > h.Limit {
				hubs++
				if !slices.ContainsFunc(h.Hubs, func(hub Hub) bool { return hub.Item == r && hub.Occurrences == n }) {
					t.Errorf("no hub %s of %d", o.tab.IDs[r], n)
				}
			}
		}
		if len(h.Hubs) != hubs || h.Never != never {
			t.Errorf("%d hubs and %d in no ranking, want %d and %d", len(h.Hubs), h.Never, hubs, never)
		}
		for _, hub := range h.Hubs {
			if !slices.IsSorted(hub.Queries) || len(hub.Queries) != hub.Occurrences || slices.ContainsFunc(hub.Queries, func(q int) bool {
				return !slices.Contains(o.rows[q][s][:min(o.k, len(o.rows[q][s]))], hub.Item)
			}) {
				t.Errorf("hub %s has queries %v, want %d that have it", o.tab.IDs[hub.Item], hub.Queries, hub.Occurrences)
			}
			for l, label := range o.m.Evaluation.Labels {
				wrong := 0
				for _, q := range o.m.Evaluation.Queries {
					if _, judged := o.hits(label, q, s); judged && slices.Contains(o.rows[q][s][:min(o.k, len(o.rows[q][s]))], hub.Item) && !o.tab.Relevant(label, q, hub.Item) {
						wrong++
					}
				}
				if hub.Wrong[l] != wrong {
					t.Errorf("hub %s is wrong for %d queries under %s, want %d", o.tab.IDs[hub.Item], hub.Wrong[l], label, wrong)
				}
			}
		}
	}
}

// TestMineOdd mines labels under which there is little to find.
func TestMineOdd(t *testing.T) {
	s := testgallery.Schemes(t, "A", "B")
	m, err := Mining{Gallery: testgallery.Odd().Open(t), A: s[0], B: s[1], K: testgallery.OddK}.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	classes := map[string]int{}
	for _, c := range m.Classes {
		classes[c.Label]++
		if c.Label == "one" && (c.HitsA != testgallery.OddItems*(testgallery.OddItems-1) || c.A != float64(testgallery.OddItems-1)/testgallery.OddK || c.P != 1) {
			t.Errorf("with a k larger than the gallery: %+v", c)
		}
	}
	if want := map[string]int{"one": 1, "price": 6, "date": 4}; fmt.Sprint(classes) != fmt.Sprint(want) {
		t.Errorf("classes %v, want %v", classes, want)
	}
	for _, x := range m.Mistakes {
		if x.Label == "one" || x.Label == "lone" || x.Label == "unknown" {
			t.Errorf("mistake under %s", x.Label)
		}
	}
	var b bytes.Buffer
	if err := m.WriteTable(&b); err != nil || !strings.Contains(b.String(), "lone: A is ahead in 0 of 0 classes") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestMineErrors(t *testing.T) {
	g := testgallery.Shirts().Open(t)
	s := testgallery.Schemes(t, "x", "y", "1*x")
	for _, c := range []struct {
		name  string
		ask   Mining
		wrong string
	}{
		{"equal schemes", Mining{A: s[0], B: s[2]}, "the schemes are the same, x"},
		{"unknown label", Mining{A: s[0], B: s[1], Labels: []string{"price"}}, `no label "price"`},
		{"k", Mining{A: s[0], B: s[1], K: -1}, "k is from 1 to 65535, not -1"},
		{"nobody", Mining{A: s[0], B: s[1], Where: []scheme.Condition{{Label: "category", Value: "hat"}}}, `no value of category "hat"`},
		{"no likeness", Mining{A: s[0], B: s[1], Near: 1.5}, "a cosine of 1.5 is no likeness"},
	} {
		c.ask.Gallery = g
		if _, err := c.ask.Do(t.Context(), nil); err == nil || !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v, want %q", c.name, err, c.wrong)
		}
	}
}

// TestWriteDuplicates writes pairs with the labels that differ.
func TestWriteDuplicates(t *testing.T) {
	g := testgallery.Twins(t)
	s := testgallery.Schemes(t, "A", "A+B")
	m, err := Mining{Gallery: g, A: s[0], B: s[1], Near: 0.999}.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	text := testgallery.Written(t, func(w io.Writer) error { return m.duplicatesTable().Write(w, table.CSV) })
	for _, line := range []string{
		"kind,item_a,item_b,cosine,differ,category_a,category_b\n", "picture,i0,i5,,,x,\n", "rows,i0,i4,1,,x,x\n", ",category,x,y\n",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
	table := testgallery.Written(t, m.WriteTable)
	for _, line := range []string{
		"pairs with the same picture: 2; of these differ in category 1\n", "pairs with the same values in all layers: 1; of these differ in category 0\n",
		"pairs with a cosine of 0.999 or more: 2; of these differ in category 1\n",
	} {
		if !strings.Contains(table, line) {
			t.Errorf("no %q in\n%s", line, table)
		}
	}
}
