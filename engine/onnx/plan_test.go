package onnx

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"strata/engine/scheme"
)

func TestParsePooling(t *testing.T) {
	for text, want := range map[string]string{
		"": "auto", "gap": "gap", "gem": "gem(3)", "gem(2.5)": "gem(2.5)", "cov(512)": "cov(512)", "gram(1)": "gram(1)",
		"max": "max", "std": "std", "rmac": "rmac", "flat": "flat", "auto": "auto",
		"cls": "cls", "patches": "patches", "patches(5)": "patches(5)", "token(0)": "token(0)",
	} {
		p, err := ParsePooling(text)
		if err != nil || p.String() != want {
			t.Errorf("%q: %v, %v", text, p, err)
		}
		if again, err := ParsePooling(p.String()); err != nil || again != p {
			t.Errorf("%q: read back as %v, %v", text, again, err)
		}
	}
	for text, want := range map[string]string{
		"avg": "no pooling is named", "gem(0)": "above 0", "gem(NaN)": "above 0", "gem(x)": "above 0", "gem(3": "not closed",
		"cov": "name the dimension", "cov(0)": "name the dimension", "cov(65537)": "name the dimension", "gap(3)": "takes no number", "rmac(2)": "takes no number", "cls(1)": "takes no number",
		"token": "name a place, 0 to", "token(-1)": "name a place", "patches()": "name the number of tokens before the patches", "(3)": "no pooling",
	} {
		if p, err := ParsePooling(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v", text, p, err)
		}
	}
}

func TestPlanErrors(t *testing.T) {
	m := save(t, network())
	other := func(graph []byte, opset int64) *Model { return save(t, model(graph, opset)) }
	two := &graphBuilder{}
	two.add("Add", "y", []string{"a", "b"})
	two.graph = appendMessage(two.graph, 11, valueBytes("a", Float32, "N", 3, 8, 8))
	half := slices.Clone(two.graph)
	two.graph = appendMessage(two.graph, 11, valueBytes("b", Float32, "N", 3, 8, 8))
	bytesIn := &graphBuilder{}
	bytesIn.add("Conv", "y", []string{"a"})
	bytesIn.graph = appendMessage(bytesIn.graph, 11, valueBytes("a", Bool, "N", 3, 8, 8))
	for _, c := range []struct {
		name  string
		model *Model
		tap   Tap
		want  string
	}{
		{"unknown", m, Tap{Tensor: "mixd"}, `has no tensor "mixd" (there is mixed)`},
		{"indices", m, Tap{Tensor: "shape"}, "holds the channels is not known"},
		{"vector", m, Tap{Tensor: "logits", Pooling: Pooling{Op: Std}}, "it is a vector (N×300) and has nothing to pool"},
		{"channels not known", m, Tap{Tensor: "relu1", Pooling: Pooling{Op: Cov, Dim: 5}}, "its number of channels is not known"},
		{"size not known", m, Tap{Tensor: "relu1", Pooling: Pooling{Op: RMAC}}, "rmac needs a map of known height and width, and its shape is ?"},
		{"shape not known", other(rankless(), 17), Tap{Tensor: "y"}, "which dimension of its shape ? holds the channels is not known: say it behind the pooling"},
		{"channels of a rank that is said", other(rankless(), 17), Tap{Tensor: "y", Order: "ntc", Pooling: Pooling{Op: Cov, Dim: 2}}, "its number of channels is not known (shape ?×?×?)"},
		{"same for all", other(constant(), 17), Tap{Tensor: "c"}, "it is the same for every picture"},
		{"too many", m, Tap{Tensor: "mixed", Pooling: Pooling{Op: Cov, Dim: 67}}, "11 channels have 66 products, cov(67) asks for more"},
		{"opset", other(two.graph, 8), Tap{Tensor: "y"}, "opset 8: poolings need 9 or later"},
		{"inputs", other(two.graph, 17), Tap{Tensor: "y"}, `the taps need 2 inputs ("a", "b")`},
		{"dangling", other(half, 17), Tap{Tensor: "y"}, `takes tensor "b", which nothing makes`},
		{"input type", other(bytesIn.graph, 17), Tap{Tensor: "y"}, `input "a" is bool, which is no type of pictures`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.model.Plan([]Tap{c.tap}, 1)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), c.model.Path) {
				t.Errorf("%v, not %q", err, c.want)
			}
			var name *scheme.NameError
			if errors.As(err, &name) != (c.name == "unknown") {
				t.Errorf("%T", err)
			}
		})
	}
}

