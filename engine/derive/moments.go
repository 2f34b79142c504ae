package derive

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"

	"strata/engine/kernel"
	"strata/engine/layer"
)

// Moments are the mean and the second moments of a layer's rows of length 1. The mean and the
// standard deviation of any vector's cosines with all rows follow from them:
//
//	μ(q) = mean·q        σ(q)² = q·M·q − μ(q)²        for q of length 1
//
// Rows without a score count nothing. The rows are taken in blocks of fitBlock: every block adds
// the canonical product of two features over its rows to their sum. So the bits depend neither on
// the machine nor on the number of threads. Moments are read-only, and may be used concurrently.
type Moments struct {
	layer  *layer.Layer
	mean   []float64
	upper  []float64       // M by row i: entries i, i … dim−1
	spread []atomic.Uint64 // by row of the layer: the bits of σ, 0 where it is not known
}

// flatSpread is the least σ² that is no rounding, as a share of q·M·q. The sums of 10⁶ rows with 4096
// features are exact to less.
const flatSpread = 0x1p-40

// SpreadError says that σ of a query in a layer is not above rounding.
type SpreadError struct {
	Layer string
	Row   int // of the query; −1 for one that is no item
	Value float64
}

// Error names the layer, the query and σ.
func (e *SpreadError) Error() string {
	query := fmt.Sprintf("row %d", e.Row)
	if e.Row < 0 {
		query = "the query"
	}
	return fmt.Sprintf("layer %s: the cosines of %s with all rows are the same but for rounding (σ is %.3g): znorm cannot divide by it", e.Layer, query, e.Value)
}

// MomentsOf returns the moments of a layer. It makes one pass over the matrix where they are not
// kept beside the gallery. The layer's lengths must be known.
func MomentsOf(ctx context.Context, home Home, l *layer.Layer) (*Moments, error) {
	fact, err := l.Find(ctx, "moments", func() (any, error) {
		count := l.Dim + l.Dim*(l.Dim+1)/2
		values, err := Values(ctx, home, l, "moments", "moments 1", "", count, func() ([]float64, error) { return moments(ctx, l) })
		if err != nil {
			return nil, fmt.Errorf("the spread of %s: %w", l.Name, err)
		}
		return &Moments{l, values[:l.Dim], values[l.Dim:], make([]atomic.Uint64, l.Rows)}, nil
	})
	if err != nil {
		return nil, err
	}
	return fact.(*Moments), nil
}

// moments returns the mean, and the upper triangle of the second moments.
func moments(ctx context.Context, l *layer.Layer) ([]float64, error) {
	if l.Dim > maxMoments {
		return nil, fmt.Errorf("it has %d features, znorm takes at most %d", l.Dim, maxMoments)
	}
	lengths := l.Lengths().Root
	turned := make([]float64, l.Dim*fitBlock) // by feature, by row of the block
	sums := make([]float64, l.Dim+l.Dim*(l.Dim+1)/2)
	tiles := (l.Dim + fitTile - 1) / fitTile
	scored := 0
	for lo := 0; lo < l.Rows; lo += fitBlock {
		n := min(fitBlock, l.Rows-lo)
		clear(turned)
		err := layer.Parallel(ctx, n, fitChunk, func(from, to int) {
			wide := make([]float64, l.Dim)
			for r := from; r < to; r++ {
				root := lengths[lo+r]
				if math.IsNaN(root) {
					continue
				}
				l.Widen(wide, lo+r)
				for i, x := range wide {
					turned[i*fitBlock+r] = x / root
				}
			}
		})
		if err != nil {
			return nil, err
		}
		err = layer.Parallel(ctx, tiles, 1, func(tile, _ int) { addMoments(sums, turned, l.Dim, tile*fitTile) })
		if err != nil {
			return nil, err
		}
		for _, root := range lengths[lo : lo+n] {
			if !math.IsNaN(root) {
				scored++
			}
		}
		if l.Size() >= releaseFrom {
			l.Release(lo, lo+n)
		}
	}
	for i := range sums {
		sums[i] /= float64(max(scored, 1))
	}
	return sums, nil
}

// maxMoments is the largest number of features of a layer with moments. Their matrix takes 4 bytes
// for each pair of features.
const maxMoments = 8192

// addMoments adds a block's sums of fitTile features from lo on, and of their products with all
// features that do not precede them.
func addMoments(sums, turned []float64, dim, lo int) {
	var ones [fitBlock]float64
	for i := range ones {
		ones[i] = 1
	}
	hi := min(lo+fitTile, dim)
	dots := make([]float64, dim)
	kernel.ScanApart(dots[:hi-lo], ones[:], turned[lo*fitBlock:hi*fitBlock], fitBlock)
	for i, s := range dots[:hi-lo] {
		sums[lo+i] += s
	}
	for from := lo; from < dim; from += fitTile { // the features of a tile stay in the cache
		to := min(from+fitTile, dim)
		for i := lo; i < hi; i++ {
			first := max(from, i)
			if first >= to {
				continue
			}
			products := dots[:to-first]
			kernel.ScanApart(products, turned[i*fitBlock:(i+1)*fitBlock], turned[first*fitBlock:to*fitBlock], fitBlock)
			row := sums[dim+triangle(i, dim)+first-i:]
			for j, p := range products {
				row[j] += p
			}
		}
	}
}

// triangle returns the number of entries before row i of an upper triangle.
func triangle(i, dim int) int { return i*dim - i*(i-1)/2 }

// Spread returns μ and σ of the cosines of a vector with all rows that have a score. row is the
// vector's row in the layer, or −1. Both are NaN for a vector without a score. The error, a
// *SpreadError, says that σ is not above rounding.
func (m *Moments) Spread(v layer.Vector, row int) (mean, spread float64, err error) {
	if math.IsNaN(v.Root) {
		return math.NaN(), math.NaN(), nil
	}
	dim := len(m.mean)
	u, product := make([]float64, dim), make([]float64, dim)
	for i, x := range v.Wide {
		u[i] = x / v.Root
	}
	for i := range u {
		entries := m.upper[triangle(i, dim):][:dim-i]
		product[i] = float64(entries[0] * u[i])
		if rest := entries[1:]; len(rest) > 0 {
			product[i] += 2 * dot(rest, u[i+1:])
		}
	}
	mean = dot(m.mean, u)
	square := dot(product, u)
	variance := square - float64(mean*mean)
	if !(variance > flatSpread*square) {
		return mean, 0, &SpreadError{m.layer.Name, row, math.Sqrt(max(variance, 0))}
	}
	return mean, math.Sqrt(variance), nil
}

// dot returns the canonical product of two vectors.
func dot(a, b []float64) float64 {
	var one [1]float64
	kernel.ScanApart(one[:], a, b, len(a))
	return one[0]
}

// RowSpread returns σ of a row of the layer, which it keeps. It is NaN for a row without a score.
// For the error see Spread.
func (m *Moments) RowSpread(row int) (float64, error) {
	if bits := m.spread[row].Load(); bits != 0 {
		return math.Float64frombits(bits), nil
	}
	n := m.layer.Lengths()
	v := layer.Vector{Wide: make([]float64, m.layer.Dim), Square: n.Square[row], Root: n.Root[row]}
	m.layer.Widen(v.Wide, row)
	_, spread, err := m.Spread(v, row)
	if err == nil {
		m.spread[row].Store(math.Float64bits(spread))
	}
	return spread, err
}
