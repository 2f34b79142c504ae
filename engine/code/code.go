package code

import (
	"math"
	"math/bits"
	"math/rand/v2"

	"github.com/edsrzf/mmap-go"

	"strata/engine/kernel"
	"strata/engine/layer"
)

// code.go holds the codes of a layer, with the bound that they prove.
//
// # The bound
//
// Let x̂ = x/|x| be a row and q̂ = q/|q| the query, μ a fixed vector near the rows' mean, E = (e₁ …
// eₚ) fixed vectors near their first principal axes, and T an orthogonal map. A row is kept as
// numbers a, for c = x̂ − μ = E·a + c′, and as a code of c′: a scale s and integers u, for the
// vector ĉ = s·u. The residual of the code is r = T·c′ − ĉ. The query is decomposed in the same
// way: d = q̂ − μ = E·b + d′, d̂ = t·w, e = T·d′ − d̂. Then, with g = Eᵀd,
//
//	q̂·x̂ = q̂·μ + μ·c + d·c
//	d·c = g·a + b·Eᵀc′ + d′·c′
//	d′·c′ = d̂·ĉ + (e·ĉ + T·d′·r)
//
// since T keeps products. By Cauchy and Schwarz the last bracket is at most |e|·|ĉ| + |d′|·|r|. The
// product w·u is a sum of integers, without rounding. So
//
//	|q̂·x̂ − (q̂·μ + μ·c + g·a + t·s·(w·u))| ≤ |d′|·|r| + |e|·|ĉ| + |b|·|Eᵀc′|
//
// for any E, a and b. If E is near orthonormal and a near Eᵀc, then the last term is very small,
// and c′ and d′ are short. In features of photographs a few axes hold most of the deviation from
// the mean. The code then need not represent that part.
//
// # Rounding
//
// Let u = 2⁻²⁴. All errors are measured in the norm, on vectors with |c| ≤ 1 + |μ| + 2⁻³⁰ < 2.1: μ
// is a mean of vectors of length 1, so |μ| ≤ 1 but for rounding.
//
//  1. a is kernel.Project of z after step 2. The values of z have their signs over
//     √block in them; the axes are divided by those, rounded once, and projected
//     projectPart values at a time. For an axis the parts have at most the error bound of
//     projectPart values, 66.1u, and, with two roundings more, 68.2u|c|; for p ≤ 8 axes √8
//     times that, 406u. Step 2 adds 4.3u, and rounding a 2.2u: |Eᵀc − a| < 413u.
//     Eᵀc′ = (Eᵀc − a) − (EᵀE − 1)·a is longer by at most δ|a|, with δ = ‖EᵀE − 1‖ ≤
//     axesError, which is checked; axes that are zero have a = 0 and do not count. So
//     |a| < 2.2, and |Eᵀc′| < 431u < AxesSlack = 512u, which also covers values below
//     the normal range. For a query, a is Eᵀd in float64, rounded, which is nearer.
//  2. Centring (kernel.CentreF32) rounds 1/|x| to float32, then its product with xᵢ, the
//     difference with μᵢ, and the product with a sign over √block, which is rounded
//     itself: together 2.01u|x̂| + 3.01u|c| < 8.4u, since the following steps are
//     orthogonal. Where 1/|x| is not in float32's range, the product and the difference
//     are computed in float64, and rounded once.
//  3. Each of p ≤ 8 axes, with its signs rounded twice, is multiplied and subtracted
//     with two roundings: 3.01u|aⱼ| + u·2.2 each, and Σ|aⱼ| ≤ √8·2.2: together 37u.
//  4. Rotating: the error of kernel.Hadamard is at most 16.01u of its input, since a block
//     has at most 2¹⁶ values.
//  5. So the computed z is within 16.1u|z| + 47u of T·c′. coderError = 2⁻¹⁹ = 32u and
//     coderFloor = 2⁻¹⁸ = 64u also cover values below the normal range, at most 2¹⁶
//     values of 2⁻¹⁴⁹ each.
//  6. A row has two codes, of 8 bits and of 4 bits for nominating; the bound holds for both.
//     |r| is stored as kernel.ResidualBound of z − s·u, plus the bound of step 5 with
//     |z| ≤ |ĉ| + |r|. |ĉ| is stored as s·√Σu². Both are rounded up. s is used as stored.
//  7. The score is a sum of q̂·μ (at most 1), μ·c (2.1), g·a (2.2|g|) and
//     t·s·(w·u) (4.2|d̂|, as the nearest integer to v is not beyond 2v). Rounded are the
//     first two as they are stored, every gⱼ, p products and p sums on top of μ·c,
//     t·s, w·u and their product, and two more sums: (27 + 27|g| + 22|d̂|)u in all.
//     layer.ScoreSlack bounds the difference of the canonical score and q̂·x̂.
const (
	coderError = 0x1p-19
	coderFloor = 0x1p-18
	axesError  = 0x1p-21
	AxesSlack  = 0x1p-15 // bounds |Eᵀc − a|, see 1
)

