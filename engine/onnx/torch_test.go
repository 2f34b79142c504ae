//go:build cgo

package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"strata/fixtures/need"
)

// readFloats reads a file of little-endian float32.
func readFloats(t *testing.T, path string) []float32 {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

// Networks that PyTorch exports itself, for one picture and for any number, give the
// features that PyTorch computes, pooled by plain arithmetic.
func TestPyTorchExports(t *testing.T) {
	need.Long(t)
	python := need.Python(t, "torch", "torchvision")
	r := startRuntime(t)
	dir := t.TempDir()
	if out, err := exec.Command(python, "testdata/export.py", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	checkExportedBlocks(t, r, dir)
	input := readFloats(t, filepath.Join(dir, "input.f32"))
	for _, c := range []struct {
		net, block, tensor string
		channels           int
		first              bool // N×C×H×W, and not channels last
		tokens             int  // before the patches
	}{
		{"vit", "encoder.layers.encoder_layer_0", "/encoder/layers/encoder_layer_0/Add_1_output_0", 48, false, 1},
		{"vit", "encoder.layers.encoder_layer_1", "/encoder/layers/encoder_layer_1/Add_1_output_0", 48, false, 1},
		{"swin", "features.1.1", "/features/features.1/features.1.1/Add_1_output_0", 24, false, 0},
		{"swin", "features.3.0", "/features/features.3/features.3.0/Add_1_output_0", 48, false, 0},
		{"convnext", "features.1.0", "/features/features.1/features.1.0/Add_output_0", 24, true, 0},
		{"convnext", "features.3.0", "/features/features.3/features.3.0/Add_output_0", 48, true, 0},
	} {
		raw := readFloats(t, filepath.Join(dir, c.net+"."+c.block+".f32"))
		for _, export := range []string{c.net, c.net + "-any"} {
			t.Run(export+" "+c.block, func(t *testing.T) {
				m, err := Read(filepath.Join(dir, export+".onnx"))
				if err != nil {
					t.Fatal(err)
				}
				if err := r.InferUnknown(t.Context(), m, c.tensor); err != nil {
					t.Fatal(err)
				}
				poolings := []string{"gap", "max", "std", "patches"}
				if c.tokens > 0 {
					poolings = append(poolings, "cls")
				}
				var taps []string
				for _, p := range poolings {
					taps = append(taps, c.tensor+":"+p)
				}
				s, err := r.Open(t.Context(), plan(t, m, taps...), Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				for row := range 2 {
					out, err := s.Run([]int64{1, 3, 32, 32}, input[row*3072:][:3072])
					if err != nil {
						t.Fatal(err)
					}
					x := raw[row*len(raw)/2:][:len(raw)/2]
					for i, pooling := range poolings {
						want := blockPooled(t, pooling, x, c.channels, c.first, c.tokens)
						if fmt.Sprint(out[i].Shape) != fmt.Sprint([]int{1, c.channels}) {
							t.Fatalf("%s: %v", pooling, out[i].Shape)
						}
						for k, w := range want {
							if g := float64(out[i].Values[k]); !(math.Abs(g-w) <= 1e-4*max(1, math.Abs(w))) {
								t.Fatalf("%s: picture %d, value %d: %g, not %g", pooling, row, k, g, w)
							}
						}
					}
				}
			})
		}
	}
}

// checkExportedBlocks checks that the blocks of exported networks are PyTorch's.
func checkExportedBlocks(t *testing.T, r *Runtime, dir string) {
	t.Helper()
	for net, want := range map[string]string{
		"vit":      "encoder_layer_0/Add_1 encoder_layer_1/Add_1",
		"swin":     "features.1.0/Add_1 features.1.1/Add_1 features.3.0/Add_1 features.3.1/Add_1",
		"convnext": "features.1.0/Add features.3.0/Add",
	} {
		for _, export := range []string{net, net + "-any"} {
			m, err := Read(filepath.Join(dir, export+".onnx"))
			if err == nil {
				err = r.InferUnknown(t.Context(), m)
			}
			if err != nil {
				t.Fatal(err)
			}
			blocks, err := m.Blocks()
			var got []string
			for _, b := range blocks {
				parts := strings.Split(strings.TrimSuffix(b.Name, "_output_0"), "/")
				got = append(got, strings.Join(parts[len(parts)-2:], "/"))
			}
			if err != nil || strings.Join(got, " ") != want {
				t.Errorf("%s: blocks %s, %v, want %s", export, got, err, want)
			}
		}
	}
}

// blockPooled is the plain reference for what a block makes of one picture.
func blockPooled(t *testing.T, pooling string, raw []float32, channels int, first bool, tokens int) []float64 {
	all := len(raw) / channels
	from, to := 0, all
	switch pooling {
	case "patches":
		from, pooling = tokens, "gap"
	case "cls":
		to, pooling = 1, "gap"
	}
	x := make([][]float64, channels)
	for c := range x {
		for place := from; place < to; place++ {
			at := place*channels + c
			if first {
				at = c*all + place
			}
			x[c] = append(x[c], float64(raw[at]))
		}
	}
	return pooled(t, pooling, x, 7)
}
