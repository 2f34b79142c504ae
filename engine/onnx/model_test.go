package onnx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// graphBuilder builds a small network for tests, with names of its own.
type graphBuilder struct {
	builder
	random *rand.Rand
}

func (g *graphBuilder) add(op, name string, inputs []string, attributes ...attribute) {
	g.node(op, "node_"+name, inputs, name, attributes)
}

// floats returns n little-endian values in [-1, 1).
func (g *graphBuilder) floats(n int64) []byte {
	var raw []byte
	for range n {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(2*g.random.Float32()-1))
	}
	return raw
}

// stored appends a weight with random values.
func (g *graphBuilder) stored(name string, dims ...int64) {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	g.graph = appendMessage(g.graph, 5, weightBytes(name, Float32, g.floats(n), dims...))
}

func weightBytes(name string, t ElemType, raw []byte, dims ...int64) []byte {
	var w []byte
	for _, d := range dims {
		w = appendNumber(w, 1, d)
	}
	w = appendText(appendNumber(w, 2, int64(t)), 8, name)
	return appendMessage(w, 9, raw)
}

// valueBytes is a ValueInfoProto; dimensions are int or string.
func valueBytes(name string, t ElemType, dims ...any) []byte {
	var shape []byte
	for _, d := range dims {
		switch d := d.(type) {
		case int:
			shape = appendMessage(shape, 1, appendNumber(nil, 1, int64(d)))
		case string:
			shape = appendMessage(shape, 1, appendText(nil, 2, d))
		}
	}
	tensor := appendMessage(appendNumber(nil, 1, int64(t)), 2, shape)
	return appendMessage(appendText(nil, 1, name), 2, appendMessage(nil, 1, tensor))
}

// model wraps a graph.
func model(graph []byte, opset int64) []byte {
	b := appendNumber(nil, 1, 8)
	b = appendText(b, 2, "strata")
	b = appendText(b, 3, "test")
	b = appendMessage(b, 7, graph)
	return appendMessage(b, 8, appendNumber(nil, 2, opset))
}

// network is a network with two taps worth having:
//
//	input N×3×H×W -> conv1 -> relu1 (6 channels) -> conv2 -> mixed = relu1 + conv2 (11 channels)
//	mixed -> last (NHWC) ; mixed -> gap -> flat -> logits
func network() []byte {
	g := &graphBuilder{random: rand.New(rand.NewPCG(1, 2))}
	g.stored("w1", 6, 3, 3, 3)
	g.stored("b1", 6)
	g.stored("w2", 5, 6, 1, 1)
	g.stored("w3", 11, 300)
	g.graph = appendText(g.graph, 2, "net")
	g.add("Conv", "conv1", []string{"input", "w1", "b1"}, intsAttribute("pads", []int64{1, 1, 1, 1}))
	g.add("Relu", "relu1", []string{"conv1"})
	g.add("Conv", "conv2", []string{"relu1", "w2"})
	g.add("Concat", "mixed", []string{"relu1", "conv2"}, intAttribute("axis", 1))
	g.add("Transpose", "last", []string{"mixed"}, intsAttribute("perm", []int64{0, 2, 3, 1}))
	g.add("GlobalAveragePool", "gap", []string{"mixed"})
	g.add("Flatten", "flat", []string{"gap"}, intAttribute("axis", 1))
	g.add("MatMul", "logits", []string{"flat", "w3"})
	g.add("Shape", "shape", []string{"logits"})
	g.graph = appendMessage(g.graph, 11, valueBytes("input", Float32, "N", 3, "H", "W"))
	g.graph = appendMessage(g.graph, 12, valueBytes("logits", Float32, "N", 300))
	g.graph = appendMessage(g.graph, 13, valueBytes("mixed", Float32, "N", 11, 8, 8))
	return model(g.graph, 17)
}

