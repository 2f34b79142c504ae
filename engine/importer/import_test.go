package importer

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/x448/float16"

	"strata/engine"
	"strata/engine/format"
)

// importable makes a gallery of rows without layers and returns its folder.
func importable(t *testing.T, rows int) string {
	t.Helper()
	dir := t.TempDir()
	text := "id\n"
	for r := range rows {
		text += fmt.Sprintf("i%d\n", r)
	}
	if err := os.WriteFile(filepath.Join(dir, "items.csv"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// fortran returns a .npy file of float64 values, column by column.
func fortran(rows, dim int, value func(r, d int) float64) []byte {
	head := bytes.Replace(format.NpyHead(format.Float64, int64(rows), int64(dim)), []byte("False"), []byte("True "), 1)
	for d := range dim {
		for r := range rows {
			head = binary.LittleEndian.AppendUint64(head, math.Float64bits(value(r, d)))
		}
	}
	return head
}

func value(r, d int) float64 { return float64(r)*7 - float64(d)*0.5 }

func TestImportFortran(t *testing.T) {
	dir := importable(t, 5)
	src := filepath.Join(dir, "C.npy")
	if err := os.WriteFile(src, fortran(5, 3, value), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "strata import") {
		t.Fatalf("it opens as it is: %v", err)
	}
	half := format.Float16
	o := Import{Source: src, Gallery: dir, Layer: "C", Type: &half}
	if _, err := o.Do(t.Context()); err == nil || !strings.Contains(err.Error(), "--force replaces it") {
		t.Fatal(err)
	}
	o.Force = true
	done, err := o.Do(t.Context())
	if err != nil || done.Rows != 5 || done.Dim != 3 || done.Type != format.Float16 {
		t.Fatal(done, err)
	}
	checkImported(t, dir, "C", value)
	if left, _ := filepath.Glob(filepath.Join(dir, ".strata", "import", "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// checkImported opens the gallery and compares a layer.
func checkImported(t *testing.T, dir, name string, want func(r, d int) float64) {
	t.Helper()
	g, err := engine.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	l, err := g.Layer(name)
	if err != nil {
		t.Fatal(err)
	}
	row := make([]float64, l.Dim)
	for r := range l.Rows {
		l.Widen(row, r)
		for d, got := range row {
			if got != want(r, d) {
				t.Fatalf("row %d, value %d is %v, not %v", r, d, got, want(r, d))
			}
		}
	}
}

func TestImportOrder(t *testing.T) {
	dir := importable(t, 4)
	src := filepath.Join(t.TempDir(), "job.npy")
	if err := os.WriteFile(src, fortran(4, 2, value), 0o666); err != nil {
		t.Fatal(err)
	}
	o := Import{Source: src, Gallery: dir, Layer: "B", IDs: []string{"i3", "other", "i0", "i1"}}
	_, err := o.Do(t.Context())
	if want := `has no row of 1 of 4 items, the first is "i2", row 2; --lacking gives them rows of zeros, which have no score`; err == nil || !strings.Contains(err.Error(), want) {
		t.Fatal(err)
	}
	o.Lacking = true
	done, err := o.Do(t.Context())
	if err != nil || done.Lacking != 1 || done.LeftOut != 1 {
		t.Fatal(done, err)
	}
	from := map[int]int{0: 2, 1: 3, 3: 0}
	checkImported(t, dir, "B", func(r, d int) float64 {
		if s, ok := from[r]; ok {
			return value(s, d)
		}
		return 0
	})
	for _, c := range []struct {
		ids  []string
		want string
	}{
		{[]string{"i3", "i1"}, "the matrix has 4 rows, and there are 2 ids for them"},
		{[]string{"i3", "i1", "i0", "i3"}, `rows 0 and 3 of ` + src + ` are both of item "i3"`},
		{nil, ""},
	} {
		o.IDs, o.Force = c.ids, true
		if _, err := o.Do(t.Context()); (c.want != "") != (err != nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.ids, err)
		}
	}
}

func TestImportBad(t *testing.T) {
	half, single := format.Float16, format.Float32
	for name, c := range map[string]struct {
		value  func(r, d int) float64
		change func(o *Import)
		want   string
	}{
		"overflow":          {func(r, d int) float64 { return 70000 * float64(r&1) * float64(d) }, func(o *Import) { o.Type = &half }, "row 1: value 1 is 70000, which float16 cannot hold"},
		"float32":           {func(r, d int) float64 { return []float64{1, 1, 1, 1, 1e100}[r+d] }, func(o *Import) { o.Type = &single }, "row 2: value 2 is 1e+100, which float32 cannot hold"},
		"rows":              {value, func(o *Import) { o.Gallery = importable(t, 9) }, "the matrix has 3 rows, the gallery 9 items; say with --ids which row is which"},
		"pool":              {value, func(o *Import) { o.Pool = PoolMean }, "it has no tokens to pool: its rows are 3 features"},
		"array":             {value, func(o *Import) { o.Array = "fc" }, `it holds no matrix "fc"`},
		"array of a folder": {value, func(o *Import) { o.Source, o.Array = filepath.Dir(o.Source), "fc" }, `it is a folder of files of one vector each, and has no array "fc"`},
		"pool of a folder":  {value, func(o *Import) { o.Source, o.Pool = filepath.Dir(o.Source), PoolMean }, "it is a folder of files of one vector each, which have no tokens to pool"},
		"layer":             {value, func(o *Import) { o.Layer = "a b" }, "a layer's name is a letter"},
		"source":            {value, func(o *Import) { o.Source = "nowhere.npy" }, "nowhere.npy: no such file or directory"},
		"folder":            {value, func(o *Import) { o.Source = o.Gallery }, "it holds no .npy file of one vector"},
		"no items":          {value, func(o *Import) { o.Gallery = filepath.Dir(o.Source) }, "a gallery needs an items table"},
		"no format":         {value, func(o *Import) { o.Source = filepath.Join(o.Gallery, "items.csv") }, "items.csv"},
	} {
		t.Run(name, func(t *testing.T) {
			src := filepath.Join(t.TempDir(), "job.npy")
			if err := os.WriteFile(src, fortran(3, 3, c.value), 0o666); err != nil {
				t.Fatal(err)
			}
			o := Import{Source: src, Gallery: importable(t, 3), Layer: "C"}
			c.change(&o)
			if _, err := o.Do(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, not %q", err, c.want)
			}
			if _, err := os.Stat(filepath.Join(o.Gallery, "C.npy")); err == nil {
				t.Error("a layer is there")
			}
		})
	}
}

// TestImportResume stops imports after each block and goes on: the bytes are those
// of an import that was not stopped, and what was written is not written again.
func TestImportResume(t *testing.T) {
	const rows, dim = 3000, 1024
	src := filepath.Join(t.TempDir(), "job.npy")
	pcg := rand.New(rand.NewPCG(1, 1))
	data := format.NpyHead(format.Float32, rows, dim)
	for range rows * dim {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(pcg.Float32()))
	}
	if err := os.WriteFile(src, data, 0o666); err != nil {
		t.Fatal(err)
	}
	half := format.Float16
	o := Import{Source: src, Gallery: importable(t, rows), Layer: "C", Type: &half, step: 1024 * 4 * dim}
	whole := o
	whole.Gallery = importable(t, rows)
	if _, err := whole.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	var resumed []int
	for range 9 {
		ctx, cancel := context.WithCancel(t.Context())
		o.Progress = func(int, int) { cancel() }
		done, err := o.Do(ctx)
		resumed = append(resumed, done.Resumed)
		if err == nil {
			break
		}
	}
	if len(resumed) != 1+rows/1024 || !slices.IsSorted(resumed) || resumed[1] == 0 {
		t.Errorf("went on at %v", resumed)
	}
	want, _ := os.ReadFile(filepath.Join(whole.Gallery, "C.npy"))
	got, err := os.ReadFile(filepath.Join(o.Gallery, "C.npy"))
	if err != nil || !bytes.Equal(got, want) || len(want) < 2*rows*dim {
		t.Errorf("%d bytes, not %d: %v", len(got), len(want), err)
	}
}

// TestConvertHalf compares with the nearest of all float16 values.
func TestConvertHalf(t *testing.T) {
	pcg := rand.New(rand.NewPCG(2, 2))
	for range 20000 {
		h := float16.Frombits(uint16(pcg.IntN(0x7bff)))
		lo, hi := float64(h.Float32()), float64(float16.Frombits(h.Bits()+1).Float32())
		mid := (lo + hi) / 2
		for _, v := range []float64{mid, math.Nextafter(mid, lo), math.Nextafter(mid, hi), lo + (hi-lo)*pcg.Float64()} {
			b, ok := appendElement(nil, format.Float16, v)
			got := float64(float16.Frombits(binary.LittleEndian.Uint16(b)).Float32())
			if h.Bits()+1 == 0x7c00 {
				continue
			}
			want := lo
			if v > mid || v == mid && h.Bits()&1 == 1 {
				want = hi
			}
			if !ok || got != want {
				t.Fatalf("%v becomes %v, not %v", v, got, want)
			}
		}
	}
}

// TestImportTokens pools the tokens of items.
func TestImportTokens(t *testing.T) {
	const rows, tokens, dim = 4, 3, 2
	b := format.NpyHead(format.Float32, rows, tokens, dim)
	for i := range rows * tokens * dim {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(i*i)))
	}
	src := filepath.Join(t.TempDir(), "tokens.npy")
	if err := os.WriteFile(src, b, 0o666); err != nil {
		t.Fatal(err)
	}
	at := func(r, k, d int) float64 { i := (r*tokens+k)*dim + d; return float64(i * i) }
	dir := importable(t, rows)
	o := Import{Source: src, Gallery: dir, Layer: "C"}
	if _, err := o.Do(t.Context()); err == nil || !strings.Contains(err.Error(), "strata import --pool mean or --pool cls") {
		t.Error(err)
	}
	for pool, want := range map[Pool]func(r, d int) float64{
		PoolCLS:  func(r, d int) float64 { return at(r, 0, d) },
		PoolMean: func(r, d int) float64 { return float64(float32((at(r, 0, d) + at(r, 1, d) + at(r, 2, d)) / 3)) },
	} {
		o.Pool, o.Force = pool, true
		done, err := o.Do(t.Context())
		if err != nil || done.Rows != rows || done.Dim != dim || done.Type != format.Float32 {
			t.Fatal(pool, done, err)
		}
		checkImported(t, dir, "C", want)
	}
	if _, err := ParsePool("max"); err == nil || !strings.Contains(err.Error(), `mean or cls, not "max"`) {
		t.Error(err)
	}
}

// TestImportFolder stacks files of one vector each, by the ids that are their names.
func TestImportFolder(t *testing.T) {
	dir, src := importable(t, 3), t.TempDir()
	for i, id := range []string{"i2", "i0", "i1", "other"} {
		shape := "(2,)"
		if i == 1 {
			shape = "(1, 2)"
		}
		b := npyFile("<f4", false, shape)
		for d := range 2 {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(10*i+d)))
		}
		write(t, src, id+".npy", b)
	}
	write(t, src, "labels.npy", append(npyFile("<i8", false, "(1,)"), make([]byte, 8)...))
	write(t, src, "README.md", nil)
	done, err := Import{Source: src, Gallery: dir, Layer: "C"}.Do(t.Context())
	if err != nil || done.Rows != 3 || done.LeftOut != 1 {
		t.Fatal(done, err)
	}
	from := []int{1, 2, 0}
	checkImported(t, dir, "C", func(r, d int) float64 { return float64(10*from[r] + d) })
	write(t, src, "i1.npy", append(npyFile("<f4", false, "(3,)"), make([]byte, 12)...))
	if _, err := (Import{Source: src, Gallery: dir, Layer: "D"}).Do(t.Context()); err == nil || !strings.Contains(err.Error(), "i1.npy: it holds 3 float32, ") {
		t.Error(err)
	}
}

