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
	"strings"
	"testing"

	"strata/engine"
	"strata/fixtures"
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

func schemes(tb testing.TB, texts ...string) []engine.Scheme {
	tb.Helper()
	var out []engine.Scheme
	for _, text := range texts {
		s, err := engine.ParseScheme(text)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// openFixture opens the built-in gallery.
func openFixture(ctx context.Context, name string) (*engine.Gallery, error) {
	return engine.OpenFS(ctx, name, fixtures.Demo())
}

func demo(t *testing.T) *engine.Gallery {
	t.Helper()
	g, err := engine.OpenFS(t.Context(), "demo", fixtures.Demo())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

// twins is a gallery with pictures: 0, 3 and 5 have the same one, and so have 1
// and 2, which are of one group; 4 has the rows of 0; 6 is near 1; that of 7 is missing.
func twins(t *testing.T) *engine.Gallery {
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
		if err := os.WriteFile(filepath.Join(dir, name+".npy"), npy(rows), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	g, err := engine.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

// oddItems is the number of items of oddTable.
const oddItems = 12

// oddTable is a gallery with labels under which there is little to find: one
// class, classes of one item, no known value, and values that are numbers or dates.
func oddTable() *table {
	tab := &table{labels: []string{"one", "lone", "unknown", "price", "date"}, cells: map[string][]string{}, layers: map[string][][]float32{}}
	for r := range oddItems {
		tab.ids = append(tab.ids, fmt.Sprint("i", r))
		for label, cell := range map[string]string{
			"one": "same", "lone": fmt.Sprint("class ", r), "unknown": "", "price": fmt.Sprintf("%d.5", r/2), "date": fmt.Sprintf("2024-01-%02d", r/3+1),
		} {
			tab.cells[label] = append(tab.cells[label], cell)
		}
		angle := float64(r) / 10
		tab.layers["A"] = append(tab.layers["A"], []float32{float32(math.Cos(angle)), float32(math.Sin(angle))})
		tab.layers["B"] = append(tab.layers["B"], []float32{float32(math.Cos(7 * angle)), float32(math.Sin(7 * angle))})
	}
	return tab
}
