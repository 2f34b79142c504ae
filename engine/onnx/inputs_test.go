//go:build cgo

package onnx

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// inputNetwork is a convolution of an input of a type and batch; what else it takes is
// added to it.
func inputNetwork(t ElemType, batch any, h, w int, second []byte) []byte {
	g := &graphBuilder{random: rand.New(rand.NewPCG(3, 3))}
	g.stored("w", 5, 3, 2, 2)
	g.add("Cast", "cast", []string{"input"}, intAttribute("to", int64(Float32)))
	g.add("Conv", "conv", []string{"cast", "w"})
	last := "conv"
	if second != nil {
		g.add("Mul", "times", []string{"conv", "factor"})
		last = "times"
		g.graph = appendMessage(g.graph, 11, second)
	}
	g.add("Add", "y", []string{last, g.real("zero", 0)})
	g.graph = appendMessage(g.graph, 11, valueBytes("input", t, batch, 3, h, w))
	return model(g.graph, 17)
}

// Inputs of any type and batch take one picture as float32, and an input that is no
// picture takes the number that is said.
func TestInputs(t *testing.T) {
	r := startRuntime(t)
	shape, values := []int64{1, 3, 6, 4}, make([]float32, 3*6*4)
	for i := range values {
		values[i] = float32(i * 3 % 256)
	}
	run := func(data []byte, fixed map[string]float64) []float32 {
		t.Helper()
		m := save(t, data)
		taps := []Tap{{Name: "A", Tensor: "y", Pooling: Pooling{Op: Flat}}, {Name: "B", Tensor: "y"}}
		if err := r.InferUnknown(t.Context(), m, "y"); err != nil {
			t.Fatal(err)
		}
		p, err := m.PlanFixed(taps, 1, fixed)
		if err != nil {
			t.Fatal(err)
		}
		s, err := r.Open(t.Context(), p, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		out, err := s.Run(shape, values)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(out[0].Shape, []int64{1, 75}) || !slices.Equal(out[1].Shape, []int64{1, 5}) {
			t.Fatalf("shapes %v, %v", out[0].Shape, out[1].Shape)
		}
		return out[0].Values
	}
	want := run(inputNetwork(Float32, "N", 6, 4, nil), nil)
	half := valueBytes("factor", Float16)
	for name, c := range map[string]struct {
		data  []byte
		fixed map[string]float64
		times float64
	}{
		"uint8":          {inputNetwork(Uint8, "N", 6, 4, nil), nil, 1},
		"float16":        {inputNetwork(Float16, 1, 6, 4, nil), nil, 1},
		"float64":        {inputNetwork(Float64, "N", 6, 4, nil), nil, 1},
		"eight":          {inputNetwork(Float32, 8, 6, 4, nil), nil, 1},
		"eight of uint8": {inputNetwork(Uint8, 8, 6, 4, nil), nil, 1},
		"a number":       {inputNetwork(Float32, "N", 6, 4, valueBytes("factor", Float32)), map[string]float64{"factor": 2}, 2},
		"a vector":       {inputNetwork(Float32, "N", 6, 4, valueBytes("factor", Float32, "one", 5, 1, 1)), map[string]float64{"factor": -0.5}, -0.5},
	} {
		t.Run(name, func(t *testing.T) {
			for i, v := range run(c.data, c.fixed) {
				if math.Abs(float64(v)-c.times*float64(want[i])) > 1e-4 {
					t.Fatalf("value %d is %v, not %v times %v", i, v, c.times, want[i])
				}
			}
		})
	}
	for name, c := range map[string]struct {
		data  []byte
		fixed map[string]float64
		want  string
	}{
		"not said":      {inputNetwork(Float32, "N", 6, 4, valueBytes("factor", Float32)), nil, `the taps need 2 inputs ("factor", "input"): a model of pictures has one; give each other one a number (--input NAME=NUMBER)`},
		"too large":     {inputNetwork(Float32, "N", 6, 4, half), map[string]float64{"factor": 1e6}, `input "factor": 1e+06 is no float16`},
		"no such input": {inputNetwork(Float32, "N", 6, 4, nil), map[string]float64{"other": 3}, `no input is named "other"`},
		"no picture":    {inputNetwork(Float32, "N", 6, 4, nil), map[string]float64{"input": 3}, "the taps need 0 inputs"},
		"huge":          {inputNetwork(Float32, "N", 6, 4, valueBytes("factor", Float32, 1<<20, 1<<20)), map[string]float64{"factor": 3}, "has more than 16777216 elements"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := save(t, c.data).PlanFixed([]Tap{{Tensor: "y", Pooling: Pooling{Op: Flat}}}, 1, c.fixed); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, not %q", err, c.want)
			}
		})
	}
}

func TestEncode(t *testing.T) {
	for _, c := range []struct {
		t    ElemType
		v    float64
		want []byte
	}{
		{Float32, 1, []byte{0, 0, 0x80, 0x3f}},
		{Float16, 1, []byte{0, 0x3c}},
		{Float64, -2, []byte{0, 0, 0, 0, 0, 0, 0, 0xc0}},
		{Bool, 1, []byte{1}},
		{Uint8, 255, []byte{255}},
		{Int8, -1, []byte{255}},
		{Int32, -2, []byte{0xfe, 0xff, 0xff, 0xff}},
		{Int64, 3, []byte{3, 0, 0, 0, 0, 0, 0, 0}},
		{Bool, 2, nil},
		{Uint8, 256, nil},
		{Int8, 0.5, nil},
		{Int32, math.NaN(), nil},
		{UnknownType, 0, nil},
	} {
		if got, ok := encode(c.t, c.v); ok != (c.want != nil) || ok && !slices.Equal(got, c.want) {
			t.Errorf("%v as %v: %v, %v", c.v, c.t, got, ok)
		}
	}
}
