//go:build cgo

package onnx

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// vits are the ways in which exporters write a vision transformer.
var vits = map[string]vit{
	"any batch, no class token":              {},
	"one picture, no class token":            {batch: 1},
	"any batch":                              {class: true},
	"one picture":                            {batch: 1, class: true},
	"eight pictures":                         {batch: 8, class: true},
	"any batch, registers":                   {class: true, registers: 4},
	"one picture, registers":                 {batch: 1, class: true, registers: 4},
	"any batch, attention places first":      {class: true, placesFirst: true},
	"one picture, attention places first":    {batch: 1, class: true, placesFirst: true},
	"eight pictures, attention places first": {batch: 8, class: true, placesFirst: true},
}

// What the tensors of a transformer count is followed through Reshape, Transpose, Slice,
// Concat, and the products of attention.
func TestTransformerLayouts(t *testing.T) {
	r := startRuntime(t)
	for name, v := range vits {
		t.Run(name, func(t *testing.T) {
			m := save(t, v.graph())
			if err := r.Infer(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			got := map[string]Tensor{}
			for _, x := range m.Tensors() {
				got[x.Name] = x
			}
			want := map[string]string{"patch": "N×C×P×P", "patches": "N×C×P", "head": "N×C", "first": "N×C"}
			for _, x := range strings.Fields("tokens embedded norm1_mean norm1_sub norm1 attended add1 norm2 wide gelu narrow add2 norm") {
				want[x] = "N×P×C"
			}
			want["norm1_mean"] = "N×P×1"
			if v.placesFirst {
				want["turned"], want["qkv"], want["q_all"], want["out_apart"] = "P×N×C", "P×N×C", "P×N×C", "P×N×C"
			} else {
				want["qkv"], want["qkv_heads"], want["context_joined"] = "N×P×C", "N×P×C×C×C", "N×P×C"
				want["q"], want["attention"], want["context"] = "N×C×P×C", "N×C×P×P", "N×C×P×C"
			}
			for name, letters := range want {
				if x := got[name]; spell(x.axes) != letters || !x.sure {
					t.Errorf("%s %v is %s, sure %v, not %s", name, x.Shape, spell(x.axes), x.sure, letters)
				}
			}
			x := got["add2"]
			if x.What() != "tokens, 48 channels" || lead(x.axes) != v.tokens()-16 {
				t.Errorf("add2: %s, %d tokens before the patches", x.What(), lead(x.axes))
			}
			if blocks, err := m.Blocks(); err != nil || names(blocks) != "add2" {
				t.Errorf("blocks %s, %v", names(blocks), err)
			}
			if n := got["wide"].Channels(); n != 96 {
				t.Errorf("wide: %d channels", n)
			}
		})
	}
}

// Poolings of tokens are those of the tensor itself, by plain arithmetic.
func TestTransformerPoolings(t *testing.T) {
	r := startRuntime(t)
	for name, v := range vits {
		t.Run(name, func(t *testing.T) {
			m := save(t, v.graph())
			if err := r.InferUnknown(t.Context(), m, "add2", "add1"); err != nil {
				t.Fatal(err)
			}
			poolings := []string{"gap", "max", "gem", "std", "cov(20)", "gram(20)", "patches", "patches(3)", "token(0)", "token(15)"}
			if v.class {
				poolings = append(poolings, "cls")
			}
			taps := []string{"add2:flat"}
			for _, p := range poolings {
				taps = append(taps, "add2:"+p)
			}
			p := plan(t, m, taps...)
			s, err := r.Open(t.Context(), p, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			n := 1
			if v.batch == 0 {
				n = 2
			}
			shape, values := pictures(n, 32, 32)
			out, err := s.Run(shape, values)
			if err != nil {
				t.Fatal(err)
			}
			for i, pooling := range append([]string{"flat"}, poolings...) {
				for row := range n {
					raw := out[0].Values[row*int(v.tokens())*48:][:v.tokens()*48]
					want := pooledTokens(t, pooling, raw, v)
					if i == 0 {
						continue
					}
					got := out[i].Values[row*len(want):]
					if len(out[i].Shape) != 2 || out[i].Shape[1] != int64(len(want)) || p.Dims[i] != int64(len(want)) {
						t.Fatalf("%s: shape %v, planned %d, not %d", pooling, out[i].Shape, p.Dims[i], len(want))
					}
					for k, w := range want {
						if g := float64(got[k]); !(math.Abs(g-w) <= 2e-5*max(1, math.Abs(w))) {
							t.Fatalf("%s: row %d, value %d: %g, not %g", pooling, row, k, g, w)
						}
					}
				}
			}
		})
	}
}

// pooledTokens is the plain reference for one picture's tokens, each of 48 values.
func pooledTokens(t *testing.T, pooling string, raw []float32, v vit) []float64 {
	first, last := 0, len(raw)/48
	switch pooling {
	case "patches":
		first, pooling = int(v.tokens())-16, "gap"
	case "patches(3)":
		first, pooling = 3, "gap"
	case "token(0)", "cls":
		last, pooling = 1, "gap"
	case "token(15)":
		first, last, pooling = 15, 16, "gap"
	}
	x := make([][]float64, 48)
	for c := range x {
		for token := first; token < last; token++ {
			x[c] = append(x[c], float64(raw[token*48+c]))
		}
	}
	return pooled(t, pooling, x, 7)
}

// What a tap says of the order of dimensions holds, and what is only guessed asks.
func TestOrderSaid(t *testing.T) {
	r := startRuntime(t)
	g := &graphBuilder{}
	g.add("Relu", "y", []string{"x"})
	g.graph = appendMessage(g.graph, 11, valueBytes("x", Float32, "N", 6, 4))
	g.graph = appendMessage(g.graph, 12, valueBytes("y", Float32, "N", 6, 4))
	m := save(t, model(g.graph, 17))
	tap := func(text string) (*Plan, error) {
		x, err := ParseTap("A=y:" + text)
		if err != nil {
			t.Fatal(err)
		}
		return m.Plan([]Tap{x}, 1)
	}
	for text, want := range map[string]string{
		"gap":          "is only guessed (N×P×C): say it behind the pooling: @nchw, @nhwc, @ntc, @nct or @tnc, as in gap@ntc",
		"gap@nchw":     "its shape N×6×4 has 3 dimensions, nchw has 4",
		"patches@ntc":  "how many tokens stand before its patches is not known",
		"token(6)@ntc": "token(6) is asked of its 6 places",
	} {
		if _, err := tap(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	values := make([]float32, 24)
	for i := range values {
		values[i] = float32(i)
	}
	for text, want := range map[string]struct {
		shape []int64
		out   string
	}{
		"gap@ntc":        {[]int64{1, 6, 4}, "[1 4] [10 11 12 13]"},
		"gap@nct":        {[]int64{1, 6, 4}, "[1 6] [1.5 5.5 9.5 13.5 17.5 21.5]"},
		"gap@tnc":        {[]int64{6, 1, 4}, "[1 4] [10 11 12 13]"},
		"token(1)@ntc":   {[]int64{1, 6, 4}, "[1 4] [4 5 6 7]"},
		"cls@ntc":        {[]int64{1, 6, 4}, "[1 4] [0 1 2 3]"},
		"patches(4)@ntc": {[]int64{1, 6, 4}, "[1 4] [18 19 20 21]"},
		"flat":           {[]int64{1, 6, 4}, "[1 24] [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23]"},
	} {
		if want.shape[0] == 6 {
			h := &graphBuilder{}
			h.add("Relu", "y", []string{"x"})
			h.graph = appendMessage(h.graph, 11, valueBytes("x", Float32, "a", "b", 4))
			m = save(t, model(h.graph, 17))
		}
		p, err := tap(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		s, err := r.Open(t.Context(), p, Options{})
		if err != nil {
			t.Fatal(err)
		}
		out, err := s.Run(want.shape, values)
		if err != nil || fmt.Sprint(out[0].Shape, " ", out[0].Values) != want.out {
			t.Errorf("%s: %v, %v", text, out, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if want.shape[0] == 6 {
			m = save(t, model(g.graph, 17))
		}
	}
}
