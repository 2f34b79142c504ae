package tune

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"strata/engine/neighbour"
	"strata/engine/scheme"
	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
)

// TestTuneSameInFull searches with neighbourhoods and without: P@k counts their hits,
// other metrics rank from them, and under a filter that leaves few rows, so that they
// would prove little, or with a metric of whole rankings, none are built. Every number is the same.
func TestTuneSameInFull(t *testing.T) {
	precision := metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 5}, Label: "category"}
	deep := metric.Target{Metric: metric.Metric{Kind: metric.AveragePrecision}, Label: "category"}
	for name, c := range map[string]struct {
		change func(*Tuning)
		phases string
	}{
		"counted": {func(a *Tuning) { a.Constraints, a.Objective = nil, precision }, "neighbours/queries, of at most 1024 MB; trying weights/schemes; reporting/queries; reporting the front/schemes"},
		"ranked":  {func(*Tuning) {}, "neighbours/queries, of at most 1024 MB; trying weights/queries; reporting/queries; reporting the front/queries"},
		"places":  {func(a *Tuning) { a.Constraints, a.Layers = nil, []string{"A", "B/C|zscore", "C"} }, "neighbours/queries, of at most 1024 MB; trying weights/schemes; reporting/queries; reporting the front/schemes"},
		"near":    {func(a *Tuning) { a.Constraints, a.Near = nil, 0.9 }, "duplicates/queries; neighbours/queries, of at most 1024 MB; trying weights/schemes; reporting/queries; reporting the front/schemes"},
		"filter":  {func(a *Tuning) { a.Constraints, a.Filter = nil, []scheme.Condition{{Label: "colour", Value: "red"}} }, "trying weights/queries; reporting/queries; reporting the front/queries"},
		"deep":    {func(a *Tuning) { a.Front = []metric.Target{deep} }, "trying weights/queries; reporting/queries; reporting the front/queries"},
		"small":   {func(a *Tuning) { a.Parts = 2 }, "trying weights/queries; reporting/queries; reporting the front/queries"},
	} {
		t.Run(name, func(t *testing.T) {
			ask := testTuning(t, 5)
			ask.Gallery = testgallery.Random(rand.New(rand.NewPCG(9, 9)), 600).Open(t)
			ask.Parts, ask.Over, ask.Constraints[0].Least = 12, 120, 0.0001
			c.change(&ask)
			var phases []string
			ask.Phase = func(name, unit string) { phases = append(phases, name+"/"+unit) }
			got, err := ask.Do(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(phases, "; "); text != c.phases {
				t.Errorf("phases %s, want %s", text, c.phases)
			}
			ask.Full, ask.Phase = true, nil
			want, err := ask.Do(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got.Trials, want.Trials) || got.Best != want.Best || !slices.Equal(got.Front, want.Front) {
				t.Error("other trials than in full")
			}
			if !reflect.DeepEqual(got.Reported.Summaries, want.Reported.Summaries) || !reflect.DeepEqual(got.Comparisons, want.Comparisons) {
				t.Error("another report than in full")
			}
			if len(got.Notes) > 0 {
				t.Errorf("notes %q", got.Notes)
			}
		})
	}
}

// prepared returns a search that has its queries and its measurer.
func prepared(t *testing.T, ask Tuning) *tuner {
	t.Helper()
	u := &tuner{ask: ask, Tuned: &Tuned{Parts: ask.Parts, Constraints: ask.Constraints}, seen: map[string]bool{}}
	if err := errors.Join(u.prepare(t.Context()), u.leaveOut(t.Context(), nil)); err != nil {
		t.Fatal(err)
	}
	return u
}

// TestMeasureUnproven counts from neighbourhoods that hold too few rows, and too few
// queries: what they do not prove is searched for, to the same means.
func TestMeasureUnproven(t *testing.T) {
	ask := testTuning(t, 2)
	ask.Constraints, ask.Parts = nil, 12
	u := prepared(t, ask)
	var schemes []scheme.Scheme
	for _, w := range grid(axes(u.Places), ask.Parts) {
		schemes = append(schemes, w.scheme(u.Layers))
	}
	want, wantJudged, err := u.measurer.Measure(t.Context(), schemes, u.Tune)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]neighbour.Plan{
		"few rows":    {M: 7},
		"no rows":     {M: 1},
		"few queries": {M: 60, Budget: 60_000},
		"no queries":  {M: 60, Budget: 1},
	} {
		p.Layers, p.Queries = u.Layers, slices.Concat(u.Tune[:len(u.Tune)-2], u.Report)
		n, err := neighbour.NewNeighbours(ask.Gallery, p)
		if err == nil {
			err = n.Build(t.Context(), nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		u.measurer.Neighbours = n
		var told []int
		u.measurer.Progress = func(done, of int) {
			if told = append(told, done); of != len(schemes) {
				t.Errorf("%s: progress of %d, not of %d schemes", name, of, len(schemes))
			}
		}
		got, judged, err := u.measurer.Measure(t.Context(), schemes, u.Tune)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(judged, wantJudged) {
			t.Errorf("%s: other means with %s", name, n.Usage())
		}
		if !slices.IsSorted(told) || told[len(told)-1] != len(schemes) {
			t.Errorf("%s: progress %d", name, told)
		}
	}
}

// TestNeighboursOfTuning keeps them, has them at once the next time, and builds them
// again, saying so, where the file is damaged.
func TestNeighboursOfTuning(t *testing.T) {
	ask := testTuning(t, 3)
	u := prepared(t, ask)
	var phases []string
	u.ask.Phase = func(name, _ string) { phases = append(phases, name) }
	plan := neighbour.Plan{Name: neighbourFile, Layers: u.Layers, Queries: u.Tune, M: 30}
	build := func() {
		t.Helper()
		phases, u.Notes = nil, nil
		n, err := u.build(t.Context(), plan)
		if err != nil {
			t.Fatal(err)
		}
		if use := n.Usage(); use.Done != len(u.Tune) {
			t.Errorf("%s", use)
		}
	}
	build()
	if len(phases) != 1 || u.Notes != nil {
		t.Errorf("the first time: phases %q, notes %q", phases, u.Notes)
	}
	build()
	if len(phases) != 0 || u.Notes != nil {
		t.Errorf("the next time: phases %q, notes %q", phases, u.Notes)
	}
	dir, err := ask.Gallery.FindDerived(filepath.Join(neighbour.NeighbourFolder, neighbourFile+neighbour.HoodsSuffix))
	if err != nil {
		t.Fatal(err)
	}
	file := dir.File(filepath.Join(neighbour.NeighbourFolder, neighbourFile+neighbour.HoodsSuffix))
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	build()
	if len(phases) != 1 || len(u.Notes) != 1 || !strings.Contains(u.Notes[0], "built again") {
		t.Errorf("damaged: phases %q, notes %q", phases, u.Notes)
	}
	plan.Budget, plan.Name = 20_000, ""
	u.Notes = nil
	if n, err := u.build(t.Context(), plan); err != nil || !n.Usage().Cut || len(u.Notes) != 1 || !strings.Contains(u.Notes[0], "the others are searched for") {
		t.Errorf("a small budget: %v, notes %q", err, u.Notes)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	u.ask.Parts, u.Parts, u.measurer.Neighbours = 12, 12, nil
	if err := u.neighbours(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
