package layer

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"strata/engine/order"
)

// MaxHalf is the largest finite float16. A larger number that was clipped to float16 has this
// value.
const MaxHalf = 65504

// outlying is the factor by which an outlier's length differs from the median.
const outlying = 10

// Survey is the result of one pass over a layer's matrix. Rows and columns count from 0.
type Survey struct {
	Layer *Layer
	Bytes int64

	NonFinite Values // NaN and infinities
	Infinite  int64  // infinities among these
	Saturated Values // ±65504 in a float16 matrix

	Zero Unscored // rows of zeros
	Same Unscored // rows of one value, not zero, where there are several columns

	// Results over the rows that have a score.
	Scored          int
	ZeroColumns     Unscored // columns of zeros; First is a column
	ConstantColumns Unscored // columns of one value, not zero
	Repeated        Unscored // rows with the same bytes as one before
	RepeatOf        int      // the first row that Repeated.First repeats; -1 if there is none
	Lengths         struct{ Least, Median, Most float64 }
	Outliers        Unscored // rows with more than ten times the median length, or less than a tenth
	Unit            bool     // all rows have length 1, within the precision of the type
}

// Values counts elements of a kind, and names the first by row and column.
type Values struct {
	Count       int64
	Rows        int // with at least one
	Row, Column int // of the first; -1 without one
	Value       float64
}

// Surveyor is the state of a survey.
type Surveyor struct {
	*Survey
	Seed    maphash.Seed
	Hashes  []uint64 // by row: of its first bytes and its length
	Squares []float64
	Zeros   []float64 // a vector of zeros
	first   []byte    // the first row that has a score

	mu    sync.Mutex              // guards changes of alive, and Same
	alive atomic.Pointer[[]int32] // columns that are constant in all rows so far; the slice is immutable
}

// Begin finds the first row that has a score. Columns are compared with this row.
func (s *Surveyor) Begin(ctx context.Context) error {
	columns := make([]int32, s.Layer.Dim)
	for c := range columns {
		columns[c] = int32(c)
	}
	s.alive.Store(&columns)
	s.Same.First, s.Outliers.First, s.Repeated.First = -1, -1, -1
	product, square := make([]float64, 1), make([]float64, 1)
	for row := range s.Layer.Rows {
		if row%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s.Layer.ScanSquares(product, square, s.Zeros, row)
		if Scores(square[0]) {
			s.Layer.Runs(row, row+1, func(_ int, b []byte) { s.first = bytes.Clone(b) })
			return nil
		}
	}
	return nil
}

// Scores reports whether a row with this squared length has a score.
func Scores(square float64) bool { return square > 0 && !math.IsInf(square, 1) }

