package rank

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"strata/engine/code"
	"strata/engine/items"
	"strata/engine/kernel"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// approximate.go searches by codes alone, without bounds. It serves to measure the cost of
// approximation. No ranking on the screen or in an export comes from here.

// CodeSearch ranks by the scores of codes of 8, 4 or 1 bits a value. It proves nothing. It is
// read-only once made, may be used concurrently, and dies with its gallery. Every search reads all
// codes again.
type CodeSearch struct {
	G      Layers
	Bits   int
	Scheme scheme.Scheme
	Signs  map[string]*SignCodes // by layer, for 1 bit
}

// CodeBits returns the numbers of bits a value that codes exist for. Codes of 1 bit are the signs
// of the 8-bit codes, with the mean magnitude of each row's codes; NewCodeSearch makes them in
// memory.
func CodeBits() []int { return []int{8, 4, 1} }

// Bytes returns the number of bytes that a search reads for all items: the codes, and the numbers
// beside them that a score needs.
func (s *CodeSearch) Bytes() int64 {
	var all int64
	for _, name := range s.Scheme.Layers() {
		l, err := s.G.Layer(name)
		if err != nil {
			continue // it was there when s was made
		}
		c := s.G.CodesOf(l)
		for i := range c.Chunks {
			k := &c.Chunks[i]
			all += int64(4 * len(k.Mean))
			for _, a := range k.Axes {
				all += int64(4 * len(a))
			}
			switch s.Bits {
			case 8:
				all += k.Fine.Read()
			case 4:
				all += k.Coarse.Read()
			}
		}
		if signs := s.Signs[name]; signs != nil {
			all += int64(8*len(signs.words) + 4*len(signs.scale))
		}
		if s.Scheme.Kind == scheme.Concat {
			all += int64(8 * l.Rows) // the rows' lengths
		}
	}
	return all
}

// NewCodeSearch prepares to search under a sum or a concatenation whose layers have
// codes. The error is scheme.ErrNoCodes for one that has none.
func NewCodeSearch(ctx context.Context, g Layers, sc scheme.Scheme, bits int) (*CodeSearch, error) {
	if !slices.Contains(CodeBits(), bits) {
		return nil, fmt.Errorf("codes have 8, 4 or 1 bits a value, not %d", bits)
	}
	if !sc.Products() || !Tame(sc) {
		return nil, fmt.Errorf("%s: codes score sums and concatenations with weights from 1e-90 to 1e90", sc)
	}
	s := &CodeSearch{G: g, Bits: bits, Scheme: sc, Signs: map[string]*SignCodes{}}
	return s, g.Reading(sc.Layers(), func() error {
		for _, name := range sc.Layers() {
			l, err := g.Layer(name)
			if err != nil {
				return err
			}
			c, err := whole(ctx, g.CodesOf(l))
			if err != nil {
				return err
			}
			if c == nil {
				return fmt.Errorf("layer %s %w", name, scheme.ErrNoCodes)
			}
			if bits > 1 {
				continue
			}
			if s.Signs[name], err = NewSigns(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// Search returns the k best candidates of the query in row q by the scores of codes, equal scores
// by row. A query without a score has no hits, and a row without a score is no hit.
func (s *CodeSearch) Search(ctx context.Context, q, k int, among *items.Candidates) (hits []Hit, err error) {
	err = s.G.Reading(s.Scheme.Layers(), func() error {
		columns := map[string]*approxColumn{}
		for _, name := range s.Scheme.Layers() {
			l, err := s.G.Layer(name)
			if err != nil {
				return err
			}
			c := s.G.CodesOf(l)
			if signs := s.Signs[name]; signs != nil {
				columns[name], err = signs.approx(ctx, c, q)
			} else {
				columns[name], err = ApproxByCodes(ctx, c, Asked{Row: q}, s.Bits == 4)
			}
			if err != nil {
				return fmt.Errorf("scanning the codes of %s: %w", name, err)
			}
		}
		r := Ranker{G: s.G, Among: among, Query: q}
		hits, err = r.best(ctx, newApproxLeaf(s.Scheme, columns), min(k, among.Count(q)))
		return err
	})
	return hits, err
}

// best returns the k best candidates by approximate scores.
func (r *Ranker) best(ctx context.Context, leaf *approxLeaf, k int) ([]Hit, error) {
	var mu sync.Mutex
	best := NewTop(k)
	err := layer.Parallel(ctx, r.G.Len(), 32*rankBlock, func(lo, hi int) {
		local := NewTop(min(k, hi-lo))
		var scores [rankBlock]float32
		var wide [rankBlock]float64
		var bounds [rankBlock / layer.CodeSpan]float64
		for ; lo < hi; lo += rankBlock {
			n := min(rankBlock, hi-lo)
			leaf.scores(scores[:n], bounds[:(n+layer.CodeSpan-1)/layer.CodeSpan], lo)
			kernel.WidenF32(wide[:n], scores[:n])
			r.offer(&local, wide[:n], lo)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, h := range local.hits {
			best.Offer(h)
		}
	})
	return best.Sorted(), err
}

// SignCodes are codes of 1 bit a value. Let z be a row's rotated vector, and u its 8-bit code with
// scale s. The sign code stands for s·mean|u|·sign(u): the vector nearest to s·u among those with
// these signs and one magnitude.
type SignCodes struct {
	stride int      // words of a row
	words  []uint64 // rows × stride
	scale  []float32
}

// NewSigns makes the signs of a layer's codes.
func NewSigns(ctx context.Context, c *code.Codes) (*SignCodes, error) {
	s := &SignCodes{stride: c.Coder.Stride / 64}
	s.words, s.scale = make([]uint64, c.Rows*s.stride), make([]float32, c.Rows)
	err := layer.Parallel(ctx, c.Rows, codeBlock, func(lo, hi int) {
		for row := lo; row < hi; row++ {
			k, r := c.At(row)
			sum := kernel.PackSigns(s.words[row*s.stride:(row+1)*s.stride], k.Fine.Row(r))
			s.scale[row] = k.Fine.Scale[r] * (float32(sum) / float32(c.Coder.Stride))
		}
	})
	return s, err
}

// approx computes the cosines of the item in row q from the signs, with the formula of
// codes.scores.
func (s *SignCodes) approx(ctx context.Context, c *code.Codes, q int) (*approxColumn, error) {
	l := c.Layer
	part, err := Asked{Row: q}.whole(ctx, l)
	if err != nil {
		return nil, err
	}
	a := &approxColumn{layer: l, part: part, codes: c, Cosine: make([]float32, l.Rows)}
	a.query = c.Coder.Query(part.Wide, part.Root)
	code := a.query.Code[:c.Coder.Stride]
	var sum int32
	for _, v := range code {
		sum += int32(v)
	}
	planes := make([]uint64, kernel.SignPlanes*s.stride)
	kernel.PackPlanes(planes, code)
	err = layer.Parallel(ctx, l.Rows, 8*codeBlock, func(lo, hi int) {
		var dots [codeBlock]int32
		for ; lo < hi; lo += codeBlock {
			n := min(codeBlock, hi-lo)
			kernel.DotSigns(dots[:n], s.words[lo*s.stride:(lo+n)*s.stride], s.stride, planes, sum)
			k, r := c.At(lo)
			dst := a.Cosine[lo : lo+n]
			copy(dst, k.Mean[r:r+n])
			for j, axis := range k.Axes {
				kernel.MulAdd(dst, axis[r:r+n], a.query.Along[j])
			}
			kernel.Affine(dst, dots[:n], s.scale[lo:lo+n], dst, a.query.Scale, a.query.Base)
		}
	})
	return a, err
}