// The shape of codes. A change of any of these requires another CodesVersion.
const (
	codeAlign  = 64      // bytes: sections of a file begin at multiples of it
	codeMax    = 127     // the largest code
	codeZero   = 128     // the byte of the 8-bit code 0
	codeSigns  = 1       // seeds the signs
	codeSample = 4096    // number of rows whose mean is μ
	CodeChunk  = 1 << 14 // rows that are built, checked and written at a time
	codeMaxDim = kernel.MaxCodeStride
	axisDim    = 32 // dimensions of a layer for each of its axes

	// codeAxes is the largest number of axes of a layer. With 8 the bounds are a quarter to a half
	// of those without axes.
	codeAxes    = kernel.Vectors
	projectPart = 512 // values whose products with the axes are added in float32
)

// Codes are the codes of a layer's rows, in a mapped file. They are read-only, and valid until
// their gallery is closed.
type Codes struct {
	Layer  *layer.Layer
	Rows   int
	Coder  *coder
	Chunks []codeRows
	Fine   spanBounds // of the 8-bit codes
	Coarse spanBounds // of the 4-bit codes
	Path   string
	File   mmap.MMap
	checks
}

// spanBounds holds, by span, the largest |r| and |ĉ| of rows.
type spanBounds struct{ Rest, Norm []float32 }

// codeRows is one chunk: the numbers of its rows, and their codes. A row without a score has NaN in
// Mean, and zeros elsewhere.
type codeRows struct {
	Square []float64   // canonical squared length; 0 or not finite without a score
	Mean   []float32   // μ·c
	Axes   [][]float32 // by axis: a
	Fine   codeColumns // 8-bit codes, a byte each, plus 128
	Coarse codeColumns // 4-bit codes, two a byte, as kernel.DotNibbles takes them
}

// codeColumns holds codes of rows, and their numbers.
type codeColumns struct {
	Scale []float32
	Rest  []float32 // |r|, rounded up
	Norm  []float32 // |ĉ|, rounded up
	Bytes []uint8   // rows × stride
}

// coder turns rows of one layer into codes. It is read-only once made.
type coder struct {
	dim    int
	Stride int // dim, rounded up to whole blocks: values of a rotated vector, bytes of a code
	Mu     []float32
	Axes   []float32 // one after another
	N      int       // of axes
	wide   []float64 // mu
	square float64   // |μ|²
	lean   []float64 // by axis: e·μ
	signed []float32 // codeAxes of them, with zeros after the last: their values times signs
	lifted []float32 // the same, divided by signs
	signs  []float32 // by value: 1 or -1, over √block
	blocks []int     // sizes of the transformed blocks: powers of two that add to stride
}

// AxesOf returns the number of axes of a layer.
func AxesOf(dim int) int { return min(codeAxes, dim/axisDim) }

// newCoder makes the coder of a mean and axes. The skew of the axes must be at most axesError.
func newCoder(mu, axes []float32) *coder {
	dim := len(mu)
	c := &coder{dim: dim, Stride: Stride(dim), Mu: mu, wide: make([]float64, dim), Axes: axes, N: len(axes) / dim}
	kernel.WidenF32(c.wide, mu)
	var square [1]float64
	kernel.ScanF32(square[:], c.wide, mu)
	c.square, c.lean = square[0], make([]float64, c.N)
	kernel.ScanF32(c.lean, c.wide, c.Axes)
	pcg := rand.NewPCG(codeSigns, 0)
	for left := c.Stride; left > 0; {
		block := 1 << (bits.Len(uint(left)) - 1)
		c.blocks = append(c.blocks, block)
		left -= block
		sign := [2]float32{float32(1 / math.Sqrt(float64(block))), -float32(1 / math.Sqrt(float64(block)))}
		for range block {
			c.signs = append(c.signs, sign[pcg.Uint64()>>63])
		}
	}
	c.signs = c.signs[:dim]
	if c.N > 0 {
		c.signed, c.lifted = make([]float32, codeAxes*dim), make([]float32, codeAxes*dim)
	}
	for i, v := range c.Axes {
		sign := c.signs[i%dim]
		c.signed[i], c.lifted[i] = v*sign, v/sign
	}
	return c
}

