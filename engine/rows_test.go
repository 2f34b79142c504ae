package engine

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"strata/engine/code"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/fixtures/need"
)

var allTypes = []layer.DType{layer.Float32, layer.Float16, layer.BFloat16, layer.Float64, layer.Int8, layer.Uint8, layer.Int32}

// plainItems is an items table of so many rows.
func plainItems(rows int) string {
	text := "id,category\n"
	for r := range rows {
		text += fmt.Sprintf("i%d,k%d\n", r, r%3)
	}
	return text
}

// TestTypesAreSortEverything searches matrices of every type, one query at a time and
// many at once.
func TestTypesAreSortEverything(t *testing.T) {
	for i, kind := range allTypes {
		t.Run(kind.String(), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(i), 77))
			const rows = 1100
			layers := map[string]matrix{}
			for name, dim := range map[string]int{"A": 1 + rng.IntN(40), "B": 1 + rng.IntN(300), "C": 9} {
				m := randomMatrix(rng, rows, dim, false)
				if m.kind = kind; name == "C" {
					m.kind = allTypes[(i+3)%len(allTypes)]
				}
				layers[name] = m
			}
			g := open(t, writeGallery(t, plainItems(rows), layers))
			if l, err := g.Layer("A"); err != nil || l.Type != kind {
				t.Fatalf("%v, %v", l, err)
			}
			among, err := g.Candidates(nil)
			if err != nil {
				t.Fatal(err)
			}
			o := newOracle(layers, func(q, row int) bool { return q != row })
			schemes := parseAll(t, g, testSchemes)
			queries := []int{0, 1, 7, 600, rows - 1}
			all := rankAll(t, g, queries, schemes, 10, among)
			s := rank.NewSearcher(g, 1<<20)
			for i, q := range queries {
				wants := o.rankAll(schemes, q)
				got, err := s.Search(t.Context(), q, schemes, 10, among)
				if err != nil {
					t.Fatal(err)
				}
				checkRankings(t, got, wants, 10, fmt.Sprintf("query %d", q))
				checkRankings(t, all[i], wants, 10, fmt.Sprintf("query %d of many", q))
			}
		})
	}
}

// TestExtremeFloat64 ranks rows whose lengths, and products, are at the ends of
// float64, and beyond.
func TestExtremeFloat64(t *testing.T) {
	const rows, dim = 60, 20
	rng := rand.New(rand.NewPCG(3, 78))
	m, plain := matrix{kind: layer.Float64}, randomMatrix(rng, rows, 7, false)
	b := m.npyOf(rows, dim, func(r, _ int) float64 {
		return rng.NormFloat64() * []float64{1, 1e-162, 1e150, 1e-130, 1e160, 1e-320, 1e306}[r%7]
	})
	dir := writeGallery(t, plainItems(rows), map[string]matrix{"B": plain})
	write(t, dir, "A.npy", b)
	g := open(t, dir)
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	o := newOracle(map[string]matrix{"B": plain}, func(q, row int) bool { return q != row })
	for _, row := range wideRows(g.Layers[0]) {
		o.layers["A"] = append(o.layers["A"], row)
		o.square["A"] = append(o.square["A"], product(row, row))
	}
	schemes := parseAll(t, g, []string{"A", "B", "A+B", "concat(A,B)", "rrf(A,B)"})
	queries := make([]int, rows)
	for q := range queries {
		queries[q] = q
	}
	if err := g.PrepareCodes(t.Context(), code.Options{Build: true, All: true}); err != nil {
		t.Fatal(err)
	}
	all := rankAll(t, g, queries, schemes, 10, among)
	s := rank.NewSearcher(g, 1<<20)
	for q := range queries {
		wants := o.rankAll(schemes, q)
		got, err := s.Search(t.Context(), q, schemes, 10, among)
		if err != nil {
			t.Fatal(err)
		}
		checkRankings(t, got, wants, 10, fmt.Sprintf("query %d", q))
		checkRankings(t, all[q], wants, 10, fmt.Sprintf("query %d of many", q))
	}
}

// npyOf returns a .npy file of float64 values.
func (m matrix) npyOf(rows, dim int, value func(r, i int) float64) []byte {
	var b bytes.Buffer
	b.Write(layer.MatrixHead{Type: layer.Float64, Rows: int64(rows), Dim: int64(dim)}.Encode())
	for r := range rows {
		for i := range dim {
			bits := math.Float64bits(value(r, i))
			for shift := 0; shift < 64; shift += 8 {
				b.WriteByte(byte(bits >> shift))
			}
		}
	}
	return b.Bytes()
}

// lay returns the layer with its rows elsewhere in memory: from byte offset on, gap
// bytes apart, in so many segments.
func lay(l *layer.Layer, offset, gap, segments int) *layer.Layer {
	size, each := l.Bytes(), (l.Rows+segments-1)/segments
	var parts []layer.Segment
	for first := 0; first < l.Rows; first += each {
		n := min(each, l.Rows-first)
		from := &layer.Source{Path: fmt.Sprintf("%s %d", l.File, first), Data: bytes.Repeat([]byte{0x7f}, offset+n*(size+gap))}
		for r := range n {
			l.Runs(first+r, first+r+1, func(_ int, b []byte) { copy(from.Data[offset+r*(size+gap):], b) })
		}
		parts = append(parts, layer.NewSegment(from, first, n, offset, size+gap, size, l.Type))
	}
	return layer.NewLayer(l.Name, l.File, l.Type, l.Dim, parts)
}

