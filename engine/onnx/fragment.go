package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
)

// minOpset is the first version of ONNX's operators whose meaning the nodes of
// a fragment have: Sign is of version 9, broadcasting of 7 and 8. None of them
// changed since in what is used here: onnx/docs/Changelog.md.
const minOpset = 9

// maxCovChannels bounds the channels of which covariances are taken: their
// number grows with the square.
const maxCovChannels = 2048

// copies is how often each covariance enters the projection, with another sign
// in another coordinate: sparse Johnson–Lindenstrauss projections with blocks
// (Kane and Nelson, 2014).
const copies = 4

// gemFloor is the least value that GeM sees.
const gemFloor = 1e-6

// Tap asks for one layer: a tensor and how it becomes a vector.
type Tap struct {
	Name    string // of the layer
	Tensor  string
	Pooling Pooling
	Order   string // of the tensor's dimensions: nchw, nhwc, ntc, nct or tnc; "" as the graph says
	Seed    uint64 // of the projection of Cov and Gram; 0 is the plan's
}

// builder collects the fields of a GraphProto.
type builder struct {
	graph  []byte
	prefix string // of the names of nodes and tensors
	opset  int64  // of the model
	count  int
}

// attribute is an AttributeProto.
type attribute []byte

// Types of attributes: onnx.proto3, AttributeProto.AttributeType.
const (
	attributeInt  = 2
	attributeInts = 7
)

func intAttribute(name string, v int64) attribute {
	a := appendNumber(appendText(nil, 1, name), 3, v)
	return appendNumber(a, 20, attributeInt)
}

func intsAttribute(name string, vs []int64) attribute {
	a := appendText(nil, 1, name)
	for _, v := range vs {
		a = appendNumber(a, 8, v)
	}
	return appendNumber(a, 20, attributeInts)
}

// op appends a node and returns the name of its output.
func (b *builder) op(op string, inputs []string, attributes ...attribute) string {
	name := b.name(op)
	b.node(op, name, inputs, name, attributes)
	return name
}

// name returns a new name.
func (b *builder) name(what string) string {
	b.count++
	return fmt.Sprintf("%s/%d/%s", b.prefix, b.count, what)
}

func (b *builder) node(op, name string, inputs []string, output string, attributes []attribute) {
	var n []byte
	for _, in := range inputs {
		n = appendText(n, 1, in)
	}
	n = appendText(n, 2, output)
	n = appendText(n, 3, name)
	n = appendText(n, 4, op)
	for _, a := range attributes {
		n = appendMessage(n, 5, a)
	}
	b.graph = appendMessage(b.graph, 1, n)
}

// weight appends a stored tensor of little-endian values and returns its name.
func (b *builder) weight(t ElemType, raw []byte, dims ...int64) string {
	name := b.name("weight")
	var w []byte
	for _, d := range dims {
		w = appendNumber(w, 1, d)
	}
	w = appendNumber(w, 2, int64(t))
	w = appendText(w, 8, name)
	w = appendMessage(w, 9, raw)
	b.graph = appendMessage(b.graph, 5, w)
	return name
}

// scalar appends a float32.
func (b *builder) scalar(v float64) string {
	return b.weight(Float32, binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(v))))
}

// reshape reshapes x; 0 keeps a dimension, -1 takes what is left.
func (b *builder) reshape(x string, dims ...int64) string {
	return b.op("Reshape", []string{x, b.integers(dims...)})
}

// pool appends the nodes that pool t, whose pooling is resolved, and returns the
// name of the result: float32, N×dim.
func (b *builder) pool(t Tensor, p Pooling, seed uint64) string {
	x := t.Name
	if t.Type != Float32 {
		x = b.op("Cast", []string{x}, intAttribute("to", int64(Float32)))
	}
	if p.Op == Flat {
		if t.Layout == PlacesFirst {
			x = b.op("Transpose", []string{x}, intsAttribute("perm", []int64{1, 0, 2}))
		}
		return b.flatten(x)
	}
	x = b.channelsFirst(x, t)
	switch p.Op {
	case Token, CLS, Patches:
		return b.tokens(x, p)
	case Max:
		return b.flatten(b.op("GlobalMaxPool", []string{x}))
	case GeM:
		x = b.op("Max", []string{x, b.scalar(gemFloor)})
		x = b.op("Pow", []string{x, b.scalar(p.Power)})
		return b.op("Pow", []string{b.flatten(b.mean(x)), b.scalar(1 / p.Power)})
	case Std:
		x = b.centre(x)
		return b.op("Sqrt", []string{b.flatten(b.mean(b.op("Mul", []string{x, x})))})
	case RMAC:
		return b.regional(x, regions(sides(t)))
	case Cov:
		return b.products(b.centre(x), t.Channels(), p.Dim, seed)
	case Gram:
		return b.products(x, t.Channels(), p.Dim, seed)
	}
	return b.flatten(b.mean(x))
}

