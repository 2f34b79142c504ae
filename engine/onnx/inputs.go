package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/x448/float16"
)

// castable are the types of inputs, but float32, that pictures are turned to.
var castable = map[ElemType]bool{
	Uint8: true, Int8: true, Uint16: true, Int16: true, Int32: true, Int64: true,
	Float16: true, Float64: true, BFloat16: true,
}

// Whole reports whether elements are integers.
func (t ElemType) Whole() bool { return t != UnknownType && t != Bool && !t.Float() && t <= Int64 }

// adapt appends nodes that make an input of pictures from one picture as float32: they
// repeat it where the batch is fixed, and turn it to the input's type. It returns the name
// of what is fed.
func (b *builder) adapt(in Value) string {
	batch := in.Shape.Size(0)
	if in.Type == Float32 && batch <= 1 {
		return in.Name
	}
	one := Shape{Known: in.Shape.Known, Dims: slices.Clone(in.Shape.Dims)}
	if batch > 1 {
		one.Dims[0] = Dim{Size: 1}
	}
	fed := b.name("picture")
	b.graph = appendMessage(b.graph, 11, declare(fed, Float32, one))
	x := fed
	if batch > 1 {
		if in.Type == Float32 {
			b.node("Concat", b.name("repeat"), slices.Repeat([]string{x}, int(batch)), in.Name, []attribute{intAttribute("axis", 0)})
			return fed
		}
		x = b.op("Concat", slices.Repeat([]string{x}, int(batch)), intAttribute("axis", 0))
	}
	b.node("Cast", b.name("type"), []string{x}, in.Name, []attribute{intAttribute("to", int64(in.Type))})
	return fed
}

// integers stores a vector.
func (b *builder) integers(values ...int64) string {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	return b.weight(Int64, raw, int64(len(values)))
}

// maxFixed bounds the elements of an input that is fixed.
const maxFixed = 1 << 24

// constant stores an input, every element of which is v; dimensions that are open have
// size 1.
func (b *builder) constant(in Value, v float64) error {
	n, dims := int64(1), []int64{}
	for i := range in.Shape.Dims {
		size := in.Shape.Size(i)
		if size < 0 {
			size = 1
		}
		if n = times(n, size); n < 0 || n > maxFixed {
			return fmt.Errorf("its shape %v has more than %d elements", in.Shape, maxFixed)
		}
		dims = append(dims, size)
	}
	element, ok := encode(in.Type, v)
	if !ok {
		return fmt.Errorf("%v is no %v", v, in.Type)
	}
	var w []byte
	for _, d := range dims {
		w = appendNumber(w, 1, d)
	}
	w = appendText(appendNumber(w, 2, int64(in.Type)), 8, in.Name)
	b.graph = appendMessage(b.graph, 5, appendMessage(w, 9, slices.Repeat(element, int(n))))
	return nil
}

// encode returns a number as an element, and whether the type holds it.
func encode(t ElemType, v float64) ([]byte, bool) {
	whole := func(bytes int, low, high float64) ([]byte, bool) {
		return binary.LittleEndian.AppendUint64(nil, uint64(int64(v)))[:bytes], v == math.Trunc(v) && v >= low && v <= high
	}
	const exact = 1 << 53
	switch t {
	case Float32:
		return binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(v))), true
	case Float64:
		return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)), true
	case Float16:
		return binary.LittleEndian.AppendUint16(nil, float16.Fromfloat32(float32(v)).Bits()), math.Abs(v) <= 65504
	case Bool:
		return whole(1, 0, 1)
	case Uint8:
		return whole(1, 0, math.MaxUint8)
	case Int8:
		return whole(1, math.MinInt8, math.MaxInt8)
	case Int32:
		return whole(4, math.MinInt32, math.MaxInt32)
	case Int64:
		return whole(8, -exact, exact)
	}
	return nil, false
}
