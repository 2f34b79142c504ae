package onnx

import (
	"slices"
	"strings"
)

// tracker follows what the dimensions of tensors count through the graph: pictures,
// channels or places. What begins it are the model's input and operators whose
// definition says where channels are.
type tracker struct {
	m       *Model
	known   map[string]Value   // shapes, by tensor
	batch   int64              // size of the dimension of pictures in these shapes
	weights map[string]*Weight // what is stored, by name
	seen    map[string]Tensor  // what comes from a fed input
}

// openBatch stands for the number of pictures where a shape leaves it open: a prime
// larger than a dimension is likely to be.
const openBatch = 1_000_003

// newTracker returns a tracker of a model's inputs.
func (m *Model) newTracker() *tracker {
	t := &tracker{m: m, known: m.known(), batch: openBatch, weights: map[string]*Weight{}, seen: map[string]Tensor{}}
	for i := range m.Weights {
		t.weights[m.Weights[i].Name] = &m.Weights[i]
	}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		switch {
		case n.Op != "Constant" || len(n.Outputs) != 1:
		case n.constant != nil:
			t.weights[n.Outputs[0]] = n.constant
		case n.ints["value_ints"] != nil:
			v := n.ints["value_ints"]
			t.weights[n.Outputs[0]] = &Weight{Type: Int64, Dims: []int64{int64(len(v))}, ints: v}
		case n.ints["value_int"] != nil:
			t.weights[n.Outputs[0]] = &Weight{Type: Int64, ints: n.ints["value_int"]}
		}
	}
	for _, v := range m.Inputs {
		x := Tensor{Name: v.Name, Shape: v.Shape, Type: v.Type}
		t.known[v.Name] = v
		if m.tried != nil && v.Name == m.tried.Name {
			x.Shape, t.batch = m.tried.Shape, m.tried.Shape.Size(0)
		}
		if layout := m.inputLayout(v); layout != UnknownLayout {
			if n := x.Shape.Size(0); n >= 0 {
				t.batch = n
			}
			x.axes, x.sure = t.byLayout(x.Shape, layout), true
		} else if v.Shape.Known {
			sizes, _ := t.sizes(v.Name)
			x.axes = t.byShape(sizes)
		}
		x.Shape = v.Shape
		x.classify()
		t.seen[v.Name] = x
	}
	return t
}

// inputLayout returns the layout of an input of pictures, as its shape and the names of
// its dimensions say it, or what takes it.
func (m *Model) inputLayout(v Value) Layout {
	s := v.Shape
	if len(s.Dims) != 4 {
		return UnknownLayout
	}
	named := func(i int) bool { return strings.Contains(strings.ToLower(s.Dims[i].Name), "channel") }
	colours := func(i int) bool { return s.Size(i) == 1 || s.Size(i) == 3 }
	first, last := colours(1), colours(3)
	switch {
	case s.Size(2) >= 0 && s.Size(2) <= 4: // neither a height nor a width
		return UnknownLayout
	case first != last && first, named(1) && !last:
		return ChannelsFirst
	case first != last, named(3) && !first:
		return ChannelsLast
	}
	for i := range m.Nodes {
		if n := &m.Nodes[i]; len(n.Inputs) > 0 && n.Inputs[0] == v.Name && spatial[n.Op] && s.Size(1) < 0 {
			return ChannelsFirst
		}
	}
	return UnknownLayout
}

// byLayout returns the axes of a shape whose layout is known.
func (t *tracker) byLayout(s Shape, l Layout) []axis {
	axes := make([]axis, len(s.Dims))
	for i := range axes {
		axes[i] = one(ofPlaces, s.Size(i))
	}
	n, c := l.of(len(axes))
	if size := s.Size(n); size >= 0 {
		axes[n] = one(ofPictures, size)
	} else {
		axes[n] = one(ofPictures, t.batch)
	}
	axes[c] = one(ofChannels, s.Size(c))
	return axes
}

