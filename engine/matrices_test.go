package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"strata/engine/code"
	"strata/engine/format"
	"strata/engine/manifest"
	"strata/engine/rank"
	"strata/fixtures/matrices"
	"strata/fixtures/need"
)

// ints are rows of small numbers, which every type holds.
func ints(rows, dim, seed int) []uint8 {
	values := make([]uint8, rows*dim)
	for i := range values {
		values[i] = uint8((i*i*7 + i*seed + i/dim*3) % 101)
	}
	return values
}

// encode is matrices.Encode.
func encode(t testing.TB, kind string, all ...matrices.Matrix) []byte {
	t.Helper()
	b, err := matrices.Encode(kind, all...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fileOf returns the name of a file of a kind.
func fileOf(stem, kind string) string { return stem + filepath.Ext(kind) }

// layerNames returns the names, types and shapes of a gallery's layers.
func layerNames(g *Gallery) string {
	var names []string
	for _, l := range g.Layers {
		names = append(names, fmt.Sprintf("%s %s %dx%d", l.Name, l.Type, l.Rows, l.Dim))
	}
	return strings.Join(names, ", ")
}

// TestOpenFormats: the same matrix in every format and type, whole and in shards, is the
// same layer, to its fingerprint.
func TestOpenFormats(t *testing.T) {
	need.Long(t)
	const rows, dim = 50, 6
	values := ints(rows, dim, 5)
	want := map[format.Type]string{}
	for _, kind := range matrices.Kinds() {
		for _, typ := range matrices.Types(kind) {
			t.Run(strings.TrimPrefix(kind, ".")+" "+typ.String(), func(t *testing.T) {
				m := matrices.FromInts("A", typ, dim, values)
				whole, shards, counted := t.TempDir(), t.TempDir(), t.TempDir()
				write(t, whole, fileOf("A", kind), encode(t, kind, m))
				for i, part := range []matrices.Matrix{m.Part(0, 20), m.Part(20, 21), m.Part(21, rows)} {
					write(t, shards, fileOf(fmt.Sprintf("A-%05d-of-00003", i), kind), encode(t, kind, part))
					write(t, counted, fileOf(fmt.Sprintf("A-%d-of-3", i+1), kind), encode(t, kind, part))
				}
				for _, dir := range []string{whole, shards, counted} {
					write(t, dir, itemsFile, []byte(plainItems(rows)))
					g := open(t, dir)
					if got, want := layerNames(g), fmt.Sprintf("A %s 50x6", typ); got != want || len(g.Notes) > 0 {
						t.Fatalf("got %s, %v", got, g.Notes)
					}
					print, err := g.Fingerprint(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if want[typ] == "" {
						want[typ] = print
					}
					if print != want[typ] {
						t.Errorf("its fingerprint is another: %s, %s", print, want[typ])
					}
					for r, row := range wideRows(g.Layers[0]) {
						for i, v := range row {
							if v != float64(values[r*dim+i]) {
								t.Fatalf("row %d, value %d is %v, not %d", r, i, v, values[r*dim+i])
							}
						}
					}
					embedded, err := OpenFS(t.Context(), dir, os.DirFS(dir))
					if err != nil {
						t.Fatal(err)
					}
					if print, err := embedded.Fingerprint(t.Context()); err != nil || print != want[typ] {
						t.Errorf("embedded: %s, %v", print, err)
					}
					if err := embedded.Close(); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

// file is a matrix file of a test.
type file struct {
	name string
	data []byte
}

// TestOpenLayers opens folders whose layers follow from names, arrays and gallery.yaml.
func TestOpenLayers(t *testing.T) {
	f := func(name string, dim, rows int) matrices.Matrix {
		return matrices.FromInts(name, format.Float32, dim, ints(rows, dim, dim))
	}
	one := func(name, kind string, all ...matrices.Matrix) file { return file{name, encode(t, kind, all...)} }
	two := []file{one("x.npz", ".npz", f("A", 3, 4), f("B", 2, 4), f("other", 3, 9))}
	index := func(text string) file { return file{"model.safetensors.index.json", []byte(text)} }
	model := []file{
		one("model-00001-of-00002.safetensors", ".safetensors", f("A", 3, 4), f("B", 5, 4)),
		one("model-00002-of-00002.safetensors", ".safetensors", f("C", 2, 4), f("bias", 2, 1)),
	}
	weights := `{"metadata": {}, "weight_map": {"A": "model-00001-of-00002.safetensors", "B": "model-00001-of-00002.safetensors", "C": "model-00002-of-00002.safetensors", "bias": "model-00002-of-00002.safetensors"}}`
	shards := func(kind string, numbers ...string) []file {
		var files []file
		for _, n := range numbers {
			files = append(files, one(fileOf("C-"+n, kind), kind, f("C", 3, 2)))
		}
		return files
	}
	for _, c := range []struct {
		name, manifest string
		files          []file
		want, notes    string // layers, and a part of a note
		fails          string // or a part of an error
	}{
		{"arrays are layers", "", two, "A float32 4x3, B float32 4x2", `x.npz: "other" is no layer: the matrix has 9 rows, items.csv has 4 items`, ""},
		{"selected", "select: [B]", two, "B float32 4x2", "", ""},
		{"one by name", "layers: {C: {file: x.npz, array: B}}", two, "C float32 4x2", "", ""},
		{"its own name", "layers: {B: {file: x.npz}}", two, "B float32 4x2", "", ""},
		{"two of one", "layers: {C: {file: x.npz, array: B}, D: {file: x.npz, array: A}}", two, "C float32 4x2, D float32 4x3", "", ""},
		{"no such array", "layers: {C: {file: x.npz, array: D}}", two, "", "", `x.npz: it has no array "D"; it has "A", "B", "other": gallery.yaml can say which`},
		{"which array", "layers: {C: {file: x.npz}}", two, "", "", `x.npz: it has no array "C"; it has "A"`},
		{"array asked for", "layers: {C: {file: x.npz, array: other}}", two, "", "", "x.npz: \"other\": the matrix has 9 rows, items.csv has 4 items"},
		{"array named", "layers: {other: {description: x}}", two, "", "", "the matrix has 9 rows"},
		{"only array", "layers: {C: {file: x.npz}}", []file{one("x.npz", ".npz", f("A", 3, 4))}, "C float32 4x3", "", ""},
		{"only array of other rows", "", []file{one("x.npz", ".npz", f("A", 3, 5))}, "", "", `x.npz: "A": the matrix has 5 rows, items.csv has 4 items`},
		{"none is a layer", "", []file{one("x.npz", ".npz", f("A", 3, 5), f("B", 2, 5))}, "", "", "a gallery needs at least one layer, and "},
		{"name of array", "", []file{one("x.npz", ".npz", f("1a", 3, 4))}, "", "", `x.npz: "1a": a layer's name is a letter, then letters, digits, _, . or -; name it in gallery.yaml: layers: {NAME: {file: x.npz, array: "1a"}}`},
		{"a path", "layers: {C: {file: x.npz, array: Mixed_7c/pool}}", []file{one("x.npz", ".npz", f("Mixed_7c/pool", 3, 4))}, "C float32 4x3", "", ""},
		{"an array twice", "", append(slices.Clone(two), one("y.npz", ".npz", f("B", 2, 4))), "", "", "y.npz: layer B is in "},
		{"a layer in two formats", "", []file{one("A.npy", ".npy", f("", 3, 4)), one("A.fvecs", ".fvecs", f("", 3, 4))}, "", "", "A.npy: layer A is in "},
		{"columns", "layers: {C: {file: w.npy, columns: 1:3}, D: {file: w.npy, columns: '3:'}, E: {file: w.npy, columns: ':1'}}", []file{one("w.npy", ".npy", f("", 7, 4))}, "C float32 4x2, D float32 4x4, E float32 4x1", "", ""},
		{"columns beyond", "layers: {C: {file: w.npy, columns: 3:9}}", []file{one("w.npy", ".npy", f("", 7, 4))}, "", "", "w.npy: it has 7 columns, not those from 3 to 9 that gallery.yaml names"},
		{"columns from the end", "layers: {C: {file: w.npy, columns: '7:'}}", []file{one("w.npy", ".npy", f("", 7, 4))}, "", "", "w.npy: it has 7 columns, not those from 7 to 7"},
		{"columns of no numbers", "layers: {C: {file: w.npy, columns: a:b}}", nil, "", "", `columns "a:b" are not FROM:TO`},
		{"columns backwards", "layers: {C: {file: w.npy, columns: 3:3}}", nil, "", "", `columns "3:3" are not FROM:TO`},
		{"columns of what", "layers: {C: {columns: 1:3}}", nil, "", "", "it has an array or columns, and names no file"},
		{"file and files", "layers: {C: {file: a.npy, files: [b.npy]}}", nil, "", "", "it has both a file and files"},
		{"a file twice", "layers: {C: {files: [b.npy, b.npy]}}", nil, "", "", `file "b.npy" is named twice`},
		{"a file elsewhere", "layers: {C: {files: [a.npy, ../b.npy]}}", nil, "", "", `file "../b.npy" is not a path within`},
		{"a file of no format", "layers: {C: {file: a.txt}}", []file{{"a.txt", nil}}, "", "", `a.txt: the extension ".txt" is none of`},
		{"listed files", "layers: {C: {files: [b.npy, a.fvecs]}}", []file{one("b.npy", ".npy", f("", 3, 1)), one("a.fvecs", ".fvecs", f("", 3, 3))}, "C float32 4x3", "", ""},
		{"listed files that differ", "layers: {C: {files: [b.npy, a.npy]}}", []file{one("b.npy", ".npy", f("", 3, 1)), one("a.npy", ".npy", f("", 2, 3))}, "", "", "a.npy: its rows are 2 float32, those of "},
		{"listed columns", "layers: {C: {files: [b.npy, a.npy], columns: 1:2}}", []file{one("b.npy", ".npy", f("", 3, 1)), one("a.npy", ".npy", f("", 2, 3))}, "C float32 4x1", "", ""},
		{"type that is not", "layers: {A: {type: float16}}", []file{one("A.npy", ".npy", f("", 3, 4))}, "A float32 4x3", "A.npy: it holds float32, gallery.yaml says float16", ""},
		{"shards", "", shards(".npy", "00000-of-00002", "00001-of-00002"), "C float32 4x3", "", ""},
		{"a missing shard", "", shards(".npy", "00000-of-00003", "00002-of-00003"), "", "", "C-*-of-00003.npy: of 3 shards 2 are there, missing is 00001"},
		{"many missing shards", "", shards(".npy", "00003-of-00100"), "", "", "of 100 shards 1 are there, missing is 00000, 00001, 00002, 00004, 00005 and 94 more"},
		{"a shard too many", "", shards(".npy", "0-of-2", "1-of-2", "2-of-2"), "", "", "C-2-of-2.npy has a number beyond the 2 shards"},
		{"a shard beyond", "", shards(".npy", "1-of-2", "5-of-2"), "", "", "C-5-of-2.npy has a number beyond the 2 shards"},
		{"a shard twice", "", append(shards(".npy", "0-of-2", "1-of-2"), shards(".fvecs", "1-of-2")...), "", "", "C-1-of-2.fvecs and C-1-of-2.npy are both shard 1 of C"},
		{"shards of two formats", "", append(shards(".npy", "0-of-2"), shards(".fvecs", "1-of-2")...), "", "", "C-0-of-2.npy and C-1-of-2.fvecs are shards of one matrix in two formats"},
		{"shards of two sets", "", shards(".npy", "0-of-2", "1-of-3"), "", "", "C-1-of-3.npy is one of 3 shards, C-0-of-2.npy one of 2"},
		{"shards that differ in features", "", []file{one("C-0-of-2.npy", ".npy", f("", 3, 2)), one("C-1-of-2.npy", ".npy", f("", 4, 2))}, "", "", "C-1-of-2.npy: its rows are 4 float32, those of "},
		{"shards that differ in type", "", []file{one("C-0-of-2.npy", ".npy", f("", 3, 2)), one("C-1-of-2.npy", ".npy", matrices.FromInts("", format.Int8, 3, ints(2, 3, 1)))}, "", "", "C-1-of-2.npy: its rows are 3 int8, those of "},
		{"shards that differ in arrays", "", []file{one("C-0-of-2.npz", ".npz", f("A", 3, 2)), one("C-1-of-2.npz", ".npz", f("B", 3, 2))}, "", "", "C-1-of-2.npz: it holds B, "},
		{"shards with too few rows", "", shards(".npy", "0-of-1"), "", "", "C-*-of-1.npy: the matrix has 2 rows, items.csv has 4 items"},
		{"shards of arrays", "", []file{one("s-0-of-2.npz", ".npz", f("A", 3, 1), f("B", 2, 1)), one("s-1-of-2.npz", ".npz", f("B", 2, 3), f("A", 3, 3))}, "A float32 4x3, B float32 4x2", "", ""},
		{"an index", "", append([]file{index(weights)}, model...), "A float32 4x3, B float32 4x5, C float32 4x2", `"bias" is no layer: the matrix has 1 rows`, ""},
		{"an index that is wrong", "", append([]file{index(strings.Replace(weights, `"C"`, `"Z"`, 1))}, model...), "", "", `it says that tensor "Z" is in model-00002-of-00002.safetensors, which has none of that name`},
		{"an index of no file", "", append([]file{index(weights)}, model[0]), "", "", "model-00002-of-00002.safetensors: no such file"},
		{"shards of a model without an index", "", model, "", "", "shards hold rows of the same matrices, unless a file *.safetensors.index.json says where each lies"},
		{"ids that are not read", "", []file{one("A.npy", ".npy", f("", 3, 4)), {"ids.fvecs", []byte("x")}}, "", "", "ids.fvecs: its name says that it lists the rows' ids"},
		{"items with lists", "items: {file: items.csv}", []file{one("items.parquet", ".parquet", f("A", 3, 4))}, "A float32 4x3", "", ""},
		{"labels as an array", "", []file{one("A.npy", ".npy", f("", 3, 4)), {"labels.npy", append(npyFile("<i8", false, "(4,)"), make([]byte, 32)...)}}, "A float32 4x3", "labels.npy: it is no layer: type <i8 is none that a layer may have", ""},
		{"texts as an array", "", []file{one("A.npy", ".npy", f("", 3, 4)), {"names.npy", append(npyFile("<U2", false, "(4,)"), make([]byte, 32)...)}}, "A float32 4x3", "names.npy: it is no layer: type <U2", ""},
		{"a vector", "", []file{one("A.npy", ".npy", f("", 3, 4)), {"v.npy", append(npyFile("<f4", false, "(4,)"), make([]byte, 16)...)}}, "A float32 4x3", "v.npy: it is no layer: shape (4,) has 1 dimensions", ""},
		{"an array that is asked for", "layers: {labels: {type: float32}}", []file{one("A.npy", ".npy", f("", 3, 4)), {"labels.npy", append(npyFile("<i8", false, "(4,)"), make([]byte, 32)...)}}, "", "", "labels.npy: type <i8 is none"},
		{"no matrix but an array", "", []file{{"v.npy", append(npyFile("<f4", false, "(4,)"), make([]byte, 16)...)}}, "", "", "a gallery needs at least one layer, and "},
		{"other rows", "", []file{one("A.npy", ".npy", f("", 3, 4)), one("B.npy", ".npy", f("", 3, 5))}, "", "", "B.npy: the matrix has 5 rows, items.csv has 4 items (gallery.yaml leaves B out where it names the others: select: [LAYER, …])"},
		{"a damaged matrix", "", []file{one("A.npy", ".npy", f("", 3, 4)), {"B.npy", []byte("x")}}, "", "", "(gallery.yaml leaves B out where it names the others"},
		{"numbered layers", "", []file{one("A_0.npy", ".npy", f("", 3, 4)), one("A_1.npy", ".npy", f("", 3, 4))}, "A_0 float32 4x3, A_1 float32 4x3", "", ""},
		{"numbered shards", "", []file{one("A_0.npy", ".npy", f("", 3, 1)), one("A_1.npy", ".npy", f("", 3, 3))}, "A float32 4x3", "", ""},
		{"numbered shards from 1", "", []file{one("A-1.npy", ".npy", f("", 3, 1)), one("A-2.npy", ".npy", f("", 3, 3))}, "A float32 4x3", "", ""},
		{"numbered shards of arrays", "", []file{one("s_0.npz", ".npz", f("A", 3, 1)), one("s_1.npz", ".npz", f("A", 3, 3))}, "A float32 4x3", "", ""},
		{"numbered shards, one missing", "", []file{one("A_0.npy", ".npy", f("", 3, 1)), one("A_2.npy", ".npy", f("", 3, 3))}, "", "", "A_2.npy: of the files A_*.npy that of number 1 is missing"},
		{"numbered shards that differ", "", []file{one("A_0.npy", ".npy", f("", 3, 1)), one("A_1.npy", ".npy", f("", 2, 3))}, "", "", "A_1.npy: its rows are 2 float32, those of "},
		{"numbered shards with too few rows", "", []file{one("A_0.npy", ".npy", f("", 3, 1)), one("A_1.npy", ".npy", f("", 3, 2))}, "", "", "A_*.npy: 2 files have 3 rows together, items.csv has 4 items"},
		{"a damaged file", "", []file{{"A.npz", []byte("x")}}, "", "", "A.npz: "},
		{"a damaged file that is not selected", "select: [A]", []file{one("A.npy", ".npy", f("", 3, 4)), {"B.npy", []byte("x")}}, "A float32 4x3", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, itemsFile, []byte(plainItems(4)))
			for _, f := range c.files {
				write(t, dir, f.name, f.data)
			}
			if c.manifest != "" {
				write(t, dir, manifest.FileName, []byte(c.manifest))
			}
			g, err := Open(t.Context(), dir)
			if err != nil {
				if c.fails == "" || !strings.Contains(err.Error(), c.fails) || strings.Contains(err.Error(), "\n") {
					t.Errorf("got  %v\nwant %s", err, c.fails)
				}
				return
			}
			defer g.Close()
			if c.fails != "" {
				t.Fatalf("it opened, with %s; want %s", layerNames(g), c.fails)
			}
			if got := layerNames(g); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if notes := strings.Join(g.Notes, "\n"); (notes == "") != (c.notes == "") || !strings.Contains(notes, c.notes) {
				t.Errorf("notes %q, want %q", notes, c.notes)
			}
		})
	}
}

// TestColumns: columns of a matrix are those of the matrix.
func TestColumns(t *testing.T) {
	const rows, dim = 9, 7
	values := ints(rows, dim, 3)
	for _, kind := range []string{".npy", ".npz", matrices.Deflated, ".fvecs", ".parquet"} {
		dir := t.TempDir()
		write(t, dir, itemsFile, []byte(plainItems(rows)))
		write(t, dir, fileOf("w", kind), encode(t, kind, matrices.FromInts("w", format.Float32, dim, values)))
		write(t, dir, manifest.FileName, fmt.Appendf(nil, "layers: {A: {file: %[1]s, columns: 2:6}, B: {file: %[1]s, columns: '6:'}}", fileOf("w", kind)))
		g := open(t, dir)
		for _, l := range g.Layers {
			from := map[string]int{"A": 2, "B": 6}[l.Name]
			for r, row := range wideRows(l) {
				for i, v := range row {
					if want := float64(values[r*dim+from+i]); v != want {
						t.Fatalf("%s: %s: row %d, value %d is %v, not %v", kind, l.Name, r, i, v, want)
					}
				}
			}
		}
	}
}

// TestUnpack: what is compressed is unpacked once, and again when it is another.
func TestUnpack(t *testing.T) {
	const rows, dim = 3000, 11
	dir := t.TempDir()
	write(t, dir, itemsFile, []byte(plainItems(rows)))
	put := func(seed int) {
		write(t, dir, "x.npz", encode(t, matrices.Deflated, matrices.FromInts("A", format.Int32, dim, ints(rows, dim, seed))))
	}
	put(1)
	folder := filepath.Join(dir, DerivedFolder, unpackedFolder)
	npy, recipe := filepath.Join(folder, "x.npz.A.npy"), filepath.Join(folder, "x.npz.A.json")
	opened := func(unpacks bool, seed int) {
		t.Helper()
		last := int64(0)
		g, err := OpenWith(t.Context(), dir, OpenOptions{Unpacking: func(file string, n, of int64) {
			if n <= last || of != rows*dim*4 || filepath.Base(file) != "x.npz" {
				t.Errorf("progress: %s: %d after %d of %d", file, n, last, of)
			}
			last = n
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		if (last > 0) != unpacks || unpacks && last != rows*dim*4 {
			t.Errorf("unpacked %d bytes, want any: %v", last, unpacks)
		}
		values := ints(rows, dim, seed)
		for r, row := range wideRows(g.Layers[0]) {
			for i, v := range row {
				if v != float64(values[r*dim+i]) {
					t.Fatalf("row %d, value %d is %v", r, i, v)
				}
			}
		}
		if left, err := filepath.Glob(filepath.Join(folder, ".*")); err != nil || len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
	}
	opened(true, 1)
	opened(false, 1)
	put(2)
	opened(true, 2)
	opened(false, 2)
	for what, damage := range map[string]func() error{
		"no recipe":      func() error { return os.Remove(recipe) },
		"no matrix":      func() error { return os.Remove(npy) },
		"half a matrix":  func() error { return os.Truncate(npy, rows*dim*2) },
		"another recipe": func() error { return os.WriteFile(recipe, []byte("{}"), 0o666) },
		"no JSON":        func() error { return os.WriteFile(recipe, []byte("{"), 0o666) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		t.Log(what)
		opened(true, 2)
		opened(false, 2)
	}
}

// TestUnpackDamaged: a file that does not hold what it promises leaves nothing.
func TestUnpackDamaged(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, itemsFile, []byte(plainItems(3000)))
	b := encode(t, matrices.Deflated, matrices.FromInts("A", format.Int32, 11, ints(3000, 11, 1)))
	for at := 400; at < 500; at++ {
		b[at] ^= 0x55
	}
	write(t, dir, "x.npz", b)
	_, err := Open(t.Context(), dir)
	if err == nil || !strings.Contains(err.Error(), "x.npz: ") {
		t.Errorf("got %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, DerivedFolder, unpackedFolder, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
	write(t, dir, "x.npz", encode(t, matrices.Deflated, matrices.FromInts("A", format.Int32, 11, ints(3000, 11, 1))))
	ctx, cancel := context.WithCancel(t.Context())
	_, err = OpenWith(ctx, dir, OpenOptions{Unpacking: func(string, int64, int64) { cancel() }})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestUnpackedName: names are those of files, whatever the array is called.
func TestUnpackedName(t *testing.T) {
	for _, c := range []struct{ file, array, want string }{
		{"x.npz", "A", "x.npz.A"},
		{"sub/x.parquet", "", "sub%2Fx.parquet"},
		{".x", "../é", "%2Ex...%2F%C3%A9"},
	} {
		if got := unpackedName(&matrixFile{name: c.file}, format.Array{Name: c.array}); got != c.want {
			t.Errorf("%s, %s: %s", c.file, c.array, got)
		}
	}
	a, b := strings.Repeat("x", 300)+"a", strings.Repeat("x", 300)+"b"
	long, other := unpackedName(&matrixFile{name: a}, format.Array{}), unpackedName(&matrixFile{name: b}, format.Array{})
	if long == other || len(long) > 200 {
		t.Errorf("%s, %s", long, other)
	}
}

// TestShrunkShard cuts one of several files short: the error names it.
func TestShrunkShard(t *testing.T) {
	const rows, dim = 2000, 300
	for _, known := range []bool{true, false} { // whether the files are looked at before they are read
		dir := t.TempDir()
		write(t, dir, itemsFile, []byte(plainItems(rows)))
		m := matrices.FromInts("A", format.Float32, dim, ints(rows, dim, 9))
		for i := range 4 {
			write(t, dir, fmt.Sprintf("A-%d-of-4.fvecs", i), encode(t, ".fvecs", m.Part(i*500, i*500+500)))
		}
		g := open(t, dir)
		if _, err := g.Fingerprint(t.Context()); err != nil {
			t.Fatal(err)
		}
		among, err := g.Candidates(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(dir, "A-2-of-4.fvecs"), 5000); err != nil {
			t.Fatal(err)
		}
		if !known {
			for _, s := range g.Layers[0].Segments {
				s.From.Info = nil
			}
		}
		schemes := parseAll(t, g, []string{"A"})
		_, search := rank.NewSearcher(g, 1<<20).Search(t.Context(), 0, schemes, 10, among)
		errs := map[string]error{
			"search": search,
			"batch":  g.RankAll(t.Context(), []int{1500, 3}, schemes, 10, among, func(int, []rank.Ranking) {}),
		}
		if !known {
			_, errs["cosines"] = rank.Cosines(t.Context(), g, g.AllLayers(), 0, 1300)
			_, errs["hash"] = g.ContentHash(t.Context())
			errs["lengths"] = g.Measure(t.Context())
			errs["codes"] = g.PrepareCodes(t.Context(), code.Options{Build: true, All: true})
		}
		for _, what := range slices.Sorted(maps.Keys(errs)) {
			if err := errs[what]; err == nil || !strings.Contains(err.Error(), "A-2-of-4.fvecs: ") || !strings.Contains(err.Error(), "open the gallery again") {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}