// skew returns the Frobenius norm ‖EᵀE − 1‖, rounded up. The axes are contiguous; axes that are
// zero do not count.
func skew(axes []float32, dim int) float64 {
	var sum float64
	wide, dots := make([]float64, dim), make([]float64, len(axes)/dim)
	for j := range dots {
		kernel.WidenF32(wide, axes[j*dim:(j+1)*dim])
		kernel.ScanF32(dots, wide, axes)
		if dots[j] != 0 {
			dots[j]--
		}
		for _, d := range dots {
			sum += d * d
		}
	}
	return math.Sqrt(sum) * (1 + 0x1p-30)
}

// Stride returns the number of bytes of a row's 8-bit code.
func Stride(dim int) int {
	return (dim + kernel.CodeBlock - 1) / kernel.CodeBlock * kernel.CodeBlock
}

// CoarseStride returns the number of bytes of a row's 4-bit code.
func CoarseStride(dim int) int {
	return (Stride(dim)/2 + kernel.CodeBlock - 1) / kernel.CodeBlock * kernel.CodeBlock
}

// coded holds the numbers of a coded vector.
type coded struct {
	scale float32
	rest  float64 // |r|, rounded up
	norm  float64 // |ĉ|, rounded up
}

// A row is centred in float32 if its length is between these.
const (
	leastRoot = 0x1p-60
	mostRoot  = 0x1p60
)

// centre sets z to a row of the layer, scaled to length 1, less μ, times the signs. root is the
// row's length.
func (c *coder) centre(z []float32, l *layer.Layer, row int, root float64, s *codeScratch) {
	plain := root >= leastRoot && root <= mostRoot
	l.Runs(row, row+1, func(_ int, b []byte) {
		switch {
		case plain && l.Type == layer.Float32:
			kernel.CentreF32(z[:c.dim], layer.Elements[float32](b), float32(1/root), c.Mu, c.signs)
		case plain && l.Type == layer.Float16:
			kernel.CentreF16(z[:c.dim], layer.Elements[uint16](b), float32(1/root), c.Mu, c.signs)
		default:
			s.wide = layer.Grown(s.wide, l.Dim)
			layer.Widen(l.Type, s.wide, b)
			c.centreWide(z, s.wide, root)
		}
	})
}

// centreWide is centre for float64 values.
func (c *coder) centreWide(z []float32, wide []float64, root float64) {
	for i, v := range wide {
		z[i] = float32(float64(v/root)-c.wide[i]) * c.signs[i]
	}
}

// project returns Eᵀc by axis, with zeros after the last axis. z comes from centre.
func (c *coder) project(z []float32) (a [codeAxes]float32) {
	var dots [codeAxes]float64
	for at := 0; at < c.dim && c.N > 0; at += projectPart {
		kernel.Project(&dots, z[at:min(at+projectPart, c.dim)], c.lifted[at:], c.dim)
	}
	for j, dot := range dots {
		a[j] = float32(dot)
	}
	return a
}

// code codes a vector. On entry z, of 2·CoarseStride values, comes from centre, and a is Eᵀc. On
// return z is the rotated vector, and u has its codes plus 128.
func (c *coder) code(u []uint8, z []float32, a [codeAxes]float32) coded {
	for j := range a {
		a[j] = -a[j]
	}
	for at := 0; at < c.dim && c.N > 0; at += projectPart {
		kernel.Deflate(z[at:min(at+projectPart, c.dim)], c.signed[at:], c.dim, &a)
	}
	clear(z[c.dim:])
	at := 0
	for _, block := range c.blocks {
		kernel.Hadamard(z[at:at+block], block)
		at += block
	}
	scale := kernel.MaxAbs(z) / codeMax
	residual, square := kernel.Quantize(u, z[:c.Stride], scale)
	return bounded(scale, residual, square, c.Stride)
}

