package kernel

// The layout of packed vectors. The dimension is cut into chunks of depth values. The last chunk is
// shorter, and padded with zeros to a multiple of four. Within a chunk, vectors are grouped into
// panels of a fixed width. The last panel is padded with zero vectors. A panel holds value 0 of its
// vectors side by side, then value 1, and so on. So a panel of rows (16 KiB) stays in the
// first-level cache while the panels of all queries are multiplied with it.
const (
	depth      = 256 // values of a chunk
	queryWidth = 6   // queries of a panel: with rowWidth, the 12 accumulators that fit 16 registers
	rowWidth   = 16  // rows of a panel: two registers
)

// packed is a set of vectors in the layout above.
type packed struct {
	width  int       // vectors of a panel
	n, dim int       // vectors, and values of each
	values []float32 // chunk by chunk, panel by panel
}

// Queries holds packed query vectors, the left side of a Tile. The zero value holds none. Packing again reuses its memory.
type Queries struct{ p packed }

// Rows holds packed rows, the right side of a Tile. The zero value holds none. Packing again reuses its memory.
type Rows struct{ p packed }

// PackF32 packs len(scale) queries: query r is x[r*dim:(r+1)*dim], times scale[r]. Each product is computed in float64
// and rounded to float32. A scale of 0 packs zeros, whatever the query holds. It panics unless len(x) == len(scale)*dim.
func (q *Queries) PackF32(x []float32, dim int, scale []float64) {
	q.p.width = queryWidth
	pack(&q.p, x, dim, scale)
}

// PackF16 is PackF32 for queries of float16 bits.
func (q *Queries) PackF16(x []uint16, dim int, scale []float64) {
	q.p.width = queryWidth
	pack(&q.p, x, dim, scale)
}

// PackBF16 is PackF32 for queries of bfloat16 bits.
func (q *Queries) PackBF16(x []BFloat16, dim int, scale []float64) {
	q.p.width = queryWidth
	pack(&q.p, x, dim, scale)
}

// PackI8 is PackF32 for queries of signed bytes.
func (q *Queries) PackI8(x []int8, dim int, scale []float64) {
	q.p.width = queryWidth
	pack(&q.p, x, dim, scale)
}

// PackU8 is PackF32 for queries of unsigned bytes.
func (q *Queries) PackU8(x []uint8, dim int, scale []float64) {
	q.p.width = queryWidth
	pack(&q.p, x, dim, scale)
}

// PackF64 is PackF32 for queries of float64 values.
func (q *Queries) PackF64(x []float64, dim int, scale []float64) {
	q.p.width = queryWidth
	pack(&q.p, x, dim, scale)
}

// PackI32 is PackF32 for queries of integers.
func (q *Queries) PackI32(x []int32, dim int, scale []float64) {
	q.p.width = queryWidth
	pack(&q.p, x, dim, scale)
}

// Len returns the number of queries.
func (q *Queries) Len() int { return q.p.n }

// PackF32 packs len(scale) rows, as [Queries.PackF32] packs queries.
func (x *Rows) PackF32(rows []float32, dim int, scale []float64) {
	x.p.width = rowWidth
	pack(&x.p, rows, dim, scale)
}

// PackF16 is PackF32 for rows of float16 bits.
func (x *Rows) PackF16(rows []uint16, dim int, scale []float64) {
	x.p.width = rowWidth
	pack(&x.p, rows, dim, scale)
}

// PackBF16 is PackF32 for rows of bfloat16 bits.
func (x *Rows) PackBF16(rows []BFloat16, dim int, scale []float64) {
	x.p.width = rowWidth
	pack(&x.p, rows, dim, scale)
}

// PackI8 is PackF32 for rows of signed bytes.
func (x *Rows) PackI8(rows []int8, dim int, scale []float64) {
	x.p.width = rowWidth
	pack(&x.p, rows, dim, scale)
}

// PackU8 is PackF32 for rows of unsigned bytes.
func (x *Rows) PackU8(rows []uint8, dim int, scale []float64) {
	x.p.width = rowWidth
	pack(&x.p, rows, dim, scale)
}

// PackF64 is PackF32 for rows of float64 values.
func (x *Rows) PackF64(rows []float64, dim int, scale []float64) {
	x.p.width = rowWidth
	pack(&x.p, rows, dim, scale)
}

