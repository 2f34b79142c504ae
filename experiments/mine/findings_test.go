package mine

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
)

// TestFindings checks the parts of what was mined against the whole.
func TestFindings(t *testing.T) {
	tab := testgallery.Random(rand.New(rand.NewPCG(3, 9)), 150)
	g := tab.Open(t)
	s := testgallery.Schemes(t, "A+B", "rrf(A,C)")
	m, err := Mining{Gallery: g, A: s[0], B: s[1], K: 5}.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	losses, classes, mistakes := 0, 0, 0
	for _, label := range m.Evaluation.Labels {
		of := m.LossesOf(label)
		losses += len(of)
		for _, l := range of {
			a, b, judged := m.HitsOf(label, l.Query)
			if !judged || a != l.HitsA || b != l.HitsB || l.Label != label {
				t.Errorf("%s, row %d: hits %d and %d, %v; the loss has %+v", label, l.Query, a, b, judged, l)
			}
		}
		for _, c := range m.ClassesOf(label) {
			classes++
			sum, n := 0, m.ClassLosses(label, c.Class)
			for i, l := range n {
				sum += l.Loss
				if i > 0 && l.Loss > n[i-1].Loss {
					t.Errorf("%s %s: losses are not sorted", label, c.Class)
				}
			}
			if len(n) != c.Queries || sum != c.HitsA-c.HitsB {
				t.Errorf("%s %s: %d queries lose %d, want %d and %d", label, c.Class, len(n), sum, c.Queries, c.HitsA-c.HitsB)
			}
		}
		wrong := m.MistakesOf(label)
		mistakes += len(wrong)
		if !slices.IsSortedFunc(wrong, func(a, b Mistake) int { return cmp.Compare(b.Z, a.Z) }) {
			t.Errorf("%s: mistakes are not sorted", label)
		}
	}
	if losses != len(m.Losses) || classes != len(m.Classes) || mistakes != len(m.Mistakes) || losses == 0 || mistakes == 0 {
		t.Errorf("the labels have %d losses, %d classes, %d mistakes of %d, %d, %d", losses, classes, mistakes, len(m.Losses), len(m.Classes), len(m.Mistakes))
	}
	for _, d := range m.Overlapping() {
		if math.IsNaN(d.Overlap) {
			t.Errorf("row %d has no overlap", d.Query)
		}
	}
	if m.LossesOf("nothing") != nil || m.ClassLosses("nothing", "x") != nil {
		t.Error("a label that is not there has losses")
	}
	if _, _, judged := m.HitsOf("category", -1); judged {
		t.Error("a row that is no query is judged")
	}
}

func TestQueryHits(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(4, 9)), 150).Open(t)
	s := testgallery.Schemes(t, "A", "B+C")
	e, err := eval.Plan{Schemes: s, Ks: []int{1, 5}}.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range s {
		for _, label := range e.Labels {
			sum, _ := e.Summary(scheme, label, 5)
			of := e.QueryHits(scheme, label, 5)
			hits := 0
			for i, q := range of {
				hits += q.Hits
				if i > 0 && q.Hits < of[i-1].Hits || q.Relevant < 1 {
					t.Errorf("%s, %s: place %d is %+v", scheme, label, i, q)
				}
			}
			if len(of) != sum.N || int64(hits) != sum.Hits || len(of) == 0 {
				t.Errorf("%s, %s: %d queries with %d hits, want %d and %d", scheme, label, len(of), hits, sum.N, sum.Hits)
			}
		}
	}
	if e.QueryHits(s[0], e.Labels[0], 7) != nil || e.QueryHits(testgallery.Schemes(t, "C")[0], e.Labels[0], 5) != nil {
		t.Error("what was not evaluated has queries")
	}
}

func TestDuplicateGroups(t *testing.T) {
	s := testgallery.Schemes(t, "A", "B+A")
	m, err := Mining{Gallery: testgallery.Twins(t), A: s[0], B: s[1], Near: 0.999}.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	// 0, 3 and 5 are one picture, of x, y and nothing; 4, an x, has the rows of 0, and is near 3; 1 is near 6, both x.
	want := []DuplicateGroup{
		{Items: []int{0, 3, 5}, Kind: eval.SamePicture, Differ: true},
		{Items: []int{3, 4}, Kind: eval.NearRows, Differ: true},
		{Items: []int{0, 4}, Kind: eval.SameRows},
		{Items: []int{1, 6}, Kind: eval.NearRows},
	}
	groups := m.DuplicateGroups("category")
	if len(groups) != len(want) {
		t.Fatalf("groups are %+v", groups)
	}
	for i, g := range groups {
		if w := want[i]; !slices.Equal(g.Items, w.Items) || g.Kind != w.Kind || g.Differ != w.Differ || !(g.Cosine >= .999) {
			t.Errorf("group %d is %+v, want %+v", i, g, w)
		}
	}
	for _, g := range m.DuplicateGroups("nothing") {
		if g.Differ {
			t.Errorf("%+v differs in a label that is not there", g)
		}
	}
}
