package onnx

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strconv"
)

// vit says what kind of vision transformer is built: of 32×32 pixels in patches of 8, with
// 48 features in 4 heads.
type vit struct {
	batch       int // 0: any, and then shapes are computed in the graph
	class       bool
	registers   int  // tokens that are put behind the class token
	placesFirst bool // attention as PyTorch's MultiheadAttention exports it
}

func (v vit) tokens() int64 {
	n := int64(16 + v.registers)
	if v.class {
		n++
	}
	return n
}

// numbers stores integers.
func (g *graphBuilder) numbers(name string, values ...int64) string {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	g.graph = appendMessage(g.graph, 5, weightBytes(name, Int64, raw, int64(len(values))))
	return name
}

// number stores an integer that is no vector.
func (g *graphBuilder) number(name string, value int64) string {
	g.graph = appendMessage(g.graph, 5, weightBytes(name, Int64, binary.LittleEndian.AppendUint64(nil, uint64(value))))
	return name
}

// real stores a number.
func (g *graphBuilder) real(name string, value float32) string {
	g.graph = appendMessage(g.graph, 5, weightBytes(name, Float32, binary.LittleEndian.AppendUint32(nil, math.Float32bits(value))))
	return name
}

// graph returns the network. Its residual sums are add1 and add2, its last tokens norm,
// the class token's or the mean's features head.
func (v vit) graph() []byte {
	g := &graphBuilder{random: rand.New(rand.NewPCG(5, 6))}
	g.stored("patch_w", 48, 3, 8, 8)
	g.add("Conv", "patch", []string{"input", "patch_w"}, intsAttribute("strides", []int64{8, 8}))
	g.add("Reshape", "patches", []string{"patch", g.numbers("patches_to", 0, 48, -1)})
	g.add("Transpose", "tokens", []string{"patches"}, intsAttribute("perm", []int64{0, 2, 1}))
	x := v.front(g, "tokens")
	g.stored("positions", 1, v.tokens(), 48)
	g.add("Add", "embedded", []string{x, "positions"})
	g.norm("norm1", "embedded")
	if v.placesFirst {
		v.attendPlacesFirst(g, "norm1")
	} else {
		v.attend(g, "norm1")
	}
	g.add("Add", "add1", []string{"embedded", "attended"})
	g.norm("norm2", "add1")
	g.linear("wide", "norm2", 48, 96)
	g.add("Div", "wide_div", []string{"wide", g.real("root2", math.Sqrt2)})
	g.add("Erf", "wide_erf", []string{"wide_div"})
	g.add("Mul", "gelu", []string{"wide", "wide_erf"})
	g.linear("narrow", "gelu", 96, 48)
	g.add("Add", "add2", []string{"add1", "narrow"})
	g.norm("norm", "add2")
	if v.class {
		g.add("Gather", "first", []string{"norm", g.number("zero", 0)}, intAttribute("axis", 1))
	} else {
		g.add("ReduceMean", "first", []string{"norm"}, intsAttribute("axes", []int64{1}), intAttribute("keepdims", 0))
	}
	g.stored("head_w", 48, 5)
	g.add("Gemm", "head", []string{"first", "head_w"})
	batch := any("batch")
	if v.batch > 0 {
		batch = v.batch
	}
	g.graph = appendMessage(g.graph, 11, valueBytes("input", Float32, batch, 3, 32, 32))
	g.graph = appendMessage(g.graph, 12, valueBytes("head", Float32, batch, 5))
	return model(g.graph, 17)
}

// norm is a LayerNormalization as it was exported before opset 17.
func (g *graphBuilder) norm(name, x string) {
	g.add("ReduceMean", name+"_mean", []string{x}, intsAttribute("axes", []int64{-1}))
	g.add("Sub", name+"_sub", []string{x, name + "_mean"})
	g.add("Pow", name+"_pow", []string{name + "_sub", g.real(name+"_two", 2)})
	g.add("ReduceMean", name+"_var", []string{name + "_pow"}, intsAttribute("axes", []int64{-1}))
	g.add("Add", name+"_eps", []string{name + "_var", g.real(name+"_e", 1e-6)})
	g.add("Sqrt", name+"_sqrt", []string{name + "_eps"})
	g.add("Div", name, []string{name + "_sub", name + "_sqrt"})
}

// linear multiplies by weights and adds a bias.
func (g *graphBuilder) linear(name, x string, from, to int64) {
	g.stored(name+"_w", from, to)
	g.stored(name+"_b", to)
	g.add("MatMul", name+"_product", []string{x, name + "_w"})
	g.add("Add", name, []string{name + "_b", name + "_product"}) // in this order, as PyTorch has it
}

