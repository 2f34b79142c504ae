package onnx

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"strata/engine/scheme"
)

// Kind is a guess of what a tensor is.
type Kind uint8

// The kinds of tensors.
const (
	Other      Kind = iota
	FeatureMap      // a channel by place: N×C×H×W, N×H×W×C, N×T×C
	Vector          // N×C
	Scalar
	Constant // the same for every input
)

// Layout says which dimensions of a feature map hold pictures and channels; the others
// are places.
type Layout uint8

// The layouts.
const (
	UnknownLayout Layout = iota
	ChannelsFirst        // N×C×H×W, N×C×T
	ChannelsLast         // N×H×W×C, N×T×C
	PlacesFirst          // T×N×C
)

// of returns the dimensions of pictures and of channels.
func (l Layout) of(rank int) (n, c int) {
	switch l {
	case ChannelsLast:
		return 0, rank - 1
	case PlacesFirst:
		return 1, 2
	}
	return 0, 1
}

// orders are the layouts as a tap says them.
var orders = map[string]struct {
	layout Layout
	rank   int
}{
	"nchw": {ChannelsFirst, 4}, "nhwc": {ChannelsLast, 4},
	"nct": {ChannelsFirst, 3}, "ntc": {ChannelsLast, 3}, "tnc": {PlacesFirst, 3},
}

// Tensor is what a node of the graph puts out, and can be tapped.
type Tensor struct {
	Name   string
	Op     string // of the node, with its domain if that is not ONNX's own
	Node   string // its name; may be empty
	Type   ElemType
	Shape  Shape
	Kind   Kind
	Layout Layout // of a feature map

	axes []axis // what the dimensions count, nil where nothing says it
	sure bool   // they follow from operators, and not from sizes alone
}

// Guessed reports whether nothing but sizes says which dimension of a feature map holds
// the channels.
func (t Tensor) Guessed() bool { return t.Kind == FeatureMap && !t.sure }

// rank returns the number of dimensions, -1 if it is not known.
func (t Tensor) rank() int {
	switch {
	case t.Shape.Known:
		return len(t.Shape.Dims)
	case t.axes != nil:
		return len(t.axes)
	}
	return -1
}

// Channels returns the number of channels of a feature map, the length of a
// vector, or -1 if it is not known.
func (t Tensor) Channels() int64 {
	if t.Kind != Vector && t.Layout == UnknownLayout {
		return -1
	}
	_, c := t.Layout.of(t.rank())
	return t.Shape.Size(c)
}

// Before returns how many tokens stand before those of the patches, class token and
// registers; -1 if it is not known.
func (t Tensor) Before() int64 {
	if t.axes == nil {
		return -1
	}
	return lead(t.axes)
}

// What says in words what the tensor is taken for.
func (t Tensor) What() string {
	if t.Kind != FeatureMap {
		return [...]string{Other: "other", Vector: "vector", Scalar: "scalar", Constant: "constant"}[t.Kind]
	}
	what := "feature map"
	if t.Layout != ChannelsFirst && t.rank() == 3 {
		what = "tokens"
	}
	if n := t.Channels(); n >= 0 {
		what += fmt.Sprintf(", %d channels", n)
	} else if t.Layout == ChannelsLast {
		what += ", channels"
	}
	switch {
	case t.Layout == ChannelsLast && t.rank() != 3:
		what += " last"
	case t.Layout == PlacesFirst:
		what += ", pictures second"
	}
	if t.Guessed() {
		what += ", a guess"
	}
	return what
}

// Tensors returns every tensor that a node puts out, in the order of the graph, in
// which each comes after those it is made of. Types and shapes are those that the file
// states and those that were learnt from [Runtime.Infer].
func (m *Model) Tensors() []Tensor {
	t := m.newTracker()
	var out []Tensor
	for _, i := range m.order() {
		out = append(out, t.node(&m.Nodes[i])...)
	}
	return out
}

// order returns the numbers of the nodes in an order in which each comes after those
// whose tensors it takes: the file's, if that is one. Nodes in a circle come as in the file.
func (m *Model) order() []int {
	maker := m.makers()
	order, state := make([]int, 0, len(m.Nodes)), make([]uint8, len(m.Nodes))
	const waiting, done = 1, 2
	var stack []int
	for i := range m.Nodes {
		for stack = append(stack[:0], i); len(stack) > 0; {
			n := stack[len(stack)-1]
			if state[n] != 0 {
				stack = stack[:len(stack)-1]
				if state[n] == waiting {
					state[n] = done
					order = append(order, n)
				}
				continue
			}
			state[n] = waiting
			node := &m.Nodes[n]
			for _, names := range [][]string{node.captures, node.Inputs} {
				for k := len(names) - 1; k >= 0; k-- {
					if j, ok := maker[names[k]]; ok && state[j] == 0 {
						stack = append(stack, j)
					}
				}
			}
		}
	}
	return order
}

// makers returns the number of the node that makes each tensor.
func (m *Model) makers() map[string]int {
	maker := make(map[string]int, len(m.Nodes))
	for i := range m.Nodes {
		for _, name := range m.Nodes[i].Outputs {
			if name != "" {
				maker[name] = i
			}
		}
	}
	return maker
}

