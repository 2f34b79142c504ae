package onnx

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Pooling makes a vector of a feature map. The zero value is Auto.
type Pooling struct {
	Op    PoolingOp
	Power float64 // of GeM
	Dim   int     // of the result of Cov and Gram
}

// PoolingOp is the way of a pooling.
type PoolingOp uint8

// The poolings. For a picture and channel c with the values x over the places
// of the map:
const (
	Auto PoolingOp = iota // GAP for a feature map, Flat for a vector
	GAP                   // the mean of x
	Max                   // the largest x
	GeM                   // the mean of max(x, 1e-6)^p, to the power of 1/p (Radenović et al. 2018)
	Std                   // the standard deviation of x, divided by the number of places
	RMAC                  // the sum over regions of their largest x, scaled to length 1, to length 1 (Tolias et al. 2016)
	Cov                   // of the covariances of channels: sign·√|·|, projected, length 1
	Gram                  // the same of the mean products, not centred
	Flat                  // all values, in their order
)

var poolingNames = [...]string{"auto", "gap", "max", "gem", "std", "rmac", "cov", "gram", "flat"}

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
	}
	return name
}

// ParsePooling reads gap, max, gem(P), std, rmac, cov(N), gram(N), flat or auto; gem
// alone is gem(3), and the empty text is auto.
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
	switch {
	case !found:
		return p, fmt.Errorf("no pooling is named %q (there is gap, max, gem(3), std, rmac, cov(512), gram(512), flat)", name)
	case p.Op == GeM:
		p.Power = 3
		if has {
			v, err := strconv.ParseFloat(argument, 64)
			if err != nil || !(v > 0) || v > 100 {
				return p, fmt.Errorf("pooling %q: the power is a number above 0, up to 100", text)
			}
			p.Power = float64(float32(v))
		}
	case p.Op == Cov || p.Op == Gram:
		n, err := strconv.Atoi(argument)
		if err != nil || n < 1 || n > maxProjected {
			return p, fmt.Errorf("pooling %q: name the dimension of the result, 1 to %d, as in %s(512)", text, maxProjected, name)
		}
		p.Dim = n
	case has:
		return p, fmt.Errorf("pooling %q: %s takes no number", text, name)
	}
	return p, nil
}

// ParseTap reads NAME=TENSOR or NAME=TENSOR:POOLING. A number behind the last
// colon belongs to the tensor, as TensorFlow's do.
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
	if t.Pooling, err = ParsePooling(tensor[at+1:]); err != nil {
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
	case t.Shape.Known && len(t.Shape.Dims) < 2:
		return p, fmt.Errorf("its shape %v has no values for each picture", t.Shape)
	case p.Op == Flat:
		return p, nil
	case t.Kind == Vector:
		return p, fmt.Errorf("it is a vector (%v) and has nothing to pool: use flat", t.Shape)
	}
	return p, p.fits(t)
}

// fits checks that a feature map says what the pooling needs to know of it.
func (p Pooling) fits(t Tensor) error {
	switch {
	case t.Layout == UnknownLayout:
		return fmt.Errorf("which dimension of its shape %v holds the channels is not known: say so", t.Shape)
	case t.Layout == ChannelsLast && !t.Shape.Known:
		return fmt.Errorf("its number of dimensions is not known, and its channels are last")
	case p.Op == RMAC && (len(t.Shape.Dims) != 4 || min(places(t)) < 1):
		return fmt.Errorf("rmac needs a map of known height and width, and its shape is %v", t.Shape)
	case p.Seeded() && t.Channels() < 1:
		return fmt.Errorf("its number of channels is not known (shape %v), and %v needs it", t.Shape, p)
	case p.Seeded() && t.Channels() > maxCovChannels:
		return fmt.Errorf("%v takes up to %d channels, and it has %d", p, maxCovChannels, t.Channels())
	}
	return nil
}
