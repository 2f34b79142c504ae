package derive

import (
	"context"
	"fmt"
	"math"

	"strata/engine/kernel"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// Rows are fitted and transformed in blocks of fitBlock. Within a block, a goroutine takes fitChunk
// rows or fitTile features at a time. The blocks fix the order of every sum, so no result depends
// on the number of threads.
const (
	fitBlock = 512
	fitChunk = 64
	fitTile  = 64
)

// flatVariance is the least variance of a component, as a share of the first one's. A smaller
// variance is rounding, which whitening would amplify.
const flatVariance = 1e-10

// Stage is a fitted transform. It computes float32 values, so a chain gives the same result as its
// transforms one after the other, each kept as a layer. Projections are canonical products (see
// kernel), so the fitted parameters and a row determine the bits of the result.
type Stage struct {
	transform scheme.Transform
	in, Out   int
	rows      int       // number of rows of the fit
	Mean      []float64 // in
	scale     []float64 // of ZScore 1/σ or 0, in; of Whiten 1/σ^power or 0, out
	axes      []float64 // out×in, float32 values; nil of Centre and ZScore
	variance  []float64 // of PCA and Whiten by component; of LDA that between classes
	total     float64   // variance of all components, including dropped ones

	classes   int     // of LDA and WCCN: those that were fitted on
	shrinkage float64 // of the scatter within classes
	hash      string  // of Matrix: of its file
}

// projects reports whether the stage has axes.
func (s *Stage) projects() bool {
	return s.transform.Kind != scheme.Centre && s.transform.Kind != scheme.ZScore
}

// widen sets dst to the row as input of the transform: of length 1, except for ZScore. It reports
// false for a row that is zero or not finite. Such a row is excluded from a fit, and stays zero.
func (s *Stage) widen(dst []float64, row []float32) bool {
	var square float64
	for i, v := range row {
		x := float64(v)
		dst[i] = x
		square += float64(x * x)
	}
	if !(square > 0) || math.IsInf(square, 0) {
		return false
	}
	if s.transform.Kind == scheme.ZScore {
		return true
	}
	root := math.Sqrt(square)
	for i := range dst {
		dst[i] /= root
	}
	return true
}

// Workspace is the memory of one goroutine that applies stages.
type Workspace struct {
	wide    []float64
	centred []float32
	dots    []float64
	valid   []bool
	stages  [2][]float32
}

// Apply sets dst, n×out, to the transformed rows of src, n×in.
func (s *Stage) Apply(dst, src []float32, n int, w *Workspace) {
	w.wide = layer.Grown(w.wide, s.in)
	w.valid = layer.Grown(w.valid, n)
	to := dst
	if s.projects() {
		w.centred = layer.Grown(w.centred, n*s.in)
		to = w.centred
	}
	for r := range n {
		row := to[r*s.in : (r+1)*s.in]
		w.valid[r] = s.widen(w.wide, src[r*s.in:(r+1)*s.in])
		if !w.valid[r] {
			clear(row)
			continue
		}
		for i, x := range w.wide {
			x -= s.Mean[i]
			if s.transform.Kind == scheme.ZScore {
				x = float64(x * s.scale[i])
			}
			row[i] = float32(x)
		}
	}
	if !s.projects() {
		return
	}
	w.dots = layer.Grown(w.dots, n)
	for j := range s.Out {
		kernel.ScanF32(w.dots, s.axes[j*s.in:(j+1)*s.in], w.centred)
		for r, x := range w.dots {
			if s.scale != nil {
				x = float64(x * s.scale[j])
			}
			dst[r*s.Out+j] = float32(x)
		}
	}
}

// Feed passes rows of a layer through stages, to the fit of the next stage or to the derived layer.
type Feed struct {
	Layer  *layer.Layer
	rows   []int // ascending; nil is all
	Stages []*Stage
	Done   func(work float64) // reports work done; may be nil
}

// len returns the number of rows.
func (f *Feed) len() int {
	if f.rows == nil {
		return f.Layer.Rows
	}
	return len(f.rows)
}

// row returns the row of the layer at a place.
func (f *Feed) row(i int) int {
	if f.rows == nil {
		return i
	}
	return f.rows[i]
}

// dim returns the number of features after the last stage.
func (f *Feed) dim() int {
	if len(f.Stages) == 0 {
		return f.Layer.Dim
	}
	return f.Stages[len(f.Stages)-1].Out
}

// each calls do for one block after the other, with n rows. x is valid until do returns.
func (f *Feed) each(ctx context.Context, do func(x []float32, n int) error) error {
	block := make([]float32, min(fitBlock, f.len())*f.dim())
	spaces := make(chan *Workspace, 64) // the free ones
	for lo := 0; lo < f.len(); lo += fitBlock {
		n := min(fitBlock, f.len()-lo)
		err := layer.Parallel(ctx, n, fitChunk, func(from, to int) {
			var w *Workspace
			select {
			case w = <-spaces:
			default:
				w = &Workspace{}
			}
			f.load(block[from*f.dim():to*f.dim()], lo+from, to-from, w)
			select {
			case spaces <- w:
			default:
			}
		})
		if err != nil {
			return err
		}
		if err := do(block[:n*f.dim()], n); err != nil {
			return err
		}
		f.release(lo, n)
		if f.Done != nil {
			f.Done(float64(n) * f.rowWork())
		}
	}
	return nil
}

// releaseFrom is the size of a matrix, in bytes, from which a pass releases the pages that it has
// read. A smaller matrix stays in memory for the searches that follow.
const releaseFrom = 1 << 30

// release releases the memory of n rows from index lo on.
func (f *Feed) release(lo, n int) {
	from, to := lo, lo+n
	if f.rows != nil {
		from, to = f.rows[lo], f.rows[lo+n-1]+1
	}
	if f.Layer.Size() >= releaseFrom {
		f.Layer.Release(from, to)
	}
}

// rowWork is the work of loading a row, in multiplications of a scan.
func (f *Feed) rowWork() float64 {
	work := float64(4 * f.Layer.Dim)
	for _, s := range f.Stages {
		work += transformWork(s.transform, s.in, s.Out)
	}
	return work
}

// load sets dst to n rows from index lo on, after the last stage.
func (f *Feed) load(dst []float32, lo, n int, w *Workspace) {
	l := f.Layer
	src := dst
	if len(f.Stages) > 0 {
		w.stages[0] = layer.Grown(w.stages[0], n*l.Dim)
		src = w.stages[0]
	}
	w.wide = layer.Grown(w.wide, l.Dim)
	for r := range n {
		row := lo + r
		if f.rows != nil {
			row = f.rows[row]
		}
		l.Widen(w.wide, row)
		for i, x := range w.wide {
			src[r*l.Dim+i] = float32(x)
		}
	}
	for i, s := range f.Stages {
		to := dst
		if i < len(f.Stages)-1 {
			w.stages[(i+1)%2] = layer.Grown(w.stages[(i+1)%2], n*s.Out)
			to = w.stages[(i+1)%2]
		}
		s.Apply(to, src, n, w)
		src = to
	}
}

// Fit fits one transform after the other to the rows of a layer.
func Fit(ctx context.Context, l *layer.Layer, rows []int, f scheme.Factor, beside *Beside, done func(work float64)) ([]*Stage, error) {
	from := &Feed{Layer: l, rows: rows, Done: done}
	for i, t := range f.Transforms {
		s := &Stage{transform: t, in: from.dim(), Out: from.dim()}
		var err error
		if t.N > 0 {
			s.Out = t.N
		} else if t.Kind == scheme.Matrix {
			_, s.Out, err = beside.MatrixShape(t.Of)
		}
		if err != nil {
			return nil, err
		}
		x := fitter{Stage: s, feed: from, beside: beside, wide: make([]float64, min(fitBlock, from.len())*s.in), valid: make([]bool, fitBlock)}
		if err := x.fit(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", scheme.Factor{Layer: f.Layer, Transforms: f.Transforms[:i+1]}, err)
		}
		from.Stages = append(from.Stages, s)
	}
	return from.Stages, nil
}

// fitter fits one stage.
type fitter struct {
	*Stage
	feed   *Feed
	beside *Beside
	wide   []float64 // the rows of a block as the transform takes them
	valid  []bool    // by row of the block: whether the row counts
}

func (x *fitter) fit(ctx context.Context) error {
	switch x.transform.Kind {
	case scheme.LDA, scheme.WCCN:
		return x.fitLabel(ctx)
	case scheme.Matrix:
		return x.fitMatrix(ctx)
	default:
	}
	if err := x.fitMean(ctx); err != nil {
		return err
	}
	switch x.transform.Kind {
	case scheme.ZScore:
		return x.fitScale(ctx)
	case scheme.PCA, scheme.Whiten:
		return x.fitAxes(ctx)
	default:
	}
	return nil
}

// each widens one block after the other and calls do. wide holds the block's n rows.
func (x *fitter) each(ctx context.Context, do func(n int) error) error {
	return x.feed.each(ctx, func(rows []float32, n int) error {
		err := layer.Parallel(ctx, n, fitChunk, func(lo, hi int) {
			for r := lo; r < hi; r++ {
				x.valid[r] = x.widen(x.wide[r*x.in:(r+1)*x.in], rows[r*x.in:(r+1)*x.in])
			}
		})
		if err != nil {
			return err
		}
		return do(n)
	})
}

// columns adds value(i, x) of the valid rows to sums[i], for every feature i, row by row.
func (x *fitter) columns(ctx context.Context, n int, sums []float64, value func(i int, v float64) float64) error {
	return layer.Parallel(ctx, x.in, fitTile, func(lo, hi int) {
		for r := range n {
			if !x.valid[r] {
				continue
			}
			for i, v := range x.wide[r*x.in+lo : r*x.in+hi] {
				sums[lo+i] += value(lo+i, v)
			}
		}
	})
}

// fitMean sets mean and rows. It sums differences from the first row. So the mean of equal values
// is exactly that value, and their variance is 0.
func (x *fitter) fitMean(ctx context.Context) error {
	var first []float64
	x.Mean = make([]float64, x.in)
	err := x.each(ctx, func(n int) error {
		for r := range n {
			if !x.valid[r] {
				continue
			}
			if x.rows++; first == nil {
				first = append(first, x.wide[r*x.in:(r+1)*x.in]...)
			}
		}
		return x.columns(ctx, n, x.Mean, func(i int, v float64) float64 { return v - first[i] })
	})
	if err != nil {
		return err
	}
	if least := max(2, x.transform.N); x.rows < least {
		return fmt.Errorf("it takes %d rows or more that are neither zero nor without a finite length to fit on, there are %d", least, x.rows)
	}
	for i := range x.Mean {
		x.Mean[i] = first[i] + x.Mean[i]/float64(x.rows)
	}
	return nil
}

// fitScale sets scale to 1/σ of every feature, or to 0 if σ is 0.
func (x *fitter) fitScale(ctx context.Context) error {
	squares := make([]float64, x.in)
	err := x.each(ctx, func(n int) error {
		return x.columns(ctx, n, squares, func(i int, v float64) float64 {
			v -= x.Mean[i]
			return float64(v * v)
		})
	})
	x.scale = squares
	for i, s := range squares {
		if s > 0 {
			x.scale[i] = 1 / math.Sqrt(s/float64(x.rows))
		}
	}
	return err
}

// fitAxes sets axes, variance, total and, to whiten, scale.
func (x *fitter) fitAxes(ctx context.Context) error {
	covariance, err := x.covariance(ctx)
	if err != nil {
		return err
	}
	for i := range x.in {
		x.total += covariance[i*x.in+i]
	}
	values, vectors, err := eigenSym(ctx, x.in, covariance)
	if err != nil {
		return err
	}
	if x.feed.Done != nil {
		x.feed.Done(axesWork(x.in))
	}
	if !(values[0] > 0) {
		return fmt.Errorf("its rows are all the same, so nothing distinguishes one axis from another")
	}
	x.axes = vectors[: x.Out*x.in : x.Out*x.in]
	for i, v := range x.axes {
		x.axes[i] = float64(float32(v))
	}
	x.variance = values[:x.Out]
	for j, v := range x.variance {
		x.variance[j] = max(v, 0)
	}
	if x.transform.Kind == scheme.Whiten {
		x.scale = make([]float64, x.Out)
		for j, v := range x.variance {
			if v > flatVariance*x.variance[0] {
				x.scale[j] = 1 / math.Pow(math.Sqrt(v), x.transform.Power)
			}
		}
	}
	return nil
}

// covariance returns the upper triangle of the covariance of the rows. The mean is known.
func (x *fitter) covariance(ctx context.Context) ([]float64, error) {
	return x.scatter(ctx, func(n int) {
		for r := range n {
			for i, m := range x.Mean {
				x.wide[r*x.in+i] -= m
			}
		}
	})
}

// scatter returns the upper triangle of the mean product of features over rows. centre centres the n
// rows of a block. They are rounded to float32 and transposed, so that a feature's values are
// contiguous. Then every block adds the canonical product of two features to their entry.
func (x *fitter) scatter(ctx context.Context, centre func(n int)) ([]float64, error) {
	sums := make([]float64, x.in*x.in)
	turned := make([]float32, x.in*fitBlock)
	tiles := (x.in + fitTile - 1) / fitTile
	err := x.each(ctx, func(n int) error {
		centre(n)
		err := layer.Parallel(ctx, tiles, 1, func(lo, hi int) { x.turn(turned, lo*fitTile, min(hi*fitTile, x.in), n) })
		if err != nil {
			return err
		}
		err = layer.Parallel(ctx, tiles, 1, func(lo, _ int) {
			from := (tiles - 1 - lo) * fitTile // the tiles with the most work first
			x.products(sums, turned, from, min(from+fitTile, x.in))
		})
		if x.feed.Done != nil {
			x.feed.Done(float64(n) * float64(x.in) * float64(x.in) / 2)
		}
		return err
	})
	for i := range sums {
		sums[i] /= float64(x.rows)
	}
	return sums, err
}

// turn transposes: it sets turned[i*fitBlock+r] to the value of feature i in row r, for the
// features lo to hi. Rows that do not count have zeros.
func (x *fitter) turn(turned []float32, lo, hi, n int) {
	for r := range fitBlock {
		if r >= n || !x.valid[r] {
			for i := lo; i < hi; i++ {
				turned[i*fitBlock+r] = 0
			}
			continue
		}
		for i := lo; i < hi; i++ {
			turned[i*fitBlock+r] = float32(x.wide[r*x.in+i])
		}
	}
}

// products adds to sums the products of the features lo to hi with all features up to them.
func (x *fitter) products(sums []float64, turned []float32, lo, hi int) {
	var wide [fitBlock]float64
	var dots [fitTile]float64
	for i := range hi {
		kernel.WidenF32(wide[:], turned[i*fitBlock:(i+1)*fitBlock])
		from := max(i, lo)
		products := dots[:hi-from]
		kernel.ScanF32(products, wide[:], turned[from*fitBlock:hi*fitBlock])
		for j, p := range products {
			sums[i*x.in+from+j] += p
		}
	}
}

// Finite returns the vector, or zeros if a value is not finite.
func Finite(v []float32) []float32 {
	for _, x := range v {
		if x := float64(x); math.IsNaN(x) || math.IsInf(x, 0) {
			return make([]float32, len(v))
		}
	}
	return v
}
