package extract

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"strata/engine/manifest"
	"strata/engine/onnx"
)

// Bounds of a preprocessing.
const (
	maxSide  = 4096 // of the square that is fed, and of the short side before a crop, in pixels
	maxBatch = 64   // pictures that a model takes at a time: all but one are the same again
	vitSide  = 224  // the same of transformers, and of presets that are theirs
	anySide  = 299  // of the square, where neither the model nor the user says: Inception-v3's
)

// The filters of a preprocessing. Those marked average the area that a pixel
// covers when a picture is reduced, as Pillow's of the same names do.
const (
	filterBilinear   = "bilinear"   // triangle, averages
	filterCatmullRom = "catmullrom" // bicubic with a = -1/2, averages
	filterApprox     = "approx"     // x/image's ApproxBiLinear: four pixels, fast
	filterNearest    = "nearest"
)

// Preset is a preprocessing with a name.
type Preset struct {
	Name string
	What string
	make func(size int) manifest.Preprocess
}

// imagenet are mean and standard deviation of ImageNet's pixels, as torchvision's
// transforms.Normalize takes them.
func imagenet(p manifest.Preprocess) manifest.Preprocess {
	p.Mean, p.Std = []float64{0.485, 0.456, 0.406}, []float64{0.229, 0.224, 0.225}
	return p
}

// Presets returns the presets. A size of 0 is one that nobody says.
func Presets() []Preset {
	return []Preset{
		{"unit", "squashed, bilinear, 0 to 1", func(size int) manifest.Preprocess {
			return manifest.Preprocess{Size: or(size, anySide), Fit: "squash", Filter: filterBilinear, Range: []float64{0, 1}}
		}},
		{"keras-inception", "squashed, bilinear, -1 to 1, channels last", func(size int) manifest.Preprocess {
			return manifest.Preprocess{Size: or(size, anySide), Fit: "squash", Filter: filterBilinear, Range: []float64{-1, 1}, Layout: "nhwc"}
		}},
		{"torchvision", "short side to 342 (256 for models of 224), centre, bilinear, ImageNet's mean and std", func(size int) manifest.Preprocess {
			if size == 224 {
				return torchvision224(size)
			}
			size = or(size, anySide) // Inception_V3_Weights.IMAGENET1K_V1: resize 342, crop 299
			return imagenet(manifest.Preprocess{Size: size, Fit: crop(size * 342 / 299), Filter: filterBilinear})
		}},
		{"torchvision-224", "short side to 256, centre of 224, bilinear, ImageNet's mean and std", torchvision224},
		{"timm", "short side to size/0.875, centre, bicubic, -1 to 1: timm's inception_v3", func(size int) manifest.Preprocess {
			size = or(size, anySide) // timm floors the resized side: 299/0.875 is 341
			return manifest.Preprocess{Size: size, Fit: crop(size * 8 / 7), Filter: filterCatmullRom, Range: []float64{-1, 1}}
		}},
		{"timm-imagenet", "short side to size/0.875, centre, bicubic, ImageNet's mean and std: timm's default", func(size int) manifest.Preprocess {
			size = or(size, vitSide)
			return imagenet(manifest.Preprocess{Size: size, Fit: crop(size * 8 / 7), Filter: filterCatmullRom})
		}},
		{"clip", "short side to size, centre, bicubic, CLIP's mean and std", func(size int) manifest.Preprocess {
			size = or(size, vitSide)
			return manifest.Preprocess{
				Size: size, Fit: crop(size), Filter: filterCatmullRom,
				Mean: []float64{0.48145466, 0.4578275, 0.40821073}, Std: []float64{0.26862954, 0.26130258, 0.27577711},
			}
		}},
		{"siglip", "squashed, bicubic, -1 to 1", func(size int) manifest.Preprocess {
			return manifest.Preprocess{Size: or(size, vitSide), Fit: "squash", Filter: filterCatmullRom, Range: []float64{-1, 1}}
		}},
		{"dinov2", "short side to size·256/224, centre, bicubic, ImageNet's mean and std", func(size int) manifest.Preprocess {
			size = or(size, vitSide)
			return imagenet(manifest.Preprocess{Size: size, Fit: crop(size * 256 / 224), Filter: filterCatmullRom})
		}},
		{"dinov3", "squashed, bilinear, ImageNet's mean and std", func(size int) manifest.Preprocess {
			return imagenet(manifest.Preprocess{Size: or(size, vitSide), Fit: "squash", Filter: filterBilinear})
		}},
		{"keras-caffe", "squashed, bilinear, blue first, less ImageNet's mean, channels last: ResNet, VGG", func(size int) manifest.Preprocess {
			return manifest.Preprocess{
				Size: or(size, vitSide), Fit: "squash", Filter: filterBilinear, Channels: "bgr", Layout: "nhwc",
				Mean: []float64{123.68 / 255, 116.779 / 255, 103.939 / 255}, Std: []float64{1. / 255, 1. / 255, 1. / 255},
			}
		}},
		{"keras-raw", "squashed, bilinear, 0 to 255, channels last: EfficientNet, ConvNeXt, MobileNetV3", func(size int) manifest.Preprocess {
			return manifest.Preprocess{Size: or(size, vitSide), Fit: "squash", Filter: filterBilinear, Range: []float64{0, 255}, Layout: "nhwc"}
		}},
		{"letterbox", "all of the picture, bilinear, on grey of 114, 0 to 1: YOLO", func(size int) manifest.Preprocess {
			return manifest.Preprocess{Size: or(size, 640), Fit: "pad(114)", Filter: filterBilinear, Range: []float64{0, 1}}
		}},
	}
}

