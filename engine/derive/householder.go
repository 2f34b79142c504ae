package derive

import (
	"context"
	"math"

	"strata/engine/kernel"
	"strata/engine/layer"
)

// eigenFixed is eigenSym with the same bits on every machine: Gonum's reduction adds in an order that
// depends on the processor. All of a is read, and overwritten.
func eigenFixed(ctx context.Context, n int, a []float64) (values, vectors []float64, err error) {
	q := &eigen{n: n, d: make([]float64, n), e: make([]float64, n)}
	if err := q.reflect(ctx, a); err != nil {
		return nil, nil, err
	}
	return q.finish(ctx, a)
}

// reflect sets d, e and panels to T and Q of a = Q·T·Qᵀ by Householder reflections (Golub and Van
// Loan, Matrix Computations, §8.3.1). The reflection of column k, 1 − β·v·vᵀ, keeps v in row k of a,
// behind the diagonal.
func (q *eigen) reflect(ctx context.Context, a []float64) error {
	n := q.n
	betas, product := make([]float64, n), make([]float64, n)
	for k := range n - 1 {
		v := a[k*n+k+1 : (k+1)*n]
		q.d[k] = a[k*n+k]
		q.e[k], betas[k] = reflection(v)
		beta := betas[k]
		if beta == 0 {
			continue
		}
		p := product[:len(v)]
		err := layer.Parallel(ctx, len(v), 64, func(lo, hi int) {
			from := (k+1+lo)*n + k + 1
			kernel.ScanApart(p[lo:hi], v, a[from:from+(hi-lo-1)*n+len(v)], n)
		})
		if err != nil {
			return err
		}
		for i := range p {
			p[i] *= beta
		}
		half := float64(beta / 2 * dot(p, v))
		for i, x := range v {
			p[i] -= float64(half * x)
		}
		err = layer.Parallel(ctx, len(v), 64, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				row := a[(k+1+i)*n+k+1:][:len(v)]
				for j, x := range v {
					row[j] -= float64(v[i]*p[j]) + float64(p[i]*x)
				}
			}
		})
		if err != nil {
			return err
		}
	}
	q.d[n-1] = a[n*n-1]
	return q.gather(ctx, a, betas)
}

// reflection turns x into v of the reflection that maps x to (e, 0, …), and returns e and β. β is 0
// where x is that already.
func reflection(x []float64) (e, beta float64) {
	rest := 0.0
	if len(x) > 1 {
		rest = dot(x[1:], x[1:])
	}
	if rest == 0 {
		return x[0], 0
	}
	norm := math.Sqrt(float64(x[0]*x[0]) + rest)
	if x[0] > 0 {
		norm = -norm
	}
	x[0] -= norm
	return norm, 2 / (float64(x[0]*x[0]) + rest)
}

// gather multiplies the reflections, and sets panels to their product Q: row r of it in place r.
func (q *eigen) gather(ctx context.Context, a, betas []float64) error {
	n := q.n
	for k := 0; k < n; k += eigenPanel {
		q.panels = append(q.panels, make([]float64, n*eigenPanel))
	}
	return layer.Parallel(ctx, n, 8, func(lo, hi int) {
		row := make([]float64, n)
		for r := lo; r < hi; r++ { // row r of Q is eᵣᵀ·H₀·H₁…
			clear(row)
			row[r] = 1
			for k, beta := range betas[:n-1] {
				if beta == 0 {
					continue
				}
				v, part := a[k*n+k+1:(k+1)*n], row[k+1:]
				w := float64(beta * dot(v, part))
				if w == 0 {
					continue
				}
				for i, x := range v {
					part[i] -= float64(w * x)
				}
			}
			panel := q.panels[r/eigenPanel]
			for i, x := range row {
				panel[i*eigenPanel+r%eigenPanel] = x
			}
		}
	})
}
