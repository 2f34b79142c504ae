package extract

import (
	"fmt"
	"image"
	"image/color"
	stddraw "image/draw"
	"io"
	"math"
	"sync"

	"golang.org/x/image/draw"

	"strata/engine/manifest"
	"strata/engine/picture"
)

// MaxPixels is the largest declared picture that is decoded.
const MaxPixels = 100_000_000

// maxProportion bounds what a crop throws away: the resizer takes memory for all
// of the long side.
const maxProportion = 100

// allowPixels refuses pictures that are too large to decode.
func allowPixels(w, h int) error {
	if int64(w)*int64(h) > MaxPixels {
		return fmt.Errorf("the limit is %d megapixels", MaxPixels/1_000_000)
	}
	return nil
}

// preparer turns pictures into inputs of a model. Its methods may be called
// concurrently.
type preparer struct {
	w, h      int // of what is fed
	resize    int // the short side before a crop; 0 for none
	grey      int // around what is padded; -1 for nothing
	scale     draw.Scaler
	values    [3][256]float32 // by channel: red, green, blue
	bgr, last bool
	shape     []int64

	squares sync.Pool // of *image.RGBA
	scalers scalers
}

// scalers keeps resizers for pairs of sizes: each has the weights of its pixels,
// and memory that a new one would take anew for every picture.
type scalers struct {
	sync.Mutex
	bySize map[[4]int]draw.Scaler
}

// maxScalers bounds the pairs of sizes that are kept. A gallery's pictures are
// of few sizes as a rule.
const maxScalers = 64

// get returns a resizer of a kernel from sw×sh to dw×dh pixels.
func (s *scalers) get(k *draw.Kernel, dw, dh, sw, sh int) draw.Scaler {
	s.Lock()
	defer s.Unlock()
	key := [4]int{dw, dh, sw, sh}
	if x, ok := s.bySize[key]; ok {
		return x
	}
	x := k.NewScaler(dw, dh, sw, sh)
	if s.bySize == nil || len(s.bySize) == maxScalers {
		s.bySize = map[[4]int]draw.Scaler{}
	}
	s.bySize[key] = x
	return x
}

// newPreparer returns the preparer of a preprocessing that was checked.
func newPreparer(p manifest.Preprocess) (*preparer, error) {
	h, w := p.Sides()
	resize, grey, err := parseFit(p.Fit, max(h, w))
	if err != nil {
		return nil, err
	}
	x := &preparer{
		w: w, h: h, resize: resize, grey: grey,
		bgr: p.Channels == "bgr", last: p.Layout == "nhwc", shape: []int64{1, 3, int64(h), int64(w)},
	}
	if x.last {
		x.shape = []int64{1, int64(h), int64(w), 3}
	}
	x.scale = map[string]draw.Scaler{
		filterBilinear: draw.BiLinear, filterCatmullRom: draw.CatmullRom, filterApprox: draw.ApproxBiLinear, filterNearest: draw.NearestNeighbor,
	}[p.Filter]
	for c := range x.values {
		for v := range x.values[c] {
			unit := float64(v) / 255
			if p.Range != nil {
				unit = p.Range[0] + float64((p.Range[1]-p.Range[0])*unit)
			} else {
				unit = (unit - p.Mean[c]) / p.Std[c]
			}
			x.values[c][v] = float32(unit)
		}
	}
	return x, nil
}

// read decodes a picture and sets dst, of 3·w·h values, to the input; allow is
// that of picture.DecodePicture.
func (x *preparer) read(dst []float32, r io.Reader, allow func(w, h int) error) error {
	m, err := picture.DecodePicture(r, allow)
	if err != nil {
		return err
	}
	if err := x.checkProportion(m.Bounds()); err != nil {
		return err
	}
	square := x.resized(opaque(m))
	x.fill(dst, square)
	x.squares.Put(square)
	return nil
}

