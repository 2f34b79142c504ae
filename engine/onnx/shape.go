package onnx

import (
	"fmt"
	"strconv"
	"strings"
)

// ElemType is the type of a tensor's elements, numbered as ONNX numbers it.
type ElemType int32

// The element types that the code names; the others have only their number.
const (
	UnknownType ElemType = 0
	Float32     ElemType = 1
	Uint8       ElemType = 2
	Int8        ElemType = 3
	Uint16      ElemType = 4
	Int16       ElemType = 5
	Int32       ElemType = 6
	Int64       ElemType = 7
	Bool        ElemType = 9
	Float16     ElemType = 10
	Float64     ElemType = 11
	BFloat16    ElemType = 16
)

// elemTypes are the names of the element types by number, and their sizes in
// bytes, 0 where elements are packed or of varying length: onnx.proto3,
// TensorProto.DataType.
var elemTypes = [...]struct {
	name string
	size int64
}{
	{"?", 0},
	{"float32", 4},
	{"uint8", 1},
	{"int8", 1},
	{"uint16", 2},
	{"int16", 2},
	{"int32", 4},
	{"int64", 8},
	{"string", 0},
	{"bool", 1},
	{"float16", 2},
	{"float64", 8},
	{"uint32", 4},
	{"uint64", 8},
	{"complex64", 8},
	{"complex128", 16},
	{"bfloat16", 2},
}

// String returns the name of the type, or its number where it has none here.
func (t ElemType) String() string {
	if t < 0 || int(t) >= len(elemTypes) {
		return fmt.Sprintf("type %d", int32(t))
	}
	return elemTypes[t].name
}

// Float reports whether elements are floating-point numbers that a tap reads.
func (t ElemType) Float() bool {
	return t == Float32 || t == Float16 || t == Float64 || t == BFloat16
}

// Dim is one dimension of a shape.
type Dim struct {
	Size int64  // -1 where it is not fixed
	Name string // of a dimension that is not fixed; may be empty
}

// String returns the size, the name where the size is not fixed, or ?.
func (d Dim) String() string {
	switch {
	case d.Size >= 0:
		return strconv.FormatInt(d.Size, 10)
	case d.Name != "":
		return d.Name
	}
	return "?"
}

// Shape is the shape of a tensor.
type Shape struct {
	Known bool // the number of dimensions is known
	Dims  []Dim
}

// Fixed returns a shape of known sizes; a negative one is not fixed.
func Fixed(sizes ...int64) Shape {
	s := Shape{Known: true, Dims: make([]Dim, len(sizes))}
	for i, n := range sizes {
		s.Dims[i].Size = max(n, -1)
	}
	return s
}

// String returns the shape as N×256×35×35, "scalar" or "?".
func (s Shape) String() string {
	switch {
	case !s.Known:
		return "?"
	case len(s.Dims) == 0:
		return "scalar"
	}
	var b strings.Builder
	for i, d := range s.Dims {
		if i > 0 {
			b.WriteString("×")
		}
		b.WriteString(d.String())
	}
	return b.String()
}

// Size returns dimension i, or -1 if it is not known.
func (s Shape) Size(i int) int64 {
	if i < 0 || i >= len(s.Dims) {
		return -1
	}
	return s.Dims[i].Size
}

// merge returns s with what t knows more.
func (s Shape) merge(t Shape) Shape {
	if !t.Known || s.Known && len(s.Dims) != len(t.Dims) {
		return s
	}
	out := Shape{Known: true, Dims: make([]Dim, len(t.Dims))}
	for i := range t.Dims {
		out.Dims[i] = t.Dims[i]
		if s.Known && (s.Dims[i].Size >= 0 || t.Dims[i].Size < 0 && s.Dims[i].Name != "") {
			out.Dims[i] = s.Dims[i]
		}
	}
	return out
}

// Value is a tensor that the graph names: an input, an output or one between.
type Value struct {
	Name  string
	Type  ElemType
	Shape Shape
}
