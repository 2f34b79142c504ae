//go:build cgo

package onnx

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// small stores n bytes of a type.
func (g *graphBuilder) small(name string, t ElemType, dims ...int64) {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	raw := make([]byte, n)
	for i := range raw {
		raw[i] = byte(g.random.IntN(60))
	}
	g.graph = appendMessage(g.graph, 5, weightBytes(name, t, raw, dims...))
}

// Layouts are followed through products of integers, quantisation and If.
func TestIntegerLayouts(t *testing.T) {
	r := startRuntime(t)
	g := &graphBuilder{random: rand.New(rand.NewPCG(4, 4))}
	g.small("w", Int8, 5, 3, 3, 3)
	g.small("zero", Uint8)
	g.small("w_zero", Int8)
	node := func(op string, inputs, outputs []string) {
		var n []byte
		for _, in := range inputs {
			n = appendText(n, 1, in)
		}
		for _, out := range outputs {
			n = appendText(n, 2, out)
		}
		g.graph = appendMessage(g.graph, 1, appendText(n, 4, op))
	}
	node("DynamicQuantizeLinear", []string{"input"}, []string{"bytes", "scale", "offset"})
	g.add("ConvInteger", "sums", []string{"bytes", "w", "offset"})
	g.add("Cast", "numbers", []string{"sums"}, intAttribute("to", int64(Float32)))
	g.add("Mul", "scaled", []string{"numbers", "scale"})
	g.add("Relu", "dynamic", []string{"scaled"})
	g.add("QuantizeLinear", "q", []string{"dynamic", g.real("s", 0.5), "zero"})
	g.add("DequantizeLinear", "d", []string{"q", "s", "zero"})
	g.small("w2", Int8, 4, 5, 1, 1)
	g.add("DequantizeLinear", "w2_d", []string{"w2", "s", "w_zero"})
	g.add("Conv", "static", []string{"d", "w2_d"})
	g.add("Transpose", "last", []string{"static"}, intsAttribute("perm", []int64{0, 2, 3, 1}))
	g.add("QuantizeLinear", "last_q", []string{"last", "s", "zero"})
	g.add("DequantizeLinear", "last_d", []string{"last_q", "s", "zero"})
	g.graph = appendMessage(g.graph, 11, valueBytes("input", Float32, "N", 3, 8, 8))
	m := save(t, model(g.graph, 17))
	if err := r.Infer(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for _, x := range m.Tensors() {
		want := map[string]string{
			"bytes": "N×C×P×P other", "sums": "N×C×P×P other", "dynamic": "N×C×P×P feature map, 5 channels", "q": "N×C×P×P other",
			"static": "N×C×P×P feature map, 4 channels", "last_d": "N×P×P×C feature map, 4 channels last",
		}[x.Name]
		if got := fmt.Sprint(spell(x.axes), " ", x.What()); want != "" && (got != want || !x.sure) {
			t.Errorf("%s: %s, sure %v, not %s", x.Name, got, x.sure, want)
		}
	}
	p := plan(t, m, "dynamic:gap", "static:gap", "last_d:gap", "dynamic:flat")
	if !p.Integers {
		t.Error("no product of integers")
	}
	out := extract(t, p)
	if fmt.Sprint(out[0].Shape, out[1].Shape, out[2].Shape) != "[2 5] [2 4] [2 4]" {
		t.Errorf("%v, %v, %v", out[0].Shape, out[1].Shape, out[2].Shape)
	}
	for c := range 10 {
		sum := 0.0
		for _, v := range out[3].Values[36*c : 36*(c+1)] {
			sum += float64(v)
		}
		if d := float64(out[0].Values[c]) - sum/36; d > 1e-3 || d < -1e-3 {
			t.Errorf("channel %d: %v, not %v", c, out[0].Values[c], sum/36)
		}
	}
	if p := plan(t, save(t, network()), "mixed:gap"); p.Integers {
		t.Error("products of integers in a network of float32")
	}
}

// What an If makes of a map is a guess, of its own dimensions.
func TestIfIsGuessed(t *testing.T) {
	branch := func(op string) []byte {
		inner := &graphBuilder{}
		inner.add(op, "inside", []string{"map"})
		inner.graph = appendMessage(appendText(inner.graph, 2, op), 12, valueBytes("inside", Float32, "N", 5, 6, 6))
		return inner.graph
	}
	g := &graphBuilder{random: rand.New(rand.NewPCG(4, 4))}
	g.stored("w", 5, 3, 3, 3)
	g.add("Conv", "map", []string{"input", "w"})
	choice := func(name, op string) attribute {
		return attribute(appendNumber(appendMessage(appendText(nil, 1, name), 6, branch(op)), 20, 5))
	}
	g.add("If", "y", []string{"which"}, choice("then_branch", "Relu"), choice("else_branch", "Neg"))
	g.graph = appendMessage(g.graph, 5, weightBytes("which", Bool, []byte{1}))
	g.graph = appendMessage(g.graph, 11, valueBytes("input", Float32, "N", 3, 8, 8))
	m := save(t, model(g.graph, 17))
	if err := startRuntime(t).Infer(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	x, err := m.Find(m.Tensors(), "y")
	if err != nil || x.What() != "feature map, 5 channels, a guess" {
		t.Errorf("%v, %s, %v", x.Shape, x.What(), err)
	}
	p, err := m.Plan([]Tap{{Name: "A", Tensor: "y", Order: "nchw"}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if out := extract(t, p); fmt.Sprint(out[0].Shape) != "[2 5]" {
		t.Errorf("%v", out[0].Shape)
	}
}
