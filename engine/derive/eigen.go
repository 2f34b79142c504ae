package derive

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	lapack "gonum.org/v1/gonum/lapack/gonum"

	"strata/engine/layer"
)

// eigenPanel is the number of coordinates in a panel; rotations are applied panel by panel. A panel
// of 2,048 vectors takes half a megabyte.
const eigenPanel = 32

// eigen holds the eigenvectors of a symmetric matrix while rotations are applied, in panels of
// eigenPanel coordinates: coordinate k of vector i is panels[k/eigenPanel][i*eigenPanel +
// k%eigenPanel].
type eigen struct {
	n      int
	d, e   []float64 // diagonal, and what stands beside it
	panels [][]float64
	turns  []rotation // not yet applied
}

// rotation rotates the vectors at and at+1.
type rotation struct {
	at   int
	c, s float64
}

// eigenSym returns the eigenvalues of the symmetric n×n matrix a, descending, and their vectors of
// length 1. The first n values of vectors are the first vector. The coordinate of largest magnitude
// of each vector is positive; among equal magnitudes, the first one. Only the upper triangle of a
// is read; a is overwritten.
//
// Gonum's LAPACK reduces the matrix to a tridiagonal one. Its dsteqr, which would do the rest,
// rotates columns that lie far apart in memory, and takes nine tenths of the time. So the implicit
// QL algorithm (EISPACK's tql2; Numerical Recipes §11.3) is implemented here. It collects its
// rotations and applies them to panels on all processors. ctx is checked after the reduction and
// during the rotations. The result does not depend on the number of threads.
func eigenSym(ctx context.Context, n int, a []float64) (values, vectors []float64, err error) {
	q := &eigen{n: n, d: make([]float64, n), e: make([]float64, n)}
	q.reduce(a)
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	return q.finish(ctx, a)
}

// finish solves the tridiagonal matrix, and returns what eigenSym does. vectors takes the place of a.
func (q *eigen) finish(ctx context.Context, a []float64) (values, vectors []float64, err error) {
	n := q.n
	if err := q.solve(ctx); err != nil {
		return nil, nil, err
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(q.d[j], q.d[i]) })
	values, vectors = make([]float64, n), a
	for place, i := range order {
		values[place] = q.d[i]
		q.vector(vectors[place*n:(place+1)*n], i)
	}
	return values, vectors, nil
}

// reduce sets d, e and panels to T and Q of a = Q·T·Qᵀ, T tridiagonal.
func (q *eigen) reduce(a []float64) {
	n := q.n
	var impl lapack.Implementation
	tau, size := make([]float64, n), make([]float64, 1)
	impl.Dsytrd(blas.Upper, n, a, n, q.d, q.e[:n-1], tau[:n-1], size, -1)
	work := make([]float64, max(int(size[0]), n))
	impl.Dsytrd(blas.Upper, n, a, n, q.d, q.e[:n-1], tau[:n-1], work, len(work))
	impl.Dorgtr(blas.Upper, n, a, n, tau[:n-1], work, len(work))
	for k := 0; k < n; k += eigenPanel {
		panel := make([]float64, n*eigenPanel)
		for c := range min(eigenPanel, n-k) {
			for i := range n {
				panel[i*eigenPanel+c] = a[(k+c)*n+i]
			}
		}
		q.panels = append(q.panels, panel)
	}
}

// solve makes T diagonal.
func (q *eigen) solve(ctx context.Context) error {
	norm := 0.0
	for i := range q.n {
		norm = max(norm, math.Abs(q.d[i]), math.Abs(q.e[i]))
	}
	for l := range q.n {
		for sweep := 0; ; sweep++ {
			m := q.block(l, norm)
			if m == l {
				break
			}
			if sweep == 60 {
				return fmt.Errorf("the eigenvalues of %d features do not converge", q.n)
			}
			q.sweep(l, m)
			if len(q.turns) >= 1<<16 {
				if err := q.turn(ctx); err != nil {
					return err
				}
			}
		}
	}
	return q.turn(ctx)
}

// block returns the end of the block that begins at l: the first m whose off-diagonal element is
// only rounding.
func (q *eigen) block(l int, norm float64) int {
	for m := l; m < q.n-1; m++ {
		beside := math.Abs(q.e[m])
		if beside <= 0x1p-53*(math.Abs(q.d[m])+math.Abs(q.d[m+1])) || beside <= 0x1p-60*norm {
			return m
		}
	}
	return q.n - 1
}

// sweep makes one implicit QL step on the block from l to m.
func (q *eigen) sweep(l, m int) {
	d, e := q.d, q.e
	g := (d[l+1] - d[l]) / (2 * e[l])
	g = d[m] - d[l] + e[l]/(g+math.Copysign(length(g, 1), g))
	s, c, p := 1.0, 1.0, 0.0
	for i := m - 1; i >= l; i-- {
		f, b := s*e[i], float64(c*e[i])
		r := length(f, g)
		e[i+1] = r
		if r == 0 {
			d[i+1] -= p
			e[m] = 0
			return
		}
		s, c = f/r, g/r
		g = d[i+1] - p
		r = float64((d[i]-g)*s) + float64(2*c*b)
		p = float64(s * r)
		d[i+1] = g + p
		g = float64(c*r) - b
		q.turns = append(q.turns, rotation{i, c, s})
	}
	d[l] -= p
	e[l] = g
	e[m] = 0
}

// length returns √(a²+b²). The values here are far from overflow and underflow.
func length(a, b float64) float64 { return math.Sqrt(float64(a*a) + float64(b*b)) }

// turn applies the collected rotations, in order.
func (q *eigen) turn(ctx context.Context) error {
	err := layer.Parallel(ctx, len(q.panels), 1, func(lo, hi int) {
		for _, panel := range q.panels[lo:hi] {
			for _, r := range q.turns {
				both := panel[r.at*eigenPanel : (r.at+2)*eigenPanel]
				low, high := both[:eigenPanel], both[eigenPanel:2*eigenPanel]
				for k, x := range low {
					y := high[k]
					high[k] = float64(r.s*x) + float64(r.c*y)
					low[k] = float64(r.c*x) - float64(r.s*y)
				}
			}
		}
	})
	q.turns = q.turns[:0]
	return err
}

// vector sets dst to vector i, with its largest coordinate positive.
func (q *eigen) vector(dst []float64, i int) {
	largest := 0.0
	for k := range dst {
		x := q.panels[k/eigenPanel][i*eigenPanel+k%eigenPanel]
		dst[k] = x
		if math.Abs(x) > math.Abs(largest) {
			largest = x
		}
	}
	if largest < 0 {
		for k := range dst {
			dst[k] = -dst[k]
		}
	}
}
