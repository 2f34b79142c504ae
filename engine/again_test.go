//go:build unix

package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"strata/engine/code"
	"strata/engine/derive"
	"strata/engine/fence"
	"strata/engine/layer"
	"strata/engine/seal"
)

// copied returns the bytes of a .npy file with one row copied over another, and their
// SHA-256. Rows have so many bytes, and reach to the file's end.
func copied(b []byte, rows, size, from, to int) (changed []byte, sum string) {
	b = slices.Clone(b)
	first := len(b) - rows*size
	copy(b[first+to*size:first+(to+1)*size], b[first+from*size:])
	hash := sha256.Sum256(b)
	return b, hex.EncodeToString(hash[:])
}

// TestComputedAgain: what was kept, hashed and sealed, and is not what comes of the
// gallery, is found by computing it again, and named by file and row.
func TestComputedAgain(t *testing.T) {
	elsewhere(t)
	const rows = 40
	for name, c := range map[string]struct {
		spoil func(t *testing.T, g *Gallery, own fence.Folder)
		file  string
		why   string
	}{
		"a row of a derived layer": {func(t *testing.T, _ *Gallery, own fence.Folder) {
			r, err := derive.ReadRecipe(own, "A.pca2")
			if err != nil {
				t.Fatal(err)
			}
			var b []byte
			b, r.Matrix.SHA256 = copied(readFile(t, own.File("A.pca2.npy")), rows, 8, 5, 9)
			if err := own.WriteBytes("A.pca2.npy", b); err != nil {
				t.Fatal(err)
			}
			if err := r.Write(own, "A.pca2.json"); err != nil {
				t.Fatal(err)
			}
		}, "A.pca2.json", "row 9 of 40 of A.pca2.npy is not what comes of that row of A"},
		"a row that was unpacked": {func(t *testing.T, _ *Gallery, own fence.Folder) {
			own = own.Sub(unpackedFolder)
			b, sum := copied(readFile(t, own.File("x.npz.Z.npy")), rows, 24, 39, 17)
			var r unpackRecipe
			if err := json.Unmarshal(readFile(t, own.File("x.npz.Z.json")), &r); err != nil {
				t.Fatal(err)
			}
			r.SHA256 = sum
			text, err := json.MarshalIndent(r, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, '\n')
			for file, b := range map[string][]byte{"x.npz.Z.npy": b, "x.npz.Z.json": text} {
				if err := own.WriteBytes(file, b); err != nil {
					t.Fatal(err)
				}
			}
			seal.BelieveMatrix(own, "x.npz.Z.npy", text)
		}, "x.npz.Z.json", "row 17 of 40 of x.npz.Z.npy is not that row of x.npz"},
		"a row of codes": {func(t *testing.T, g *Gallery, own fence.Folder) {
			l := g.Layers[slices.IndexFunc(g.Layers, func(l *layer.Layer) bool { return l.Name == "A" })]
			b := readFile(t, own.File("A.codes"))
			chunk := b[code.ChunkAt(0, l.Dim):]
			view := code.ChunkView(chunk, rows, l.Dim)
			view.Coarse.Rest[23] /= 2
			code.SealChunk(chunk, rows, l.Dim, binary.LittleEndian.Uint32(chunk[4:]))
			if err := own.WriteBytes("A.codes", b); err != nil {
				t.Fatal(err)
			}
			c, err := code.OpenCodes(t.Context(), l, own, true)
			if err != nil {
				t.Fatal(err)
			}
			seal.Believe(seal.SealedCodes, c.Seal(rows))
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}, "A.codes", "row 23 of 40 is not the code of that row of A"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := plantedGallery(t, t.TempDir())
			_, _ = everything(t, dir)
			g := open(t, dir)
			check := func(rows int) []DerivedFile {
				t.Helper()
				found, err := CheckDerived(t.Context(), g, DerivedCheck{Rows: rows, Seed: 1})
				if err != nil {
					t.Fatal(err)
				}
				return slices.DeleteFunc(found, func(f DerivedFile) bool { return f.State == Left })
			}
			sound := check(10)
			for _, f := range sound {
				want := 10
				switch {
				case strings.HasSuffix(f.Path, "x.npz.Z.json"):
					want = rows
				case f.Again.Of == 0:
					want = 0
				}
				if f.State != Current || f.Again.Rows != want || f.Again.Rows < f.Again.Of && f.Again.Not == "" {
					t.Errorf("before: %+v", f)
				}
			}
			if len(sound) != 4 { // two of them codes
				t.Errorf("before: %d files: %+v", len(sound), sound)
			}
			c.spoil(t, g, fence.In(dir, DerivedFolder))
			for _, f := range check(rows) {
				state, why := Current, ""
				if filepath.Base(f.Path) == c.file {
					state, why = Wrong, c.why
				}
				if f.State != state || f.Why != why {
					t.Errorf("got %+v, want %d %q", f, state, why)
				}
			}
		})
	}
}

// TestUnpackedFromAnother: what was unpacked from a file that is another now is said to be
// outdated.
func TestUnpackedFromAnother(t *testing.T) {
	elsewhere(t)
	dir := plantedGallery(t, t.TempDir())
	_, _ = everything(t, dir)
	g := open(t, dir)
	write(t, dir, "x.npz", readFile(t, filepath.Join(dir, "x.npz"))) // of another time
	found, err := CheckDerived(t.Context(), g, DerivedCheck{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "it was unpacked from another x.npz"
	if !slices.ContainsFunc(found, func(f DerivedFile) bool { return f.State == Outdated && f.Why == want }) {
		t.Errorf("want %q, found %+v", want, found)
	}
}
