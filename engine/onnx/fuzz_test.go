package onnx

import (
	"testing"
)

// FuzzTap: a tap that is parsed has a name and a tensor.
func FuzzTap(f *testing.F) {
	for _, text := range []string{"A=mixed0", "A=mixed0:gap", "p=mixed0:cov(512)", "x=a:b:gem(3)", "g=t:gem(1e999)", "=:", "A=t:gram(-1)", "A=t:cov(99999999999999999999)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tap, err := ParseTap(text)
		if err == nil && (tap.Name == "" || tap.Tensor == "") {
			t.Errorf("%q is %+v", text, tap)
		}
	})
}
