package eval

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"runtime"
	"slices"
	"sync"

	"strata/engine"
	"strata/engine/items"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/table"
)

// DuplicateKind says in what two items are alike.
type DuplicateKind uint8

// The kinds, from the strictest.
const (
	SamePicture DuplicateKind = iota // their pictures' files have the same bytes
	SameRows                         // their rows have the same values in every layer
	NearRows                         // their cosine is at least that asked for
)

// String returns the kind's name.
func (k DuplicateKind) String() string { return [...]string{"picture", "rows", "near"}[k] }

// Duplicate is two items, of which one is a query, that are alike.
type Duplicate struct {
	A, B   int // rows; A is the lower
	Kind   DuplicateKind
	Cosine float64 // under the layers that were looked at; NaN where that was not looked for
}

// Duplicates are the queries and candidates that are alike. Items of one group are
// no candidates of each other, and not looked at.
type Duplicates struct {
	Near   float64       // the least cosine
	Scheme scheme.Scheme // whose score the cosine is: equal weights of the layers
	Pairs  []Duplicate   // by kind, then falling cosine, then rows; of many items with the same picture, each with the first one

	Unread      int   // items whose picture could not be read
	FirstUnread error // of the first of them

	without map[int][]int32 // by query: the rows alike
}

// Without returns by query the rows that are like it, for a Plan.
func (d *Duplicates) Without() map[int][]int32 { return d.without }

// DefaultNear is the cosine from which on two rows are nearly the same, unless
// another is asked for.
const DefaultNear = 0.99

// The hits of a query that are looked at for near rows: at first, and at most,
// when all of those are near.
const (
	nearDepth    = 16
	maxNearDepth = 1024
)

// FindDuplicates looks for candidates that are like one of the queries: by the
// bytes of their pictures, which it reads unless their sizes differ, and by the
// cosine under equal weights of the layers, near or more. A query with more than
// 1,024 near rows has the nearest of them.
func FindDuplicates(ctx context.Context, g *engine.Gallery, queries []int, filter []scheme.Condition, layers []string, near float64, progress func(done, of int)) (*Duplicates, error) {
	if !(near > 0 && near <= 1) {
		return nil, fmt.Errorf("a cosine of %s is no likeness: it is above 0 and at most 1", table.Number(near))
	}
	among, err := g.Candidates(filter)
	if err != nil {
		return nil, err
	}
	d := &Duplicates{Near: near, without: map[int][]int32{}}
	for _, name := range layers {
		d.Scheme.Terms = append(d.Scheme.Terms, scheme.Term{Weight: 1, Factor: scheme.FactorNamed(name)})
	}
	f := &finder{Duplicates: d, Gallery: g, among: among, query: map[int]bool{}, pairs: map[[2]int]Duplicate{}}
	for _, q := range queries {
		f.query[q] = true
	}
	if err := f.pictures(ctx); err != nil {
		return nil, err
	}
	if err := f.near(ctx, queries, nearDepth, progress); err != nil {
		return nil, err
	}
	f.finish()
	return d, nil
}

// finder collects duplicates.
type finder struct {
	*Duplicates
	Gallery *engine.Gallery
	among   *items.Candidates
	query   map[int]bool
	pairs   map[[2]int]Duplicate // by rows, the lower one first
	class   map[int]int          // by row: the first row with the same picture
}

// finish sorts the pairs.
func (f *finder) finish() {
	for _, p := range f.pairs {
		f.Pairs = append(f.Pairs, p)
	}
	slices.SortFunc(f.Pairs, func(a, b Duplicate) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B))
	})
	for q, rows := range f.without {
		slices.Sort(rows)
		f.without[q] = slices.Compact(rows)
	}
}

// grouped reports whether two rows are of one group.
func (f *finder) grouped(a, b int) bool {
	return f.Gallery.Group(a) != "" && f.Gallery.Group(a) == f.Gallery.Group(b)
}

// pictures finds the queries and candidates whose pictures have the same bytes.
func (f *finder) pictures(ctx context.Context) error {
	f.class = map[int]int{}
	bySize := map[int64][]int{}
	for row := range f.Gallery.Len() {
		if row%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if f.Gallery.Picture(row) == "" || !f.among.Has(row) && !f.query[row] {
			continue
		}
		size, err := f.size(row)
		if err != nil {
			f.unread(err)
			continue
		}
		bySize[size] = append(bySize[size], row)
	}
	var rows []int
	for _, of := range bySize {
		if len(of) > 1 {
			rows = append(rows, of...)
		}
	}
	slices.Sort(rows)
	sums, err := f.hashes(ctx, rows)
	if err != nil {
		return err
	}
	same := map[[sha256.Size]byte][]int{}
	for i, sum := range sums {
		if sum != ([sha256.Size]byte{}) {
			same[sum] = append(same[sum], rows[i])
		}
	}
	for _, of := range same {
		f.addSame(of)
	}
	return nil
}