// sizes returns the shape of a tensor by which it is tracked; -1 is a size that is not
// known. It reports whether the number of dimensions is known.
func (t *tracker) sizes(name string) ([]int64, bool) {
	s, ok := t.m.probed[name]
	if !ok {
		s = t.known[name].Shape
	}
	if !s.Known {
		return nil, false
	}
	out := make([]int64, len(s.Dims))
	for i := range out {
		out[i] = s.Size(i)
	}
	return out, true
}

// numbers returns the integers of a tensor that is stored, nil if it is not or is long.
func (t *tracker) numbers(n *Node, input int) []int64 {
	if input >= len(n.Inputs) || t.weights[n.Inputs[input]] == nil {
		return nil
	}
	return t.weights[n.Inputs[input]].ints
}

// axesOf returns the dimensions that a node names, by its attribute axes or an input;
// nil if that is not known. They are from 0 to rank-1.
func (t *tracker) axesOf(n *Node, input, rank int) []int64 {
	list := n.ints["axes"]
	if list == nil {
		list = t.numbers(n, input)
	}
	list = slices.Clone(list)
	for i := range list {
		if list[i] < 0 {
			list[i] += int64(rank)
		}
		if list[i] < 0 || list[i] >= int64(rank) {
			return nil
		}
	}
	return list
}

// axisOf returns the dimension that a node's attribute axis names, -1 if there is none.
func axisOf(n *Node, other int64, rank int) int {
	at := other
	if v := n.ints["axis"]; len(v) == 1 {
		at = v[0]
	}
	if at < 0 {
		at += int64(rank)
	}
	if at < 0 || at >= int64(rank) {
		return -1
	}
	return int(at)
}

// node adds what a node puts out, and returns it.
func (t *tracker) node(n *Node) []Tensor {
	op := n.Op
	if n.Domain != "" {
		op = n.Domain + "." + op
	}
	_, fed := t.resembled(n)
	var out []Tensor
	for k, name := range n.Outputs {
		if name == "" {
			continue
		}
		v := t.known[name]
		x := Tensor{Name: name, Op: op, Node: n.Name, Type: v.Type, Shape: v.Shape}
		switch {
		case !fed:
			x.Kind = Constant
		case !indices[n.Op]:
			x.axes, x.sure = t.follow(n, k)
			x.classify()
		}
		if sizes, ok := t.sizes(name); ok && len(sizes) == len(x.axes) {
			x.learn(sizes, t.batch)
		}
		if fed {
			t.seen[name] = x
		}
		out = append(out, x)
	}
	return out
}

// learn takes the sizes of a shape that was tried: those of channels, and of others
// where they depend on no picture's size.
func (x *Tensor) learn(sizes []int64, batch int64) {
	if !x.Shape.Known {
		x.Shape = Shape{Known: true, Dims: make([]Dim, len(sizes))}
		for i := range x.Shape.Dims {
			x.Shape.Dims[i].Size = -1
		}
	}
	if len(x.Shape.Dims) != len(sizes) {
		return
	}
	x.Shape.Dims = slices.Clone(x.Shape.Dims)
	for i := range sizes {
		if r, ok := x.axes[i].role(); ok && r == ofChannels && x.Shape.Dims[i].Size < 0 && sizes[i]%batch != 0 {
			x.Shape.Dims[i].Size = sizes[i]
		}
	}
}

// resembled returns the input that a node's output is likely to resemble, and
// whether any input depends on the picture.
func (t *tracker) resembled(n *Node) (from Tensor, fed bool) {
	fed = len(n.captures) > 0
	for _, name := range slices.Concat(n.Inputs, n.captures) {
		in, ok := t.seen[name]
		if !ok {
			continue
		}
		if from.axes == nil || in.axes != nil && in.sure && !from.sure {
			from = in
		}
		fed = true
	}
	return from, fed
}
