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

// Layout says which dimension of a feature map holds the channels.
type Layout uint8

// The layouts. The first dimension is the picture in both.
const (
	UnknownLayout Layout = iota
	ChannelsFirst        // N×C×H×W, N×C×L
	ChannelsLast         // N×H×W×C, N×T×C
)

// Tensor is what a node of the graph puts out, and can be tapped.
type Tensor struct {
	Name   string
	Op     string // of the node, with its domain if that is not ONNX's own
	Node   string // its name; may be empty
	Type   ElemType
	Shape  Shape
	Kind   Kind
	Layout Layout // of a feature map

	sure bool // the layout follows from an operator
}

// Channels returns the number of channels of a feature map, the length of a
// vector, or -1 if it is not known.
func (t Tensor) Channels() int64 {
	switch {
	case t.Kind == Vector, t.Layout == ChannelsFirst:
		return t.Shape.Size(1)
	case t.Layout == ChannelsLast:
		return t.Shape.Size(len(t.Shape.Dims) - 1)
	}
	return -1
}

// What says in words what the tensor is taken for.
func (t Tensor) What() string {
	if t.Kind != FeatureMap {
		return [...]string{Other: "other", Vector: "vector", Scalar: "scalar", Constant: "constant"}[t.Kind]
	}
	what := "feature map"
	if t.Layout == ChannelsLast && len(t.Shape.Dims) == 3 {
		what = "tokens"
	}
	n := t.Channels()
	switch {
	case n >= 0 && t.Layout == ChannelsLast && what != "tokens":
		return fmt.Sprintf("%s, %d channels last", what, n)
	case n >= 0:
		return fmt.Sprintf("%s, %d channels", what, n)
	case t.Layout == ChannelsLast:
		return what + ", channels last"
	}
	return what
}

// Tensors returns every tensor that a node puts out, in the order of the graph.
// Types and shapes are those that the file states and those that were learnt
// from [Runtime.Infer].
func (m *Model) Tensors() []Tensor {
	known := m.known()
	seen := map[string]Tensor{}
	for _, v := range m.Inputs {
		t := Tensor{Name: v.Name, Shape: v.Shape, Type: v.Type}
		t.byShape()
		seen[v.Name] = t
	}
	var out []Tensor
	for i := range m.Nodes {
		n := &m.Nodes[i]
		op := n.Op
		if n.Domain != "" {
			op = n.Domain + "." + op
		}
		for k, name := range n.Outputs {
			if name == "" {
				continue
			}
			t := Tensor{Name: name, Op: op, Node: n.Name, Type: known[name].Type, Shape: known[name].Shape}
			t.guess(n, k, seen)
			seen[name] = t
			out = append(out, t)
		}
	}
	return out
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

// spatial are the operators of ONNX that take and give N×C×…: onnx/docs/Operators.md.
var spatial = map[string]bool{
	"AveragePool": true, "BatchNormalization": true, "Conv": true, "ConvInteger": true, "ConvTranspose": true,
	"DeformConv": true, "DepthToSpace": true, "FusedConv": true, "GlobalAveragePool": true, "GlobalLpPool": true,
	"GlobalMaxPool": true, "GroupNormalization": true, "InstanceNormalization": true, "LpPool": true, "LRN": true,
	"MaxPool": true, "MaxUnpool": true, "QLinearConv": true, "SpaceToDepth": true,
}

// indices are operators whose output is never a feature.
var indices = map[string]bool{
	"ArgMax": true, "ArgMin": true, "NonMaxSuppression": true, "NonZero": true, "Range": true, "Shape": true, "Size": true,
}

// reshaping are operators behind which only the shape says what a tensor is.
var reshaping = map[string]bool{"Einsum": true, "Gather": true, "Reshape": true, "Squeeze": true, "Unsqueeze": true}

// guess sets kind and layout of output k of a node, from the shape, the
// operator, and the tensors before it.
func (t *Tensor) guess(n *Node, k int, seen map[string]Tensor) {
	from, fed := resembled(n, seen)
	rank := len(t.Shape.Dims)
	switch {
	case !fed:
		t.Kind = Constant
	case indices[n.Op], t.Type != UnknownType && !t.Type.Float():
		t.Kind = Other
	case t.Shape.Known && rank <= 2:
		t.byShape()
	case spatial[n.Op] && k == 0:
		t.Kind, t.Layout, t.sure = FeatureMap, ChannelsFirst, true
	case n.Op == "Transpose":
		t.transposed(n, from)
	case !t.Shape.Known && (n.Op == "Gemm" || n.Op == "Flatten"):
		t.Kind = Vector
	case reshaping[n.Op]:
		t.byShape()
	case from.Kind == FeatureMap && (!t.Shape.Known || !from.Shape.Known || rank == len(from.Shape.Dims)):
		t.Kind, t.Layout, t.sure = FeatureMap, from.Layout, from.sure
	case rank == 3:
		t.byShape()
	case !t.Shape.Known && from.Kind == Vector:
		t.Kind = Vector
	}
}

// resembled returns the input that a node's output is likely to resemble, and
// whether any input depends on the picture.
func resembled(n *Node, seen map[string]Tensor) (from Tensor, fed bool) {
	fed = len(n.captures) > 0
	for _, name := range n.Inputs {
		in, ok := seen[name]
		if !ok || in.Kind == Constant {
			continue
		}
		if from.Name == "" || in.Kind == FeatureMap && from.Kind != FeatureMap {
			from = in
		}
		fed = true
	}
	return from, fed
}

// transposed sets kind and layout behind a Transpose.
func (t *Tensor) transposed(n *Node, from Tensor) {
	switch {
	case slices.Equal(n.perm, []int64{0, 2, 3, 1}) || slices.Equal(n.perm, []int64{0, 2, 1}) && from.sure && from.Layout == ChannelsFirst:
		t.Kind, t.Layout, t.sure = FeatureMap, ChannelsLast, true
	case slices.Equal(n.perm, []int64{0, 3, 1, 2}) || slices.Equal(n.perm, []int64{0, 2, 1}):
		t.Kind, t.Layout, t.sure = FeatureMap, ChannelsFirst, true
	}
}

// byShape sets kind and layout from the shape alone.
func (t *Tensor) byShape() {
	if !t.Shape.Known {
		return
	}
	s := t.Shape
	switch len(s.Dims) {
	case 0:
		t.Kind = Scalar
	case 1:
		if s.Size(0) == 1 {
			t.Kind = Scalar
		}
	case 2:
		t.Kind = Vector
	case 3:
		t.Kind, t.Layout = FeatureMap, ChannelsLast
	case 4:
		switch {
		case s.Size(2) == s.Size(3) && s.Size(1) != s.Size(2):
			t.Kind, t.Layout = FeatureMap, ChannelsFirst
		case s.Size(1) == s.Size(2) && s.Size(1) >= 0:
			t.Kind, t.Layout = FeatureMap, ChannelsLast
		}
	}
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