// findings returns all that depends on a gallery's elements.
func findings(t *testing.T, g *Gallery) map[string]string {
	t.Helper()
	all := map[string]string{}
	add := func(what string, v any, err error) {
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		all[what] = fmt.Sprint(v)
	}
	print, _, err := newHashing(g).hash(t.Context(), layer.HashSample)
	add("fingerprint", print, err)
	sum, err := g.ContentHash(t.Context())
	add("content", sum, err)
	add("faults", g.Layers[0].Faults(), g.Measure(t.Context()))
	among, err := g.Candidates(nil)
	add("candidates", among.Count(0), err)
	schemes := parseAll(t, g, []string{"A", "B", "A+B", "concat(A,B)", "rrf(A,B)", "A|pca3"})
	queries := []int{3, 0, 700}
	look := func(what string) {
		got, err := rank.NewSearcher(g, 1<<20).Search(t.Context(), 1, schemes, 20, among)
		add(what+" search", got, err)
		for i, r := range rankAll(t, g, queries, schemes, 20, among) {
			add(fmt.Sprintf("%s rank %d", what, i), r, nil)
		}
	}
	look("plain")
	err = g.PrepareCodes(t.Context(), code.Options{Build: true, All: true})
	add("codes", len(g.Layers), err)
	look("coded")
	folder, err := g.Derived()
	add("folder", "", err)
	files, err := filepath.Glob(filepath.Join(folder, "*.codes"))
	add("files", len(files), err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		add(filepath.Base(f), b[code.HeaderBytes:], err) // without the time
	}
	path, err := SaveAs(g, g.Layers[0], "saved")
	add("save", "", err)
	b, err := os.ReadFile(path)
	add("saved", b, err)
	return all
}

// TestLayouts: nothing depends on where the rows of a layer lie.
func TestLayouts(t *testing.T) {
	for i, kind := range allTypes {
		t.Run(kind.String(), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(i), 79))
			const rows = 1100
			layers := map[string]matrix{"A": randomMatrix(rng, rows, 45, false), "B": randomMatrix(rng, rows, 7, true)}
			a := layers["A"]
			a.kind = kind
			layers["A"] = a
			dir := writeGallery(t, plainItems(rows), layers)
			want := findings(t, open(t, dir))
			layouts := [][3]int{{5, 3, 4}, {2, 9, rows}, {0, 0, 3}, {3, 0, 1}, {0, 8, 1}, {1, 1, 1}, {0, 0, rows}, {0, 40000, 2}}
			if !need.Patient() {
				layouts = layouts[:2]
			}
			for _, layout := range layouts {
				dir := writeGallery(t, plainItems(rows), layers)
				g := open(t, dir)
				if _, err := g.Fingerprint(t.Context()); err != nil { // it reads the layers
					t.Fatal(err)
				}
				for i, l := range g.Layers {
					g.Layers[i] = lay(l, layout[0], layout[1], layout[2])
					g.Layers[i].File = filepath.Join("x", l.Name+".npy")
				}
				got := findings(t, g)
				for _, what := range slices.Sorted(maps.Keys(want)) {
					if what != "faults" && got[what] != want[what] {
						t.Fatalf("%v: %s:\ngot  %.200s\nwant %.200s", layout, what, got[what], want[what])
					}
				}
			}
		})
	}
}

// BenchmarkScanLayouts scans rows in a cache and in memory, from one goroutine: by
// the kernel itself, and as layers whose rows lie in different ways.
func BenchmarkScanLayouts(b *testing.B) {
	const size = 64 << 20
	from := &layer.Source{Path: "memory", Data: make([]byte, 2*size)}
	for i := range from.Data {
		from.Data[i] = byte(i % 60) // of small numbers
	}
	for _, kind := range []layer.DType{layer.Float32, layer.Float16, layer.Int8, layer.Float64} {
		for _, dim := range []int{128, 2048} {
			row := dim * int(kind.Size())
			rows := size / row
			q, dst := make([]float64, dim), make([]float64, rows)
			for i := range q {
				q[i] = float64(i % 7)
			}
			dense := layer.NewLayer("A", "A", kind, dim, []layer.Segment{layer.NewSegment(from, 0, rows, 0, row, row, kind)})
			apart := layer.NewLayer("A", "A", kind, dim, []layer.Segment{layer.NewSegment(from, 0, rows, 4, row+4, row, kind)})
			scan := func(name string, l *layer.Layer) {
				b.Run(fmt.Sprintf("%s/%d/%s", kind, dim, name), func(b *testing.B) {
					b.SetBytes(size)
					step := layer.ScanBlock / row
					for b.Loop() {
						for lo := 0; lo < rows; lo += step {
							to := dst[lo:min(lo+step, rows)]
							if l == nil {
								layer.ScanBytes(kind, to, q, from.Data[lo*row:(lo+len(to))*row], dim)
							} else {
								l.Scan(to, q, lo)
							}
						}
					}
				})
			}
			scan("kernel", nil)
			scan("dense", dense)
			scan("apart", apart)
			scan("shards", lay(dense, 0, 0, 8))
		}
	}
}
