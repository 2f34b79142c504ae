//go:build unix

package engine

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adrg/xdg"

	"strata/engine/archive"
	"strata/engine/code"
	"strata/engine/layer"
	"strata/engine/picture"
	"strata/engine/seal"
)

// elsewhere gives the test another user's cache, which is empty.
func elsewhere(t *testing.T) {
	t.Helper()
	t.Cleanup(xdg.Reload) // after the variable is what it was
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	xdg.Reload()
}

// TestBelieved: what this user derived is used again, also by another path; what came
// with a gallery is made anew, however sound its checksums are, and that is said.
func TestBelieved(t *testing.T) {
	elsewhere(t)
	root := t.TempDir()
	dir := plantedGallery(t, root)
	want, failed := everything(t, dir)
	if len(failed) > 0 {
		t.Fatal(failed)
	}
	own := filepath.Join(dir, DerivedFolder)
	// made returns what was made anew: of a file that is replaced the number changes.
	made := func(what string, foreign int) {
		t.Helper()
		before := map[string]os.FileInfo{}
		names := []string{"A.codes", "Z.codes", "A.pca2.npy", "unpacked/x.npz.Z.npy", strings.TrimPrefix(picture.IndexName("pics.tar"), "/")}
		for _, name := range names {
			info, err := os.Stat(filepath.Join(own, name))
			if err != nil {
				t.Fatal(err)
			}
			before[name] = info
		}
		got, failed := everything(t, dir)
		if got != want || len(failed) > 0 {
			t.Errorf("%s: ranking %s, want %s; %v", what, got, want, failed)
		}
		anew := []string{}
		for name, was := range before {
			if info, err := os.Stat(filepath.Join(own, name)); err != nil || !os.SameFile(info, was) {
				anew = append(anew, name)
			}
		}
		if len(anew) != foreign {
			t.Errorf("%s: made anew %v, want %d of %v", what, anew, foreign, names)
		}
	}
	made("once more", 0)
	moved := filepath.Join(root, "moved")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	dir, own = moved, filepath.Join(moved, DerivedFolder)
	made("at another path", 0)
	elsewhere(t)
	made("by another user", 5)
	made("by him again", 0)
}

// TestForeignCodes: codes with sound checksums of wrong contents change no ranking.
func TestForeignCodes(t *testing.T) {
	elsewhere(t)
	dir := plantedGallery(t, t.TempDir())
	want, _ := everything(t, dir)
	path := filepath.Join(dir, DerivedFolder, "A.codes")
	b := readFile(t, path)
	g := open(t, dir)
	l := g.Layers[slices.IndexFunc(g.Layers, func(l *layer.Layer) bool { return l.Name == "A" })]
	at := code.ChunkAt(0, l.Dim)
	chunk := b[at:]
	source0 := binary.LittleEndian.Uint32(chunk[4:])
	view := code.ChunkView(chunk, l.Rows, l.Dim)
	for r := range view.Mean { // all rows far away, and proven to be
		view.Mean[r], view.Fine.Scale[r], view.Fine.Rest[r], view.Fine.Norm[r] = -1, 0, 0, 0
		view.Coarse.Scale[r], view.Coarse.Rest[r], view.Coarse.Norm[r] = 0, 0, 0
		view.Square[r] = math.Pi
	}
	code.SealChunk(chunk, l.Rows, l.Dim, source0)
	write(t, filepath.Dir(path), "A.codes", b)
	var notes []string
	if err := g.PrepareCodes(t.Context(), code.Options{Build: true, All: true, Progress: func(p code.Progress) {
		if p.Note != "" {
			notes = append(notes, p.Note)
		}
	}}); err != nil {
		t.Fatal(err)
	}
	if len(notes) != 1 || notes[0] != path+" "+seal.ErrForeign {
		t.Errorf("notes %q", notes)
	}
	if got, _ := everything(t, dir); got != want {
		t.Errorf("ranking %s, want %s", got, want)
	}
}

// TestUnpackedRow: a row copied over another in what was unpacked is found, by opening and
// by CheckDerived, and unpacked again.
func TestUnpackedRow(t *testing.T) {
	elsewhere(t)
	dir := plantedGallery(t, t.TempDir())
	want, _ := everything(t, dir)
	folder := filepath.Join(dir, DerivedFolder, unpackedFolder)
	whole := readFile(t, filepath.Join(folder, "x.npz.Z.npy"))
	g := open(t, dir)
	bad := slices.Clone(whole)
	copy(bad[len(bad)-24:], bad[len(bad)-48:len(bad)-24])
	write(t, folder, "new", bad)
	if err := os.Rename(filepath.Join(folder, "new"), filepath.Join(folder, "x.npz.Z.npy")); err != nil { // g has mapped the old one
		t.Fatal(err)
	}
	write(t, folder, "x.npz.Y.npy", whole)
	found, err := CheckDerived(t.Context(), g, DerivedCheck{Rows: 100, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(found, func(f DerivedFile) bool {
		return strings.HasSuffix(f.Path, "x.npz.Y.npy") && f.State == Left && strings.Contains(f.Why, "an unpacked matrix without a recipe")
	}) {
		t.Errorf("CheckDerived found no matrix without a recipe: %+v", found)
	}
	if !slices.ContainsFunc(found, func(f DerivedFile) bool {
		return strings.HasSuffix(f.Path, "x.npz.Z.json") && f.State == Damaged && strings.Contains(f.Why, "SHA-256")
	}) {
		t.Errorf("CheckDerived found %+v", found)
	}
	again := open(t, dir)
	if len(again.Notes) != 1 || !strings.Contains(again.Notes[0], "x.npz.Z.npy is not used: it has the SHA-256 ") {
		t.Errorf("notes %q", again.Notes)
	}
	if got, _ := everything(t, dir); got != want || string(readFile(t, filepath.Join(folder, "x.npz.Z.npy"))) != string(whole) {
		t.Errorf("ranking %s, want %s", got, want)
	}
}

// TestForeignIndex: an index of sound checksum that shows other pictures is not used.
func TestForeignIndex(t *testing.T) {
	elsewhere(t)
	dir := plantedGallery(t, t.TempDir())
	_, _ = everything(t, dir)
	path := filepath.Join(dir, DerivedFolder, filepath.FromSlash(picture.IndexName("pics.tar")))
	info, err := os.Stat(filepath.Join(dir, "pics.tar"))
	if err != nil {
		t.Fatal(err)
	}
	x, err := archive.Decode(readFile(t, path), archive.StampOf(info))
	if err != nil {
		t.Fatal(err)
	}
	x.Members[1].Size = 1
	write(t, filepath.Dir(path), filepath.Base(path), x.Encode(archive.StampOf(info)))
	g := open(t, dir)
	p, err := g.OpenPicture(1)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	b := make([]byte, 9)
	if n, _ := p.Read(b); string(b[:n]) != "abc" {
		t.Errorf("got %q", b[:n])
	}
}
