//go:build cgo

package onnx

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"strata/fixtures/need"
)

// inception reads the Inception-v3 that fixtures/inception makes, or skips the
// test.
func inception(t testing.TB) *Model {
	t.Helper()
	m, err := Read(need.Network(t))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestInceptionTaps(t *testing.T) {
	r, m := startRuntime(t), inception(t)
	if err := r.Infer(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	tensors := m.Tensors()
	for _, x := range tensors {
		if !x.Shape.Known || x.Type != Float32 || x.Channels() < 1 {
			t.Errorf("%+v", x)
		}
	}
	var b bytes.Buffer
	if err := WriteTaps(&b, m, Filter(tensors, "mixed1")); err != nil {
		t.Fatal(err)
	}
	want := `
tensor   op      type     shape        what
mixed1   Concat  float32  N×288×35×35  feature map, 288 channels
mixed10  Concat  float32  N×2048×8×8   feature map, 2048 channels
`
	if !strings.HasSuffix(b.String(), want) {
		t.Errorf("%s", b.String())
	}
}

// Cut behind mixed0, the network gives the same bits as whole.
func TestInceptionCut(t *testing.T) {
	r, m := startRuntime(t), inception(t)
	shape, picture := pictures(1, 299, 299)
	run := func(taps ...string) ([]Output, int) {
		p := plan(t, m, taps...)
		s, err := r.Open(t.Context(), p, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		out, err := s.Run(shape, picture)
		if err != nil {
			t.Fatal(err)
		}
		return out, p.Nodes
	}
	cut, few := run("mixed0:gap")
	whole, many := run("mixed0:gap", "mixed7:gap", "mixed10:gap")
	if !slices.Equal(cut[0].Values, whole[0].Values) || few > many/5 {
		t.Errorf("other values, or %d of %d nodes", few, many)
	}
	for i, want := range []int{256, 768, 2048} {
		if len(whole[i].Values) != want {
			t.Errorf("tap %d: %d values", i, len(whole[i].Values))
		}
	}
}

func BenchmarkInception(b *testing.B) {
	r, m := startRuntime(b), inception(b)
	if err := r.Infer(b.Context(), m); err != nil {
		b.Fatal(err)
	}
	shape, picture := pictures(1, 299, 299)
	for name, taps := range map[string][]string{
		"A": {"mixed0:gap"}, "pattern": {"mixed0:cov(512)"}, "A+B+C": {"mixed0:gap", "mixed7:gap", "mixed10:gap"},
	} {
		b.Run(name, func(b *testing.B) {
			s, err := r.Open(b.Context(), plan(b, m, taps...), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			for b.Loop() {
				if _, err := s.Run(shape, picture); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