// PackI32 is PackF32 for rows of integers.
func (x *Rows) PackI32(rows []int32, dim int, scale []float64) {
	x.p.width = rowWidth
	pack(&x.p, rows, dim, scale)
}

// Len returns the number of rows.
func (x *Rows) Len() int { return x.p.n }

// Tile sets dst[i*stride+j] to the float32 product of packed query i and packed row j. It does not
// change the rest of dst. [TileError] bounds its error; its bits may differ between processors. It
// panics unless both sides have the same dimension, stride is at least the number of rows, and dst
// is long enough.
func Tile(dst []float32, stride int, q *Queries, x *Rows) {
	nq, nx := q.p.n, x.p.n
	if nq == 0 || nx == 0 {
		return
	}
	if q.p.dim != x.p.dim {
		panic("kernel: tile: dimensions differ")
	}
	if stride < nx || len(dst) < nx || (len(dst)-nx)/stride < nq-1 {
		panic("kernel: tile: dst too short")
	}
	if q.p.dim == 0 {
		for i := range nq {
			clear(dst[i*stride : i*stride+nx])
		}
		return
	}
	for k := 0; k < q.p.dim; k += depth {
		for j := 0; j < nx; j += rowWidth {
			rows := x.p.panel(k, j)
			for i := 0; i < nq; i += queryWidth {
				queries := q.p.panel(k, i)
				at := dst[i*stride+j:]
				if i+queryWidth <= nq && j+rowWidth <= nx {
					multiply(at, stride, queries, rows, k > 0)
				} else {
					multiplyEdge(at, stride, min(queryWidth, nq-i), min(rowWidth, nx-j), queries, rows, k > 0)
				}
			}
		}
	}
}

// multiplyEdge is multiply for a partial tile: height rows of width products.
func multiplyEdge(dst []float32, stride, height, width int, q, x []float32, add bool) {
	var tile [queryWidth * rowWidth]float32
	multiply(tile[:], rowWidth, q, x, false)
	for i := range height {
		row := dst[i*stride:][:width]
		for j := range row {
			if add {
				row[j] += tile[i*rowWidth+j]
			} else {
				row[j] = tile[i*rowWidth+j]
			}
		}
	}
}

// TileError bounds |Tile - exact| for every product of a Tile of vectors of dim values, at most 2^20, whose lengths after
// scaling are at most 1 + 1e-6; exact is the product of the scaled vectors before any rounding. It is
//
//	(min(dim, 256) + chunks + 4) · 2^-24  +  dim · 2^-148        with chunks = ⌈dim/256⌉
//
// Vectors of every type keep it: packing multiplies in float64 and rounds once to float32, whatever the type, as long as
// the scaled lengths are what they are computed to be: squares of float64 values may leave the range of float64.
//
// Derivation. Let u = 2^-24, and a, b the scaled vectors. Leaving numbers below the normal range aside, packing makes
// a'ᵢ = aᵢ(1+α), with |α| ≤ u plus 2^-53 for the float64 product before it, and b' likewise. Within a chunk each of at
// most 256 steps rounds once (a fused multiply-add), so a product takes part in at most min(dim, 256) roundings; adding
// the chunks' sums, the first of which is stored as it is, makes at most chunks - 1 more. A processor without a fused
// multiply-add rounds each product and each addition but the first, to zero: as many. So the result is Σ aᵢbᵢ(1+θᵢ)
// with, for m = min(dim, 256) + chunks + 1 (two of them from packing),
//
//	|θᵢ| ≤ mu/(1-mu)        (Higham, Accuracy and Stability of Numerical Algorithms, lemma 3.1)
//
// and by Cauchy and Schwarz the error is at most max|θ|·|a||b| ≤ mu/(1-mu)·(1+1e-6)². The bound has 3u to spare over mu.
// For dim ≤ 2^20, m ≤ 4,353, so mu/(1-mu) - mu < 1.14u; the lengths add less than 0.01u, the products in float64 less
// still.
//
// Below the normal range a rounding errs by at most η = 2^-150 instead. Packing contributes η(Σ|aᵢ| + Σ|bᵢ|) + dim·η² <
// 2.1·√dim·η, the steps dim·η, and sums of numbers there are exact; with the later roundings' growth that is below
// 4·dim·η = dim·2^-148.
func TileError(dim int) float64 {
	chunks := (dim + depth - 1) / depth
	return float64(min(dim, depth)+chunks+4)*0x1p-24 + float64(dim)*0x1p-148
}
