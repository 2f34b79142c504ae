package onnx

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"strata/engine/scheme"
)

func TestWriteTaps(t *testing.T) {
	m := save(t, network())
	m.Path = "net.onnx"
	var b bytes.Buffer
	if err := WriteTaps(&b, m, Filter(m.Tensors(), "")); err != nil {
		t.Fatal(err)
	}
	want := `model    net.onnx, 14597 bytes
format   ONNX IR 8, opset 17 strata test
input    input float32 N×3×H×W
weights  4, 13992 bytes, 0 in files beside the model
shown    9 tensors of 9 nodes

tensor  op                 type     shape     what
conv1   Conv               ?        ?         feature map
relu1   Relu               ?        ?         feature map
conv2   Conv               ?        ?         feature map
mixed   Concat             float32  N×11×8×8  feature map, 11 channels
last    Transpose          ?        ?         feature map, channels last
gap     GlobalAveragePool  ?        ?         feature map
flat    Flatten            ?        ?         vector
logits  MatMul             float32  N×300     vector
shape   Shape              ?        ?         other
`
	if b.String() != want {
		t.Errorf("\n%s", b.String())
	}
}

func TestFilter(t *testing.T) {
	all := save(t, network()).Tensors()
	for text, want := range map[string]string{
		"CONV": "conv1 conv2", "mix": "mixed", "vector": "flat logits", "transpose": "last", "nothing": "",
	} {
		var got []string
		for _, x := range Filter(all, text) {
			got = append(got, x.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestFind(t *testing.T) {
	m := save(t, network())
	all := m.Tensors()
	if x, err := m.Find(all, "mixed"); err != nil || x.Op != "Concat" {
		t.Errorf("%+v, %v", x, err)
	}
	for name, want := range map[string]string{
		"mixd": "mixed", "Mixed": "mixed", "mixed0": "mixed", "conv": "conv1 conv2", "node_gap": "gap",
		"relu": "relu1", "logit": "logits", "input": "", "w1": "", "": "",
	} {
		_, err := m.Find(all, name)
		var unknown *scheme.NameError
		if !errors.As(err, &unknown) || unknown.In != m.Path || strings.Join(unknown.Known, " ") != want {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// What is guessed of single nodes, by operator and shapes.
func TestGuess(t *testing.T) {
	for _, c := range []struct {
		op     string
		perm   []int64
		in     []any // shape of the input
		out    []any
		elem   ElemType
		what   string
		layout Layout
	}{
		{"Conv", nil, []any{"N", 3, 8, 8}, []any{"N", 7, 8, 8}, Float32, "feature map, 7 channels", ChannelsFirst},
		{"Conv", nil, []any{"N", 3, 8}, []any{"N", 7, 8}, Float32, "feature map, 7 channels", ChannelsFirst},
		{"Relu", nil, []any{"N", 8, 8, 3}, []any{"N", 8, 8, 3}, Float32, "feature map, 3 channels last", ChannelsLast},
		{"Transpose", []int64{0, 3, 1, 2}, []any{"N", 8, 8, 3}, []any{"N", 3, 8, 8}, Float32, "feature map, 3 channels", ChannelsFirst},
		{"Transpose", []int64{0, 2, 1, 3}, []any{"N", 8, 6, 3}, []any{"N", 6, 8, 3}, Float32, "feature map, 3 channels last", ChannelsLast},
		{"Reshape", nil, []any{"N", 768, 14, 14}, []any{"N", 196, 768}, Float32, "tokens, 768 channels, a guess", ChannelsLast},
		{"Reshape", nil, []any{"N", 197, 768}, []any{"N", 197, 12, 64}, Float32, "other", UnknownLayout},
		{"LayerNormalization", nil, []any{"N", 197, 768}, []any{"N", 197, 768}, Float32, "tokens, 768 channels, a guess", ChannelsLast},
		{"Gemm", nil, []any{"N", 9}, []any{"N", 4}, Float32, "vector", UnknownLayout},
		{"BatchNormalization", nil, []any{"N", 9}, []any{"N", 9}, Float32, "vector", UnknownLayout},
		{"ReduceMean", nil, []any{"N", 3, 8, 8}, []any{}, Float32, "scalar", UnknownLayout},
		{"Cast", nil, []any{"N", 3, 8, 8}, []any{"N", 3, 8, 8}, Int64, "other", UnknownLayout},
		{"ArgMax", nil, []any{"N", 9}, []any{"N", 1}, UnknownType, "other", UnknownLayout},
	} {
		t.Run(fmt.Sprint(c.op, c.out), func(t *testing.T) {
			g := &graphBuilder{}
			var attributes []attribute
			if c.perm != nil {
				attributes = append(attributes, intsAttribute("perm", c.perm))
			}
			g.add(c.op, "y", []string{"x"}, attributes...)
			g.graph = appendMessage(g.graph, 11, valueBytes("x", Float32, c.in...))
			g.graph = appendMessage(g.graph, 12, valueBytes("y", c.elem, c.out...))
			got := save(t, model(g.graph, 17)).Tensors()[0]
			if got.What() != c.what || got.Layout != c.layout {
				t.Errorf("%s, layout %d", got.What(), got.Layout)
			}
		})
	}
}

func TestConstant(t *testing.T) {
	g := &graphBuilder{}
	value := appendMessage(appendText(nil, 1, "value"), 5, weightBytes("", Float32, make([]byte, 8000), 2000))
	g.add("Constant", "c", nil, attribute(appendNumber(value, 20, 4)))
	g.add("Neg", "d", []string{"c"})
	g.add("Add", "y", []string{"x", "d"})
	g.graph = appendMessage(g.graph, 11, valueBytes("x", Float32, "N", 2000))
	m := save(t, model(g.graph, 17))
	var kinds []Kind
	for _, x := range m.Tensors() {
		kinds = append(kinds, x.Kind)
	}
	if !slices.Equal(kinds, []Kind{Constant, Constant, Vector}) {
		t.Errorf("kinds %v", kinds)
	}
	if c := m.Nodes[0].constant; c == nil || !slices.Equal(c.Dims, []int64{2000}) {
		t.Errorf("constant %+v", c)
	}
	size := int64(0)
	for _, p := range m.skeleton(m.common(), nil) {
		size += p.size()
	}
	if size > 400 {
		t.Errorf("a skeleton of %d bytes", size)
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{"mixed0": "mixed0", "/a/b c": "/a/b c", "Größe": "Größe", "\x1b[2J": `"\x1b[2J"`, "a\nb": `"a\nb"`, "\xff": `"\xff"`} {
		if got := printable(in); got != want {
			t.Errorf("%q: %s", in, got)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"mixed", "mixd", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q, %q: %d", c.a, c.b, got)
		}
	}
}