// Block surveys the rows lo to hi.
func (s *Surveyor) Block(lo, hi int) {
	l := s.Layer
	size, element := l.Bytes(), int(l.Type.Size())
	l.ScanSquares(make([]float64, hi-lo), s.Squares[lo:hi], s.Zeros, lo) // the rows stay in the caches for the work below
	alive := *s.alive.Load()
	var mine []int32 // alive, once it is this block's own
	same := Unscored{First: -1}
	l.Runs(lo, hi, func(row int, b []byte) {
		for ; len(b) > 0; b, row = b[size:], row+1 {
			v := b[:size]
			s.Hashes[row] = s.hash(v, s.Squares[row])
			if !Scores(s.Squares[row]) {
				continue
			}
			if size > element && bytes.Equal(v[element:], v[:size-element]) {
				same.Add(row)
			}
			if len(alive) > 0 {
				mine = equalColumns(mine[:0], alive, v, s.first, element) // in place, after the first row
				alive = mine
			}
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := *s.alive.Load(); len(now) > len(alive) || len(now) > 0 && !slices.Equal(now, alive) {
		both := intersect(now, alive)
		s.alive.Store(&both)
	}
	if same.Rows > 0 {
		if s.Same.Rows == 0 || same.First < s.Same.First {
			s.Same.First = same.First
		}
		s.Same.Rows += same.Rows
	}
}

// equalColumns appends to dst those of columns in which two rows have the same element. element is
// its size in bytes.
func equalColumns(dst, columns []int32, a, b []byte, element int) []int32 {
	for _, c := range columns {
		at := int(c) * element
		same := false
		switch element {
		case 1:
			same = a[at] == b[at]
		case 2:
			same = binary.LittleEndian.Uint16(a[at:]) == binary.LittleEndian.Uint16(b[at:])
		case 4:
			same = binary.LittleEndian.Uint32(a[at:]) == binary.LittleEndian.Uint32(b[at:])
		default:
			same = bytes.Equal(a[at:at+element], b[at:at+element])
		}
		if same {
			dst = append(dst, c)
		}
	}
	return dst
}

// intersect returns the numbers that are in both ascending lists.
func intersect(a, b []int32) []int32 {
	both := make([]int32, 0, min(len(a), len(b)))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			both = append(both, a[0])
			a, b = a[1:], b[1:]
		case a[0] < b[0]:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return both
}

// Finish computes the results that need all rows.
func (s *Surveyor) Finish(ctx context.Context) error {
	s.columns()
	if err := s.values(ctx); err != nil {
		return err
	}
	if err := s.repeats(ctx); err != nil {
		return err
	}
	n := s.Layer.Lengths()
	if n == nil {
		n = s.Layer.SetLengths(slices.Clone(s.Squares))
	}
	s.Zero = n.Zero
	roots := make([]float64, 0, len(n.Root))
	for _, r := range n.Root {
		if !math.IsNaN(r) {
			roots = append(roots, r)
		}
	}
	if s.Scored = len(roots); s.Scored == 0 {
		return ctx.Err()
	}
	median := order.Nth(slices.Clone(roots), len(roots)/2)
	s.Lengths.Least, s.Lengths.Median, s.Lengths.Most = slices.Min(roots), median, slices.Max(roots)
	for row, r := range n.Root {
		if r > outlying*median || r < median/outlying { // false for NaN
			s.Outliers.Add(row)
		}
	}
	within := unitWithin(s.Layer.Type)
	s.Unit = math.Abs(s.Lengths.Least-1) <= within && math.Abs(s.Lengths.Most-1) <= within
	return ctx.Err()
}

// unitWithin returns the tolerance for the length of a unit vector whose values are rounded to type
// t. float16 rounds a value by 2⁻¹¹ of it, bfloat16 by 2⁻⁸, and GPUs normalise with fewer digits
// than float32 has.
func unitWithin(t DType) float64 {
	switch t {
	case Float16:
		return 2e-3
	case BFloat16:
		return 1e-2
	default:
		return 1e-4
	}
}

// columns separates columns of zeros from other constant columns.
func (s *Surveyor) columns() {
	s.ZeroColumns.First, s.ConstantColumns.First = -1, -1
	if s.first == nil {
		return
	}
	element := int(s.Layer.Type.Size())
	for _, c := range *s.alive.Load() {
		v := s.first[int(c)*element : (int(c)+1)*element]
		if bytes.Count(v, []byte{0}) == element {
			s.ZeroColumns.Add(int(c))
		} else {
			s.ConstantColumns.Add(int(c))
		}
	}
}

// values counts the elements of each kind, in the rows that can hold them.
func (s *Surveyor) values(ctx context.Context) error {
	s.NonFinite.Row, s.NonFinite.Column, s.Saturated.Row, s.Saturated.Column = -1, -1, -1, -1
	var rows []int
	for row, square := range s.Squares {
		if math.IsNaN(square) || math.IsInf(square, 0) || s.Layer.Type == Float16 && square >= MaxHalf*MaxHalf {
			rows = append(rows, row)
		}
	}
	var mu sync.Mutex
	return Parallel(ctx, len(rows), 64, func(lo, hi int) {
		v := make([]float64, s.Layer.Dim)
		for _, row := range rows[lo:hi] {
			s.Layer.Widen(v, row)
			mu.Lock()
			s.NonFinite.Tally(row, v, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
			if s.Layer.Type == Float16 {
				s.Saturated.Tally(row, v, func(x float64) bool { return math.Abs(x) == MaxHalf })
			}
			for _, x := range v {
				if math.IsInf(x, 0) {
					s.Infinite++
				}
			}
			mu.Unlock()
		}
	})
}

// Tally adds the elements of a row for which is returns true.
func (v *Values) Tally(row int, elements []float64, is func(float64) bool) {
	had := v.Count
	for c, x := range elements {
		if !is(x) {
			continue
		}
		if v.Count++; v.Count == had+1 && (v.Row < 0 || row < v.Row) {
			v.Row, v.Column, v.Value = row, c, x
		}
	}
	if v.Count > had {
		v.Rows++
	}
}
