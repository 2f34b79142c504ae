package layer

import (
	"context"
	"math"
	"slices"
)

// shortLengths holds the lengths of a layer's rows as float32, for approximate scores of
// concatenations. Rows without a score have NaN.
type shortLengths struct {
	Root        []float32
	Least, Most []float64 // by span: the ends of the rows' roots; +Inf and 0 without any
	Plain       bool      // all lengths are within ShortRange
}

// ShortRange is the largest length for float32, and its inverse the least. Within these bounds, and
// with ratios of weights within them, no square or product overflows or underflows float32.
const ShortRange = 0x1p30

// WithinShort reports whether a length is within ShortRange; true for NaN.
func WithinShort(root float64) bool { return !(root > ShortRange || root < 1/ShortRange) }

// Short returns the lengths as float32. It computes them once.
func (n *Lengths) Short() *shortLengths {
	n.once.Do(func() {
		rows := len(n.Root)
		s := &shortLengths{Root: make([]float32, rows), Plain: true}
		for row, root := range n.Root {
			s.Root[row] = float32(root)
			if !WithinShort(root) {
				s.Plain = false
			}
		}
		for span := range slices.Chunk(n.Root, CodeSpan) {
			least, most := math.Inf(1), 0.0
			for _, root := range span {
				if root == root { // false for NaN
					least, most = min(least, root), max(most, root)
				}
			}
			s.Least, s.Most = append(s.Least, least), append(s.Most, most)
		}
		n.narrow = s
	})
	return n.narrow
}

// Products sets dst, by row, to the canonical products of q with all rows. It returns the rows'
// lengths. The first scan of a layer computes them in the same pass.
func (l *Layer) Products(ctx context.Context, dst, q []float64) (*Lengths, error) {
	block := max(1, ScanBlock/l.Bytes())
	if n := l.Lengths(); n != nil {
		return n, Parallel(ctx, l.Rows, block, func(lo, hi int) { l.Scan(dst[lo:hi], q, lo) })
	}
	squares := make([]float64, l.Rows)
	err := Parallel(ctx, l.Rows, block, func(lo, hi int) { l.ScanSquares(dst[lo:hi], squares[lo:hi], q, lo) })
	if err != nil {
		return nil, err
	}
	return l.SetLengths(squares), nil
}

// Measure computes the layer's lengths, unless they are known.
func (l *Layer) Measure(ctx context.Context) error {
	if l.Lengths() != nil {
		return nil
	}
	_, err := l.Products(ctx, make([]float64, l.Rows), make([]float64, l.Dim))
	return err
}