// checkProportion refuses pictures of which a crop would throw away nearly all.
func (x *preparer) checkProportion(b image.Rectangle) error {
	if short, long := min(b.Dx(), b.Dy()), max(b.Dx(), b.Dy()); x.resize != 0 && long/short > maxProportion {
		return fmt.Errorf("%d×%d pixels: a side is more than %d times the other, and the centre is asked for", b.Dx(), b.Dy(), maxProportion)
	}
	return nil
}

// opaque returns a picture without transparency, over white, of a type that is
// resized fast. Samples of more than 8 bits lose the others.
func opaque(m image.Image) image.Image {
	switch m := m.(type) {
	case *image.YCbCr, *image.Gray:
		return m
	case *image.RGBA:
		if m.Opaque() {
			return m
		}
	}
	b := m.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	stddraw.Draw(out, out.Rect, image.White, image.Point{}, stddraw.Src)
	stddraw.Draw(out, out.Rect, m, b.Min, stddraw.Over)
	return out
}

// resized returns the rectangle that is fed.
func (x *preparer) resized(m image.Image) *image.RGBA {
	b := m.Bounds()
	out, ok := x.squares.Get().(*image.RGBA)
	if !ok {
		out = image.NewRGBA(image.Rect(0, 0, x.w, x.h))
	}
	switch {
	case x.resize != 0:
		x.draw(out, x.cropped(b.Dx(), b.Dy()), m)
	case x.grey >= 0:
		grey := image.NewUniform(color.Gray{Y: uint8(x.grey)})
		stddraw.Draw(out, out.Rect, grey, image.Point{}, stddraw.Src)
		x.draw(out, x.padded(b.Dx(), b.Dy()), m)
	default:
		x.draw(out, out.Rect, m)
	}
	return out
}

// cropped returns the place of a picture whose short side becomes resize pixels, the long
// one as many as keep the proportions, rounded down, and of which the middle is fed, rounded
// to even: torchvision's Resize and CenterCrop. Only the middle is computed.
func (x *preparer) cropped(pw, ph int) image.Rectangle {
	w, h := x.resize, x.resize
	if pw > ph {
		w = int(int64(x.resize) * int64(pw) / int64(ph))
	} else {
		h = int(int64(x.resize) * int64(ph) / int64(pw))
	}
	left := int(math.RoundToEven(float64(w-x.w) / 2))
	top := int(math.RoundToEven(float64(h-x.h) / 2))
	return image.Rect(-left, -top, w-left, h-top)
}

// padded returns the place of a picture that is fed as a whole, as large as possible, in
// the middle; what is odd is right and below.
func (x *preparer) padded(pw, ph int) image.Rectangle {
	w, h := x.w, x.h
	if int64(pw)*int64(x.h) > int64(ph)*int64(x.w) {
		h = max(1, int(math.RoundToEven(float64(ph)*float64(x.w)/float64(pw))))
	} else {
		w = max(1, int(math.RoundToEven(float64(pw)*float64(x.h)/float64(ph))))
	}
	left, top := (x.w-w)/2, (x.h-h)/2
	return image.Rect(left, top, left+w, top+h)
}

// draw resizes m to a rectangle, of which dst may be a part.
func (x *preparer) draw(dst *image.RGBA, to image.Rectangle, m image.Image) {
	b, scale := m.Bounds(), x.scale
	if k, ok := scale.(*draw.Kernel); ok {
		scale = x.scalers.get(k, to.Dx(), to.Dy(), b.Dx(), b.Dy())
	}
	scale.Scale(dst, to, m, b, draw.Src, nil)
}

// fill sets dst to the pixels' values in the order of the layout.
func (x *preparer) fill(dst []float32, m *image.RGBA) {
	plane, step := x.w*x.h, 1
	if x.last {
		plane, step = 1, 3
	}
	for c := range 3 {
		at := c
		if x.bgr {
			at = 2 - c
		}
		values, out := &x.values[c], dst[at*plane:]
		for i := range x.w * x.h {
			out[i*step] = values[m.Pix[4*i+c]]
		}
	}
}
