package onnx

import (
	"slices"
	"strings"
)

// spatial are the operators that take and give N×C×…: onnx/docs/Operators.md, and
// docs/ContribOperators.md of ONNX Runtime.
var spatial = set(`AveragePool BatchNormalization Conv ConvInteger ConvTranspose DeformConv DepthToSpace FusedConv
	GlobalAveragePool GlobalLpPool GlobalMaxPool GroupNormalization InstanceNormalization LpPool LRN MaxPool
	MaxUnpool QLinearAveragePool QLinearConv QLinearGlobalAveragePool SpaceToDepth`)

// alike are the operators whose output has the dimensions of their inputs, broadcast.
var alike = set(`Abs Acos Acosh Add And Attention Asin Asinh Atan Atanh BiasAdd BiasGelu BitShift BitwiseAnd BitwiseNot BitwiseOr
	BitwiseXor Cast CastLike Ceil Celu Clip Cos Cosh CumSum DequantizeLinear Div Dropout DynamicQuantizeLinear Elu Equal
	Erf Exp FastGelu Floor Gelu Greater GreaterOrEqual GroupQueryAttention HardSigmoid HardSwish Hardmax Identity IsInf IsNaN
	LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization Max Mean MeanVarianceNormalization Min
	Mish Mod Mul MultiHeadAttention Neg Not Or PRelu Pow QLinearAdd QLinearLeakyRelu QLinearMul QLinearSigmoid QLinearSoftmax
	QuantizeLinear QuickGelu RMSNormalization Reciprocal Relu Round Selu Shrink Sigmoid Sign SimplifiedLayerNormalization
	Sin Sinh SkipLayerNormalization SkipSimplifiedLayerNormalization Softmax Softplus Softsign Sqrt Sub Sum Swish Tan
	Tanh ThresholdedRelu Where Xor`)

// products are the operators that multiply matrices, and where their second one is.
var products = map[string]int{
	"DynamicQuantizeMatMul": 1, "FusedGemm": 1, "FusedMatMul": 1, "Gemm": 1, "MatMul": 1, "MatMulInteger": 1,
	"MatMulIntegerToFloat": 1, "MatMulNBits": 1, "QGemm": 3, "QLinearMatMul": 3,
}

// integral are the operators of models whose products are of integers.
var integral = set(`ConvInteger DequantizeLinear DynamicQuantizeMatMul MatMulInteger MatMulIntegerToFloat QAttention QGemm
	QLinearConv QLinearMatMul`)

// indices are operators whose output is never a feature.
var indices = set("ArgMax ArgMin NonMaxSuppression NonZero Range Shape Size")

// set returns the words of a text.
func set(text string) map[string]bool {
	out := map[string]bool{}
	for _, word := range strings.Fields(text) {
		out[word] = true
	}
	return out
}

// rules are the operators that change dimensions, each with what becomes of those of
// its first input. A rule returns nil where it cannot tell.
var rules = map[string]func(t *tracker, n *Node, in []axis, k int) []axis{
	"Concat":        (*tracker).concat,
	"Expand":        (*tracker).resized,
	"Flatten":       (*tracker).flattened,
	"Gather":        (*tracker).gathered,
	"Pad":           (*tracker).resized,
	"QLinearConcat": (*tracker).concat,
	"Reshape":       (*tracker).reshaped,
	"Resize":        (*tracker).resized,
	"Slice":         (*tracker).sliced,
	"Split":         (*tracker).separated,
	"Squeeze":       (*tracker).squeezed,
	"Tile":          (*tracker).resized,
	"Transpose":     (*tracker).transposed,
	"Unsqueeze":     (*tracker).unsqueezed,
	"Upsample":      (*tracker).resized,
}

// follow returns the axes of output k of a node, nil if nothing says them, and whether
// they follow from the operators alone.
func (t *tracker) follow(n *Node, k int) (axes []axis, sure bool) {
	sizes, ranked := t.sizes(n.Outputs[k])
	if n.Domain == "" || n.Domain == "com.microsoft" {
		axes, sure = t.defined(n, k, sizes, ranked)
	} else if ranked && k == 0 {
		axes = t.sameSize(n, sizes)
	}
	if axes != nil && (!ranked || len(axes) == len(sizes)) {
		return t.measure(axes, sizes), sure
	}
	return t.byShape(sizes), false
}

