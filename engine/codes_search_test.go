package engine

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"strata/engine/code"
	"strata/engine/convert"
	"strata/engine/items"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// allCoded opens a random gallery whose layers all have codes.
func allCoded(t *testing.T, seed uint64, rows int) (*Gallery, *oracle, *items.Candidates) {
	t.Helper()
	g, o, among := testGallery(t, seed, rows)
	if err := g.PrepareCodes(t.Context(), code.Options{Build: true, All: true}); err != nil {
		t.Fatal(err)
	}
	return g, o, among
}

// TestCodeSearch compares searches by codes with all rows sorted by scores that are
// computed one by one from the decoded codes, and looks at how near these are to the
// exact ones: fewer bits, farther.
func TestCodeSearch(t *testing.T) {
	for seed := range uint64(4) {
		g, o, among := allCoded(t, seed, 400)
		for _, scheme := range parseAll(t, g, []string{"A", "B", "A+B", "0.7*B+0.3*C", "concat(B,0.5*C)"}) {
			off := map[int]float64{}
			for _, bits := range rank.CodeBits() {
				s, err := rank.NewCodeSearch(t.Context(), g, scheme, bits)
				if err != nil {
					t.Fatal(err)
				}
				for q := 0; q < 400; q += 67 {
					hits, err := s.Search(t.Context(), q, 400, among)
					if err != nil {
						t.Fatal(err)
					}
					what := fmt.Sprintf("seed %d, %s, %d bits, query %d", seed, scheme, bits, q)
					off[bits] += checkCoded(t, what, hits, o, scheme, q)
					top, err := s.Search(t.Context(), q, 7, among)
					if err != nil || !sameHits(top, hits[:min(7, len(hits))]) {
						t.Fatalf("%s: the best 7 are %v, not the first of all, %v", what, top, err)
					}
				}
			}
			if !(off[8] < off[4] && off[4] < off[1]) {
				t.Errorf("seed %d, %s: scores are off by %v", seed, scheme, off)
			}
		}
	}
}

// checkCoded compares the ranking of all candidates with the oracle's: the same rows
// that have a score, in the order of scores, then rows. It returns how far off the
// scores are, in sum.
func checkCoded(t *testing.T, what string, hits []rank.Hit, o *oracle, scheme scheme.Scheme, q int) (off float64) {
	t.Helper()
	want := map[int]float64{}
	for _, h := range o.rank(scheme, q) {
		if h.Scored() {
			want[h.Row] = h.Score
		}
	}
	if len(hits) != len(want) {
		t.Fatalf("%s: %d hits, want %d", what, len(hits), len(want))
	}
	for i, h := range hits {
		exact, is := want[h.Row]
		if !is || math.Abs(h.Score-exact) > 0.2 {
			t.Fatalf("%s: place %d: row %d with %v, exactly %v", what, i+1, h.Row, h.Score, exact)
		}
		delete(want, h.Row) // so that none is there twice
		off += math.Abs(h.Score - exact)
	}
	if !slices.IsSortedFunc(hits, rank.Better) {
		t.Fatalf("%s: not in order", what)
	}
	return off
}

// TestCodeSearchBytes counts what a search of the codes of a layer reads.
func TestCodeSearchBytes(t *testing.T) {
	g, _, _ := allCoded(t, 1, 300)
	l, err := g.Layer("B")
	if err != nil {
		t.Fatal(err)
	}
	stride := int64(code.Stride(l.Dim))
	beside := int64(4 + 4*code.AxesOf(l.Dim) + 4) // μ·c, axes, scale
	for bits, want := range map[int]int64{8: stride + beside, 4: int64(code.CoarseStride(l.Dim)) + beside, 1: stride/8 + beside} {
		s, err := rank.NewCodeSearch(t.Context(), g, scheme.Scheme{Terms: []scheme.Term{{Weight: 1, Factor: scheme.FactorNamed("B")}}}, bits)
		if err != nil || s.Bytes() != 300*want {
			t.Errorf("%d bits: %d bytes, want 300 × %d; %v", bits, s.Bytes(), want, err)
		}
	}
}

func TestCodeSearchRefuses(t *testing.T) {
	g, _, _ := testGallery(t, 2, 50)
	for _, c := range []struct {
		scheme string
		bits   int
		wrong  string
	}{
		{"A", 3, "8, 4 or 1 bits a value, not 3"},
		{"A", 4, "layer A has no codes"},
		{"rrf(A,B)", 8, "rrf(A,B): codes score sums"},
		{"D", 8, `no layer "D"`},
	} {
		scheme, err := scheme.ParseScheme(c.scheme)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rank.NewCodeSearch(t.Context(), g, scheme, c.bits); err == nil || !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s, %d bits: %v, want %q", c.scheme, c.bits, err, c.wrong)
		}
	}
}

