package engine

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"strata/engine/code"
	"strata/engine/fence"
	"strata/engine/rank"
)

// early opens the codes of a gallery for searches that check what they read.
func early(t testing.TB, g *Gallery) {
	t.Helper()
	o := code.Options{All: true, Early: true, Progress: func(p code.Progress) { t.Errorf("progress %+v", p) }}
	if err := g.PrepareCodes(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if g.CodesOf(g.Layers[0]) == nil {
		t.Fatal("there are no codes")
	}
}

// TestEarlyCodes flips a bit in each part of both chunks. Damaged heads and numbers are never used,
// damaged codes are found by the first search that reads them. Every ranking is that of a scan, and
// the damage is said once. A build then makes the same file again.
func TestEarlyCodes(t *testing.T) {
	const rows, dim = code.CodeChunk + 300, 70
	dir, m := codedGallery(t, rows, dim)
	g := open(t, dir)
	build(t, g)
	path := codesFile(t, g)
	good := readFile(t, path)
	first, second := int(code.ChunkAt(0, dim)), int(code.ChunkAt(1, dim))
	fine, coarse := rows%code.CodeChunk*code.Stride(dim), rows%code.CodeChunk*code.CoarseStride(dim)
	want := scanned(t, dir)
	for name, f := range map[string]struct {
		at            int
		opens, coarse bool
	}{
		"sound":                   {-1, true, true},
		"head":                    {20, false, false},
		"a chunk's head":          {second + 30, false, false},
		"numbers":                 {first + code.ChunkHead + 9, false, false},
		"the second's numbers":    {second + code.ChunkHead + 9, false, false},
		"8-bit codes":             {second - 5, true, true},
		"the last 8-bit code":     {len(good) - 1, true, true},
		"4-bit codes":             {second - code.CodeChunk*code.Stride(dim) - 1, true, false},
		"the second's 4-bit code": {len(good) - fine - coarse, true, false},
	} {
		b := slices.Clone(good)
		if f.at >= 0 {
			b[f.at] ^= 4
		}
		write(t, filepath.Dir(path), filepath.Base(path), b)
		g := open(t, dir)
		o := code.Options{All: true, Early: true}
		if err := g.PrepareCodes(t.Context(), o); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if opens := g.CodesOf(g.Layers[0]) != nil; opens != f.opens {
			t.Errorf("%s: it opens: %v", name, opens)
		}
		if f.opens { // 8-bit codes are not looked at by who reads those of 4 bits
			_, err := rank.ApproxByCodes(t.Context(), g.CodesOf(g.Layers[0]), rank.Asked{Row: 33}, true)
			if (err == nil) != f.coarse || err != nil && !errors.As(err, new(code.ErrStale)) {
				t.Errorf("%s: products of 4-bit codes: %v", name, err)
			}
		}
		got, coded := searched(t, g) // reads both: these rows lie too close for 4 bits
		if got != want || coded != (f.at < 0) {
			t.Errorf("%s: %s, from codes %v; want %s", name, got, coded, want)
		}
		told := len(g.TellDamage())
		if found := f.opens && f.at >= 0; told != map[bool]int{true: 1}[found] || len(g.TellDamage()) != 0 {
			t.Errorf("%s: damage is told %d times", name, told)
		}
		if f.at < 0 {
			if err := g.CodesOf(g.Layers[0]).Complete(t.Context(), 0); err != nil {
				t.Error(err)
			}
			continue
		}
		notes := 0
		o.Build, o.Progress = true, func(p code.Progress) {
			if strings.Contains(p.Note, "A.codes is damaged") || strings.Contains(p.Note, "version") {
				notes++
			}
		}
		if err := g.PrepareCodes(t.Context(), o); err != nil || notes != 1 {
			t.Errorf("%s: %v, noted %d times", name, err, notes)
		}
		if got, coded := searched(t, g); got != want || !coded || !slices.Equal(readFile(t, path), good) {
			t.Errorf("%s: built again: %s, from codes %v", name, got, coded)
		}
	}
	checkFirst(t, g, m)
}

// scanned returns a ranking without codes.
func scanned(t *testing.T, dir string) string {
	got, coded := searched(t, open(t, dir))
	if coded {
		t.Fatal("a gallery that was just opened has codes")
	}
	return got
}

// searched returns the ranking of one query as text, and whether it comes from codes.
func searched(t *testing.T, g *Gallery) (string, bool) {
	t.Helper()
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := rank.NewSearcher(g, 1<<20).Search(t.Context(), 33, parseAll(t, g, []string{"A"}), 10, among)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, h := range got[0].Hits {
		text.WriteString(g.items.IDs[h.Row] + " ")
	}
	return text.String(), got[0].Coded
}

// TestEarlyCodesBeside searches on several goroutines while all codes are checked and built again.
func TestEarlyCodesBeside(t *testing.T) {
	dir, _ := codedGallery(t, code.CodeChunk+300, 40)
	g := open(t, dir)
	build(t, g)
	path := codesFile(t, g)
	want := scanned(t, dir)
	b := readFile(t, path)
	b[len(b)-7] ^= 1
	write(t, filepath.Dir(path), filepath.Base(path), b)
	g = open(t, dir)
	early(t, g)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 5 {
				if got, _ := searched(t, g); got != want {
					t.Errorf("%s; want %s", got, want)
				}
			}
		})
	}
	if notes, _ := build(t, g); len(notes) != 0 {
		t.Errorf("%q", notes) // only the early codes are looked at again, with Early
	}
	if err := g.PrepareCodes(t.Context(), code.Options{Build: true, All: true, Early: true}); err != nil {
		t.Error(err)
	}
	group.Wait()
	if c := g.CodesOf(g.Layers[0]); c == nil || c.Complete(t.Context(), 0) != nil {
		t.Error("the codes were not built again")
	}
}

// TestEarlyBatch: many queries, and what else reads codes without checking them, have all checked first.
func TestEarlyBatch(t *testing.T) {
	dir, _ := codedGallery(t, code.CodeChunk+300, 40)
	g := open(t, dir)
	build(t, g)
	path := codesFile(t, g)
	b := readFile(t, path)
	b[len(b)-7] ^= 1
	write(t, filepath.Dir(path), filepath.Base(path), b)
	rankings := func(g *Gallery) (out [3]rank.Ranking) {
		among, err := g.Candidates(nil)
		if err != nil {
			t.Fatal(err)
		}
		err = g.RankAll(t.Context(), []int{3, 5, 900}, parseAll(t, g, []string{"A"}), 10, among, func(i int, r []rank.Ranking) { out[i] = r[0] })
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	want := rankings(open(t, dir))
	g = open(t, dir)
	early(t, g)
	for i, r := range rankings(g) {
		if r.Coded || !slices.Equal(r.Hits, want[i].Hits) {
			t.Errorf("from damaged codes: %v, hits %v; want %v", r.Coded, r.Hits, want[i].Hits)
		}
	}
	g = open(t, dir)
	early(t, g)
	if _, err := rank.NewCodeSearch(t.Context(), g, parseAll(t, g, []string{"A"})[0], 8); err == nil {
		t.Error("damaged codes are searched alone")
	}
	l := g.Layers[0]
	c, err := code.OpenCodes(t.Context(), l, fence.In(filepath.Dir(path), "."), false)
	if !errors.As(err, new(code.ErrStale)) {
		t.Errorf("opened whole: %v, %v", c, err)
	}
}