// defined is follow for the operators of ONNX and of ONNX Runtime.
func (t *tracker) defined(n *Node, k int, sizes []int64, ranked bool) ([]axis, bool) {
	from, _ := t.resembled(n)
	residual := k == 3 && strings.HasPrefix(n.Op, "Skip")
	switch {
	case spatial[n.Op] && k == 0 && (!ranked || len(sizes) > 2):
		return t.mapped(n, from, sizes), true
	case alike[n.Op] && (k == 0 || residual):
		return t.broadcast(n, sizes, ranked)
	case n.Op == "Einsum":
		return t.einsum(n)
	case from.axes == nil && (n.Op == "Flatten" || n.Op == "Gemm"):
		return []axis{one(ofPictures, t.batch), one(ofChannels, -1)}, true
	case products[n.Op] > 0:
		return t.product(n, n.Inputs, sizes)
	case strings.HasPrefix(n.Op, "Reduce"):
		return t.reduced(n, from.axes), from.sure
	case rules[n.Op] != nil && from.axes != nil:
		return rules[n.Op](t, n, from.axes, k), from.sure
	case ranked && (k == 0 || n.captures != nil):
		return t.sameSize(n, sizes), false
	}
	return nil, false
}

// measure sets sizes of axes of one factor that were not known.
func (t *tracker) measure(axes []axis, sizes []int64) []axis {
	if sizes == nil {
		return axes
	}
	axes = slices.Clone(axes)
	for i, a := range axes {
		switch {
		case len(a) == 1 && a[0].size < 0 && sizes[i] >= 0:
			a = slices.Clone(a)
			a[0].size = sizes[i]
			axes[i] = a
		case len(a) == 0 && sizes[i] > 1:
			axes[i] = one(ofAnything, sizes[i])
		}
	}
	return axes
}

// byShape guesses axes from sizes alone: of two or three dimensions the last has the
// channels, of four that which is not the side of a square.
func (t *tracker) byShape(sizes []int64) []axis {
	l := UnknownLayout
	switch {
	case len(sizes) == 2:
		l = ChannelsFirst
	case len(sizes) == 3:
		l = ChannelsLast
	case len(sizes) != 4:
	case sizes[2] == sizes[3] && sizes[1] != sizes[2]:
		l = ChannelsFirst
	case sizes[1] == sizes[2] && sizes[1] >= 0:
		l = ChannelsLast
	}
	if l == UnknownLayout {
		return nil
	}
	return t.byLayout(Fixed(sizes...), l)
}

// mapped returns the axes of a map: those of the shape, or of the input or its filters.
func (t *tracker) mapped(n *Node, from Tensor, sizes []int64) []axis {
	l := ChannelsFirst
	if v := n.ints["channels_last"]; len(v) == 1 && v[0] != 0 {
		l = ChannelsLast
	}
	rank := max(len(sizes), len(from.axes))
	for _, i := range []int{1, 3} {
		if rank == 0 && i < len(n.Inputs) && t.weights[n.Inputs[i]] != nil && strings.Contains(n.Op, "Conv") {
			rank = len(t.weights[n.Inputs[i]].Dims)
		}
	}
	if rank < 3 {
		return nil
	}
	if sizes == nil {
		sizes = slices.Repeat([]int64{-1}, rank)
	}
	axes := t.byLayout(Fixed(sizes...), l)
	if from.axes != nil && from.sure && layout(from.axes) == l { // as many pictures as before
		n, _ := l.of(rank)
		axes[n] = from.axes[n]
	}
	return axes
}

// broadcast returns the axes of what has the dimensions of its inputs. Where several
// say what a dimension counts, the first one is believed, and that is a guess if another
// says otherwise.
func (t *tracker) broadcast(n *Node, sizes []int64, ranked bool) (out []axis, sure bool) {
	rank := len(sizes)
	for _, name := range n.Inputs {
		if in, ok := t.seen[name]; ok && !ranked {
			rank = max(rank, len(in.axes))
		}
	}
	out, sure = make([]axis, rank), true
	found := false
	for _, mustBeSure := range []bool{true, false} { // what is sure is heard first
		for _, name := range n.Inputs {
			in, ok := t.seen[name]
			if !ok || in.axes == nil || len(in.axes) > rank || in.sure != mustBeSure {
				continue
			}
			found = true
			for i, a := range in.axes {
				at := rank - len(in.axes) + i
				switch {
				case len(a) == 0, at < len(sizes) && a.size() == 1 && sizes[at] != 1:
				case out[at] == nil:
					out[at], sure = a, sure && in.sure
				case in.sure && !agree(out[at], a):
					sure = false
				}
			}
		}
	}
	if !found {
		return nil, false
	}
	return out, sure
}