// save writes a model into a folder of the test and reads it.
func save(t testing.TB, data []byte) *Model {
	t.Helper()
	path := filepath.Join(t.TempDir(), "net.onnx")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	m, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRead(t *testing.T) {
	m := save(t, network())
	if m.IR != 8 || m.Opset() != 17 || m.Producer != "strata test" {
		t.Errorf("IR %d, opset %d, producer %q", m.IR, m.Opset(), m.Producer)
	}
	if len(m.Inputs) != 1 || m.Inputs[0].Name != "input" || m.Inputs[0].Type != Float32 || m.Inputs[0].Shape.String() != "N×3×H×W" {
		t.Errorf("inputs %+v", m.Inputs)
	}
	if len(m.Outputs) != 1 || m.Outputs[0].Shape.String() != "N×300" {
		t.Errorf("outputs %+v", m.Outputs)
	}
	var ops []string
	for _, n := range m.Nodes {
		ops = append(ops, n.Op)
	}
	if got := strings.Join(ops, " "); got != "Conv Relu Conv Concat Transpose GlobalAveragePool Flatten MatMul Shape" {
		t.Errorf("operators %s", got)
	}
	if n := m.Nodes[0]; n.Name != "node_conv1" || !slices.Equal(n.Inputs, []string{"input", "w1", "b1"}) || !slices.Equal(n.Outputs, []string{"conv1"}) {
		t.Errorf("node %+v", n)
	}
	if !slices.Equal(m.Nodes[4].ints["perm"], []int64{0, 2, 3, 1}) {
		t.Errorf("perm %v", m.Nodes[4].ints["perm"])
	}
	if w := m.Weights[3]; len(m.Weights) != 4 || w.Name != "w3" || w.Bytes != 11*300*4 || !slices.Equal(w.Dims, []int64{11, 300}) || w.Type != Float32 {
		t.Errorf("weights %+v", m.Weights)
	}
}

// Fragments merge with the model, on either side of it.
func TestReadFragments(t *testing.T) {
	b := builder{prefix: "x"}
	b.output(b.op("Relu", []string{"mixed"}))
	for name, data := range map[string][]byte{
		"behind": append(network(), b.fragment()...),
		"before": append(b.fragment(), network()...),
	} {
		t.Run(name, func(t *testing.T) {
			m := save(t, data)
			if len(m.Nodes) != 10 || len(m.Outputs) != 2 {
				t.Errorf("%d nodes, %d outputs", len(m.Nodes), len(m.Outputs))
			}
		})
	}
}

// hole is a model file with one big tensor in it: what lies behind that is
// found without reading it.
type hole struct {
	head, tail []byte
	size, read int64
}

func (h *hole) ReadAt(b []byte, off int64) (int, error) {
	h.read += int64(len(b))
	for i := range b {
		switch at := off + int64(i); {
		case at < int64(len(h.head)):
			b[i] = h.head[at]
		case at >= h.size-int64(len(h.tail)):
			b[i] = h.tail[at-h.size+int64(len(h.tail))]
		default:
			b[i] = 0xff
		}
	}
	return len(b), nil
}

func TestReadSkipsWeights(t *testing.T) {
	const big = int64(5) << 30
	tensor := appendText(appendNumber(appendNumber(nil, 1, big/4), 2, int64(Float32)), 8, "huge")
	tensor = protowire.AppendTag(tensor, 9, protowire.BytesType)
	tensor = protowire.AppendVarint(tensor, uint64(big))
	weight := protowire.AppendTag(nil, 5, protowire.BytesType)
	weight = protowire.AppendVarint(weight, uint64(int64(len(tensor))+big))
	weight = append(weight, tensor...)
	g := builder{}
	g.node("Mul", "n", []string{"x", "huge"}, "y", nil)
	g.graph = appendMessage(g.graph, 11, valueBytes("x", Float32, "N", 3))
	h := &hole{head: appendNumber(nil, 1, 8), tail: g.graph}
	h.head = protowire.AppendTag(h.head, 7, protowire.BytesType)
	h.head = protowire.AppendVarint(h.head, uint64(int64(len(weight))+big+int64(len(g.graph))))
	h.head = append(h.head, weight...)
	h.size = int64(len(h.head)) + big + int64(len(h.tail))
	m, err := read(h, "huge.onnx", h.size)
	if err != nil {
		t.Fatal(err)
	}
	if m.Weights[0].Bytes != big || len(m.Nodes) != 1 || m.Nodes[0].Outputs[0] != "y" {
		t.Errorf("%+v", m)
	}
	if h.read > 1<<20 {
		t.Errorf("%d bytes read", h.read)
	}
	refs := m.refer(&m.Weights[0])
	if !bytes.Contains(refs.bytes, []byte("huge.onnx")) || len(refs.bytes) > 200 {
		t.Errorf("referred to by %q", refs.bytes)
	}
}

func TestReadErrors(t *testing.T) {
	whole := network()
	external := func(entries ...string) []byte {
		w := appendText(appendNumber(nil, 2, 1), 8, "w")
		for i := 0; i < len(entries); i += 2 {
			w = appendMessage(w, 13, appendText(appendText(nil, 1, entries[i]), 2, entries[i+1]))
		}
		return model(appendMessage(nil, 5, appendNumber(w, 14, 1)), 17)
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "not an ONNX file: it is empty"},
		{"text", []byte("hello, world, this is a text"), "not an ONNX file: not a protobuf field"},
		{"pointer", []byte("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"},
		{"zip", []byte("PK\x03\x04rest"), "zip file"},
		{"ort", []byte("\x20\x00\x00\x00ORTM"), "ONNX Runtime's own format"},
		{"html", []byte("<html>"), "HTML"},
		{"no graph", appendNumber(nil, 1, 8), "not an ONNX file: it has no graph"},
		{"no version", appendMessage(nil, 7, nil), "not an ONNX file: it states no version"},
		{"wild version", appendNumber(nil, 1, 1<<40), "not an ONNX file: version 1099511627776"},
		{"cut", whole[:len(whole)-100], "truncated at byte"},
		{"cut in the first weight", whole[:40], "truncated at byte 40: what begins at byte"},
		{"garbage behind", append(slices.Clone(whole), "garbage"...), "not a protobuf field"},
		{"overrun inside", append(model(appendMessage(nil, 1, []byte{0x0a, 100}), 17), make([]byte, 200)...), "100 bytes where its message has 0 left"},
		{"wire type", model([]byte{0x08, 1}, 17), "field 1 has wire type 0, not 2"},
		{"long name", model(appendMessage(nil, 1, appendText(nil, 1, strings.Repeat("x", maxText+1))), 17), "a name of 65537 bytes is longer"},
		{"long number", model(appendMessage(nil, 1, bytes.Repeat([]byte{0xff}, 20)), 17), "a number longer than 64 bits"},
		{"rank", model(appendMessage(nil, 5, appendMessage(nil, 1, make([]byte, maxRank+1))), 17), "more than 64 numbers"},
		{"external without a file", external("offset", "3"), "external data without a file"},
		{"external offset", external("location", "x", "offset", "-3"), `external data with offset "-3"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bad.onnx")
			if err := os.WriteFile(path, c.data, 0o666); err != nil {
				t.Fatal(err)
			}
			_, err := Read(path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("%v, not %q", err, c.want)
			}
			var format *FormatError
			if !errors.As(err, &format) {
				t.Errorf("%T", err)
			}
		})
	}
	for name, want := range map[string]string{t.TempDir(): "but a folder", "none.onnx": "no such file"} {
		if _, err := Read(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every prefix of a model is refused, and none with a panic.
func TestReadPrefixes(t *testing.T) {
	whole := network()
	for n := range len(whole) - 4 { // the last field, the operators, is 4 bytes
		if m, err := read(bytes.NewReader(whole[:n]), "cut.onnx", int64(n)); err == nil {
			t.Fatalf("%d of %d bytes read as %+v", n, len(whole), m)
		}
	}
}

func TestCheckWeights(t *testing.T) {
	build := func(file, offset, length string) []byte {
		w := appendText(appendNumber(appendNumber(nil, 1, 4), 2, 1), 8, "w")
		for _, e := range [][2]string{{"location", file}, {"offset", offset}, {"length", length}} {
			w = appendMessage(w, 13, appendText(appendText(nil, 1, e[0]), 2, e[1]))
		}
		return model(appendMessage(nil, 5, appendNumber(w, 14, 1)), 17)
	}
	for _, c := range []struct{ name, file, offset, length, want string }{
		{"good", "net.onnx", "4", "16", ""},
		{"missing", "w.bin", "0", "16", "which is not there"},
		{"outside", "../w.bin", "0", "16", "outside the model's folder"},
		{"short", "net.onnx", "0", "100000", "is truncated"},
		{"far", "net.onnx", "9223372036854775807", "16", "is truncated"},
		{"folder", ".", "0", "0", "not a regular file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := save(t, build(c.file, c.offset, c.length)).CheckWeights()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, not %q", err, c.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	g := &graphBuilder{random: rand.New(rand.NewPCG(1, 2))} // small, or the fuzzer spends its time on shortening it
	g.stored("w", 2, 3, 1, 1)
	g.add("Conv", "y", []string{"x", "w"})
	g.add("Transpose", "z", []string{"y"}, intsAttribute("perm", []int64{0, 2, 3, 1}))
	g.graph = appendMessage(g.graph, 11, valueBytes("x", Float32, "N", 3, 8, 8))
	g.graph = appendMessage(g.graph, 12, valueBytes("z", Float32, "N", 8, 8, 2))
	f.Add(model(g.graph, 17))
	f.Add(model(g.graph, 17)[:60])
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := read(bytes.NewReader(data), "fuzz.onnx", int64(len(data)))
		if err != nil {
			return
		}
		tensors := m.Tensors()
		if err := WriteTaps(&bytes.Buffer{}, m, tensors); err != nil {
			t.Fatal(err)
		}
		for _, x := range tensors[:min(len(tensors), 4)] {
			p, err := m.Plan([]Tap{{Name: "a", Tensor: x.Name}}, 1)
			if err != nil {
				continue
			}
			var b bytes.Buffer
			if err := writePieces(t.Context(), &b, bytes.NewReader(data), p.pieces); err != nil {
				t.Fatal(err)
			}
			cut, err := read(bytes.NewReader(b.Bytes()), "cut.onnx", int64(b.Len()))
			if err != nil {
				t.Fatalf("the cut model: %v", err)
			}
			if !slices.ContainsFunc(cut.Nodes, func(n Node) bool { return slices.Contains(n.Outputs, x.Name) }) {
				t.Fatalf("the cut model lacks %q", x.Name)
			}
		}
	})
}

// fragment returns the fields as a ModelProto of nothing but a graph. Put behind
// a model's file it adds to the model's graph: messages of one field merge.
// It imports no operators, since a second import would replace the model's.
func (b *builder) fragment() []byte {
	return appendMessage(nil, protowire.Number(7), b.graph)
}