// rankless is a graph whose tensor y has as many dimensions as the picture says.
func rankless() []byte {
	g := &graphBuilder{}
	g.add("Relu", "map", []string{"a"})
	g.add("Shape", "of", []string{"map"})
	g.add("Flatten", "flat", []string{"map"}, intAttribute("axis", 0))
	g.add("Gather", "four", []string{"flat", g.numbers("at", 0, 1, 2, 3)}, intAttribute("axis", 1))
	g.add("Reshape", "list", []string{"four", g.numbers("minus", -1)})
	g.add("Cast", "which", []string{"list"}, intAttribute("to", 9))
	g.add("Compress", "some", []string{"of", "which"})
	g.add("Reshape", "y", []string{"map", "some"})
	g.graph = appendMessage(g.graph, 11, valueBytes("a", Float32, "N", 3, 8, 8))
	return g.graph
}

// constant is a graph of a tensor that does not depend on the picture.
func constant() []byte {
	g := &graphBuilder{}
	g.add("Neg", "c", []string{g.numbers("w", 1, 2)})
	g.graph = appendMessage(g.graph, 11, valueBytes("a", Float32, "N", 3, 8, 8))
	return g.graph
}

// Graphs within a node may use tensors around it, which then are kept.
func TestNestedGraphs(t *testing.T) {
	inner := &graphBuilder{}
	inner.add("Neg", "inside", []string{"outside"})
	inner.graph = appendMessage(inner.graph, 12, valueBytes("inside", Float32))
	g := &graphBuilder{}
	g.add("Relu", "outside", []string{"x"})
	g.add("Relu", "unused", []string{"x"})
	g.add("If", "y", []string{"which"}, attribute(appendMessage(appendText(nil, 1, "then_branch"), 6, inner.graph)))
	g.graph = appendMessage(g.graph, 5, weightBytes("which", 9, []byte{1}))
	g.graph = appendMessage(g.graph, 11, valueBytes("x", Float32, "N", 3, 8, 8))
	m := save(t, model(g.graph, 17))
	p, err := m.Plan([]Tap{{Tensor: "y", Pooling: Pooling{Op: Flat}}}, 1)
	if err != nil || p.Nodes != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	deep := []byte{}
	for range maxNested + 2 {
		deep = appendMessage(nil, 1, appendMessage(nil, 5, appendMessage(nil, 6, deep)))
	}
	if _, err := read(bytes.NewReader(model(deep, 17)), "deep.onnx", int64(len(model(deep, 17)))); err == nil || !strings.Contains(err.Error(), "graphs within one another") {
		t.Errorf("deep: %v", err)
	}
}

// The names of a fragment are not those of the model, even if that has a
// fragment already.
func TestFreePrefix(t *testing.T) {
	g := &graphBuilder{}
	g.add("Relu", "strata/1/Relu", []string{"x"})
	g.add("Relu", "strata_/1/Relu", []string{"strata/1/Relu"})
	g.graph = appendMessage(g.graph, 11, valueBytes("x", Float32, "N", 3, 8, 8))
	m := save(t, model(g.graph, 17))
	p, err := m.Plan([]Tap{{Tensor: "strata_/1/Relu"}}, 1)
	if err != nil || !strings.HasPrefix(p.Outputs[0], "strata__/") {
		t.Errorf("%+v, %v", p, err)
	}
}

