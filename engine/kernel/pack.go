package kernel

import "slices"

// pack fills p with len(scale) scaled vectors of dim values. p.width is set.
func pack[T number](p *packed, x []T, dim int, scale []float64) {
	checkPack(len(scale), dim, len(x))
	p.n, p.dim = len(scale), dim
	size := p.offset(dim)
	p.values = slices.Grow(p.values[:0], size)[:size]
	var scratch [rowWidth * depth]float32 // a panel's chunk, vector by vector
	for j := 0; j < p.n; j += p.width {
		for k := 0; k < dim; k += depth {
			n := min(depth, dim-k)
			for lane := range p.width {
				values := scratch[lane*depth:][:padded(n)]
				r := j + lane
				if r >= p.n || scale[r] == 0 {
					clear(values)
					continue
				}
				scaleValues(values[:n], x[r*dim+k:][:n], scale[r])
				clear(values[n:])
			}
			transpose(p.panel(k, j), scratch[:], p.width)
		}
	}
}

func checkPack(vectors, dim, n int) {
	if dim < 0 || vectors == 0 && n != 0 || vectors > 0 && (n%vectors != 0 || n/vectors != dim) {
		panic("kernel: pack: vectors do not fill x")
	}
}

// padded returns the padded depth of a chunk of n values.
func padded(n int) int { return (n + 3) &^ 3 }

// panels returns the number of p's panels.
func (p *packed) panels() int { return (p.n + p.width - 1) / p.width }

// offset returns the index in p.values of the chunk that begins at value k. k is a multiple of
// depth, or dim for the end.
func (p *packed) offset(k int) int { return padded(k) * p.width * p.panels() }

// panel returns the chunk that begins at value k of the panel of vector j, a multiple of p.width.
func (p *packed) panel(k, j int) []float32 {
	n := padded(min(depth, p.dim-k))
	return p.values[p.offset(k)+j*n:][:n*p.width]
}