// channelsFirst turns a map to N×C×….
func (b *builder) channelsFirst(x string, t Tensor) string {
	if t.Layout == ChannelsFirst {
		return x
	}
	n, c := t.Layout.of(t.rank())
	perm := []int64{int64(n), int64(c)}
	for i := range t.rank() {
		if i != n && i != c {
			perm = append(perm, int64(i))
		}
	}
	return b.op("Transpose", []string{x}, intsAttribute("perm", perm))
}

// tokens takes one place of x, N×C×…, or the mean of all but the first ones.
func (b *builder) tokens(x string, p Pooling) string {
	x = b.reshape(x, 0, 0, -1)
	if p.Op == Patches {
		return b.flatten(b.mean(b.from(x, 2, int64(p.Count))))
	}
	return b.flatten(b.op("Gather", []string{x, b.integers(int64(p.Count))}, intAttribute("axis", 2)))
}

// from returns the places of x from one on along an axis.
func (b *builder) from(x string, axis, first int64) string {
	if first == 0 {
		return x
	}
	if b.opset < 10 { // the version from which Slice takes inputs
		return b.op("Slice", []string{x}, intsAttribute("axes", []int64{axis}),
			intsAttribute("starts", []int64{first}), intsAttribute("ends", []int64{math.MaxInt32}))
	}
	return b.op("Slice", []string{x, b.integers(first), b.integers(math.MaxInt32), b.integers(axis)})
}

// mean averages over the places: N×C×1….
func (b *builder) mean(x string) string { return b.op("GlobalAveragePool", []string{x}) }

// centre subtracts each channel's mean.
func (b *builder) centre(x string) string { return b.op("Sub", []string{x, b.mean(x)}) }

// flatten keeps the first dimension and joins the others.
func (b *builder) flatten(x string) string {
	return b.op("Flatten", []string{x}, intAttribute("axis", 1))
}

// products takes the products of channels of x, N×C×…, summed over the places:
// the upper triangle, sign·√|·|, projected to n coordinates, scaled to length 1.
// Their number of places and the scale of the projection drop out.
func (b *builder) products(x string, channels int64, n int, seed uint64) string {
	x = b.reshape(x, 0, 0, -1)
	z := b.op("MatMul", []string{x, b.op("Transpose", []string{x}, intsAttribute("perm", []int64{0, 2, 1}))})
	z = b.flatten(z)
	index, signs := projection(channels, n, seed)
	width := int64(len(index) / n / 4)
	z = b.op("Gather", []string{z, b.weight(Int32, index, int64(n)*width)}, intAttribute("axis", 1))
	z = b.op("Mul", []string{b.op("Sign", []string{z}), b.op("Sqrt", []string{b.op("Abs", []string{z})})})
	z = b.op("Mul", []string{z, b.weight(Float32, signs, int64(n)*width)})
	z = b.flatten(b.mean(b.reshape(z, 0, int64(n), width)))
	return b.op("LpNormalization", []string{z}, intAttribute("axis", 1), intAttribute("p", 2))
}

// projection draws a projection of the upper triangle of a channels×channels
// matrix to n coordinates. A coordinate is the sum of equally many entries, each
// with a sign; every entry stands in copies of the coordinates. It returns, in
// the order of the coordinates, the entries' places in the matrix (int32) and
// the signs (float32, 0 for one that fills up). It is the same for the same
// seed, for ever: it uses PCG's numbers and nothing else of math/rand.
func projection(channels int64, n int, seed uint64) (index, signs []byte) {
	places := make([]uint32, 0, channels*(channels+1)/2)
	for i := range channels {
		for j := i; j < channels; j++ {
			places = append(places, uint32(i*channels+j))
		}
	}
	total := (len(places)*copies + n - 1) / n * n
	random := rand.NewPCG(seed, uint64(channels))
	for range copies {
		for i := len(places) - 1; i > 0; i-- { // Fisher–Yates
			j, _ := bits.Mul64(random.Uint64(), uint64(i+1))
			places[i], places[j] = places[j], places[i]
		}
		var coins uint64
		for i, place := range places {
			if i%64 == 0 {
				coins = random.Uint64()
			}
			sign := float32(1)
			if coins>>(i%64)&1 == 1 {
				sign = -1
			}
			index = binary.LittleEndian.AppendUint32(index, place)
			signs = binary.LittleEndian.AppendUint32(signs, math.Float32bits(sign))
		}
	}
	fill := make([]byte, 4*total-len(index))
	return append(index, fill...), append(signs, fill...)
}

// output declares a tensor as an output of the graph. Its type and shape are
// left to the runtime.
func (b *builder) output(name string) {
	b.graph = appendMessage(b.graph, 12, appendText(nil, 1, name))
}