func torchvision224(size int) manifest.Preprocess {
	size = or(size, 224)
	return imagenet(manifest.Preprocess{Size: size, Fit: crop(size * 256 / 224), Filter: filterBilinear})
}

func crop(resize int) string { return "crop(" + strconv.Itoa(resize) + ")" }

func or(size, other int) int {
	if size == 0 {
		return other
	}
	return size
}

// FitPreprocess returns the preprocessing that a preset and the fields that are
// asked for by themselves make for a model's input; zero fields of asked are
// those that are not asked for. Size and layout follow from the input's shape
// where that says them. What does not fit the input is an error.
func FitPreprocess(in onnx.Value, preset string, asked manifest.Preprocess) (manifest.Preprocess, error) {
	layout, h, w, err := inputShape(in, asked.Layout)
	if err != nil {
		return manifest.Preprocess{}, err
	}
	if ah, aw := asked.Sides(); ah != 0 {
		if h != 0 && ah != h || w != 0 && aw != w {
			return asked, fmt.Errorf("input %q is %v: it takes pictures of %s, not of %d×%d", in.Name, in.Shape, sidesText(h, w), ah, aw)
		}
		h, w = ah, aw
	}
	if in.Type.Whole() && preset == "" && asked.Range == nil && asked.Mean == nil {
		asked.Range = []float64{0, 255} // the values themselves
	}
	h, w = or(h, w), or(w, h)
	p, err := begin(preset, asked, max(h, w))
	if err != nil {
		return p, err
	}
	take(&p, asked)
	if h != w {
		p.Size, p.Width = h, w
	}
	p.Layout, p.Channels = cmp.Or(layout, p.Layout, "nchw"), cmp.Or(p.Channels, "rgb")
	if err := CheckPreprocess(p); err != nil {
		return p, err
	}
	switch p.Fit {
	case "crop":
		p.Fit = crop(max(p.Size, p.Width))
	case "pad":
		p.Fit = "pad(0)"
	}
	if in.Type.Whole() && !slices.Equal(p.Range, []float64{0, 255}) {
		return p, fmt.Errorf("input %q is %v: it takes the values 0 to 255 as they are (a range of 0,255)", in.Name, in.Type)
	}
	return p, nil
}

// sidesText returns height and width, of which one may not be known.
func sidesText(h, w int) string {
	text := func(n int) string {
		if n == 0 {
			return "any"
		}
		return strconv.Itoa(n)
	}
	return text(h) + "×" + text(w)
}

// begin returns the preprocessing of a preset, or that which is the same whatever is
// asked; side is the longer one of what is fed, 0 where nobody says it.
func begin(preset string, asked manifest.Preprocess, side int) (manifest.Preprocess, error) {
	at := slices.IndexFunc(Presets(), func(x Preset) bool { return x.Name == preset })
	switch {
	case at >= 0:
		return Presets()[at].make(side), nil
	case preset != "":
		return manifest.Preprocess{}, fmt.Errorf("no preset is named %q (there is %s)", preset, presetNames())
	case asked.Range == nil && asked.Mean == nil:
		return manifest.Preprocess{}, fmt.Errorf("which numbers the model was trained on is not known: name a preset (%s), a range, or mean and std", presetNames())
	}
	return manifest.Preprocess{Size: or(side, anySide), Fit: "squash", Filter: filterBilinear}, nil
}

// take sets the fields of p that are asked for.
func take(p *manifest.Preprocess, asked manifest.Preprocess) {
	for to, text := range map[*string]string{
		&p.Fit: asked.Fit, &p.Filter: asked.Filter, &p.Channels: asked.Channels, &p.Layout: asked.Layout,
	} {
		if text != "" {
			*to = text
		}
	}
	if asked.Range != nil || asked.Mean != nil || asked.Std != nil {
		p.Range, p.Mean, p.Std = asked.Range, asked.Mean, asked.Std
	}
	p.Inputs = asked.Inputs
}

