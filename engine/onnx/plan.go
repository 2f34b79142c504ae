package onnx

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"strata/engine/fence"
)

// maxMessage is the largest protobuf message that ONNX Runtime reads, in bytes.
const maxMessage = math.MaxInt32

// minReferred is the size from which on a weight of a model that is too large
// for one message is referred to in its file, in bytes.
const minReferred = 1 << 12

// Plan is a model cut down to what taps need, with the taps' poolings at its
// end.
type Plan struct {
	Model   *Model
	Taps    []Tap    // as asked, with poolings as decided
	Input   Value    // the model's input of pictures; it is fed one picture as float32, whatever its type and batch
	Outputs []string // a tap's output in the graph, by tap; float32, N×Dims[i]
	Dims    []int64  // the length of a tap's vectors, -1 if only a run will tell
	Nodes   int      // of the model, that are kept

	Integers bool // products of integers are among them

	pieces []piece
	tapped []string // the tensors that are tapped, each once
	fixed  map[string]float64
	fed    string // the input of the cut model
}

// piece is a part of a file that is written: a range of the model's file, or
// bytes.
type piece struct {
	span
	bytes []byte
}

func (p piece) size() int64 { return p.end - p.at + int64(len(p.bytes)) }

// Plan decides how taps are read from the model. The seed is that of the
// projections of cov and gram, for taps without one. A tensor that does not exist is an
// *scheme.NameError.
func (m *Model) Plan(taps []Tap, seed uint64) (*Plan, error) {
	return m.plan(taps, seed, nil, maxMessage)
}

// PlanFixed is Plan for a model of several inputs, of which all but that of pictures are
// fixed: every element of such an input is the number.
func (m *Model) PlanFixed(taps []Tap, seed uint64, fixed map[string]float64) (*Plan, error) {
	return m.plan(taps, seed, fixed, maxMessage)
}

// plan is PlanFixed for messages of up to limit bytes.
func (m *Model) plan(taps []Tap, seed uint64, fixed map[string]float64, limit int64) (*Plan, error) {
	if v := m.Opset(); v < minOpset {
		return nil, fmt.Errorf("%s: opset %d: poolings need %d or later (onnx.version_converter converts)", m.Path, v, minOpset)
	}
	p := &Plan{Model: m, Taps: slices.Clone(taps), fixed: fixed}
	for name := range fixed {
		if !slices.ContainsFunc(m.Inputs, func(v Value) bool { return v.Name == name }) {
			return nil, fmt.Errorf("%s: no input is named %q", m.Path, name)
		}
	}
	b := &builder{prefix: m.freePrefix(), opset: m.Opset()}
	tensors := m.Tensors()
	for i := range p.Taps {
		tap := &p.Taps[i]
		t, err := m.Find(tensors, tap.Tensor)
		if err != nil {
			return nil, err
		}
		if err = t.say(tap.Order); err == nil {
			tap.Pooling, err = tap.Pooling.resolve(t)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: tap %s: tensor %q: %w", m.Path, tap.Name, tap.Tensor, err)
		}
		if n, c := int64(tap.Pooling.Dim), t.Channels(); n > c*(c+1)/2 && tap.Pooling.Dim > 0 {
			return nil, fmt.Errorf("%s: tap %s: tensor %q: %d channels have %d products, %v asks for more", m.Path, tap.Name, tap.Tensor, c, c*(c+1)/2, tap.Pooling)
		}
		if tap.Seed == 0 {
			tap.Seed = seed
		}
		p.Outputs = append(p.Outputs, b.pool(t, tap.Pooling, tap.Seed))
		p.Dims = append(p.Dims, tap.Pooling.dim(t))
		p.tapped = append(p.tapped, tap.Tensor)
	}
	return p, p.cut(b, limit)
}

// freePrefix returns a prefix that no name of the model has.
func (m *Model) freePrefix() string {
	prefix := "strata"
	for m.uses(prefix + "/") {
		prefix += "_"
	}
	return prefix
}