// addSame adds the rows that have one picture, ascending.
func (f *finder) addSame(rows []int) {
	if len(rows) < 2 || !slices.ContainsFunc(rows, func(row int) bool { return f.query[row] }) {
		return
	}
	for _, row := range rows {
		f.class[row] = rows[0]
		if row != rows[0] && !f.grouped(rows[0], row) {
			f.pairs[[2]int{rows[0], row}] = Duplicate{rows[0], row, SamePicture, math.NaN()}
		}
		if !f.query[row] {
			continue
		}
		for _, other := range rows {
			if other != row {
				f.without[row] = append(f.without[row], int32(other))
			}
		}
	}
}

// size returns the size of a row's picture.
func (f *finder) size(row int) (int64, error) {
	in, err := f.Gallery.OpenPicture(row)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	if file, ok := in.(fs.File); ok {
		info, err := file.Stat()
		if err != nil {
			return 0, err
		}
		return info.Size(), nil
	}
	return 0, nil
}

// unread counts a picture that cannot be read.
func (f *finder) unread(err error) {
	if f.Unread++; f.FirstUnread == nil {
		f.FirstUnread = err
	}
}

// hashes returns the SHA-256 of rows' pictures; all zeros where one cannot be read.
func (f *finder) hashes(ctx context.Context, rows []int) ([][sha256.Size]byte, error) {
	sums := make([][sha256.Size]byte, len(rows))
	errs := make([]error, len(rows))
	var wg sync.WaitGroup
	threads := runtime.GOMAXPROCS(0)
	for t := range threads {
		wg.Go(func() {
			for i := t; i < len(rows) && ctx.Err() == nil; i += threads {
				sums[i], errs[i] = f.hash(rows[i])
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			f.unread(err)
		}
	}
	return sums, ctx.Err()
}

func (f *finder) hash(row int) (sum [sha256.Size]byte, err error) {
	in, err := f.Gallery.OpenPicture(row)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, in); err != nil {
		return sum, fmt.Errorf("%s: %w", f.Gallery.Picture(row), err)
	}
	h.Sum(sum[:0])
	return sum, nil
}

// near finds the rows that are near the queries, of which it looks at depth hits,
// and at more where all of these are near.
func (f *finder) near(ctx context.Context, queries []int, depth int, progress func(done, of int)) error {
	if len(f.Scheme.Terms) == 0 || len(queries) == 0 {
		return nil
	}
	found := make([][]rank.Hit, len(queries))
	more := make([]bool, len(queries))
	report := Reporter(len(queries), progress)
	err := f.Gallery.RankAll(ctx, queries, []scheme.Scheme{f.Scheme}, depth, f.among, func(i int, rankings []rank.Ranking) {
		hits := rankings[0].Hits
		n := 0
		for n < len(hits) && hits[n].Score >= f.Near { // a NaN is not
			n++
		}
		found[i] = hits[:n]
		more[i] = n == depth && depth < maxNearDepth
		report()
	})
	if err != nil {
		return err
	}
	var again []int
	for i, q := range queries {
		if more[i] {
			again = append(again, q)
			continue
		}
		for _, h := range found[i] {
			if err := f.addNear(ctx, q, h); err != nil {
				return err
			}
		}
	}
	return f.near(ctx, again, min(8*depth, maxNearDepth), nil)
}

// addNear adds a row near a query.
func (f *finder) addNear(ctx context.Context, q int, h rank.Hit) error {
	f.without[q] = append(f.without[q], int32(h.Row))
	a, b := min(q, h.Row), max(q, h.Row)
	if first, ok := f.class[a]; ok {
		if other, ok := f.class[b]; ok && first == other {
			if p, ok := f.pairs[[2]int{a, b}]; ok {
				p.Cosine = h.Score
				f.pairs[[2]int{a, b}] = p
			}
			return nil
		}
	}
	kind := NearRows
	if h.Score >= 1-1e-9 {
		same, err := f.sameRows(ctx, a, b)
		if err != nil {
			return err
		}
		if same {
			kind = SameRows
		}
	}
	f.pairs[[2]int{a, b}] = Duplicate{a, b, kind, h.Score}
	return nil
}

// sameRows reports whether two rows have the same values in every layer.
func (f *finder) sameRows(ctx context.Context, a, b int) (bool, error) {
	for _, t := range f.Scheme.Terms {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		l, err := f.Gallery.Layer(t.Factor.String())
		if err != nil {
			return false, err
		}
		x, y := make([]float64, l.Dim), make([]float64, l.Dim)
		l.Widen(x, a)
		l.Widen(y, b)
		if !slices.Equal(x, y) {
			return false, nil
		}
	}
	return true, nil
}
