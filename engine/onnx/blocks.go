package onnx

import (
	"fmt"
	"slices"
	"strings"
)

// blocks.go finds the blocks of a network by its graph alone: names of nodes say nothing.
//
// A trunk tensor is one that every way from the picture to the output passes. Between two
// neighbours of the trunk there is one node, or there are several ways that part and join
// again. A block is such a part that has weights and is joined by a sum or a concatenation:
// a residual block, or a module of Inception.

// joins are the operators in which the ways through a block end.
var joins = set("Add Concat FusedConv QLinearAdd QLinearConcat Sum")

// weighted are the operators that have what a network has learnt, beside those of products.
var weighted = set("Attention Conv ConvInteger ConvTranspose DeformConv Einsum FusedConv MultiHeadAttention QAttention QLinearConv")

// mixing are the operators of a branch that relates places to one another. The branch
// behind it, of each place alone, is of the same block.
var mixing = set("Attention GroupQueryAttention MultiHeadAttention QAttention QLinearSoftmax Softmax")

// passing are the operators between the end of a block and its output.
var passing = set(`Cast Celu Clip DequantizeLinear Dropout Elu Gelu HardSigmoid HardSwish Identity LeakyRelu Mish PRelu
	QuantizeLinear QuickGelu Relu Selu Sigmoid Softplus Swish Tanh ThresholdedRelu`)

// minGap is the number of weighted nodes between two blocks from which on they are a block
// themselves, as inverted bottlenecks that change the size are. Fewer reduce the size.
const minGap = 2

// BlocksError says that the blocks of a model cannot be told.
type BlocksError struct {
	Model string // path
	Why   string
}

// Error names the model, and how a user names tensors instead.
func (e *BlocksError) Error() string {
	return fmt.Sprintf("%s: its blocks cannot be told: %s; name tensors (strata taps lists them)", e.Model, e.Why)
}

// Blocks returns the output of every block, in the order of the graph, of which a pooling
// can be taken. Behind an activation that follows the sum it is the activation's. The sum
// behind attention alone is none: the feed-forward part that follows it is of the same
// block. A block without a sum, between two with one, is told by its two or more weighted
// nodes; such a one before the first block is taken for the stem. A *BlocksError says why
// there are none.
func (m *Model) Blocks() ([]Tensor, error) {
	t, err := m.trunk()
	if err != nil {
		return nil, err
	}
	found := map[string]Tensor{}
	for _, x := range m.Tensors() {
		if x.Kind == FeatureMap && x.sure {
			found[x.Name] = x
		}
	}
	var out []Tensor
	for _, ends := range t.blocks() {
		for i := ends.last; i >= ends.first; i-- {
			if x, ok := found[t.output(i)]; ok {
				out = append(out, x)
				break
			}
		}
	}
	if len(out) == 0 {
		return nil, &BlocksError{m.Path, "where the ways through it join, no map or tokens are known"}
	}
	return out, nil
}

// trunk is what lies between a model's picture and its output.
type trunk struct {
	m     *Model
	nodes []int           // numbers of the nodes, each behind those it takes from
	fed   map[string]bool // tensors that depend on the picture's values
	cuts  []int           // places in nodes whose output is of the trunk, ascending; -1: the input
}

// trunk finds the trunk. Tensors that depend on the sizes of a picture alone are no part
// of it.
func (m *Model) trunk() (*trunk, error) {
	t := &trunk{m: m, fed: map[string]bool{}}
	for _, v := range m.Inputs {
		t.fed[v.Name] = m.inputLayout(v) != UnknownLayout
	}
	if !slices.ContainsFunc(m.Inputs, func(v Value) bool { return t.fed[v.Name] }) {
		for _, v := range m.Inputs {
			t.fed[v.Name] = true
		}
	}
	order := m.order()
	for _, i := range order {
		n := &m.Nodes[i]
		if !indices[n.Op] && (slices.ContainsFunc(n.Inputs, t.isFed) || slices.ContainsFunc(n.captures, t.isFed)) {
			for _, name := range n.Outputs {
				t.fed[name] = name != ""
			}
		}
	}
	deepest := -1
	for _, v := range m.Outputs {
		if !t.fed[v.Name] {
			continue
		}
		used, nodes, err := m.needed([]string{v.Name})
		if err != nil {
			return nil, err
		}
		var live []int
		for _, i := range order {
			if nodes[i] && slices.ContainsFunc(m.Nodes[i].Outputs, func(name string) bool { return t.fed[name] && used[name] }) {
				live = append(live, i)
			}
		}
		if len(live) > deepest {
			deepest = len(live)
			t.nodes, t.cuts = live, t.cut(live, v.Name)
		}
	}
	if deepest < 0 {
		return nil, &BlocksError{m.Path, "no output depends on a picture"}
	}
	return t, nil
}

func (t *trunk) isFed(name string) bool { return t.fed[name] }