// uses reports whether a node or a tensor's name begins with prefix.
func (m *Model) uses(prefix string) bool {
	begins := func(name string) bool { return strings.HasPrefix(name, prefix) }
	return slices.ContainsFunc(m.Nodes, func(n Node) bool {
		return begins(n.Name) || slices.ContainsFunc(n.Outputs, begins)
	}) || slices.ContainsFunc(m.Weights, func(w Weight) bool { return begins(w.Name) }) ||
		slices.ContainsFunc(m.inputs, func(v info) bool { return begins(v.Name) })
}

// cut sets the pieces of the cut model, with what b has added to its graph.
func (p *Plan) cut(b *builder, limit int64) error {
	m := p.Model
	used, nodes, err := m.needed(p.tapped)
	if err != nil {
		return err
	}
	var graph []piece
	keep := func(s span) { graph = append(graph, piece{span: s}) }
	for _, s := range slices.Concat(m.names, m.sparse) {
		keep(s)
	}
	if err := p.feed(b, used, keep); err != nil {
		return err
	}
	for i, name := range p.Outputs {
		if p.Input.Shape.Size(0) > 1 { // all of a batch are the same picture
			name = b.op("Gather", []string{name, b.integers(0)}, intAttribute("axis", 0))
			p.Outputs[i] = name
		}
		b.output(name)
	}
	added := b.graph
	for i := range m.Nodes {
		if nodes[i] {
			p.Nodes++
			p.Integers = p.Integers || integral[m.Nodes[i].Op]
			keep(m.Nodes[i].span)
		}
	}
	for _, v := range m.infos {
		if used[v.Name] {
			keep(v.span)
		}
	}
	p.assemble(graph, used, added, func(w *Weight) piece { return piece{span: w.span} })
	if p.Size() <= limit {
		return nil
	}
	p.assemble(graph, used, added, m.refer)
	if p.Size() > limit {
		return fmt.Errorf("%s: what the taps need is %d bytes, and ONNX Runtime reads up to %d: save the model with external data", m.Path, p.Size(), limit)
	}
	return nil
}

// feed finds the input for pictures, adapts it to what is fed, makes constants of the inputs that have
// a fixed value, and keeps the other ones that are used.
func (p *Plan) feed(b *builder, used map[string]bool, keep func(span)) error {
	m := p.Model
	stored := map[string]bool{}
	for i := range m.Weights {
		stored[m.Weights[i].Name] = true
	}
	var inputs []Value
	at := span{}
	for _, v := range m.inputs {
		value, set := p.fixed[v.Name]
		switch {
		case !used[v.Name]:
		case stored[v.Name]:
			keep(v.span)
		case set:
			if err := b.constant(v.Value, value); err != nil {
				return fmt.Errorf("%s: input %q: %w", m.Path, v.Name, err)
			}
		default:
			inputs, at = append(inputs, v.Value), v.span
		}
	}
	var err error
	if p.Input, err = m.picture(inputs); err != nil {
		return err
	}
	if p.fed = b.adapt(p.Input); p.fed == p.Input.Name {
		keep(at)
	}
	return nil
}

// assemble sets the pieces of the model: the graph's, those of the weights that
// are used, as weight makes them, and the fields added to the graph.
func (p *Plan) assemble(graph []piece, used map[string]bool, added []byte, weight func(*Weight) piece) {
	graph = slices.Clone(graph)
	for i := range p.Model.Weights {
		if w := &p.Model.Weights[i]; used[w.Name] {
			graph = append(graph, weight(w))
		}
	}
	p.pieces = p.Model.assemble(append(graph, piece{bytes: added}))
}

// picture returns the input that takes the pictures.
func (m *Model) picture(inputs []Value) (Value, error) {
	if len(inputs) != 1 {
		var names []string
		for _, v := range inputs {
			names = append(names, strconv.Quote(v.Name))
		}
		return Value{}, fmt.Errorf("%s: the taps need %d inputs (%s): a model of pictures has one; give each other one a number (--input NAME=NUMBER)",
			m.Path, len(inputs), strings.Join(names, ", "))
	}
	in := inputs[0]
	if in.Type != Float32 && !castable[in.Type] {
		return in, fmt.Errorf("%s: input %q is %v, which is no type of pictures", m.Path, in.Name, in.Type)
	}
	return in, nil
}

