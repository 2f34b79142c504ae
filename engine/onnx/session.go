package onnx

import (
	"errors"
)

// ErrNoCgo is returned where ONNX Runtime is asked for and the program was built
// without the means to load it.
var ErrNoCgo = errors.New("this program was built without cgo and cannot load ONNX Runtime: build it with CGO_ENABLED=1 and a C compiler")

// Options are those of a session.
type Options struct {
	Threads  int    // that compute one operator; 0 is 1
	Spin     bool   // idle threads wait by spinning: faster where nothing else runs, slower otherwise
	Provider string // what computes: "" or cpu, cuda, tensorrt, coreml, or a name that the library knows
}

// Output is what a session puts out for a tap.
type Output struct {
	Shape  []int64
	Values []float32 // in C order
}
