package code

import (
	"math"

	"strata/engine/kernel"
	"strata/engine/layer"
)

// CodedQuery is a query, coded for a layer.
type CodedQuery struct {
	Code  []int8 // 8-bit, then zeros up to twice CoarseStride
	Scale float32
	Base  float32           // q̂·μ
	Along [codeAxes]float32 // g
	size  float64           // |d′|, rounded up
	rest  float64           // |e|, rounded up
	slack float64           // rounding of the score itself
}

// Query codes a query, given by the layer's values and their length root. root is NaN if the query
// has no score.
func (c *coder) Query(wide []float64, root float64) *CodedQuery {
	q, _, _ := c.query(wide, root)
	return q
}

// slightTries is how often the scale of a query's codes is raised until they are slight. Rounding
// adds a hundredth to the sums that are limited; the scale can grow by a third.
const (
	slightTries = 20
	slightStep  = 1 + 1.0/64
)

// TileQuery is Query for tiles: the codes are slight where kernel.TileBytes is faster with such. The
// scale is then about four times as large, and so is |e|, which Bound covers.
func (c *coder) TileQuery(wide []float64, root float64) *CodedQuery {
	q, z, u := c.query(wide, root)
	if z == nil || !kernel.SlightFaster() {
		return q
	}
	scale := max(q.Scale, kernel.SlightScale(z))
	for range slightTries { // codes that are not slight then are right, too
		if kernel.Slight(q.Code[:c.Stride]) {
			break
		}
		residual, square := kernel.Quantize(u, z, scale)
		q.set(u, bounded(scale, residual, square, c.Stride))
		scale *= slightStep
	}
	return q
}

// query is Query that also returns the rotated vector and its bytes, or nil for a query without a
// score.
func (c *coder) query(wide []float64, root float64) (q *CodedQuery, z []float32, u []uint8) {
	q = &CodedQuery{Code: make([]int8, 2*CoarseStride(c.dim)), Base: float32(math.NaN())}
	if math.IsNaN(root) {
		return q, nil, nil
	}
	s := c.scratch()
	u = make([]uint8, c.Stride)
	a := c.along(wide, root)
	c.centreWide(s.rotated, wide, root)
	n := c.code(u, s.rotated, a)
	var dot [1]float64
	kernel.ScanF32(dot[:], wide, c.Mu)
	q.Base = float32(dot[0] / root)
	q.size = (n.norm + n.rest) * (1 + 0x1p-48)
	q.Along = a
	q.set(u, n)
	return q, s.rotated[:c.Stride], u
}

// set sets the codes of a query, given by the bytes of their codes, and what depends on them.
func (q *CodedQuery) set(u []uint8, n coded) {
	for i, b := range u {
		q.Code[i] = int8(int(b) - codeZero)
	}
	q.Scale, q.rest = n.scale, n.rest
	var along float64 // |b|, which is |g| but for its rounding
	for _, v := range q.Along {
		along += float64(v) * float64(v)
	}
	along = math.Sqrt(along) * (1 + 0x1p-20)
	q.slack = (28+30*along+22*n.norm)*0x1p-24 + AxesSlack*along + layer.ScoreSlack
}

// Bound returns the largest difference between the score from codes and the canonical score, for a
// row with the given |r| and |ĉ|.
func (q *CodedQuery) Bound(rest, norm float32) float64 {
	return (float64(q.size*float64(rest)) + float64(q.rest*float64(norm)) + q.slack) * boundShare
}

// Bound returns the bound of a row of the layer, for its 4-bit code if coarse.
func (c *Codes) Bound(q *CodedQuery, row int, coarse bool) float64 {
	k, r := c.At(row)
	if coarse {
		return q.Bound(k.Coarse.Rest[r], k.Coarse.Norm[r])
	}
	return q.Bound(k.Fine.Rest[r], k.Fine.Norm[r])
}

// Scores sets dst to the scores of the rows lo to lo+len(dst), which are in one chunk. dots holds
// the products of their codes. Rows without a score get NaN.
func (c *Codes) Scores(dst []float32, dots []int32, q *CodedQuery, lo int, coarse bool) {
	k, from := c.At(lo)
	to := from + len(dst)
	copy(dst, k.Mean[from:to])
	for j, a := range k.Axes {
		kernel.MulAdd(dst, a[from:to], q.Along[j])
	}
	scale := k.Fine.Scale
	if coarse {
		scale = k.Coarse.Scale
	}
	kernel.Affine(dst, dots, scale[from:to], dst, q.Scale, q.Base)
}

// Products sets dst to the products of the query's code with those of the rows lo to lo+len(dst),
// which are in one chunk.
func (c *Codes) Products(dst []int32, q *CodedQuery, lo int, coarse bool) {
	k, from := c.At(lo)
	to := from + len(dst)
	if coarse {
		stride := len(q.Code) / 2
		kernel.DotNibbles(dst, k.Coarse.Bytes[from*stride:to*stride], stride, q.Code)
		return
	}
	stride := c.Coder.Stride
	kernel.DotBytes(dst, k.Fine.Bytes[from*stride:to*stride], stride, q.Code[:stride])
}