// needed returns what tensors are computed from: the names of all tensors, and
// which nodes.
func (m *Model) needed(tensors []string) (used map[string]bool, nodes []bool, err error) {
	maker := m.makers()
	given := map[string]bool{"": true}
	for i := range m.Weights {
		given[m.Weights[i].Name] = true
	}
	for _, v := range m.inputs {
		given[v.Name] = true
	}
	used, nodes = map[string]bool{}, make([]bool, len(m.Nodes))
	next := slices.Clone(tensors)
	for len(next) > 0 {
		name := next[len(next)-1]
		next = next[:len(next)-1]
		if used[name] {
			continue
		}
		used[name] = true
		i, ok := maker[name]
		if !ok || nodes[i] {
			continue
		}
		n := &m.Nodes[i]
		nodes[i] = true
		for _, out := range n.Outputs {
			used[out] = true
		}
		for _, in := range n.Inputs {
			if _, made := maker[in]; !made && !given[in] && len(m.sparse) == 0 {
				return nil, nil, fmt.Errorf("%s: node %q (%s) takes tensor %q, which nothing makes", m.Path, n.Name, n.Op, in)
			}
		}
		next = append(append(next, n.Inputs...), n.captures...)
	}
	return used, nodes, nil
}

// assemble returns the pieces of a model with another graph.
func (m *Model) assemble(graph []piece) []piece {
	var out []piece
	for _, s := range m.other {
		out = append(out, piece{span: s})
	}
	size := int64(0)
	for _, p := range graph {
		size += p.size()
	}
	head := protowire.AppendTag(nil, 7, protowire.BytesType)
	out = append(out, piece{bytes: protowire.AppendVarint(head, uint64(size))})
	return append(out, graph...)
}

// refer returns a weight whose values stay in the model's file: as external data
// whose file is the model.
func (m *Model) refer(w *Weight) piece {
	if w.External != nil || w.raw.end-w.raw.at < minReferred {
		return piece{span: w.span}
	}
	var t []byte
	for _, d := range w.Dims {
		t = appendNumber(t, 1, d)
	}
	t = appendNumber(t, 2, int64(w.Type))
	t = appendText(t, 8, w.Name)
	for _, e := range [][2]string{
		{"location", filepath.Base(m.Path)},
		{"offset", strconv.FormatInt(w.raw.at, 10)},
		{"length", strconv.FormatInt(w.raw.end-w.raw.at, 10)},
	} {
		t = appendMessage(t, 13, appendText(appendText(nil, 1, e[0]), 2, e[1]))
	}
	return piece{bytes: appendMessage(nil, 5, appendNumber(t, 14, 1))}
}

// Size returns the size of the cut model in bytes.
func (p *Plan) Size() int64 {
	size := int64(0)
	for _, x := range p.pieces {
		size += x.size()
	}
	return size
}

// Write writes the cut model: nodes and weights as they are in the model's file.
// External data stay where they are, and are found from the model's folder.
func (p *Plan) Write(ctx context.Context, w io.Writer) error {
	return p.Model.write(ctx, w, p.pieces)
}

// write writes pieces, neighbours in the file at once.
func (m *Model) write(ctx context.Context, w io.Writer, pieces []piece) error {
	f, err := fence.Open(m.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	if stat, err := f.Stat(); err != nil {
		return err
	} else if stat.Size() != m.Size {
		return fmt.Errorf("%s: the file has changed: it had %d bytes, and has %d", m.Path, m.Size, stat.Size())
	}
	return writePieces(ctx, w, f, pieces)
}

// writePieces writes pieces of r, neighbours at once.
func writePieces(ctx context.Context, w io.Writer, r io.ReaderAt, pieces []piece) error {
	const block = 1 << 22 // bytes between two looks at ctx
	for i := 0; i < len(pieces); {
		if _, err := w.Write(pieces[i].bytes); err != nil {
			return err
		}
		at, end := pieces[i].at, pieces[i].end
		for i++; i < len(pieces) && pieces[i].at == end && pieces[i].bytes == nil; i++ {
			end = pieces[i].end
		}
		for ; at < end; at += block {
			if err := ctx.Err(); err != nil {
				return err
			}
			n := min(block, end-at)
			if _, err := io.CopyN(w, io.NewSectionReader(r, at, n), n); err != nil {
				return fmt.Errorf("bytes %d to %d of the model: %w", at, at+n, err)
			}
		}
	}
	return nil
}
