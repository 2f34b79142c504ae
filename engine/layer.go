package engine

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
)

// Layer is a named matrix over a gallery's rows: Rows × Dim elements, which lie in
// one file or several. Their memory is the gallery's and dies with it.
type Layer struct {
	Name string
	File string // as given to Open, joined with the matrix's name; * for the numbers of shards
	Type DType
	Rows int
	Dim  int

	segments []segment // ascending
	whole    []byte    // all elements, where they lie one behind the other; otherwise nil

	lengths atomic.Pointer[Lengths]
}

// Lengths holds the canonical squared length of every row of a layer, and its
// root. A row that is zero or not finite has NaN in both: whatever is computed
// from it is NaN, which is how a row without a score is known.
type Lengths struct {
	Square []float64
	Root   []float64
	Zero   Fault // rows of zeros
	Bad    Fault // rows with a NaN or an infinity

	extreme bool // a root is beyond extremeRoot, above or below

	once   sync.Once // of narrow
	narrow *shortLengths
}

// extremeRoot is far beyond the lengths of all types but float64. Below it no square
// and no product of values that matters to a score leaves the range of float64, which
// the bounds of approximate scores take for granted.
const extremeRoot = 0x1p400

// Fault counts rows that have no score in a layer, and names the first.
type Fault struct {
	Rows  int
	First int // row; -1 when Rows is 0
}

// newLayer returns a layer of segments that hold all of its rows.
func newLayer(name, file string, t DType, dim int, segments []segment) *Layer {
	l := &Layer{Name: name, File: file, Type: t, Dim: dim, segments: segments}
	last := segments[len(segments)-1]
	l.Rows = last.first + last.rows
	if len(segments) == 1 && last.dense {
		l.whole = last.data
	}
	return l
}

// bytes returns the size of one row.
func (l *Layer) bytes() int { return l.Dim * int(l.Type.Size()) }

// Widen sets dst, of length Dim, to the row's values.
func (l *Layer) Widen(dst []float64, row int) {
	l.runs(row, row+1, func(_ int, b []byte) { widen(l.Type, dst, b) })
}

// scan sets dst to the canonical products of q with the rows lo to lo+len(dst).
func (l *Layer) scan(dst, q []float64, lo int) {
	l.strides(lo, lo+len(dst), false, func(row, n int, b []byte, stride int) {
		scanBytes(l.Type, dst[row-lo:row-lo+n], q, b, stride)
	})
}

// scanSquares is scan that also sets sq to the rows' products with themselves.
func (l *Layer) scanSquares(dst, sq, q []float64, lo int) {
	l.strides(lo, lo+len(dst), false, func(row, n int, b []byte, stride int) {
		from, to := row-lo, row-lo+n
		scanSquaresBytes(l.Type, dst[from:to], sq[from:to], q, b, stride)
	})
}

// Lengths returns the rows' lengths, or nil before the layer was first scanned.
func (l *Layer) Lengths() *Lengths { return l.lengths.Load() }

// setLengths derives the lengths from squares, which it keeps.
func (l *Layer) setLengths(squares []float64) *Lengths {
	n := &Lengths{Square: squares, Root: make([]float64, len(squares)), Zero: Fault{First: -1}, Bad: Fault{First: -1}}
	for row, s := range squares {
		switch {
		case s == 0:
			n.Zero.add(row)
		case math.IsNaN(s) || math.IsInf(s, 0):
			n.Bad.add(row)
		default:
			n.Root[row] = math.Sqrt(s)
			n.extreme = n.extreme || n.Root[row] > extremeRoot || n.Root[row] < 1/extremeRoot
			continue
		}
		squares[row], n.Root[row] = math.NaN(), math.NaN()
	}
	l.lengths.CompareAndSwap(nil, n)
	return l.lengths.Load()
}

func (f *Fault) add(row int) {
	if f.Rows == 0 {
		f.First = row
	}
	f.Rows++
}

// Faults says which rows have no score in the layer, a line a kind, or nothing.
// It knows that once the layer was scanned.
func (l *Layer) Faults() []string {
	n := l.Lengths()
	if n == nil {
		return nil
	}
	var lines []string
	if n.Bad.Rows > 0 {
		row := n.Bad.First
		at, v := l.firstBad(row)
		lines = append(lines, fmt.Sprintf("%s: %d of %d rows are not finite; the first is row %d: value %d is %v", l.File, n.Bad.Rows, l.Rows, row, at, v))
	}
	if n.Zero.Rows > 0 {
		lines = append(lines, fmt.Sprintf("%s: %d of %d rows are zero; the first is row %d", l.File, n.Zero.Rows, l.Rows, n.Zero.First))
	}
	return lines
}

// firstBad returns the place and the value of the row's first element that is not finite.
func (l *Layer) firstBad(row int) (int, float64) {
	v := make([]float64, l.Dim)
	if guard(func() error { l.Widen(v, row); return nil }) != nil {
		return -1, 0
	}
	for i, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return i, x
		}
	}
	return -1, 0
}