// known returns what is stated of tensors, by name.
func (m *Model) known() map[string]Value {
	known := make(map[string]Value, len(m.infos)+len(m.learnt))
	for _, list := range [][]info{m.infos, m.outputs} {
		for _, v := range list {
			known[v.Name] = v.Value
		}
	}
	for _, v := range m.learnt {
		k := known[v.Name]
		if k.Type == UnknownType {
			k.Type = v.Type
		}
		k.Shape = k.Shape.merge(v.Shape)
		known[v.Name] = k
	}
	return known
}

// classify sets kind and layout from axes, type and shape.
func (t *Tensor) classify() {
	t.Kind, t.Layout = Other, UnknownLayout
	switch rank := t.rank(); {
	case t.Type != UnknownType && !t.Type.Float():
	case rank == 0, rank == 1 && t.Shape.Size(0) == 1:
		t.Kind = Scalar
	case rank == 2 && (t.axes == nil || oneEach(t.axes[0])):
		t.Kind = Vector
	case rank > 2:
		if t.Layout = layout(t.axes); t.Layout != UnknownLayout {
			t.Kind = FeatureMap
		}
	}
}

// oneEach reports whether a dimension counts pictures, as far as is known.
func oneEach(a axis) bool {
	return !slices.ContainsFunc(a, func(f factor) bool { return f.size != 1 && (f.role == ofChannels || f.role == ofPlaces) })
}

// Filter returns the tensors whose name, operator or kind contains the text, in
// any case of letters.
func Filter(tensors []Tensor, text string) []Tensor {
	text = strings.ToLower(text)
	var out []Tensor
	for _, t := range tensors {
		if strings.Contains(strings.ToLower(t.Name+"\n"+t.Op+"\n"+t.What()), text) {
			out = append(out, t)
		}
	}
	return out
}

// Find returns the tensor of a name. If there is none, the *scheme.NameError
// names those that resemble it; where the name is a node's, what that puts out.
func (m *Model) Find(tensors []Tensor, name string) (Tensor, error) {
	for _, t := range tensors {
		if t.Name == name {
			return t, nil
		}
	}
	return Tensor{}, &scheme.NameError{Kind: "tensor", Name: name, In: m.Path, Known: nearest(tensors, name)}
}

// nearest returns up to eight names of tensors that resemble a name, best first.
func nearest(tensors []Tensor, name string) []string {
	const longest = 256 // the distance of longer names is not computed
	type near struct {
		name string
		far  int
	}
	low := strings.ToLower(name)
	var all []near
	for _, t := range tensors {
		l := strings.ToLower(t.Name)
		switch {
		case t.Node == name && name != "":
			all = append(all, near{t.Name, 0})
		case low != "" && strings.Contains(l, low):
			all = append(all, near{t.Name, 1 + len(l) - len(low)})
		case max(len(l), len(low)) <= longest && max(len(l)-len(low), len(low)-len(l)) <= len(low)/3:
			if d := distance(l, low); d <= (len(low)+2)/3 {
				all = append(all, near{t.Name, d})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b near) int { return cmp.Compare(a.far, b.far) })
	var names []string
	for _, n := range all[:min(len(all), 8)] {
		names = append(names, n.name)
	}
	return names
}

// distance is the number of bytes to insert, drop or change to turn a into b
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// WriteTaps writes what the model is, and a table of the tensors.
func WriteTaps(w io.Writer, m *Model, tensors []Tensor) error {
	if err := writeHead(w, m, len(tensors)); err != nil {
		return err
	}
	if len(tensors) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := fmt.Fprintln(table, "\ntensor\top\ttype\tshape\twhat"); err != nil {
		return err
	}
	for _, t := range tensors {
		_, err := fmt.Fprintf(table, "%s\t%s\t%v\t%s\t%s\n", printable(t.Name), printable(t.Op), t.Type, printable(t.Shape.String()), t.What())
		if err != nil {
			return err
		}
	}
	return table.Flush()
}

// writeHead writes what the model is.
func writeHead(w io.Writer, m *Model, shown int) error {
	var inputs []string
	for _, v := range m.Inputs {
		inputs = append(inputs, fmt.Sprintf("%s %v %s", printable(v.Name), v.Type, printable(v.Shape.String())))
	}
	var stored, beside int64
	for i := range m.Weights {
		if m.Weights[i].External != nil {
			beside++
		}
		stored += m.Weights[i].Bytes
	}
	lines := [][2]string{
		{"model", fmt.Sprintf("%s, %d bytes", m.Path, m.Size)},
		{"format", strings.TrimSpace(fmt.Sprintf("ONNX IR %d, opset %d %s", m.IR, m.Opset(), printable(m.Producer)))},
		{"input", strings.Join(inputs, ", ")},
		{"weights", fmt.Sprintf("%d, %d bytes, %d in files beside the model", len(m.Weights), stored, beside)},
		{"shown", fmt.Sprintf("%d tensors of %d nodes", shown, len(m.Nodes))},
	}
	for _, l := range lines {
		if _, err := fmt.Fprintf(w, "%-8s %s\n", l[0], l[1]); err != nil {
			return err
		}
	}
	return nil
}

// printable returns a name as it is, or quoted if it would disturb a terminal.
func printable(name string) string {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) || r == unicode.ReplacementChar }) {
		if name == "" {
			return ""
		}
		return strconv.Quote(name)
	}
	return name
}
