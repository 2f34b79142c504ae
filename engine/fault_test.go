//go:build unix

package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"strata/engine/code"
	"strata/engine/rank"
)

// TestShrunkMatrix cuts a matrix short while it is open: whatever reads it then
// returns an error that names it.
func TestShrunkMatrix(t *testing.T) {
	const rows, dim = 2000, 300
	for _, known := range []bool{true, false} { // whether the file is looked at before it is read
		dir, _ := codedGallery(t, rows, dim)
		g := open(t, dir)
		if _, err := g.Fingerprint(t.Context()); err != nil {
			t.Fatal(err)
		}
		among, err := g.Candidates(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(dir, "A.npy"), 5000); err != nil {
			t.Fatal(err)
		}
		if !known {
			g.Layers[0].Segments[0].From.Info = nil
		}
		schemes := parseAll(t, g, []string{"A"})
		_, search := rank.NewSearcher(g, 1<<20).Search(t.Context(), 0, schemes, 10, among)
		all := g.RankAll(t.Context(), []int{1500, 3}, schemes, 10, among, func(int, []rank.Ranking) {})
		errs := map[string]error{"search": search, "batch": all}
		if !known {
			_, errs["cosines"] = rank.Cosines(t.Context(), g, g.AllLayers(), 0, rows-1)
			errs["lengths"] = g.Measure(t.Context())
			_, errs["hash"] = g.ContentHash(t.Context())
			errs["codes"] = g.PrepareCodes(t.Context(), code.Options{Build: true, All: true})
		}
		for what, err := range errs {
			if err == nil || !strings.Contains(err.Error(), "A.npy: ") || !strings.Contains(err.Error(), "open the gallery again") {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, DerivedFolder, "A.codes")); err == nil {
			t.Error("codes of half a matrix were written")
		}
	}
}

// TestShrunkAfterMeasuring is the same for a batch that reads the matrix in its
// tiles, and for rescoring.
func TestShrunkAfterMeasuring(t *testing.T) {
	dir, _ := codedGallery(t, 2000, 300)
	g := open(t, dir)
	prepare(t, g)
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "A.npy"), 5000); err != nil {
		t.Fatal(err)
	}
	g.Layers[0].Segments[0].From.Info = nil
	schemes := parseAll(t, g, []string{"A"})
	for what, work := range map[string]func() error{
		"search": func() error {
			_, err := rank.NewSearcher(g, 1<<20).Search(t.Context(), 0, schemes, 10, among)
			return err
		},
		"batch": func() error {
			return g.RankAll(t.Context(), []int{0, 3}, schemes, 10, among, func(int, []rank.Ranking) {})
		},
	} {
		if err := work(); err == nil || !strings.Contains(err.Error(), "A.npy: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestShrunkCodes cuts a file of codes short while it is open.
func TestShrunkCodes(t *testing.T) {
	dir, _ := codedGallery(t, 2000, 300)
	g := open(t, dir)
	prepare(t, g)
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(codesFile(t, g), 5000); err != nil {
		t.Fatal(err)
	}
	_, err = rank.NewSearcher(g, 1<<20).Search(t.Context(), 0, parseAll(t, g, []string{"A"}), 10, among)
	if err == nil || !strings.Contains(err.Error(), "A.codes: ") {
		t.Errorf("search: %v", err)
	}
}

// TestMatrixWrittenOver: a matrix that is written over is noticed, one that another
// file has replaced is not ours.
func TestMatrixWrittenOver(t *testing.T) {
	dir, m := codedGallery(t, 200, 30)
	g := open(t, dir)
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	schemes := parseAll(t, g, []string{"A"})
	search := func() error {
		_, err := rank.NewSearcher(g, 1<<20).Search(t.Context(), 0, schemes, 10, among)
		return err
	}
	write(t, dir, "B.npy", m.npy())
	if err := os.Rename(filepath.Join(dir, "B.npy"), filepath.Join(dir, "A.npy")); err != nil {
		t.Fatal(err)
	}
	if err := search(); err != nil {
		t.Errorf("after the file was replaced: %v", err)
	}
	g = open(t, dir)
	if among, err = g.Candidates(nil); err != nil {
		t.Fatal(err)
	}
	m.rows[0][0]++
	write(t, dir, "A.npy", m.npy())
	if err := os.Chtimes(filepath.Join(dir, "A.npy"), time.Time{}, time.Unix(12345, 0)); err != nil { // clocks of files are coarse
		t.Fatal(err)
	}
	if err := search(); err == nil || !strings.Contains(err.Error(), "A.npy: it was written after") {
		t.Errorf("after the file was written over: %v", err)
	}
}
