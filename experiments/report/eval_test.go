package report

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"strata/engine"
	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
	"strata/experiments/mine"
	"strata/experiments/run"
	"strata/experiments/table"
)

// TestExcludeDuplicates evaluates without duplicates, and again with a group that
// says the same.
func TestExcludeDuplicates(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	tab := testgallery.Random(rng, 80)
	tab.Group = slices.Repeat([]string{""}, 80)
	for name, rows := range tab.Layers {
		for r := range rows {
			for i := range rows[r] {
				rows[r][i] = rng.Float32() - 0.5
			}
		}
		for r := 0; r < 40; r += 2 {
			copy(rows[r+1], rows[r])
		}
		tab.Layers[name] = rows
	}
	plan := eval.Plan{Schemes: testgallery.Schemes(t, "B", "B+C"), Ks: []int{3, 10}}
	tables := func(g *engine.Gallery, near float64) map[string]string {
		out := filepath.Join(t.TempDir(), "out")
		run := Run{Gallery: g, Plan: plan, Near: near, Folder: run.Folder{Out: out}}
		outcome, err := run.Do(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if near > 0 && len(outcome.Duplicates.Pairs) < 10 {
			t.Errorf("%d pairs", len(outcome.Duplicates.Pairs))
		}
		return testgallery.ReadFolder(t, out)
	}
	got, with := tables(tab.Open(t), 0.9999), tables(tab.Open(t), 0)
	for r := 0; r < 40; r += 2 {
		tab.Group[r], tab.Group[r+1] = fmt.Sprint("g", r), fmt.Sprint("g", r)
	}
	want := tables(tab.Open(t), 0)
	for _, name := range []string{"metrics.csv", "per_query.csv", "comparisons.csv"} {
		if got[name] != want[name] {
			t.Errorf("%s differs from that with groups", name)
		}
	}
	if got["metrics.csv"] == with["metrics.csv"] {
		t.Error("duplicates make no difference")
	}
	if !strings.Contains(got["manifest.json"], `"near": 0.9999`) {
		t.Error("the manifest does not say that duplicates were left out")
	}
}

// TestCSVSafe evaluates a gallery with hostile ids and labels: no table holds a
// cell that a spreadsheet would compute, and without the option none is changed.
func TestCSVSafe(t *testing.T) {
	of := &testgallery.Table{
		IDs:    []string{"=cmd|' /C calc'!A0", "@b", "-c", "-1"},
		Labels: []string{"=kind"},
		Cells:  map[string][]string{"=kind": {"+x", "+x", "=y", "=y"}},
		Layers: map[string][][]float32{"A": {{1, 0}, {.9, .1}, {0, 1}, {.1, .9}}, "B": {{1, 1}, {.5, .1}, {.2, 1}, {.1, .9}}},
	}
	g := of.Open(t)
	schemes := testgallery.Schemes(t, "A", "B")
	for _, safe := range []bool{true, false} {
		dir := t.TempDir()
		now := func() time.Time { return time.Time{} }
		r := Run{Gallery: g, Plan: eval.Plan{Schemes: schemes, Ks: []int{1}}, Folder: run.Folder{Out: dir, CSVSafe: safe, Now: now}}
		if _, err := r.Do(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		mining := mine.Mining{Gallery: g, A: schemes[0], B: schemes[1]}
		if _, err := WriteMining(t.Context(), mining, run.Folder{Out: filepath.Join(dir, "mined"), CSVSafe: safe, Now: now}, nil); err != nil {
			t.Fatal(err)
		}
		marked, raw := 0, 0
		for _, pattern := range []string{"*.csv", "mined/*.csv"} {
			paths, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil || len(paths) < 3 {
				t.Fatalf("%s: %d tables, %v", pattern, len(paths), err)
			}
			for _, path := range paths {
				for _, cell := range cellsOf(t, path) {
					switch {
					case table.SpreadsheetCell(cell) != cell:
						raw++
					case strings.HasPrefix(cell, "'"):
						marked++
					}
				}
			}
		}
		if safe && (raw > 0 || marked == 0) || !safe && (raw == 0 || marked > 0) {
			t.Errorf("safe %v: %d cells are formulas, %d are marked as text", safe, raw, marked)
		}
	}
}

// cellsOf returns the cells of a CSV file.
func cellsOf(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return slices.Concat(rows...)
}