// takes returns the tensors that a node takes of the picture, each once.
func (t *trunk) takes(node int) []string {
	n := &t.m.Nodes[node]
	var names []string
	for _, name := range slices.Concat(n.Inputs, n.captures) {
		if t.fed[name] && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// cut returns the places of nodes behind which one tensor alone is still to be taken.
func (t *trunk) cut(nodes []int, output string) []int {
	last := map[string]int{output: len(nodes)} // place of the last node that takes a tensor
	for place, i := range nodes {
		for _, name := range t.takes(i) {
			last[name] = max(last[name], place)
		}
	}
	open, ends := 0, make([]int, len(nodes)+1)
	begin := func(name string, place int) {
		if end, taken := last[name]; taken && t.fed[name] && end > place {
			open++
			ends[end]++
		}
	}
	for _, v := range t.m.Inputs {
		begin(v.Name, -1)
	}
	var cuts []int
	if open == 1 {
		cuts = append(cuts, -1)
	}
	for place, i := range nodes {
		open -= ends[place]
		for _, name := range t.m.Nodes[i].Outputs {
			begin(name, place)
		}
		if open == 1 {
			cuts = append(cuts, place)
		}
	}
	return cuts
}

// output returns the name of a trunk tensor by its place among the cuts.
func (t *trunk) output(cut int) string {
	for _, name := range t.m.Nodes[t.nodes[t.cuts[cut]]].Outputs {
		if t.fed[name] {
			return name
		}
	}
	return ""
}

// part says what lies between two neighbours of the trunk.
type part struct {
	op       string // of the node that makes the second
	nodes    int
	weights  int // nodes with weights
	attends  bool
	isolated bool // several ways, which a sum or a concatenation joins
}

// part returns what lies before a cut, which is not the first.
func (t *trunk) part(cut int) part {
	from, to := t.cuts[cut-1], t.cuts[cut]
	p := part{op: t.m.Nodes[t.nodes[to]].Op, nodes: to - from}
	for _, i := range t.nodes[from+1 : to+1] {
		op := t.m.Nodes[i].Op
		if weighted[op] || products[op] > 0 {
			p.weights++
		}
		p.attends = p.attends || mixing[op]
	}
	p.isolated = p.nodes > 1 && p.weights > 0 && joins[p.op]
	return p
}

// ends are the cuts that may be the output of a block: of its join, and of what follows.
type ends struct{ first, last int }

// blocks returns where blocks end.
func (t *trunk) blocks() []ends {
	var out []ends
	attends := false // the last block is attention alone
	gap := 0         // weighted nodes since it
	for cut := 1; cut < len(t.cuts); cut++ {
		p := t.part(cut)
		if !p.isolated {
			gap += p.weights
			continue
		}
		if n := len(out); n > 0 {
			switch {
			case attends && !p.attends && gap == 0:
				out = out[:n-1]
			case gap >= minGap:
				out = append(out, ends{cut - 1, cut - 1})
			}
		}
		end := ends{cut, cut}
		for end.last+1 < len(t.cuts) && t.passes(end.last+1) {
			end.last++
		}
		out = append(out, end)
		attends, gap, cut = p.attends, 0, end.last
	}
	return out
}

// passes reports whether what lies before a cut is an activation.
func (t *trunk) passes(cut int) bool {
	p := t.part(cut)
	return p.nodes == 1 && passing[p.op] || p.nodes == 2 && p.op == "Mul" && passing[t.m.Nodes[t.nodes[t.cuts[cut]-1]].Op]
}

// Matching returns the tensors whose names match one of some patterns, in the order of the
// graph: * stands for any text, ? for any letter. A name without either must be there, else
// the error is a *scheme.NameError; of a pattern those match of which a pooling can be taken.
func (m *Model) Matching(patterns []string) ([]Tensor, error) {
	all := m.Tensors()
	chosen := map[string]bool{}
	for _, p := range patterns {
		if !strings.ContainsAny(p, "*?") {
			if _, err := m.Find(all, p); err != nil {
				return nil, err
			}
			chosen[p] = true
			continue
		}
		n := len(chosen)
		for _, t := range all {
			if (t.Kind == Vector || t.Kind == FeatureMap && t.sure) && matches(p, t.Name) {
				chosen[t.Name] = true
			}
		}
		if len(chosen) == n {
			return nil, fmt.Errorf("%s: no map, tokens or vector is named as %q says (strata taps lists the tensors)", m.Path, p)
		}
	}
	return slices.DeleteFunc(all, func(t Tensor) bool { return !chosen[t.Name] }), nil
}

// matches reports whether a name is as a pattern says.
func matches(pattern, name string) bool {
	at, star, from := 0, -1, 0 // star is the last * of the pattern, which takes name up to from
	for i := 0; i < len(name); {
		switch {
		case at < len(pattern) && pattern[at] == '*':
			star, from = at, i
			at++
		case at < len(pattern) && (pattern[at] == '?' || pattern[at] == name[i]):
			at++
			i++
		case star >= 0:
			from++
			at, i = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[at:], "*") == ""
}