func presetNames() string {
	var names []string
	for _, p := range Presets() {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

// inputShape returns layout, height and width of the pictures that an input takes, "" and
// 0 where its shape does not say, or why it takes none. asked is the layout that
// the user names, or "".
func inputShape(in onnx.Value, asked string) (layout string, h, w int, err error) {
	s := in.Shape
	if !s.Known {
		return asked, 0, 0, nil
	}
	fail := func(format string, args ...any) (string, int, int, error) {
		return "", 0, 0, fmt.Errorf("input %q is %v: %s", in.Name, s, fmt.Sprintf(format, args...))
	}
	if len(s.Dims) != 4 {
		return fail("a batch of pictures has 4 dimensions")
	}
	if n := s.Size(0); n > maxBatch {
		return fail("it takes %d pictures at a time; export the model with a batch of up to %d or of any size", n, maxBatch)
	}
	layout, ok := inputLayout(s.Size(1), s.Size(3), asked)
	if !ok {
		return fail("%s does not have the three channels of pictures", map[string]string{"": "it", "nchw": "as nchw it", "nhwc": "as nhwc it"}[asked])
	}
	high, wide := s.Size(2), s.Size(3)
	if layout == "nhwc" {
		high, wide = s.Size(1), s.Size(2)
	}
	switch {
	case layout == "":
		return "", 0, 0, nil
	case max(high, wide) > maxSide:
		return fail("pictures are fed with sides of up to %d", maxSide)
	}
	return layout, int(max(high, 0)), int(max(wide, 0)), nil
}

// inputLayout returns the layout of an input with these sizes of dimensions 1 and
// 3, -1 where they are not known: the one asked for, if they allow it, the one
// that they say, or "".
func inputLayout(second, last int64, asked string) (layout string, ok bool) {
	first, end := second == 3 || second < 0, last == 3 || last < 0
	switch {
	case asked == "nchw":
		return asked, first
	case asked == "nhwc":
		return asked, end
	case asked != "":
		return asked, true // CheckPreprocess says that it is none
	case second == 3 && last != 3:
		return "nchw", true
	case last == 3 && second != 3:
		return "nhwc", true
	}
	return "", first || end
}

// CheckPreprocess checks that a preprocessing says everything and nothing odd.
func CheckPreprocess(p manifest.Preprocess) error {
	for _, n := range []int{p.Size, p.Width} {
		if n < 0 || n > maxSide || p.Size == 0 {
			return fmt.Errorf("size %d is not a side from 1 to %d pixels", n, maxSide)
		}
	}
	if _, _, err := parseFit(p.Fit, max(p.Size, p.Width)); err != nil {
		return err
	}
	for _, c := range []struct {
		what, text string
		known      []string
	}{
		{"filter", p.Filter, []string{filterBilinear, filterCatmullRom, filterApprox, filterNearest}},
		{"channels", p.Channels, []string{"rgb", "bgr"}},
		{"layout", p.Layout, []string{"nchw", "nhwc"}},
	} {
		if !slices.Contains(c.known, c.text) {
			return fmt.Errorf("%s %q is none of %s", c.what, c.text, strings.Join(c.known, ", "))
		}
	}
	return checkNumbers(p)
}

// checkNumbers checks what pixels become.
func checkNumbers(p manifest.Preprocess) error {
	bad := func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) > 1e6 }
	switch {
	case slices.ContainsFunc(slices.Concat(p.Range, p.Mean, p.Std), bad):
		return fmt.Errorf("range, mean and std are numbers of up to 1e6")
	case p.Range != nil && (p.Mean != nil || p.Std != nil):
		return fmt.Errorf("a range and a mean or std exclude one another")
	case p.Range != nil && (len(p.Range) != 2 || p.Range[0] >= p.Range[1]):
		return fmt.Errorf("range %v is not two ascending numbers, what 0 and 255 become", p.Range)
	case p.Range != nil:
		return nil
	case len(p.Mean) != 3 || len(p.Std) != 3:
		return fmt.Errorf("mean %v and std %v are three numbers each, for red, green and blue", p.Mean, p.Std)
	case slices.Min(p.Std) <= 0:
		return fmt.Errorf("std %v is not above 0", p.Std)
	}
	return nil
}

// parseFit returns the length of the short side before a crop, and the grey around what
// is padded; 0 and -1 where there is none. side is the longer one of what is fed.
func parseFit(fit string, side int) (resize, grey int, err error) {
	switch fit {
	case "squash":
		return 0, -1, nil
	case "crop":
		return side, -1, nil
	case "pad":
		return 0, 0, nil
	}
	name, text, _ := strings.Cut(fit, "(")
	text, closed := strings.CutSuffix(text, ")")
	n, err := strconv.Atoi(text)
	switch {
	case name != "crop" && name != "pad" || !closed || err != nil:
		return 0, -1, fmt.Errorf("fit %q is none of squash, crop(N), N being the short side before the crop, and pad(V), V being the grey around", fit)
	case name == "pad" && (n < 0 || n > 255):
		return 0, -1, fmt.Errorf("fit %q: the grey around is from 0 to 255", fit)
	case name == "pad":
		return 0, n, nil
	case n < side || n > maxSide:
		return 0, -1, fmt.Errorf("fit %q: the short side before a crop to %d is from %d to %d pixels", fit, side, side, maxSide)
	}
	return n, -1, nil
}
