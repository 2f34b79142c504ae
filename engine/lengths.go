package engine

import (
	"context"
	"math"
	"slices"
)

// shortLengths holds the lengths of a layer's rows as float32 numbers, for the many
// rows of a concatenation that only need to be nearly scored. Rows without a score
// have NaN.
type shortLengths struct {
	root        []float32
	least, most []float64 // by span: the ends of the rows' roots; +Inf and 0 without any
	plain       bool      // no root is beyond shortRange, above or below
}

// Within shortRange, and with weights no farther apart, no square and no product
// leaves the range of float32.
const shortRange = 0x1p30

// withinShort reports whether a length suits float32, NaN too.
func withinShort(root float64) bool { return !(root > shortRange || root < 1/shortRange) }

// short returns the lengths as float32 numbers. It computes them once.
func (n *Lengths) short() *shortLengths {
	n.once.Do(func() {
		rows := len(n.Root)
		s := &shortLengths{root: make([]float32, rows), plain: true}
		for row, root := range n.Root {
			s.root[row] = float32(root)
			if !withinShort(root) {
				s.plain = false
			}
		}
		for span := range slices.Chunk(n.Root, codeSpan) {
			least, most := math.Inf(1), 0.0
			for _, root := range span {
				if root == root { // a NaN is not itself
					least, most = min(least, root), max(most, root)
				}
			}
			s.least, s.most = append(s.least, least), append(s.most, most)
		}
		n.narrow = s
	})
	return n.narrow
}

// products sets dst, a place a row, to the canonical products of q with all rows. It
// returns the rows' lengths; the first scan of a layer computes them in the same pass.
func (l *Layer) products(ctx context.Context, dst, q []float64) (*Lengths, error) {
	block := max(1, scanBlock/l.bytes())
	if n := l.Lengths(); n != nil {
		return n, parallel(ctx, l.Rows, block, func(lo, hi int) { l.scan(dst[lo:hi], q, lo) })
	}
	squares := make([]float64, l.Rows)
	err := parallel(ctx, l.Rows, block, func(lo, hi int) { l.scanSquares(dst[lo:hi], squares[lo:hi], q, lo) })
	if err != nil {
		return nil, err
	}
	return l.setLengths(squares), nil
}

// measure computes the layer's lengths, if they are not known.
func (l *Layer) measure(ctx context.Context) error {
	if l.Lengths() != nil {
		return nil
	}
	_, err := l.products(ctx, make([]float64, l.Rows), make([]float64, l.Dim))
	return err
}
