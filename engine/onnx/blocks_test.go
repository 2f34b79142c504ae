package onnx

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"strata/engine/scheme"
	"strata/fixtures/need"
)

// residual returns a network of four residual blocks, the third behind a block that
// changes the size and has no sum; the last ones have an activation behind the sum.
func residual() []byte {
	g := &graphBuilder{random: rand.New(rand.NewPCG(8, 9))}
	g.graph = appendText(g.graph, 2, "blocks")
	conv := func(name, x string, from, to, side int64, attributes ...attribute) {
		g.stored(name+"_w", to, from, side, side)
		g.add("Conv", name, []string{x, name + "_w"}, attributes...)
	}
	same := intsAttribute("pads", []int64{1, 1, 1, 1})
	conv("stem", "input", 3, 8, 3, same)
	g.add("Relu", "stem_relu", []string{"stem"})
	x := "stem_relu"
	for i, name := range []string{"one", "two", "three", "four"} {
		if i == 2 {
			conv("down_wide", x, 8, 12, 1)
			g.add("Sigmoid", "down_sigmoid", []string{"down_wide"})
			g.add("Mul", "down_swish", []string{"down_wide", "down_sigmoid"})
			conv("down", "down_swish", 12, 8, 3, same, intsAttribute("strides", []int64{2, 2}))
			x = "down"
		}
		conv(name+"_conv", x, 8, 8, 3, same)
		g.add("Relu", name+"_relu", []string{name + "_conv"})
		g.add("Add", name, []string{x, name + "_relu"})
		if x = name; i >= 2 {
			g.add("Relu", name+"_out", []string{name})
			x = name + "_out"
		}
	}
	g.add("GlobalAveragePool", "gap", []string{x})
	g.add("Flatten", "vector", []string{"gap"}, intAttribute("axis", 1))
	g.graph = appendMessage(g.graph, 11, valueBytes("input", Float32, "N", 3, "H", "W"))
	g.graph = appendMessage(g.graph, 12, valueBytes("vector", Float32, "N", 8))
	return model(g.graph, 17)
}

// blocksFile holds the residual network, for tests of other packages.
const blocksFile = "../../fixtures/models/blocks.onnx"

// TestBlocksFile: the file holds the residual network of these tests.
func TestBlocksFile(t *testing.T) {
	if *update {
		if err := os.WriteFile(blocksFile, residual(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := os.ReadFile(blocksFile); err != nil || !bytes.Equal(b, residual()) {
		t.Errorf("%s is not the residual network (%v): go test ./engine/onnx -run TestBlocksFile -update-network writes it", blocksFile, err)
	}
}

// names returns the names of tensors.
func names(tensors []Tensor) string {
	var all []string
	for _, t := range tensors {
		all = append(all, t.Name)
	}
	return strings.Join(all, " ")
}

func TestBlocks(t *testing.T) {
	for _, c := range []struct {
		name  string
		model []byte
		want  string // or the error's end
	}{
		{"residual", residual(), "one two down three_out four_out"},
		{"branches that are joined", network(), "mixed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := save(t, c.model).Blocks()
			if err != nil || names(got) != c.want {
				t.Errorf("got %s, %v, want %s", names(got), err, c.want)
			}
		})
	}
}

// The blocks do not depend on the order of the nodes in the file.
func TestBlocksOrder(t *testing.T) {
	m := save(t, residual())
	slices.Reverse(m.Nodes)
	if got, err := m.Blocks(); err != nil || names(got) != "one two down three_out four_out" {
		t.Errorf("got %s, %v", names(got), err)
	}
}

// A plain chain has no blocks.
func TestBlocksNone(t *testing.T) {
	g := &graphBuilder{random: rand.New(rand.NewPCG(1, 2))}
	g.stored("w", 6, 3, 3, 3)
	g.add("Conv", "conv", []string{"input", "w"})
	g.add("Sigmoid", "sigmoid", []string{"conv"})
	g.add("Mul", "swish", []string{"conv", "sigmoid"})
	g.graph = appendMessage(g.graph, 11, valueBytes("input", Float32, "N", 3, 8, 8))
	g.graph = appendMessage(g.graph, 12, valueBytes("swish", Float32, "N", 6, 6, 6))
	got, err := save(t, model(g.graph, 17)).Blocks()
	var none *BlocksError
	if !errors.As(err, &none) || !strings.Contains(err.Error(), "net.onnx: its blocks cannot be told: ") {
		t.Errorf("got %s, %v", names(got), err)
	}
}

func TestMatching(t *testing.T) {
	m := save(t, residual())
	for pattern, want := range map[string]string{
		"one": "one", "four,one": "one four", "t*": "two_conv two_relu two three_conv three_relu three three_out",
		"*_out": "three_out four_out", "t?o,gap": "two gap", "*re*_*u*t": "three_out",
	} {
		if got, err := m.Matching(strings.Split(pattern, ",")); err != nil || names(got) != want {
			t.Errorf("%s: got %q, %v, want %q", pattern, names(got), err, want)
		}
	}
	var unknown *scheme.NameError
	if _, err := m.Matching([]string{"thre"}); !errors.As(err, &unknown) {
		t.Errorf("an unknown name: %v", err)
	}
	if _, err := m.Matching([]string{"x*"}); err == nil || !strings.Contains(err.Error(), `as "x*" says`) {
		t.Errorf("a pattern of nothing: %v", err)
	}
}

func TestInceptionBlocks(t *testing.T) {
	m, err := Read(need.Network(t))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range 11 {
		want = append(want, fmt.Sprintf("mixed%d", i))
	}
	if got, err := m.Blocks(); err != nil || names(got) != strings.Join(want, " ") {
		t.Errorf("got %s, %v", names(got), err)
	}
}