// TestRescore rescores all rows, and some: the order and the bits are Search's.
func TestRescore(t *testing.T) {
	for seed := range uint64(3) {
		g, _, among := testGallery(t, seed, 200)
		s := rank.NewSearcher(g, 1)
		for _, sc := range parseAll(t, g, []string{"A", "A+B", "concat(B,0.5*C)"}) {
			for q := 0; q < 200; q += 31 {
				all, err := s.Search(t.Context(), q, []scheme.Scheme{sc}, 200, among)
				if err != nil {
					t.Fatal(err)
				}
				var rows []int
				var want []rank.Hit
				for i, h := range all[0].Hits {
					if i%3 == 0 {
						rows = append(rows, h.Row)
						if h.Scored() {
							want = append(want, h)
						}
					}
				}
				slices.Sort(rows)
				got, err := rank.Rescore(t.Context(), g, q, sc, rows, 9)
				if err != nil || !sameHits(got, want[:min(9, len(want))]) {
					t.Fatalf("seed %d, %s, query %d: %v, want %v; %v", seed, sc, q, got, want, err)
				}
			}
		}
	}
	g, _, _ := testGallery(t, 0, 5)
	if _, err := rank.Rescore(t.Context(), g, 0, parseAll(t, g, []string{"rrf(A,B)"})[0], []int{1}, 1); err == nil {
		t.Error("a fusion was rescored")
	}
}

// TestJoined compares inner products of the vectors with the scheme's scores.
func TestJoined(t *testing.T) {
	g, o, _ := testGallery(t, 4, 60)
	for _, scheme := range parseAll(t, g, []string{"A", "0.7*B+0.3*C", "A+0*B+2.5*C", "concat(B,0.5*C)"}) {
		j, err := convert.Join(t.Context(), g, scheme)
		if err != nil {
			t.Fatal(err)
		}
		a, b := make([]float32, j.Dim()), make([]float32, j.Dim())
		for q := range 60 {
			for row := range 60 {
				qok, err := j.Row(a, q)
				rok, err2 := j.Row(b, row)
				if err != nil || err2 != nil {
					t.Fatal(err, err2)
				}
				want := o.score(scheme, q, row)
				if (qok && rok) == math.IsNaN(want) {
					t.Fatalf("%s: %d and %d: scored %v and %v, want a score of %v", scheme, q, row, qok, rok, want)
				}
				if !qok || !rok {
					continue
				}
				var dot float64
				for i := range a {
					dot += float64(a[i]) * float64(b[i])
				}
				if math.Abs(dot-want) > 1e-6 {
					t.Fatalf("%s: %d and %d: %v, want %v", scheme, q, row, dot, want)
				}
			}
		}
	}
	if _, err := convert.Join(t.Context(), g, parseAll(t, g, []string{"rrf(A,B)"})[0]); err == nil {
		t.Error("a fusion was joined")
	}
}

// TestPrefixSearch ranks by ever more components: the scores come nearer, and with
// nearly all they are the exact ones. A layer that has no more is taken whole.
func TestPrefixSearch(t *testing.T) {
	for seed := range uint64(3) {
		g, o, among := testGallery(t, seed, 400)
		for _, scheme := range parseAll(t, g, []string{"B", "A+B", "concat(B,0.5*C)"}) {
			dim := 0
			for _, name := range scheme.Layers() {
				l, err := g.Layer(name)
				if err != nil {
					t.Fatal(err)
				}
				dim = max(dim, l.Dim)
			}
			last := math.Inf(1)
			for _, n := range []int{1, max(2, dim/4), dim - 1, dim} {
				s, err := rank.NewPrefixSearch(t.Context(), g, scheme, n)
				if err != nil {
					t.Fatal(err)
				}
				if s.Short() != (n < dim) {
					t.Errorf("seed %d, %s: %d of %d components are short: %v", seed, scheme, n, dim, s.Short())
				}
				var off float64
				for q := 0; q < 400; q += 67 {
					hits, err := s.Search(t.Context(), q, 400, among)
					if err != nil {
						t.Fatal(err)
					}
					off += checkCoded(t, fmt.Sprintf("seed %d, %s, %d components, query %d", seed, scheme, n, q), hits, o, scheme, q)
				}
				if off > last || n == dim && off > 1e-3 {
					t.Errorf("seed %d, %s: %d of %d components: scores are off by %v, with fewer by %v", seed, scheme, n, dim, off, last)
				}
				last = off
			}
		}
	}
	g, _, _ := testGallery(t, 0, 5)
	if _, err := rank.NewPrefixSearch(t.Context(), g, parseAll(t, g, []string{"rrf(A,B)"})[0], 2); err == nil {
		t.Error("a fusion has components")
	}
}

// TestPrefixSearchBytes counts what a search of components reads.
func TestPrefixSearchBytes(t *testing.T) {
	g, _, _ := testGallery(t, 2, 300)
	for _, name := range []string{"B", "C"} {
		l, err := g.Layer(name)
		if err != nil {
			t.Fatal(err)
		}
		n := min(20, l.Dim)
		want := int64(300 * (4*n + 4))
		if n == l.Dim {
			want = int64(300 * (l.Bytes() + 8))
		}
		s, err := rank.NewPrefixSearch(t.Context(), g, scheme.Scheme{Terms: []scheme.Term{{Weight: 1, Factor: scheme.FactorNamed(name)}}}, n)
		if err != nil || s.Bytes() != want {
			t.Errorf("%s: %d of %d components: %d bytes, want %d; %v", name, n, l.Dim, s.Bytes(), want, err)
		}
	}
}