// shape returns a shape in which -1 is the number of pictures, times each.
func (v vit) shape(g *graphBuilder, name string, each int64, dims ...int64) string {
	if v.batch > 0 {
		for i := range dims {
			if dims[i] < 0 {
				dims[i] = int64(v.batch) * each
			}
		}
		return g.numbers(name, dims...)
	}
	g.add("Shape", name+"_of", []string{"patch"})
	g.add("Gather", name+"_n", []string{name + "_of", g.number(name+"_zero", 0)})
	g.add("Mul", name+"_each", []string{name + "_n", g.number(name+"_times", each)})
	g.add("Unsqueeze", name+"_batch", []string{name + "_each", g.numbers(name+"_axis", 0)})
	var parts []string
	for i, d := range dims {
		if d < 0 {
			parts = append(parts, name+"_batch")
		} else {
			parts = append(parts, g.numbers(name+"_"+strconv.Itoa(i), d))
		}
	}
	g.add("Concat", name, parts, intAttribute("axis", 0))
	return name
}

// front puts class token and registers before the tokens: the class token first, and then
// the registers between it and the patches, as DINOv2 does it.
func (v vit) front(g *graphBuilder, x string) string {
	if v.class {
		g.stored("class", 1, 1, 48)
		g.add("Expand", "class_each", []string{"class", v.shape(g, "class_shape", 1, -1, 1, 48)})
		g.add("Concat", "with_class", []string{"class_each", x}, intAttribute("axis", 1))
		x = "with_class"
	}
	if v.registers > 0 {
		cut := func(name string, from, to int64) {
			g.add("Slice", name, []string{x, g.numbers(name+"_from", from), g.numbers(name+"_to", to), g.numbers(name+"_axis", 1)})
		}
		cut("only_class", 0, 1)
		cut("only_patches", 1, math.MaxInt64)
		g.stored("registers", 1, int64(v.registers), 48)
		g.add("Expand", "registers_each", []string{"registers", v.shape(g, "registers_shape", 1, -1, int64(v.registers), 48)})
		g.add("Concat", "with_registers", []string{"only_class", "registers_each", "only_patches"}, intAttribute("axis", 1))
		x = "with_registers"
	}
	return x
}

// attend is attention as timm and transformers have it.
func (v vit) attend(g *graphBuilder, x string) {
	t := v.tokens()
	g.linear("qkv", x, 48, 144)
	g.add("Reshape", "qkv_heads", []string{"qkv", v.shape(g, "qkv_to", 1, -1, t, 3, 4, 12)})
	g.add("Transpose", "qkv_turned", []string{"qkv_heads"}, intsAttribute("perm", []int64{2, 0, 3, 1, 4}))
	for i, name := range []string{"q", "k", "v"} {
		g.add("Gather", name, []string{"qkv_turned", g.number(name+"_at", int64(i))}, intAttribute("axis", 0))
	}
	g.add("Transpose", "k_turned", []string{"k"}, intsAttribute("perm", []int64{0, 1, 3, 2}))
	g.add("MatMul", "products", []string{"q", "k_turned"})
	g.add("Softmax", "attention", []string{"products"}, intAttribute("axis", -1))
	g.add("MatMul", "context", []string{"attention", "v"})
	g.add("Transpose", "context_turned", []string{"context"}, intsAttribute("perm", []int64{0, 2, 1, 3}))
	g.add("Reshape", "context_joined", []string{"context_turned", v.shape(g, "context_to", 1, -1, t, 48)})
	g.linear("attended", "context_joined", 48, 48)
}

// attendPlacesFirst is attention over T×N×C.
func (v vit) attendPlacesFirst(g *graphBuilder, x string) {
	t := v.tokens()
	turn := func(name, x string, perm ...int64) {
		g.add("Transpose", name, []string{x}, intsAttribute("perm", perm))
	}
	turn("turned", x, 1, 0, 2)
	g.linear("qkv", "turned", 48, 144)
	g.add("Reshape", "qkv_apart", []string{"qkv", v.shape(g, "qkv_to", 1, t, -1, 3, 48)})
	g.add("Unsqueeze", "qkv_one", []string{"qkv_apart", g.numbers("qkv_axis", 0)})
	turn("qkv_turned", "qkv_one", 3, 1, 2, 0, 4)
	g.add("Squeeze", "qkv_last", []string{"qkv_turned", g.numbers("qkv_axis3", -2)})
	for i, name := range []string{"q", "k", "v"} {
		g.add("Gather", name+"_all", []string{"qkv_last", g.number(name+"_at", int64(i))}, intAttribute("axis", 0))
		g.add("Reshape", name+"_heads", []string{name + "_all", v.shape(g, name+"_to", 4, t, -1, 12)})
		turn(name, name+"_heads", 1, 0, 2)
	}
	turn("k_turned", "k", 0, 2, 1)
	g.add("MatMul", "products", []string{"q", "k_turned"})
	g.add("Softmax", "attention", []string{"products"}, intAttribute("axis", -1))
	g.add("MatMul", "context", []string{"attention", "v"})
	turn("context_turned", "context", 1, 0, 2)
	g.add("Reshape", "context_joined", []string{"context_turned", v.shape(g, "context_to", t, -1, 48)})
	g.stored("out_w", 48, 48)
	g.stored("out_b", 48)
	g.add("Gemm", "out", []string{"context_joined", "out_w", "out_b"})
	g.add("Reshape", "out_apart", []string{"out", v.shape(g, "out_to", 1, t, -1, 48)})
	turn("attended", "out_apart", 1, 0, 2)
}
