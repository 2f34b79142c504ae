package derive

import (
	"context"
	"fmt"
	"math"

	"strata/engine/kernel"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// discriminant.go fits LDA and WCCN. Every sum is a canonical product or has a fixed order, and every
// product is rounded, so that the axes have the same bits on every machine.

// supervision is what a fit on a label uses.
type supervision struct {
	of        []int32   // class by row that is fed; −1: the row does not count
	means     []float64 // by class, in values each
	counts    []int     // by class: rows
	within    []float64 // in×in: the scatter within classes, then its Cholesky factor L
	shrinkage float64
}

// fitLabel sets mean, axes and, of LDA, variance.
func (x *fitter) fitLabel(ctx context.Context) error {
	c, err := x.beside.classesOf(x.transform.Of)
	if err != nil {
		return err
	}
	switch k := len(c.names); {
	case x.transform.Kind == scheme.LDA && k > maxClasses:
		return fmt.Errorf("%s has %d classes among the items to fit on: lda takes at most %d", x.transform.Of, k, maxClasses)
	case k > maxMeans/x.in:
		return fmt.Errorf("%s has %d classes among the items to fit on: means of %d features are kept of at most %d", x.transform.Of, k, x.in, maxMeans/x.in)
	}
	s := &supervision{of: make([]int32, x.feed.len()), means: make([]float64, len(c.names)*x.in), counts: make([]int, len(c.names))}
	for i := range s.of {
		s.of[i] = c.of[x.feed.row(i)]
	}
	if err := x.fitClasses(ctx, s); err != nil {
		return err
	}
	if err := enough(x.transform.Of, c.names, s.counts, x.rows); err != nil {
		return err
	}
	if err := x.fitWithin(ctx, s); err != nil {
		return err
	}
	x.shrinkage = s.shrinkage
	for _, n := range s.counts {
		if n > 0 {
			x.classes++
		}
	}
	if x.transform.Kind == scheme.WCCN {
		x.Mean = make([]float64, x.in)
		return x.fitNormalisation(ctx, s)
	}
	if x.Out > x.classes-1 {
		return fmt.Errorf("the rows to fit on that have a score have %d classes of %s, which allow %d components at most", x.classes, x.transform.Of, x.classes-1)
	}
	return x.fitDiscriminants(ctx, s)
}

// fitClasses sets rows, counts, means and Mean. Means are sums of differences from the first row, as
// in fitMean.
func (x *fitter) fitClasses(ctx context.Context, s *supervision) error {
	var first []float64
	at := 0
	err := x.each(ctx, func(n int) error {
		for r := range n {
			class := s.of[at+r]
			if x.valid[r] = x.valid[r] && class >= 0; !x.valid[r] {
				s.of[at+r] = -1
				continue
			}
			if first == nil {
				first = append(first, x.wide[r*x.in:(r+1)*x.in]...)
			}
			x.rows++
			s.counts[class]++
		}
		of := s.of[at:]
		at += n
		return layer.Parallel(ctx, x.in, fitTile, func(lo, hi int) {
			for r := range n {
				if !x.valid[r] {
					continue
				}
				sums := s.means[int(of[r])*x.in:][:x.in]
				for i := lo; i < hi; i++ {
					sums[i] += x.wide[r*x.in+i] - first[i]
				}
			}
		})
	})
	if err != nil || x.rows == 0 {
		return err
	}
	x.Mean = make([]float64, x.in)
	for class, n := range s.counts {
		for i := range x.in {
			sum := &s.means[class*x.in+i]
			x.Mean[i] += *sum
			*sum = first[i] + *sum/float64(max(n, 1))
		}
	}
	for i := range x.Mean {
		x.Mean[i] = first[i] + x.Mean[i]/float64(x.rows)
	}
	return nil
}

// fitWithin sets within to the Cholesky factor of the scatter within classes, shrunk towards a
// multiple of the identity by the rule of Ledoit and Wolf (2004):
//
//	W = (1−γ)·S + γ·(tr S/d)·I        γ = min(1, Σ|xxᵀ − S|² / (n²·|S − (tr S/d)·I|²))
//
// where x are the n rows less the mean of their class, d is their number of features, and |·| is the
// Frobenius norm. So fewer rows than features are enough.
func (x *fitter) fitWithin(ctx context.Context, s *supervision) error {
	d := x.in
	fourth, at := 0.0, 0
	x.valid = make([]bool, fitBlock)
	var err error
	s.within, err = x.scatter(ctx, func(n int) {
		for r := range n {
			row := x.wide[r*d : (r+1)*d]
			class := s.of[at+r]
			if x.valid[r] = class >= 0; !x.valid[r] {
				continue
			}
			for i, m := range s.means[int(class)*d:][:d] {
				row[i] = float64(float32(row[i] - m))
			}
			square := dot(row, row)
			fourth += float64(square * square)
		}
		at += n
	})
	if err != nil {
		return err
	}
	var norm, trace float64
	for i := range d {
		trace += s.within[i*d+i]
		for j := i; j < d; j++ {
			v := float64(s.within[i*d+j] * s.within[i*d+j])
			if j > i {
				v *= 2
			}
			norm += v
			s.within[j*d+i] = s.within[i*d+j]
		}
	}
	if !(trace > 0) {
		return fmt.Errorf("the rows of each class of %s are all the same, so there is no scatter within classes", x.transform.Of)
	}
	n, level := float64(x.rows), trace/float64(d)
	s.shrinkage = 1
	if spread, noise := norm-float64(level*trace), fourth/n-norm; spread > 0 {
		s.shrinkage = min(max(noise/n/spread, 0), 1)
	}
	add := float64(max(s.shrinkage, flatVariance) * level)
	for i := range d {
		for j := range d {
			s.within[i*d+j] = float64((1 - s.shrinkage) * s.within[i*d+j])
		}
		s.within[i*d+i] += add
	}
	return cholesky(ctx, d, s.within)
}

// cholesky replaces the symmetric d×d matrix a by L of a = L·Lᵀ, below the diagonal and on it. What
// stands above it is not read again.
func cholesky(ctx context.Context, d int, a []float64) error {
	dots := make([]float64, d)
	for j := range d {
		if j > 0 {
			err := layer.Parallel(ctx, d-j, 64, func(lo, hi int) {
				kernel.ScanApart(dots[j+lo:j+hi], a[j*d:j*d+j], a[(j+lo)*d:(j+hi-1)*d+j], d)
			})
			if err != nil {
				return err
			}
		}
		pivot := a[j*d+j] - dots[j]
		if !(pivot > 0) {
			return fmt.Errorf("the scatter within classes is flat along feature %d of %d but for rounding", j, d)
		}
		root := math.Sqrt(pivot)
		a[j*d+j] = root
		for i := j + 1; i < d; i++ {
			a[i*d+j] = (a[i*d+j] - dots[i]) / root
		}
	}
	return nil
}

// solveLower replaces b by the solution of L·y = b.
func solveLower(d int, l, b []float64) {
	for i := range d {
		if i > 0 {
			b[i] -= dot(l[i*d:i*d+i], b[:i])
		}
		b[i] /= l[i*d+i]
	}
}

// solveUpper replaces b by the solution of Lᵀ·y = b.
func solveUpper(d int, l, b []float64) {
	for i := d - 1; i >= 0; i-- {
		b[i] /= l[i*d+i]
		for k, v := range l[i*d : i*d+i] {
			b[k] -= float64(v * b[i])
		}
	}
}

// fitNormalisation sets axes to L⁻¹.
func (x *fitter) fitNormalisation(ctx context.Context, s *supervision) error {
	d := x.in
	turned := make([]float64, d*d) // column by column
	err := layer.Parallel(ctx, d, 1, func(j, _ int) {
		column := turned[j*d : (j+1)*d]
		for i := j; i < d; i++ {
			v := 0.0
			if i == j {
				v = 1
			} else {
				v = -dot(s.within[i*d+j:i*d+i], column[j:i])
			}
			column[i] = v / s.within[i*d+i]
		}
	})
	if err != nil {
		return err
	}
	x.axes = make([]float64, d*d)
	for i := range d {
		for j := range i + 1 {
			x.axes[i*d+j] = float64(float32(turned[j*d+i]))
		}
	}
	return nil
}

// fitDiscriminants sets axes to the N directions in which the means of classes differ most, measured
// by the scatter within: L⁻ᵀ times the principal axes of L⁻¹·(mean of a class − Mean), each class by
// its number of rows.
func (x *fitter) fitDiscriminants(ctx context.Context, s *supervision) error {
	d := x.in
	var means []float64 // of classes with rows
	for class, n := range s.counts {
		if n == 0 {
			continue
		}
		weight := math.Sqrt(float64(n) / float64(x.rows))
		for i, m := range s.means[class*d:][:d] {
			means = append(means, weight*(m-x.Mean[i]))
		}
	}
	k := x.classes
	err := layer.Parallel(ctx, k, 1, func(c, _ int) { solveLower(d, s.within, means[c*d:(c+1)*d]) })
	if err != nil {
		return err
	}
	gram := make([]float64, k*k)
	err = layer.Parallel(ctx, k, 1, func(c, _ int) { kernel.ScanApart(gram[c*k:(c+1)*k], means[c*d:(c+1)*d], means, d) })
	if err != nil {
		return err
	}
	for c := range k {
		x.total += gram[c*k+c]
	}
	values, vectors, err := eigenFixed(ctx, k, gram)
	if err != nil {
		return err
	}
	if !(values[0] > 0) {
		return fmt.Errorf("the means of all classes of %s are the same", x.transform.Of)
	}
	x.axes = make([]float64, x.Out*d)
	x.variance = make([]float64, x.Out)
	return layer.Parallel(ctx, x.Out, 1, func(j, _ int) {
		x.variance[j] = max(values[j], 0)
		if x.variance[j] <= flatVariance*values[0] {
			return // the component is 0
		}
		axis, root := x.axes[j*d:(j+1)*d], math.Sqrt(values[j])
		for c, u := range vectors[j*k : (j+1)*k] {
			for i, m := range means[c*d : (c+1)*d] {
				axis[i] += float64(u / root * m)
			}
		}
		solveUpper(d, s.within, axis)
		for i, v := range axis {
			axis[i] = float64(float32(v))
		}
	})
}

// The limits of a fit on a label.
const (
	maxClasses = 4096    // of LDA: the work grows with its third power
	maxMeans   = 1 << 27 // numbers of the means of all classes: 1 GiB
)
