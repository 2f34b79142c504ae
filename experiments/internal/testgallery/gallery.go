// Package testgallery makes galleries for tests, and says what their rankings are in
// the plainest way. Only tests import it.
package testgallery

import (
	"context"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine"
	"strata/engine/scheme"
	"strata/fixtures"
)

// Table is a gallery as a test makes it, apart from how package engine reads it.
type Table struct {
	IDs    []string
	Group  []string // nil: none
	Split  []string // nil: none
	Labels []string
	Cells  map[string][]string // by label, then row
	Layers map[string][][]float32
}

// Write writes the table as a gallery folder.
func (t *Table) Write(tb testing.TB, dir string) {
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
	header := append([]string{"id"}, t.Labels...)
	if t.Group != nil {
		header = append(header, "group")
	}
	if t.Split != nil {
		header = append(header, "split")
	}
	_ = rows.Write(header) // Flush and Error say so
	for r, id := range t.IDs {
		row := []string{id}
		for _, l := range t.Labels {
			row = append(row, t.Cells[l][r])
		}
		if t.Group != nil {
			row = append(row, t.Group[r])
		}
		if t.Split != nil {
			row = append(row, t.Split[r])
		}
		_ = rows.Write(row)
	}
	if rows.Flush(); rows.Error() != nil {
		tb.Fatal(rows.Error())
	}
	for name, matrix := range t.Layers {
		if err := os.WriteFile(filepath.Join(dir, name+".npy"), NPY(matrix), 0o666); err != nil {
			tb.Fatal(err)
		}
	}
}

// NPY returns a float32 matrix as a .npy file, version 1.0.
func NPY(matrix [][]float32) []byte {
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

// Open writes the table and opens it.
func (t *Table) Open(tb testing.TB) *engine.Gallery {
	tb.Helper()
	dir := tb.TempDir()
	t.Write(tb, dir)
	g, err := engine.Open(tb.Context(), dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = g.Close() })
	return g
}

// Shirts is a gallery small enough to know all rankings: under x, items are
// ranked by their angle.
func Shirts() *Table {
	angle := func(degrees ...float64) [][]float32 {
		var rows [][]float32
		for _, d := range degrees {
			rows = append(rows, []float32{float32(math.Cos(d * math.Pi / 180)), float32(math.Sin(d * math.Pi / 180))})
		}
		return rows
	}
	y := angle(0, 80, 60, 40, 20, 10)
	y[5] = []float32{0, 0} // f has no score in y
	return &Table{
		IDs:    []string{"a", "b", "c c", "d", "e", "f"},
		Labels: []string{"category", "brand name"},
		Cells: map[string][]string{
			"category":   {"shirt", "shirt", "cap", "shirt|cap", "cap", "shirt"},
			"brand name": {"x", "", "x", "y", "x", "lone"},
		},
		Layers: map[string][][]float32{"x": angle(0, 10, 20, 30, 40, 50), "y": y},
	}
}

// Random returns a gallery with everything that makes ranking and judging hard:
// equal rows, rows of zeros, rows that are not finite, cells of several values,
// unknown cells, lone classes, groups and splits.
func Random(rng *rand.Rand, n int) *Table {
	t := &Table{
		Group: make([]string, n), Split: make([]string, n),
		Labels: []string{"category", "colour"},
		Cells:  map[string][]string{"category": make([]string, n), "colour": make([]string, n)},
		Layers: map[string][][]float32{},
	}
	colours := []string{"red", "white", "blue", "grey"}
	for r := range n {
		t.IDs = append(t.IDs, fmt.Sprintf("item-%d", r))
		if rng.IntN(4) == 0 {
			t.Group[r] = fmt.Sprintf("g%d", rng.IntN(n/8+1))
		}
		t.Split[r] = []string{"", "both", "query", "gallery", "", ""}[rng.IntN(6)]
		t.Cells["category"][r] = fmt.Sprintf("class %d", rng.IntN(n/6+1))
		var values []string
		for range rng.IntN(3) {
			values = append(values, colours[rng.IntN(len(colours))])
		}
		t.Cells["colour"][r] = strings.Join(values, "|")
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
				copy(row, t.Layers[name][rng.IntN(r)])
			}
			t.Layers[name] = append(t.Layers[name], row)
		}
	}
	return t
}

// Schemes parses schemes.
func Schemes(tb testing.TB, texts ...string) []scheme.Scheme {
	tb.Helper()
	var out []scheme.Scheme
	for _, text := range texts {
		s, err := scheme.ParseScheme(text)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// OpenDemo opens the built-in gallery.
func OpenDemo(ctx context.Context, name string) (*engine.Gallery, error) {
	return engine.OpenFS(ctx, name, fixtures.Demo())
}

// Demo opens the built-in gallery until the test ends.
func Demo(t *testing.T) *engine.Gallery {
	t.Helper()
	g, err := engine.OpenFS(t.Context(), "demo", fixtures.Demo())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return g
}

// Twins is a gallery with pictures: 0, 3 and 5 have the same one, and so have 1
// and 2, which are of one group; 4 has the rows of 0; 6 is near 1; that of 7 is missing.
func Twins(t *testing.T) *engine.Gallery {
	t.Helper()
	dir := t.TempDir()
	items := "id,image,category,group\n"
	for r, of := range []struct{ picture, category, group string }{
		{"one", "x", ""}, {"two", "x", "g"}, {"two", "y", "g"}, {"one", "y", ""}, {"other", "x", ""}, {"one", "", ""}, {"four", "x", ""}, {"", "y", ""},
	} {
		items += fmt.Sprintf("i%d,p%d.png,%s,%s\n", r, r, of.category, of.group)
		if of.picture != "" {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("p%d.png", r)), []byte(of.picture), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "items.csv"), []byte(items), 0o666); err != nil {
		t.Fatal(err)
	}
	rows := [][]float32{{1, 0, 0}, {0, 1, 0}, {0, 1, 0.5}, {1, 0, 0.01}, {1, 0, 0}, {-1, 0, 0}, {0, 1, 0.02}, {0, -1, 1}}
	for _, name := range []string{"A", "B"} {
		if err := os.WriteFile(filepath.Join(dir, name+".npy"), NPY(rows), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	g, err := engine.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return g
}

// OddItems is the number of items of Odd.
const OddItems = 12

// Odd is a gallery with labels under which there is little to find: one
// class, classes of one item, no known value, and values that are numbers or dates.
func Odd() *Table {
	tab := &Table{Labels: []string{"one", "lone", "unknown", "price", "date"}, Cells: map[string][]string{}, Layers: map[string][][]float32{}}
	for r := range OddItems {
		tab.IDs = append(tab.IDs, fmt.Sprint("i", r))
		for label, cell := range map[string]string{
			"one": "same", "lone": fmt.Sprint("class ", r), "unknown": "", "price": fmt.Sprintf("%d.5", r/2), "date": fmt.Sprintf("2024-01-%02d", r/3+1),
		} {
			tab.Cells[label] = append(tab.Cells[label], cell)
		}
		angle := float64(r) / 10
		tab.Layers["A"] = append(tab.Layers["A"], []float32{float32(math.Cos(angle)), float32(math.Sin(angle))})
		tab.Layers["B"] = append(tab.Layers["B"], []float32{float32(math.Cos(7 * angle)), float32(math.Sin(7 * angle))})
	}
	return tab
}

// OddK is larger than Odd.
const OddK = 40
