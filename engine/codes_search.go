package engine

import (
	"context"
	"fmt"
	"sync"

	"strata/engine/kernel"
)

// codes_search.go searches by codes alone, without bounds: what approximation costs
// is measured with it. Nothing that is shown or exported as a ranking comes from here.

// CodeSearch ranks by the scores of codes of 8, 4 or 1 bits a value, and proves
// nothing. It is read-only once made, may be used concurrently, and dies with its
// gallery. A search reads all codes anew.
type CodeSearch struct {
	g      Layers
	bits   int
	scheme Scheme
	signs  map[string]*signCodes // by layer, for 1 bit
}

// CodeBits returns the bits of a value that there are codes of. Those of 1 bit are
// the signs of the 8-bit codes, with the mean size of a row's codes; they are made in
// memory, for NewCodeSearch.
func CodeBits() []int { return []int{8, 4, 1} }

// Bytes returns how many bytes a search reads of the codes of all items: the codes,
// and the numbers beside them that a score needs.
func (s *CodeSearch) Bytes() int64 {
	var all int64
	for _, name := range s.scheme.Layers() {
		l, err := s.g.Layer(name)
		if err != nil {
			continue // it was there when s was made
		}
		c := s.g.codesOf(l)
		for i := range c.chunks {
			k := &c.chunks[i]
			all += int64(4 * len(k.mean))
			for _, a := range k.axes {
				all += int64(4 * len(a))
			}
			switch s.bits {
			case 8:
				all += k.fine.read()
			case 4:
				all += k.coarse.read()
			}
		}
		if signs := s.signs[name]; signs != nil {
			all += int64(8*len(signs.words) + 4*len(signs.scale))
		}
		if s.scheme.Kind == Concat {
			all += int64(8 * l.Rows) // lengths
		}
	}
	return all
}

// Search returns the k best candidates of the query in row q by the scores of codes,
// equal ones by row. Of a query or rows without a score there are none.
func (s *CodeSearch) Search(ctx context.Context, q, k int, among *Candidates) (hits []Hit, err error) {
	err = s.g.reading(s.scheme.Layers(), func() error {
		columns := map[string]*approxColumn{}
		for _, name := range s.scheme.Layers() {
			l, err := s.g.Layer(name)
			if err != nil {
				return err
			}
			c := s.g.codesOf(l)
			if signs := s.signs[name]; signs != nil {
				columns[name], err = signs.approx(ctx, c, q)
			} else {
				columns[name], err = approxByCodes(ctx, c, asked{row: q}, s.bits == 4)
			}
			if err != nil {
				return fmt.Errorf("scanning the codes of %s: %w", name, err)
			}
		}
		r := ranker{g: s.g, among: among, query: q}
		hits, err = r.best(ctx, newApproxLeaf(s.scheme, columns), min(k, among.Count(q)))
		return err
	})
	return hits, err
}

// best returns the k best candidates by approximate scores.
func (r *ranker) best(ctx context.Context, leaf *approxLeaf, k int) ([]Hit, error) {
	var mu sync.Mutex
	best := newTop(k)
	err := parallel(ctx, r.g.Len(), 32*rankBlock, func(lo, hi int) {
		local := newTop(min(k, hi-lo))
		var scores [rankBlock]float32
		var wide [rankBlock]float64
		var bounds [rankBlock / codeSpan]float64
		for ; lo < hi; lo += rankBlock {
			n := min(rankBlock, hi-lo)
			leaf.scores(scores[:n], bounds[:(n+codeSpan-1)/codeSpan], lo)
			kernel.WidenF32(wide[:n], scores[:n])
			r.offer(&local, wide[:n], lo)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, h := range local.hits {
			best.offer(h)
		}
	})
	return best.sorted(), err
}

// signCodes are codes of 1 bit a value: a row's rotated vector z, of which the 8-bit
// code is u, is taken for s·mean|u|·sign(u), the nearest vector to s·u of one size and
// these signs.
type signCodes struct {
	stride int      // words of a row
	words  []uint64 // rows × stride
	scale  []float32
}

// newSigns makes the signs of a layer's codes.
func newSigns(ctx context.Context, c *codes) (*signCodes, error) {
	s := &signCodes{stride: c.coder.stride / 64}
	s.words, s.scale = make([]uint64, c.rows*s.stride), make([]float32, c.rows)
	err := parallel(ctx, c.rows, codeBlock, func(lo, hi int) {
		for row := lo; row < hi; row++ {
			k, r := c.at(row)
			sum := kernel.PackSigns(s.words[row*s.stride:(row+1)*s.stride], k.fine.row(r))
			s.scale[row] = k.fine.scale[r] * (float32(sum) / float32(c.coder.stride))
		}
	})
	return s, err
}

// approx computes the cosines of the item in row q from the signs: those of codes.scores.
func (s *signCodes) approx(ctx context.Context, c *codes, q int) (*approxColumn, error) {
	l := c.layer
	part, err := asked{row: q}.whole(ctx, l)
	if err != nil {
		return nil, err
	}
	a := &approxColumn{layer: l, part: part, codes: c, cosine: make([]float32, l.Rows)}
	a.query = c.coder.query(part.wide, part.root)
	code := a.query.code[:c.coder.stride]
	var sum int32
	for _, v := range code {
		sum += int32(v)
	}
	planes := make([]uint64, kernel.SignPlanes*s.stride)
	kernel.PackPlanes(planes, code)
	err = parallel(ctx, l.Rows, 8*codeBlock, func(lo, hi int) {
		var dots [codeBlock]int32
		for ; lo < hi; lo += codeBlock {
			n := min(codeBlock, hi-lo)
			kernel.DotSigns(dots[:n], s.words[lo*s.stride:(lo+n)*s.stride], s.stride, planes, sum)
			k, r := c.at(lo)
			dst := a.cosine[lo : lo+n]
			copy(dst, k.mean[r:r+n])
			for j, axis := range k.axes {
				kernel.MulAdd(dst, axis[r:r+n], a.query.along[j])
			}
			kernel.Affine(dst, dots[:n], s.scale[lo:lo+n], dst, a.query.scale, a.query.base)
		}
	})
	return a, err
}
