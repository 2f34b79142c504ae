package onnx

import "slices"

// Rules of the operators that change dimensions: in are the axes of the first input that
// is tracked, k counts the outputs.

func (t *tracker) reshaped(n *Node, in []axis, k int) []axis {
	sizes, ok := t.sizes(n.Outputs[k])
	if !ok || n.Inputs[0] == "" || t.seen[n.Inputs[0]].axes == nil {
		return nil
	}
	if len(sizes) == len(in) { // where as many stay, the batch may stay open
		for i := range sizes {
			if sizes[i] < 0 && slices.IndexFunc(sizes, func(n int64) bool { return n < 0 }) != i {
				return nil
			}
		}
	}
	out, ok := regroup(in, sizes)
	if !ok {
		return nil
	}
	return out
}

func (t *tracker) flattened(n *Node, in []axis, _ int) []axis {
	at := 1
	if v := n.ints["axis"]; len(v) == 1 {
		at = int(v[0])
	}
	if at < 0 {
		at += len(in)
	}
	if at < 0 || at > len(in) {
		return nil
	}
	return []axis{slices.Concat(in[:at]...), slices.Concat(in[at:]...)}
}

func (t *tracker) transposed(n *Node, in []axis, _ int) []axis {
	perm := n.ints["perm"]
	if perm == nil {
		for i := range in {
			perm = append(perm, int64(len(in)-1-i))
		}
	}
	if len(perm) != len(in) {
		return nil
	}
	out := make([]axis, len(in))
	for i, p := range perm {
		if p < 0 || p >= int64(len(in)) {
			return nil
		}
		out[i] = in[p]
	}
	return out
}

func (t *tracker) unsqueezed(n *Node, in []axis, k int) []axis {
	list := n.ints["axes"]
	if list == nil {
		list = t.numbers(n, 1)
	}
	rank := len(in) + len(list)
	if list == nil || rank > maxRank {
		return t.reshaped(n, in, k)
	}
	list = t.axesOf(n, 1, rank)
	var out []axis
	for i, next := 0, 0; i < rank; i++ {
		switch {
		case slices.Contains(list, int64(i)):
			out = append(out, nil)
		case next == len(in):
			return nil
		default:
			out = append(out, in[next])
			next++
		}
	}
	return settle(out)
}

func (t *tracker) squeezed(n *Node, in []axis, k int) []axis {
	list := t.axesOf(n, 1, len(in))
	if list == nil {
		return t.reshaped(n, in, k)
	}
	var out []axis
	var left axis // factors of size 1, which the next dimension takes
	for i, a := range in {
		switch {
		case slices.Contains(list, int64(i)):
			left = slices.Concat(left, a)
		default:
			out = append(out, slices.Concat(left, a))
			left = nil
		}
	}
	if n := len(out); n > 0 && len(left) > 0 {
		out[n-1] = slices.Concat(out[n-1], left)
	}
	return settle(out)
}

func (t *tracker) gathered(n *Node, in []axis, k int) []axis {
	data, fed := t.seen[n.Inputs[0]]
	at := axisOf(n, 0, len(in))
	if !fed || data.axes == nil || at < 0 || len(n.Inputs) < 2 {
		return nil
	}
	rank := -1
	if w := t.weights[n.Inputs[1]]; w != nil {
		rank = len(w.Dims)
	} else if sizes, ok := t.sizes(n.Outputs[k]); ok {
		rank = len(sizes) - len(in) + 1
	}
	switch rank {
	case 0:
		left := in[at]
		out := slices.Concat(in[:at], in[at+1:])
		if left.size() == 1 && at < len(out) { // of one picture, say
			out[at] = slices.Concat(left, out[at])
		}
		return settle(out)
	case 1:
		out := slices.Clone(in)
		out[at] = in[at].part(-1, -1)
		return out
	}
	return nil
}

func (t *tracker) sliced(n *Node, in []axis, k int) []axis {
	was, known := t.sizes(n.Inputs[0])
	is, ok := t.sizes(n.Outputs[k])
	list, starts := t.axesOf(n, 3, len(in)), n.ints["starts"]
	if starts == nil {
		starts = t.numbers(n, 1)
	}
	out := slices.Clone(in)
	for i, a := range in {
		if known && ok && len(was) == len(in) && len(is) == len(in) && was[i] == is[i] && was[i] >= 0 {
			continue
		}
		at, from := slices.Index(list, int64(i)), int64(-1)
		if list != nil && at < 0 {
			continue
		}
		if at >= 0 && at < len(starts) && starts[at] >= 0 {
			from = starts[at]
		}
		n := int64(-1)
		if ok && len(is) == len(in) {
			n = is[i]
		}
		out[i] = a.part(from, n)
	}
	return out
}