// TestImportFolderResume goes on with vectors that lie in the gallery, unless one of them changed.
func TestImportFolderResume(t *testing.T) {
	for _, changed := range []bool{false, true} {
		dir := importable(t, 3)
		vector := func(i int, v float32) {
			b := npyFile("<f4", false, "(1,)")
			write(t, dir, fmt.Sprintf("i%d.npy", i), binary.LittleEndian.AppendUint32(b, math.Float32bits(v)))
		}
		for i := range 3 {
			vector(i, float32(i+1))
		}
		ctx, cancel := context.WithCancel(t.Context())
		o := Import{Source: dir, Gallery: dir, Layer: "C", step: 1, Progress: func(int, int) { cancel() }}
		if _, err := o.Do(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		last, resumed := 3., 1
		if changed {
			last, resumed = 7, 0
			vector(2, 7)
			if err := os.Chtimes(filepath.Join(dir, "i2.npy"), time.Time{}, time.Unix(1e9, 0)); err != nil {
				t.Fatal(err)
			}
		}
		o.Progress = nil
		done, err := o.Do(t.Context())
		if err != nil || done.Resumed != resumed {
			t.Fatalf("changed %v: %+v, %v", changed, done, err)
		}
		checkImported(t, dir, "C", func(r, _ int) float64 { return []float64{1, 2, last}[r] })
	}
}

// npyFile returns the header of a version 1.0 file.
func npyFile(descr string, fortran bool, shape string) []byte {
	order := "False"
	if fortran {
		order = "True"
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", descr, order, shape)
	for (10+len(dict)+1)%64 != 0 {
		dict += " "
	}
	b := []byte("\x93NUMPY\x01\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(len(dict)+1))
	return append(b, dict+"\n"...)
}

func write(t testing.TB, dir, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
		t.Fatal(err)
	}
}
