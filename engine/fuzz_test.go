package engine

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"testing"

	"strata/engine/code"
	"strata/engine/derive"
	"strata/engine/fence"
	"strata/engine/scheme"
)

// FuzzCodes opens changed files of codes, some with a checksum of the header that
// fits: none is taken but the very one that was built.
func FuzzCodes(f *testing.F) {
	const rows, dim = 5, 4
	m := matrix{rows: [][]float32{{1, 2, 3, 4}, {4, 3, 2, 1}, {0, 0, 0, 0}, {-1, 1, -1, 1}, {9, 9, 9, 8}}}
	dir := writeGallery(f, "id\na\nb\nc\nd\ne\n", map[string]matrix{"A": m})
	g, err := Open(f.Context(), dir)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = g.Close() })
	prepare(f, g)
	l := g.Layers[0]
	path := codesFile(f, g)
	whole := readFile(f, path)
	if int64(len(whole)) != code.CodesBytes(rows, dim) {
		f.Fatalf("the file has %d bytes", len(whole))
	}
	for _, at := range []int{0, 4, 20, 24, 32, 40, 48, 56, 64, code.HeaderBytes, code.HeaderBytes + 16, len(whole) - 1} {
		f.Add(uint32(at), []byte{1}, uint32(len(whole)), true)
		f.Add(uint32(at), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, uint32(len(whole)), true)
	}
	f.Add(uint32(0), []byte{}, uint32(code.HeaderBytes), false)
	f.Add(uint32(0), []byte{}, uint32(0), false)
	f.Fuzz(func(t *testing.T, at uint32, change []byte, size uint32, sealed bool) {
		b := bytes.Clone(whole)
		copy(b[int(at)%len(b):], change)
		if sealed {
			binary.LittleEndian.PutUint32(b, crc32.Checksum(b[4:code.HeaderBytes], code.Castagnoli))
		}
		b = b[:int(size)%(len(b)+1)]
		changed := filepath.Join(t.TempDir(), "A.codes")
		if err := os.WriteFile(changed, b, 0o666); err != nil {
			t.Fatal(err)
		}
		c, err := code.OpenCodes(t.Context(), l, fence.In(filepath.Dir(changed), "."), false)
		if err != nil {
			return
		}
		mean, chunks := code.HeaderBytes+code.MeanBytes(dim), code.ChunkAt(0, dim) // zeros between them are nobody's
		if !bytes.Equal(c.File[code.HeaderBytes:mean], whole[code.HeaderBytes:mean]) || !bytes.Equal(c.File[chunks:], whole[chunks:]) {
			t.Error("it is taken with bytes that were not built")
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

// FuzzRecipe reads recipes, and parameters as they say, of derived layers that
// come from elsewhere.
func FuzzRecipe(f *testing.F) {
	f.Add([]byte(`{"format":1,"layer":"A|pca2","parameters":{"shape":[6]},"stages":[{"transform":"pca2"}]}`), []byte("123456781234567812345678"), 2)
	f.Add([]byte(`{"format":1,"parameters":{"shape":[-1],"file":"../x"}}`), []byte{}, 1)
	f.Add([]byte(`{"parameters":{"shape":[4611686018427387904]}}`), []byte("x"), 3)
	f.Add([]byte(`[`), []byte{}, 0)
	factor, err := scheme.ParseFactor("A|centre|pca2")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, values []byte, dim int) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "A.pca2.json"), text, 0o666); err != nil {
			t.Fatal(err)
		}
		r, err := derive.ReadRecipe(fence.In(dir, "."), "A.pca2")
		if err != nil {
			return
		}
		_ = r.Stale(factor, r.Source)
		if err := os.WriteFile(filepath.Join(dir, "fit"), values, 0o666); err != nil {
			t.Fatal(err)
		}
		r.Values.File = "fit"
		if _, err := r.ReadParameters(fence.In(dir, "."), factor, 3); err == nil && r.Values.SHA256 == "" {
			t.Error("parameters without a hash are taken")
		}
		floats := make([]float64, len(values)/8)
		for i := range floats {
			floats[i] = math.Float64frombits(binary.LittleEndian.Uint64(values[8*i:]))
		}
		if dim < 1 || dim > 1<<10 {
			return
		}
		if stages, err := r.RestoreStages(factor, dim, floats); err == nil && len(stages) != 2 {
			t.Errorf("%d stages", len(stages))
		}
	})
}