func (t *tracker) separated(n *Node, in []axis, k int) []axis {
	at := axisOf(n, 0, len(in))
	if at < 0 {
		return nil
	}
	from, size := int64(0), int64(-1)
	for i, name := range n.Outputs[:k+1] {
		sizes, ok := t.sizes(name)
		if !ok || len(sizes) != len(in) {
			from, size = -1, -1
			break
		}
		if size = sizes[at]; i < k && from >= 0 && size >= 0 {
			from += size
		}
	}
	out := slices.Clone(in)
	out[at] = in[at].part(from, size)
	return out
}

// resized keeps what dimensions count whose size changes.
func (t *tracker) resized(n *Node, in []axis, k int) []axis {
	was, known := t.sizes(n.Inputs[0])
	is, ok := t.sizes(n.Outputs[k])
	if _, fed := t.seen[n.Inputs[0]]; !fed || ok && len(is) != len(in) {
		return nil
	}
	out := slices.Clone(in)
	for i, a := range in {
		if known && ok && len(was) == len(in) && was[i] == is[i] && was[i] >= 0 {
			continue
		}
		size := int64(-1)
		if ok {
			size = is[i]
		}
		if len(a) == 0 && size != 1 {
			out[i] = one(ofAnything, size)
		} else if len(a) > 0 {
			out[i] = a.part(-1, size)
		}
	}
	return out
}

// concat joins tensors along a dimension. Tokens in front of those that are patches are
// counted: a class token, registers.
func (t *tracker) concat(n *Node, in []axis, k int) []axis {
	at := axisOf(n, 0, len(in))
	if at < 0 {
		return nil
	}
	out := slices.Clone(in)
	joined, before, found := factor{role: ofAnything, size: -1}, int64(0), false
	for _, name := range n.Inputs {
		x, fed := t.seen[name]
		fed = fed && len(x.axes) == len(in)
		if fed {
			fill(out, x.axes, at)
			if r, ok := x.axes[at].role(); ok && joined.role == ofAnything {
				joined.role = r
			}
		}
		if !found {
			var n int64
			n, found = ahead(x, at, t.extent(name, at, len(in)), fed && x.sure)
			before = plus(before, n)
		}
	}
	if sizes, ok := t.sizes(n.Outputs[k]); ok && len(sizes) == len(in) {
		joined.size = sizes[at]
	}
	if joined.role == ofPlaces {
		joined.lead = before
		if !found {
			joined.lead = -1
		}
	}
	out[at] = axis{joined}
	return out
}

// fill sets axes whose role is not known to those of another tensor, but at one.
func fill(out, other []axis, at int) {
	for i, a := range out {
		if r, ok := a.role(); i != at && (!ok || r == ofAnything) && len(other[i]) > 0 {
			out[i] = other[i]
		}
	}
}

// extent returns the size of a dimension of a tensor or a weight, -1 if it is not known.
func (t *tracker) extent(name string, at, rank int) int64 {
	if sizes, ok := t.sizes(name); ok && len(sizes) == rank {
		return sizes[at]
	}
	if w := t.weights[name]; w != nil && len(w.Dims) == rank {
		return w.Dims[at]
	}
	return -1
}

// plus adds sizes; -1 is one that is not known.
func plus(a, b int64) int64 {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}

// ahead returns how many tokens of a part of a Concat stand before its patches, and
// whether it has any: size is all of them, of which none is a patch if the part is no map.
func ahead(x Tensor, at int, size int64, tracked bool) (before int64, patches bool) {
	if !tracked {
		return size, false
	}
	if r, ok := x.axes[at].role(); !ok || r != ofPlaces {
		return size, false
	}
	n := int64(0)
	for _, f := range x.axes[at] {
		if f.lead < 0 {
			return -1, true
		}
		n = max(n, f.lead)
	}
	return n, size < 0 || n < size
}
