//go:build cgo && !windows

package graph_test

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"strata/engine/graph"
	"strata/fixtures/need"
)

// vectors draws rows in clusters, as features lie.
func vectors(rows, dim int) [][]float32 {
	rng := rand.New(rand.NewPCG(9, uint64(rows)))
	centres := make([][]float64, 12)
	for c := range centres {
		centres[c] = make([]float64, dim)
		for i := range centres[c] {
			centres[c][i] = rng.NormFloat64()
		}
	}
	all := make([][]float32, rows)
	for r := range all {
		row, square := make([]float32, dim), 0.0
		for i := range row {
			row[i] = float32(centres[r%len(centres)][i] + rng.NormFloat64())
			square += float64(row[i]) * float64(row[i])
		}
		for i := range row {
			row[i] /= float32(math.Sqrt(square))
		}
		all[r] = row
	}
	return all
}

// nearest returns the n rows whose products with q are largest, itself first.
func nearest(all [][]float32, q, n int) []int {
	type scored struct {
		row   int
		score float64
	}
	var scores []scored
	for r, row := range all {
		var dot float64
		for i := range row {
			dot += float64(row[i]) * float64(all[q][i])
		}
		scores = append(scores, scored{r, dot})
	}
	slices.SortFunc(scores, func(a, b scored) int {
		if a.score > b.score {
			return -1
		}
		return 1
	})
	rows := make([]int, n)
	for i := range rows {
		rows[i] = scores[i].row
	}
	return rows
}

func build(t *testing.T, all [][]float32, kind graph.Kind) *graph.Index {
	t.Helper()
	x, err := graph.New(need.USearch(t), graph.Options{Dim: len(all[0]), Rows: len(all), Kind: kind, M: 8, EfConstruction: 32, Searchers: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	for row, v := range all {
		if err := x.Add(row, v); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// TestIndex looks at what a graph finds of the nearest: more with a larger ef, all
// but a few with a large one; and that a second graph finds the very same, from
// several goroutines.
func TestIndex(t *testing.T) {
	all := vectors(3000, 40)
	for _, kind := range []graph.Kind{graph.Float16, graph.Float32, graph.Int8} {
		x, again := build(t, all, kind), build(t, all, kind)
		least := int64(len(all) * 40 * map[graph.Kind]int{graph.Float16: 2, graph.Float32: 4, graph.Int8: 1}[kind])
		if n := x.Bytes(); n < least || n > least+3000*200 || n != again.Bytes() {
			t.Errorf("%s: %d bytes, then %d; the vectors alone are %d", kind, n, again.Bytes(), least)
		}
		var recall []float64
		for _, ef := range []int{10, 40, 400} {
			if err := x.SetEf(ef); err != nil {
				t.Fatal(err)
			}
			if err := again.SetEf(ef); err != nil {
				t.Fatal(err)
			}
			recall = append(recall, searchBoth(t, x, again, all))
		}
		t.Logf("%s: recall %v", kind, recall)
		if least := map[graph.Kind]float64{graph.Int8: 0.93}[kind]; recall[0]+0.01 > recall[1] || recall[1] > recall[2]+0.01 || recall[2] < max(least, 0.9) {
			t.Errorf("%s: recall %v", kind, recall)
		}
	}
}

// searchBoth returns the recall of x, and checks that again finds the same.
func searchBoth(t *testing.T, x, again *graph.Index, all [][]float32) float64 {
	const queries, k = 100, 10
	found := make([][]int, queries)
	var wg sync.WaitGroup
	for part := range 2 {
		wg.Go(func() {
			for q := part; q < queries; q += 2 {
				var err error
				if found[q], err = x.Search(all[q], k); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	hits := 0
	for q := range queries {
		other, err := again.Search(all[q], k)
		if err != nil || !slices.Equal(found[q], other) {
			t.Fatalf("query %d: %v, and a graph of the same vectors finds %v; %v", q, found[q], other, err)
		}
		for _, row := range nearest(all, q, k) {
			if slices.Contains(found[q], row) {
				hits++
			}
		}
	}
	return float64(hits) / (queries * k)
}

func TestIndexRefuses(t *testing.T) {
	library := need.USearch(t)
	good := graph.Options{Dim: 2, Rows: 1, M: 4, EfConstruction: 8, Searchers: 1}
	for _, change := range []func(*graph.Options){
		func(o *graph.Options) { o.Dim = 0 }, func(o *graph.Options) { o.Rows = 0 }, func(o *graph.Options) { o.M = 1 },
		func(o *graph.Options) { o.EfConstruction = 0 }, func(o *graph.Options) { o.Searchers = 0 },
	} {
		o := good
		change(&o)
		if _, err := graph.New(library, o); err == nil || !strings.Contains(err.Error(), "each is 1 or more") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	x, err := graph.New(library, good)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if found, err := x.Search([]float32{1, 0}, 3); err != nil || len(found) != 0 {
		t.Errorf("an empty graph finds %v, %v", found, err)
	}
	if err := x.Add(7, []float32{1}); err == nil || !strings.Contains(err.Error(), "item 7: a vector of 1 values, the graph has 2") {
		t.Error(err)
	}
	if err := x.Add(7, []float32{1, 0}); err != nil {
		t.Fatal(err)
	}
	if err := x.Add(8, []float32{0, 1}); err == nil || !strings.Contains(err.Error(), "room for 1 items") {
		t.Error(err)
	}
	if err := x.SetEf(0); err == nil {
		t.Error("ef 0")
	}
	if err := x.SetEf(10); err != nil {
		t.Fatal(err)
	}
	if found, err := x.Search([]float32{1, 0}, 3); err != nil || !slices.Equal(found, []int{7}) {
		t.Errorf("%v %v", found, err)
	}
	if _, err := x.Search([]float32{1}, 3); err == nil {
		t.Error("a short query")
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestNotALibrary loads a file that is none.
func TestNotALibrary(t *testing.T) {
	path := filepath.Join(t.TempDir(), graph.LibraryName())
	if err := os.WriteFile(path, []byte("no library"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := graph.New(path, graph.Options{Dim: 2, Rows: 1, M: 4, EfConstruction: 8, Searchers: 1})
	if err == nil || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
}