// agree reports whether two axes count the same.
func agree(a, b axis) bool {
	ra, oka := a.role()
	rb, okb := b.role()
	return !oka || !okb || ra == rb
}

// product returns the axes of a product of matrices.
func (t *tracker) product(n *Node, inputs []string, sizes []int64) ([]axis, bool) {
	at := products[n.Op]
	if at >= len(inputs) || slices.Contains(n.ints["transA"], 1) {
		return nil, false
	}
	a, fedA := t.seen[inputs[0]]
	b, fedB := t.seen[inputs[at]]
	switch {
	case fedA && fedB:
		if len(a.axes) < 2 || len(b.axes) < 2 {
			return nil, false
		}
		last := b.axes[len(b.axes)-1]
		if slices.Contains(n.ints["transB"], 1) {
			last = b.axes[len(b.axes)-2]
		}
		head := slices.Clone(a.axes[:len(a.axes)-1])
		if more := len(b.axes) - len(a.axes); more > 0 {
			head = slices.Concat(b.axes[:more], head)
		}
		return append(head, last), a.sure && b.sure
	case fedA && len(a.axes) > 0:
		i := len(a.axes) - 1
		r, pure := a.axes[i].role()
		if !pure || r != ofPlaces { // weights add up features
			r = ofChannels
		}
		size := int64(-1)
		if len(sizes) > 0 {
			size = sizes[len(sizes)-1]
		}
		single, _ := a.axes[i].apart()
		return append(slices.Clone(a.axes[:i]), append(single, factor{role: r, size: size})), a.sure
	case fedB && len(b.axes) > 1:
		out := slices.Clone(b.axes)
		i := len(out) - 2
		out[i] = out[i].part(-1, -1)
		return out, b.sure
	}
	return nil, false
}

// einsum returns the axes that an equation of letters says.
func (t *tracker) einsum(n *Node) ([]axis, bool) {
	left, right, ok := strings.Cut(strings.ReplaceAll(n.equation, " ", ""), "->")
	if !ok || strings.Contains(n.equation, ".") {
		return nil, false
	}
	named, sure := map[byte]axis{}, true
	for i, letters := range strings.Split(left, ",") {
		if i >= len(n.Inputs) {
			return nil, false
		}
		in, fed := t.seen[n.Inputs[i]]
		if !fed {
			continue
		}
		if len(in.axes) != len(letters) {
			return nil, false
		}
		sure = sure && in.sure
		for k, a := range in.axes {
			if _, has := named[letters[k]]; !has {
				named[letters[k]] = a
			}
		}
	}
	out := make([]axis, len(right))
	for i := range right {
		a, has := named[right[i]]
		if !has {
			a = one(ofChannels, -1) // of weights
		}
		out[i] = a
	}
	return out, sure
}

// reduced returns the axes of a sum, a mean or the like.
func (t *tracker) reduced(n *Node, in []axis) []axis {
	if in == nil {
		return nil
	}
	list := t.axesOf(n, 1, len(in))
	given := n.ints["axes"] != nil || len(n.Inputs) > 1 && n.Inputs[1] != ""
	switch {
	case list == nil && given && !slices.Contains(n.ints["noop_with_empty_axes"], 1):
		return nil
	case list == nil && slices.Contains(n.ints["noop_with_empty_axes"], 1):
		return in
	}
	keep := !slices.Contains(n.ints["keepdims"], 0)
	var out []axis
	for i, a := range in {
		gone := list == nil || slices.Contains(list, int64(i))
		switch {
		case !gone:
			out = append(out, a)
		case keep:
			out = append(out, nil)
		}
	}
	return out
}

// sameSize guesses that what an unknown operator puts out has the dimensions of that of
// its inputs which has the same sizes.
func (t *tracker) sameSize(n *Node, sizes []int64) []axis {
	for _, name := range slices.Concat(n.Inputs, n.captures) {
		in, ok := t.seen[name]
		if !ok || len(in.axes) != len(sizes) {
			continue
		}
		if got, _ := t.sizes(name); slices.Equal(got, sizes) {
			return in.axes
		}
	}
	return nil
}