// The cut model imports every set of operators once.
func TestCutImports(t *testing.T) {
	m := save(t, network())
	p, err := m.Plan([]Tap{{Tensor: "mixed"}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.Write(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if int64(b.Len()) != p.Size() {
		t.Errorf("%d bytes, said to be %d", b.Len(), p.Size())
	}
	cut, err := read(bytes.NewReader(b.Bytes()), "cut.onnx", int64(b.Len()))
	if err != nil || len(cut.Opsets) != 1 || cut.Opset() != 17 || cut.IR != 8 {
		t.Errorf("%+v, %v", cut, err)
	}
	if len(cut.Outputs) != 1 || cut.Outputs[0].Name != p.Outputs[0] {
		t.Errorf("outputs %+v", cut.Outputs)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Write(ctx, &b); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestProjection(t *testing.T) {
	const channels, n = 20, 64
	index, signs := projection(channels, n, 3)
	again, signs2 := projection(channels, n, 3)
	if !bytes.Equal(index, again) || !bytes.Equal(signs, signs2) {
		t.Error("the same seed gives another projection")
	}
	if other, _ := projection(channels, n, 4); bytes.Equal(index, other) {
		t.Error("another seed gives the same projection")
	}
	if len(index) != len(signs) || len(index)/4%n != 0 {
		t.Fatalf("%d places, %d signs", len(index)/4, len(signs)/4)
	}
	times, sum := map[uint32]int{}, 0.0
	for k := 0; k < len(index); k += 4 {
		place := uint32(index[k]) | uint32(index[k+1])<<8
		s := math.Float32frombits(uint32(signs[k+2])<<16 | uint32(signs[k+3])<<24)
		if s == 0 {
			continue // fills up
		}
		if place/channels > place%channels || place >= channels*channels || s*s != 1 {
			t.Fatalf("place %d, sign %g", place, s)
		}
		times[place]++
		sum += float64(s)
	}
	if len(times) != channels*(channels+1)/2 {
		t.Errorf("%d entries", len(times))
	}
	for place, n := range times {
		if n != copies {
			t.Errorf("entry %d stands %d times", place, n)
		}
	}
	if math.Abs(sum) > 4*math.Sqrt(float64(len(index)/4)) {
		t.Errorf("signs sum to %g", sum)
	}
	// The numbers of a recorded seed must never change.
	if got := index[:16]; !bytes.Equal(got, golden) {
		t.Errorf("seed 3 begins with %v", got)
	}
}

// golden is how projection(20, 64, 3) begins.
var golden = []byte{214, 0, 0, 0, 32, 0, 0, 0, 43, 1, 0, 0, 122, 1, 0, 0}

func TestRegions(t *testing.T) {
	for _, c := range []struct {
		h, w int64
		want []region
	}{
		{1, 1, []region{{0, 0, 1}}},
		{2, 2, []region{{0, 0, 2}, {0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}, {0, 0, 1}, {0, 0, 1}, {0, 1, 1}, {0, 0, 1}, {0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 0, 1}, {1, 1, 1}}},
	} {
		if got := regions(c.h, c.w); !slices.Equal(got, c.want) {
			t.Errorf("%d×%d: %v, not %v", c.h, c.w, got, c.want)
		}
	}
	for _, c := range []struct {
		h, w    int64
		regions int
	}{{35, 35, 1 + 4 + 9}, {17, 17, 14}, {8, 16, 3 + 2*4 + 3*5}, {16, 8, 26}, {10, 16, 2 + 2*3 + 3*4}} {
		got := regions(c.h, c.w)
		if len(got) != c.regions {
			t.Errorf("%d×%d: %d regions, not %d", c.h, c.w, len(got), c.regions)
		}
		for _, r := range got {
			if r.top < 0 || r.left < 0 || r.top+r.side > c.h || r.left+r.side > c.w {
				t.Errorf("%d×%d: %v is not within the map", c.h, c.w, r)
			}
		}
	}
}
