package experiments

import (
	"context"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"strata/engine"
)

// table is a gallery as a test makes it, apart from how package engine reads it.
type table struct {
	ids    []string
	group  []string // nil: none
	split  []string // nil: none
	labels []string
	cells  map[string][]string // by label, then row
	layers map[string][][]float32
}

// write writes the table as a gallery folder.
func (t *table) write(tb testing.TB, dir string) {
	tb.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		tb.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "items.csv"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	rows := csv.NewWriter(f)
	header := append([]string{"id"}, t.labels...)
	if t.group != nil {
		header = append(header, "group")
	}
	if t.split != nil {
		header = append(header, "split")
	}
	rows.Write(header)
	for r, id := range t.ids {
		row := []string{id}
		for _, l := range t.labels {
			row = append(row, t.cells[l][r])
		}
		if t.group != nil {
			row = append(row, t.group[r])
		}
		if t.split != nil {
			row = append(row, t.split[r])
		}
		rows.Write(row)
	}
	if rows.Flush(); rows.Error() != nil {
		tb.Fatal(rows.Error())
	}
	for name, matrix := range t.layers {
		if err := os.WriteFile(filepath.Join(dir, name+".npy"), npy(matrix), 0o666); err != nil {
			tb.Fatal(err)
		}
	}
}

// npy returns a float32 matrix as a .npy file, version 1.0.
func npy(matrix [][]float32) []byte {
	header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", len(matrix), len(matrix[0]))
	header += strings.Repeat(" ", 63-(10+len(header))%64) + "\n"
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	b = append(b, header...)
	for _, row := range matrix {
		for _, x := range row {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
	}
	return b
}

// open writes the table and opens it.
func (t *table) open(tb testing.TB) *engine.Gallery {
	tb.Helper()
	dir := tb.TempDir()
	t.write(tb, dir)
	g, err := engine.Open(context.Background(), dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { g.Close() })
	return g
}

// shirts is a gallery small enough to know all rankings: under x, items are
// ranked by their angle.
func shirts() *table {
	angle := func(degrees ...float64) [][]float32 {
		var rows [][]float32
		for _, d := range degrees {
			rows = append(rows, []float32{float32(math.Cos(d * math.Pi / 180)), float32(math.Sin(d * math.Pi / 180))})
		}
		return rows
	}
	y := angle(0, 80, 60, 40, 20, 10)
	y[5] = []float32{0, 0} // f has no score in y
	return &table{
		ids:    []string{"a", "b", "c c", "d", "e", "f"},
		labels: []string{"category", "brand name"},
		cells: map[string][]string{
			"category":   {"shirt", "shirt", "cap", "shirt|cap", "cap", "shirt"},
			"brand name": {"x", "", "x", "y", "x", "lone"},
		},
		layers: map[string][][]float32{"x": angle(0, 10, 20, 30, 40, 50), "y": y},
	}
}

// random returns a gallery with everything that makes ranking and judging hard:
// equal rows, rows of zeros, rows that are not finite, cells of several values,
// unknown cells, lone classes, groups and splits.
func random(rng *rand.Rand, n int) *table {
	t := &table{
		group: make([]string, n), split: make([]string, n),
		labels: []string{"category", "colour"},
		cells:  map[string][]string{"category": make([]string, n), "colour": make([]string, n)},
		layers: map[string][][]float32{},
	}
	colours := []string{"red", "white", "blue", "grey"}
	for r := range n {
		t.ids = append(t.ids, fmt.Sprintf("item-%d", r))
		if rng.IntN(4) == 0 {
			t.group[r] = fmt.Sprintf("g%d", rng.IntN(n/8+1))
		}
		t.split[r] = []string{"", "both", "query", "gallery", "", ""}[rng.IntN(6)]
		t.cells["category"][r] = fmt.Sprintf("class %d", rng.IntN(n/6+1))
		var values []string
		for range rng.IntN(3) {
			values = append(values, colours[rng.IntN(len(colours))])
		}
		t.cells["colour"][r] = strings.Join(values, "|")
	}
	for l, dim := range []int{3, 17, 40} {
		name := string("ABC"[l])
		for r := range n {
			row := make([]float32, dim)
			for i := range row {
				row[i] = rng.Float32() - 0.3
			}
			switch what := rng.IntN(20); {
			case what == 0:
				clear(row)
			case what == 1:
				row[rng.IntN(dim)] = float32(math.NaN())
			case what == 2:
				row[rng.IntN(dim)] = float32(math.Inf(1))
			case what < 7 && r > 0:
				copy(row, t.layers[name][rng.IntN(r)])
			}
			t.layers[name] = append(t.layers[name], row)
		}
	}
	return t
}

// oracleRank ranks the table for one query in the plainest way: score all, sort all.
func (t *table) oracleRank(q int, s engine.Scheme, filter []engine.Condition) (rows []int, scores []float64) {
	scores = t.oracleScores(q, s, filter)
	for r := range t.ids {
		if t.candidate(q, r, filter) {
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int {
		x, y := scores[a], scores[b]
		switch {
		case x > y || !math.IsNaN(x) && math.IsNaN(y):
			return -1
		case x < y || math.IsNaN(x) && !math.IsNaN(y):
			return 1
		}
		return 0
	})
	return rows, scores
}

func (t *table) oracleScores(q int, s engine.Scheme, filter []engine.Condition) []float64 {
	scores := make([]float64, len(t.ids))
	if s.Kind == engine.RRF {
		for _, p := range s.Parts {
			rows, of := t.oracleRank(q, p, filter)
			for i, r := range rows {
				scores[r] += 1 / float64(60+i+1)
				if math.IsNaN(of[r]) {
					scores[r] = math.NaN()
				}
			}
		}
		return scores
	}
	for r := range scores {
		var dot, qq, xx, sum, weights float64
		bad := false
		for _, term := range s.Terms {
			if term.Weight == 0 {
				continue
			}
			a, b := t.layers[term.Factor.String()][q], t.layers[term.Factor.String()][r]
			var ab, aa, bb float64
			for i := range a {
				ab += float64(a[i]) * float64(b[i])
				aa += float64(a[i]) * float64(a[i])
				bb += float64(b[i]) * float64(b[i])
			}
			for _, x := range []float64{aa, bb} {
				bad = bad || x == 0 || math.IsNaN(x) || math.IsInf(x, 0)
			}
			sum += term.Weight * ab / math.Sqrt(aa*bb)
			weights += term.Weight
			w := term.Weight * term.Weight
			dot, qq, xx = dot+w*ab, qq+w*aa, xx+w*bb
		}
		switch {
		case bad:
			scores[r] = math.NaN()
		case s.Kind == engine.Concat:
			scores[r] = dot / math.Sqrt(qq*xx)
		default:
			scores[r] = sum / weights
		}
	}
	return scores
}

func (t *table) candidate(q, r int, filter []engine.Condition) bool {
	if q == r || t.group != nil && t.group[q] != "" && t.group[q] == t.group[r] || t.split != nil && t.split[r] == "query" {
		return false
	}
	return t.meets(r, filter)
}

// meets reports whether a row meets conditions, which are of different labels.
func (t *table) meets(r int, conditions []engine.Condition) bool {
	for _, c := range conditions {
		if !slices.Contains(strings.Split(t.cells[c.Label][r], "|"), c.Value) {
			return false
		}
	}
	return true
}

// relevant reports whether two rows share a value.
func (t *table) relevant(label string, q, r int) bool {
	for _, v := range strings.Split(t.cells[label][q], "|") {
		if v != "" && slices.Contains(strings.Split(t.cells[label][r], "|"), v) {
			return true
		}
	}
	return false
}
