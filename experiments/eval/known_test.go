package eval

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"strata/engine/scheme"
	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
	"strata/experiments/table"
)

// everything returns all tables of an evaluation and of its comparisons.
func everything(t *testing.T, e *Evaluation) []byte {
	t.Helper()
	comparisons, err := e.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := errors.Join(e.WriteMetrics(&b), e.WritePerQuery(&b), e.StandingsTable().Write(&b, table.CSV), ComparisonsTable(comparisons).Write(&b, table.CSV), e.WriteTable(&b)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestKnown evaluates after an evaluation of other schemes, labels, metrics, queries or
// candidates: the same bytes, and only what is not known is ranked.
func TestKnown(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(21, 2)), 150).Open(t)
	red := []scheme.Condition{{Label: "colour", Value: "red"}}
	deep := []metric.Metric{{Kind: metric.NDCG, K: 5}, {Kind: metric.AveragePrecision}}
	for name, c := range map[string]struct {
		before, after Plan
		fresh         []int // places of the schemes that are ranked
	}{
		"one more":        {Plan{}, Plan{Schemes: testgallery.Schemes(t, "A", "rrf(A,B)", "B+C")}, []int{1}},
		"the same":        {Plan{}, Plan{Schemes: testgallery.Schemes(t, "B+C", "A")}, nil},
		"another seed":    {Plan{Seed: 4}, Plan{Seed: 5, Macro: true}, nil},
		"fewer labels":    {Plan{}, Plan{Labels: []string{"colour"}}, nil},
		"more labels":     {Plan{Labels: []string{"colour"}}, Plan{}, []int{0, 1}},
		"fewer metrics":   {Plan{Metrics: deep, Ks: []int{1, 3, 10}}, Plan{Metrics: deep[:1], Ks: []int{3}}, nil},
		"deeper":          {Plan{Metrics: deep[:1]}, Plan{Metrics: deep}, []int{0, 1}},
		"other cuts":      {Plan{Ks: []int{1, 5}}, Plan{Ks: []int{2}}, []int{0, 1}},
		"fewer queries":   {Plan{}, Plan{Over: 40}, []int{0, 1}},
		"the same drawn":  {Plan{Over: 40, Seed: 3}, Plan{Over: 40, Seed: 3}, nil},
		"where":           {Plan{}, Plan{Where: red}, []int{0, 1}},
		"a filter":        {Plan{}, Plan{Filter: red}, []int{0, 1}},
		"the same filter": {Plan{Filter: red}, Plan{Filter: slices.Clone(red)}, nil},
		"without":         {Plan{}, Plan{Without: map[int][]int32{3: {5, 6}}}, []int{0, 1}},
		"without before":  {Plan{Without: map[int][]int32{3: {5, 6}}}, Plan{}, []int{0, 1}},
		"rankings kept":   {Plan{}, Plan{Keep: 3}, []int{0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, p := range []*Plan{&c.before, &c.after} {
				if p.Schemes == nil {
					p.Schemes = testgallery.Schemes(t, "A", "B+C")
				}
			}
			known, err := c.before.Evaluate(t.Context(), g, nil)
			if err != nil {
				t.Fatal(err)
			}
			want, err := c.after.Evaluate(t.Context(), g, nil)
			if err != nil {
				t.Fatal(err)
			}
			c.after.Known = known
			done := 0
			got, err := c.after.Evaluate(t.Context(), g, func(n, _ int) { done = n })
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(everything(t, got), everything(t, want)) {
				t.Error("other bytes than without what is known")
			}
			if done != len(got.Queries) {
				t.Errorf("told of %d of %d queries", done, len(got.Queries))
			}
			e, err := c.after.Prepare(g, got.Among)
			if err != nil {
				t.Fatal(err)
			}
			if fresh := e.takeOver(known); !slices.Equal(fresh, c.fresh) {
				t.Errorf("ranks %v, want %v", fresh, c.fresh)
			}
		})
	}
}

// TestKnownOfAnother: what was counted on another gallery is not taken over.
func TestKnownOfAnother(t *testing.T) {
	plan := Plan{Schemes: testgallery.Schemes(t, "A")}
	known, err := plan.Evaluate(t.Context(), testgallery.Random(rand.New(rand.NewPCG(22, 1)), 80).Open(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	g := testgallery.Random(rand.New(rand.NewPCG(22, 2)), 80).Open(t)
	want, err := plan.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	plan.Known = known
	got, err := plan.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(everything(t, got), everything(t, want)) {
		t.Error("counts of another gallery")
	}
}
