package onnx

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Pooling makes a vector of a feature map. The zero value is Auto.
type Pooling struct {
	Op    PoolingOp
	Power float64 // of GeM
	Dim   int     // of the result of Cov and Gram
	Count int     // of Token the place, from 0; of Patches the places before them, -1 as the model says
}

// PoolingOp is the way of a pooling.
type PoolingOp uint8

// The poolings. For a picture and channel c with the values x over the places
// of the map:
const (
	Auto    PoolingOp = iota // GAP for a feature map, Flat for a vector
	GAP                      // the mean of x
	Max                      // the largest x
	GeM                      // the mean of max(x, 1e-6)^p, to the power of 1/p (Radenović et al. 2018)
	Std                      // the standard deviation of x, divided by the number of places
	RMAC                     // the sum over regions of their largest x, scaled to length 1, to length 1 (Tolias et al. 2016)
	Cov                      // of the covariances of channels: sign·√|·|, projected, length 1
	Gram                     // the same of the mean products, not centred
	Flat                     // all values, in their order
	CLS                      // x at the first place: the class token
	Patches                  // the mean of x without the first places: class token and registers
	Token                    // x at one place, which are counted by lines
)

var poolingNames = [...]string{"auto", "gap", "max", "gem", "std", "rmac", "cov", "gram", "flat", "cls", "patches", "token"}

// poolingsThere is what a message says of them.
const poolingsThere = "gap, max, gem(3), std, rmac, cov(512), gram(512), cls, patches, patches(1), token(0), flat"

// maxCount bounds the places that Token and Patches count.
const maxCount = 1 << 20

// maxProjected bounds the dimension of Cov and Gram.
const maxProjected = 1 << 16

// String returns the pooling as ParsePooling reads it.
func (p Pooling) String() string {
	name := poolingNames[p.Op]
	switch p.Op {
	case GeM:
		return name + "(" + strconv.FormatFloat(p.Power, 'g', -1, 64) + ")"
	case Cov, Gram:
		return name + "(" + strconv.Itoa(p.Dim) + ")"
	case Patches, Token:
		if p.Count >= 0 {
			return name + "(" + strconv.Itoa(p.Count) + ")"
		}
	}
	return name
}

// ParsePooling reads gap, max, gem(P), std, rmac, cov(N), gram(N), cls, patches,
// patches(N), token(I), flat or auto; gem alone is gem(3), and the empty text is auto.
func ParsePooling(text string) (Pooling, error) {
	name, argument, has := strings.Cut(text, "(")
	if has {
		var ok bool
		if argument, ok = strings.CutSuffix(argument, ")"); !ok {
			return Pooling{}, fmt.Errorf("pooling %q: the bracket is not closed", text)
		}
	}
	var p Pooling
	found := text == ""
	for op, n := range poolingNames {
		if name == n {
			p.Op, found = PoolingOp(op), true
		}
	}
	if !found {
		return p, fmt.Errorf("no pooling is named %q (there is %s)", name, poolingsThere)
	}
	return p, p.take(text, argument, has)
}

// take sets the pooling's number from what stands in its brackets, if it has any.
func (p *Pooling) take(text, argument string, has bool) error {
	name := poolingNames[p.Op]
	whole := func(to *int, least, most int, what string) error {
		n, err := strconv.Atoi(argument)
		if err != nil || n < least || n > most {
			return fmt.Errorf("pooling %q: name %s, %d to %d", text, what, least, most)
		}
		*to = n
		return nil
	}
	switch {
	case p.Op == GeM:
		p.Power = 3
		if has {
			v, err := strconv.ParseFloat(argument, 64)
			if err != nil || !(v > 0) || v > 100 {
				return fmt.Errorf("pooling %q: the power is a number above 0, up to 100", text)
			}
			p.Power = float64(float32(v))
		}
	case p.Seeded():
		return whole(&p.Dim, 1, maxProjected, "the dimension of the result")
	case p.Op == Patches && !has:
		p.Count = -1
	case p.Op == Patches:
		return whole(&p.Count, 0, maxCount, "the number of tokens before the patches")
	case p.Op == Token:
		return whole(&p.Count, 0, maxCount, "a place")
	case has:
		return fmt.Errorf("pooling %q: %s takes no number", text, name)
	}
	return nil
}

// ParseOrdered reads a pooling and, behind an @, the order of the tensor's dimensions:
// gap, gap@ntc, @ntc.
func ParseOrdered(text string) (p Pooling, order string, err error) {
	text, order, has := strings.Cut(text, "@")
	if _, ok := orders[order]; has && !ok {
		return p, "", fmt.Errorf("no order of dimensions is named %q (there is nchw, nhwc, ntc, nct, tnc)", order)
	}
	p, err = ParsePooling(text)
	return p, order, err
}

// Ordered returns pooling and order as ParseOrdered reads them.
func (t Tap) Ordered() string {
	if t.Order == "" {
		return t.Pooling.String()
	}
	return t.Pooling.String() + "@" + t.Order
}

// ParseTap reads NAME=TENSOR or NAME=TENSOR:POOLING, and NAME=TENSOR:POOLING@ORDER or
// NAME=TENSOR:@ORDER. A number behind the last colon belongs to the tensor, as
// TensorFlow's do.
func ParseTap(text string) (Tap, error) {
	name, tensor, ok := strings.Cut(text, "=")
	if !ok || name == "" || tensor == "" || tensor[0] == ':' {
		return Tap{}, fmt.Errorf("tap %q is not NAME=TENSOR:POOLING, as in A=mixed0:gap", text)
	}
	t := Tap{Name: name, Tensor: tensor}
	at := strings.LastIndexByte(tensor, ':')
	if at < 0 || strings.Trim(tensor[at+1:], "0123456789") == "" && at+1 < len(tensor) {
		return t, nil
	}
	var err error
	t.Tensor = tensor[:at]
	if t.Pooling, t.Order, err = ParseOrdered(tensor[at+1:]); err != nil {
		return Tap{}, fmt.Errorf("tap %q: %w", text, err)
	}
	return t, nil
}