// bounded returns the numbers of a vector of n values from the sums of quantising.
func bounded(scale float32, residual float64, square int64, n int) coded {
	// The square root and the products here are each rounded by less than 2⁻⁵⁰.
	const up = 1 + 0x1p-48
	norm := float64(scale) * math.Sqrt(float64(square)) * up
	rest := kernel.ResidualBound(residual, n)
	rest += (norm+rest)*coderError + coderFloor
	return coded{scale: scale, rest: rest * up, norm: norm}
}

// coarseStep is the step of 4-bit codes, as a share of the root mean square of the values. For
// normally distributed values and 15 levels, about .355 minimises the residual. Larger values are
// clipped.
const coarseStep = 0.355

// codeCoarsely sets u to the 4-bit codes of z. z and n come from code.
func (c *coder) codeCoarsely(u []uint8, z []float32, n coded) coded {
	scale := min(n.scale*codeMax/7, float32(coarseStep*n.norm/math.Sqrt(float64(c.Stride))))
	residual, square := kernel.QuantizeNibbles(u, z, scale)
	return bounded(scale, residual, square, len(z))
}

// set stores the numbers of row r.
func (k *codeColumns) set(r int, n coded) {
	k.Scale[r], k.Rest[r], k.Norm[r] = n.scale, layer.Up32(n.rest), layer.Up32(n.norm)
}

// zero clears row r.
func (k *codeColumns) zero(r int) {
	k.Scale[r], k.Rest[r], k.Norm[r] = 0, 0, 0
	clear(k.Row(r))
}

// Row returns the code of row r.
func (k *codeColumns) Row(r int) []uint8 {
	stride := len(k.Bytes) / len(k.Scale)
	return k.Bytes[r*stride : (r+1)*stride]
}

// codeScratch is the memory of one goroutine that codes rows.
type codeScratch struct {
	dot, square [codeRun]float64
	rotated     []float32 // 2 × CoarseStride
	wide        []float64
}

func (c *coder) scratch() *codeScratch {
	return &codeScratch{rotated: make([]float32, 2*CoarseStride(c.dim))}
}

// along returns Eᵀc by axis, with zeros after the last axis. root is the length of the values.
func (c *coder) along(wide []float64, root float64) (a [codeAxes]float32) {
	var dots [codeAxes]float64
	kernel.ScanF32(dots[:c.N], wide, c.Axes)
	for j, dot := range dots[:c.N] {
		a[j] = float32(dot/root - c.lean[j])
	}
	return a
}

// set codes a row of the layer as row r of the chunk. dot is its canonical product with μ, square
// its product with itself.
func (k *codeRows) set(c *coder, r int, l *layer.Layer, row int, dot, square float64, s *codeScratch) {
	k.Square[r] = square
	if !(square > 0) || math.IsInf(square, 0) {
		k.Mean[r] = float32(math.NaN())
		for _, a := range k.Axes {
			a[r] = 0
		}
		k.Fine.zero(r)
		k.Coarse.zero(r)
		return
	}
	root := math.Sqrt(square)
	k.Mean[r] = float32(dot/root - c.square)
	c.centre(s.rotated, l, row, root, s)
	a := c.project(s.rotated)
	for j := range k.Axes {
		k.Axes[j][r] = a[j]
	}
	n := c.code(k.Fine.Row(r), s.rotated, a)
	k.Fine.set(r, n)
	k.Coarse.set(r, c.codeCoarsely(k.Coarse.Row(r), s.rotated, n))
}

// At returns the chunk of a row, and the row's index there.
func (c *Codes) At(row int) (*codeRows, int) { return &c.Chunks[row/CodeChunk], row % CodeChunk }

// add adds the bounds of rows from first on.
func (s *spanBounds) add(first int, k *codeColumns) {
	for r, rest := range k.Rest {
		span := (first + r) / layer.CodeSpan
		s.Rest[span] = max(s.Rest[span], rest)
		s.Norm[span] = max(s.Norm[span], k.Norm[r])
	}
}

// Read returns the number of bytes that a score reads: the codes, and the numbers beside them.
func (k *codeColumns) Read() int64 { return int64(len(k.Bytes) + 4*len(k.Scale)) }
