package layer

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
)

// Layer is a named matrix over a gallery's rows: Rows × Dim elements, in one file or several. The
// gallery owns their memory, which is valid until it is closed.
type Layer struct {
	Name string
	File string // as given to Open, joined with the matrix's name; * for the numbers of shards
	Type DType
	Rows int
	Dim  int

	Segments []Segment // ascending
	Whole    []byte    // all elements, if they are contiguous; otherwise nil

	lengths atomic.Pointer[Lengths]
	facts   facts
}

// Lengths holds the canonical squared length of every row of a layer, and its root. Both are NaN
// for a row that is zero or not finite. Everything computed from them is then NaN, which marks a
// row without a score.
type Lengths struct {
	Square []float64
	Root   []float64
	Zero   Unscored // rows of zeros
	Bad    Unscored // rows with a NaN or an infinity

	Extreme bool // a root is beyond extremeRoot, above or below

	once   sync.Once // of narrow
	narrow *shortLengths
}

// extremeRoot is far beyond the lengths of all types but float64. Below it no square or product
// that matters to a score overflows or underflows float64. The bounds of approximate scores rely on
// that.
const extremeRoot = 0x1p400

// Unscored counts rows that have no score in a layer, and names the first.
type Unscored struct {
	Rows  int
	First int // row; -1 when Rows is 0
}

// NewLayer returns a layer of segments that together hold all its rows.
func NewLayer(name, file string, t DType, dim int, segments []Segment) *Layer {
	l := &Layer{Name: name, File: file, Type: t, Dim: dim, Segments: segments}
	last := segments[len(segments)-1]
	l.Rows = last.first + last.Rows
	if len(segments) == 1 && last.dense {
		l.Whole = last.Data
	}
	return l
}

// Bytes returns the size of one row.
func (l *Layer) Bytes() int { return l.Dim * int(l.Type.Size()) }

// Widen sets dst, of length Dim, to the row's values.
func (l *Layer) Widen(dst []float64, row int) {
	l.Runs(row, row+1, func(_ int, b []byte) { Widen(l.Type, dst, b) })
}

// Scan sets dst to the canonical products of q with the rows lo to lo+len(dst).
func (l *Layer) Scan(dst, q []float64, lo int) {
	l.strides(lo, lo+len(dst), false, func(row, n int, b []byte, stride int) {
		ScanBytes(l.Type, dst[row-lo:row-lo+n], q, b, stride)
	})
}

// ScanRows sets dst to the canonical products of q with the given rows, in their order. It is Scan for
// rows that lie apart.
func (l *Layer) ScanRows(dst, q []float64, rows []int32) {
	for i := 0; i < len(rows); {
		var four [4][]byte
		n := 0
		for n < 4 && i+n < len(rows) {
			if four[n] = l.inPlace(int(rows[i+n])); four[n] == nil {
				break
			}
			n++
		}
		if n == 4 {
			scanFourBytes(l.Type, (*[4]float64)(dst[i:]), q, &four)
			i += 4
			continue
		}
		l.Scan(dst[i:i+1], q, int(rows[i]))
		i++
	}
}

// ScanSquares is Scan that also sets sq to the rows' products with themselves.
func (l *Layer) ScanSquares(dst, sq, q []float64, lo int) {
	l.strides(lo, lo+len(dst), false, func(row, n int, b []byte, stride int) {
		from, to := row-lo, row-lo+n
		scanSquaresBytes(l.Type, dst[from:to], sq[from:to], q, b, stride)
	})
}

// Lengths returns the rows' lengths, or nil before the first scan of the layer.
func (l *Layer) Lengths() *Lengths { return l.lengths.Load() }

// SetLengths computes the lengths from squares, and keeps the slice.
func (l *Layer) SetLengths(squares []float64) *Lengths {
	n := &Lengths{Square: squares, Root: make([]float64, len(squares)), Zero: Unscored{First: -1}, Bad: Unscored{First: -1}}
	for row, s := range squares {
		switch {
		case s == 0:
			n.Zero.Add(row)
		case math.IsNaN(s) || math.IsInf(s, 0):
			n.Bad.Add(row)
		default:
			n.Root[row] = math.Sqrt(s)
			n.Extreme = n.Extreme || n.Root[row] > extremeRoot || n.Root[row] < 1/extremeRoot
			continue
		}
		squares[row], n.Root[row] = math.NaN(), math.NaN()
	}
	l.lengths.CompareAndSwap(nil, n)
	return l.lengths.Load()
}

// Add counts a row. Rows must be added in ascending order for First to be the lowest.
func (f *Unscored) Add(row int) {
	if f.Rows == 0 {
		f.First = row
	}
	f.Rows++
}

// Faults says which rows have no score in the layer, one line for each kind. It returns nothing
// before the first scan of the layer.
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

// firstBad returns the index and the value of the row's first element that is not finite.
func (l *Layer) firstBad(row int) (int, float64) {
	v := make([]float64, l.Dim)
	if Guard(func() error { l.Widen(v, row); return nil }) != nil {
		return -1, 0
	}
	for i, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return i, x
		}
	}
	return -1, 0
}