// Seeded reports whether the pooling projects, with numbers drawn from a seed.
func (p Pooling) Seeded() bool { return p.Op == Cov || p.Op == Gram }

// dim returns the length of the vector that the pooling makes of t, or -1 if
// that is not known.
func (p Pooling) dim(t Tensor) int64 {
	switch p.Op {
	case Cov, Gram:
		return int64(p.Dim)
	case Flat:
		n := int64(1)
		for i := range t.Shape.Dims {
			if i == 0 {
				continue
			}
			size := t.Shape.Size(i)
			if size < 0 || size > 0 && n > math.MaxInt32/size {
				return -1
			}
			n *= size
		}
		if !t.Shape.Known {
			return -1
		}
		return n
	}
	return t.Channels()
}

// say sets the order of the dimensions that the user says.
func (t *Tensor) say(order string) error {
	if order == "" {
		return nil
	}
	o := orders[order]
	rank := t.rank()
	if rank >= 0 && rank != o.rank {
		return fmt.Errorf("its shape %v has %d dimensions, %s has %d", t.Shape, rank, order, o.rank)
	}
	if !t.Shape.Known {
		t.Shape = Fixed(slices.Repeat([]int64{-1}, o.rank)...)
	}
	if t.Kind != Constant && (t.Type == UnknownType || t.Type.Float()) {
		t.Kind = FeatureMap
	}
	if t.Layout != o.layout || !t.sure {
		t.axes = nil // tokens before the patches are not known then
	}
	t.Layout, t.sure = o.layout, true
	return nil
}

// resolve returns the pooling that is meant for t, or why there is none.
func (p Pooling) resolve(t Tensor) (Pooling, error) {
	if p.Op == Auto {
		p.Op = GAP
		if t.Kind == Vector {
			p.Op = Flat
		}
	}
	switch {
	case t.Kind == Constant:
		return p, fmt.Errorf("it is the same for every picture")
	case t.Type != UnknownType && !t.Type.Float():
		return p, fmt.Errorf("its elements are %v, not floating-point numbers", t.Type)
	case t.rank() >= 0 && t.rank() < 2:
		return p, fmt.Errorf("its shape %v has no values for each picture", t.Shape)
	case t.axes != nil && !slices.ContainsFunc(t.axes, oneEach):
		return p, fmt.Errorf("no dimension of its shape %v counts pictures alone (%s): tap a tensor before or behind it", t.Shape, spell(t.axes))
	case p.Op == Flat:
		return p, nil
	case t.Kind == Vector:
		return p, fmt.Errorf("it is a vector (%v) and has nothing to pool: use flat", t.Shape)
	}
	if err := p.fits(t); err != nil {
		return p, err
	}
	return p.count(t)
}

// says is how a user says the order of dimensions.
const says = "say it behind the pooling: @nchw, @nhwc, @ntc, @nct or @tnc, as in %v@ntc"

// fits checks that a feature map says what the pooling needs to know of it.
func (p Pooling) fits(t Tensor) error {
	switch {
	case t.Layout == UnknownLayout && t.axes != nil:
		return fmt.Errorf("which dimension of its shape %v holds the channels is not clear (%s): "+says, t.Shape, spell(t.axes), p)
	case t.Layout == UnknownLayout:
		return fmt.Errorf("which dimension of its shape %v holds the channels is not known: "+says, t.Shape, p)
	case !t.sure:
		return fmt.Errorf("which dimension of its shape %v holds the channels is only guessed (%s): "+says, t.Shape, spell(t.axes), p)
	case t.rank() < 0 && t.Layout != ChannelsFirst:
		return fmt.Errorf("its number of dimensions is not known, and its channels are last")
	case p.Op == RMAC && (t.rank() != 4 || min(sides(t)) < 1):
		return fmt.Errorf("rmac needs a map of known height and width, and its shape is %v", t.Shape)
	case p.Seeded() && t.Channels() < 1:
		return fmt.Errorf("its number of channels is not known (shape %v), and %v needs it", t.Shape, p)
	case p.Seeded() && t.Channels() > maxCovChannels:
		return fmt.Errorf("%v takes up to %d channels, and it has %d", p, maxCovChannels, t.Channels())
	}
	return nil
}

// count sets and checks the places of CLS, Patches and Token.
func (p Pooling) count(t Tensor) (Pooling, error) {
	before := t.Before()
	switch {
	case p.Op == CLS && before == 0:
		return p, fmt.Errorf("nothing stands before its patches, no class token: use gap, or token(0) for the first place")
	case p.Op == Patches && p.Count < 0 && before < 0:
		return p, fmt.Errorf("how many tokens stand before its patches is not known: say the number, as in patches(1)")
	case p.Op == Patches && p.Count < 0:
		p.Count = int(min(before, maxCount))
	}
	all := int64(1)
	n, c := t.Layout.of(t.rank())
	for i := range t.rank() {
		if i != n && i != c {
			all = times(all, t.Shape.Size(i))
		}
	}
	if t.rank() > 2 && all >= 0 && int64(p.Count) >= all {
		return p, fmt.Errorf("%v is asked of its %d places", p, all)
	}
	return p, nil
}
