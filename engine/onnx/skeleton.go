package onnx

import (
	"slices"
)

// minLeftOut is the size from which on a weight is left out of a skeleton, in
// bytes. Smaller ones may be shapes and axes, whose values say what shapes follow.
const minLeftOut = 1 << 12

// skeleton returns the pieces of a model that has the tensors of nodes as outputs, and
// large weights as inputs: their shapes say enough to infer the others. fixed, unless
// nil, takes the place of the input of its name.
func (m *Model) skeleton(nodes []bool, fixed *Value) []piece {
	var graph []piece
	keep := func(s span) { graph = append(graph, piece{span: s}) }
	listed := map[string]bool{}
	feed := func(name string, t ElemType, s Shape) {
		graph = append(graph, piece{bytes: appendMessage(nil, 11, declare(name, t, s))})
	}
	for _, s := range slices.Concat(m.names, m.sparse) {
		keep(s)
	}
	for _, v := range m.inputs {
		listed[v.Name] = true
		if fixed != nil && v.Name == fixed.Name {
			feed(v.Name, fixed.Type, fixed.Shape)
		} else {
			keep(v.span)
		}
	}
	made, outputs := map[string]bool{}, builder{}
	for _, i := range m.order() {
		n := &m.Nodes[i]
		if !nodes[i] {
			continue
		}
		for _, name := range n.Outputs {
			made[name] = true
			if name != "" && n.Op != "Constant" {
				outputs.output(name)
			}
		}
		if n.Op == "Constant" && n.constant != nil && len(n.Outputs) == 1 && n.end-n.at >= minLeftOut {
			feed(n.Outputs[0], n.constant.Type, Fixed(n.constant.Dims...))
			continue
		}
		keep(n.span)
	}
	for _, v := range m.infos {
		if made[v.Name] {
			keep(v.span)
		}
	}
	for i := range m.Weights {
		switch w := &m.Weights[i]; {
		case w.External == nil && w.end-w.at < minLeftOut:
			keep(w.span)
		case !listed[w.Name]:
			feed(w.Name, w.Type, Fixed(w.Dims...))
		}
	}
	return m.assemble(append(graph, piece{bytes: outputs.graph}))
}

// declare returns a ValueInfoProto.
func declare(name string, t ElemType, s Shape) []byte {
	var dims []byte
	for i, d := range s.Dims {
		var dim []byte
		switch size := s.Size(i); {
		case size >= 0:
			dim = appendNumber(nil, 1, size)
		case d.Name != "":
			dim = appendText(nil, 2, d.Name)
		}
		dims = appendMessage(dims, 1, dim)
	}
	tensor := appendNumber(nil, 1, int64(t))
	if s.Known {
		tensor = appendMessage(tensor, 2, dims)
	}
	return appendMessage(appendText(nil, 1, name), 2, appendMessage(nil, 1, tensor))
}

// ownDomains are the sets of operators that ONNX Runtime has.
var ownDomains = set("ai.onnx ai.onnx.ml ai.onnx.training ai.onnx.preview ai.onnx.preview.training com.microsoft com.microsoft.nchwc com.microsoft.experimental")

// common returns which nodes need no operator but those that ONNX Runtime or the model
// itself defines.
func (m *Model) common() []bool {
	foreign := map[string]bool{} // tensors
	nodes := make([]bool, len(m.Nodes))
	for _, i := range m.order() {
		n := &m.Nodes[i]
		nodes[i] = n.Domain == "" || ownDomains[n.Domain] || m.functions[n.Domain]
		for _, names := range [][]string{n.Inputs, n.captures} {
			nodes[i] = nodes[i] && !slices.ContainsFunc(names, func(name string) bool { return foreign[name] })
		}
		if !nodes[i] {
			for _, name := range n.Outputs {
				foreign[name] = name != ""
			}
		}
	}
	return nodes
}

// triedBatch is the number of pictures with which shapes are tried, a prime that is
// seldom a number of heads, tokens or channels.
const triedBatch = 13

// triedSides are the sides of pictures that are tried where a model leaves them open:
// tables of positions allow one, as a rule.
var triedSides = []int64{224, 384, 256, 336, 299, 448, 518, 512, 378, 32, 64}

// trials returns the input of pictures with sizes where its shape leaves them open, in
// the order in which they are to be tried; none if it leaves none open.
func (m *Model) trials() []Value {
	for _, v := range m.Inputs {
		l := m.inputLayout(v)
		if l == UnknownLayout || !slices.ContainsFunc(v.Shape.Dims, func(d Dim) bool { return d.Size < 0 }) {
			continue
		}
		n, c := l.of(len(v.Shape.Dims))
		var out []Value
		open := false
		for _, side := range triedSides {
			try := v
			try.Shape = Shape{Known: true, Dims: slices.Clone(v.Shape.Dims)}
			for i := range try.Shape.Dims {
				switch d := &try.Shape.Dims[i]; {
				case d.Size >= 0:
				case i == n:
					d.Size = triedBatch
				case i == c:
					d.Size = 3
				default:
					d.Size, open = side, true
				}
			}
			if out = append(out, try); !open {
				break
			}
		}
		return out
	}
	return nil
}
