package extract

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/draw"

	"strata/engine/manifest"
	"strata/engine/onnx"
)

func TestFitPreprocess(t *testing.T) {
	in := func(dims ...int64) onnx.Value {
		return onnx.Value{Name: "x", Type: onnx.Float32, Shape: onnx.Fixed(dims...)}
	}
	free := onnx.Value{Name: "x", Type: onnx.Float32}
	for _, c := range []struct {
		name   string
		in     onnx.Value
		preset string
		asked  manifest.Preprocess
		want   string
	}{
		{"unit", in(-1, 3, 299, 299), "unit", manifest.Preprocess{}, "299 squash bilinear [0 1] [] [] rgb nchw"},
		{"unit of another size", in(1, 3, 64, 64), "unit", manifest.Preprocess{}, "64 squash bilinear [0 1] [] [] rgb nchw"},
		{"keras", in(-1, 299, 299, 3), "keras-inception", manifest.Preprocess{}, "299 squash bilinear [-1 1] [] [] rgb nhwc"},
		{"keras, exported channels first", in(-1, 3, 299, 299), "keras-inception", manifest.Preprocess{}, "299 squash bilinear [-1 1] [] [] rgb nchw"},
		{"keras, shape not known", free, "keras-inception", manifest.Preprocess{}, "299 squash bilinear [-1 1] [] [] rgb nhwc"},
		{"torchvision", in(-1, 3, -1, -1), "torchvision", manifest.Preprocess{}, "299 crop(342) bilinear [] [0.485 0.456 0.406] [0.229 0.224 0.225] rgb nchw"},
		{"torchvision of 224", in(-1, 3, 224, 224), "torchvision", manifest.Preprocess{}, "224 crop(256) bilinear [] [0.485 0.456 0.406] [0.229 0.224 0.225] rgb nchw"},
		{"torchvision-224", free, "torchvision-224", manifest.Preprocess{}, "224 crop(256) bilinear [] [0.485 0.456 0.406] [0.229 0.224 0.225] rgb nchw"},
		{"timm-imagenet", in(1, 3, 224, 224), "timm-imagenet", manifest.Preprocess{}, "224 crop(256) catmullrom [] [0.485 0.456 0.406] [0.229 0.224 0.225] rgb nchw"},
		{"clip of 336", in(-1, 3, 336, 336), "clip", manifest.Preprocess{}, "336 crop(336) catmullrom [] [0.48145466 0.4578275 0.40821073] [0.26862954 0.26130258 0.27577711] rgb nchw"},
		{"siglip", free, "siglip", manifest.Preprocess{}, "224 squash catmullrom [-1 1] [] [] rgb nchw"},
		{"dinov2", in(-1, 3, -1, -1), "dinov2", manifest.Preprocess{}, "224 crop(256) catmullrom [] [0.485 0.456 0.406] [0.229 0.224 0.225] rgb nchw"},
		{"keras-raw", in(-1, 224, 224, 3), "keras-raw", manifest.Preprocess{}, "224 squash bilinear [0 255] [] [] rgb nhwc"},
		{"letterbox", in(8, 3, 64, 64), "letterbox", manifest.Preprocess{}, "64 pad(114) bilinear [0 1] [] [] rgb nchw"},
		{"rectangle", in(-1, 3, 256, 128), "unit", manifest.Preprocess{}, "256×128 squash bilinear [0 1] [] [] rgb nchw"},
		{"rectangle, asked for", free, "unit", manifest.Preprocess{Size: 128, Width: 64, Fit: "pad"}, "128×64 pad(0) bilinear [0 1] [] [] rgb nchw"},
		{"bytes", onnx.Value{Name: "x", Type: onnx.Uint8, Shape: onnx.Fixed(-1, 64, 64, 3)}, "", manifest.Preprocess{}, "64 squash bilinear [0 255] [] [] rgb nhwc"},
		{"timm", in(-1, 3, 299, 299), "timm", manifest.Preprocess{}, "299 crop(341) catmullrom [-1 1] [] [] rgb nchw"},
		{"fields", free, "", manifest.Preprocess{Size: 100, Fit: "crop", Filter: "nearest", Range: []float64{0, 255}, Channels: "bgr", Layout: "nhwc"}, "100 crop(100) nearest [0 255] [] [] bgr nhwc"},
		{"a field over a preset", free, "torchvision", manifest.Preprocess{Range: []float64{0, 1}, Fit: "squash"}, "299 squash bilinear [0 1] [] [] rgb nchw"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := FitPreprocess(c.in, c.preset, c.asked)
			size := fmt.Sprint(p.Size)
			if p.Width != 0 {
				size += fmt.Sprint("×", p.Width)
			}
			got := fmt.Sprintf("%s %s %s %v %v %v %s %s", size, p.Fit, p.Filter, p.Range, p.Mean, p.Std, p.Channels, p.Layout)
			if err != nil || got != c.want {
				t.Errorf("%v\n%s, want\n%s", err, got, c.want)
			}
			if again, err := FitPreprocess(c.in, "", p); err != nil || fmt.Sprint(again) != fmt.Sprint(p) {
				t.Errorf("fitted again: %+v, %v", again, err)
			}
		})
	}
	for _, c := range []struct {
		asked manifest.Preprocess
		want  string
	}{
		{manifest.Preprocess{Size: 5000}, "size 5000 is not a side"},
		{manifest.Preprocess{Size: -1}, "size -1 is not a side"},
		{manifest.Preprocess{Fit: "fill"}, `fit "fill" is none of squash, crop(N)`},
		{manifest.Preprocess{Fit: "pad(256)"}, "the grey around is from 0 to 255"},
		{manifest.Preprocess{Fit: "crop(100)"}, `the short side before a crop to 299 is from 299 to 4096 pixels`},
		{manifest.Preprocess{Fit: "crop(300"}, "is none of squash, crop(N)"},
		{manifest.Preprocess{Filter: "lanczos"}, `filter "lanczos" is none of bilinear, catmullrom, approx, nearest`},
		{manifest.Preprocess{Channels: "grb"}, `channels "grb" is none of rgb, bgr`},
		{manifest.Preprocess{Layout: "chw"}, `layout "chw" is none of nchw, nhwc`},
		{manifest.Preprocess{Range: []float64{1}}, "range [1] is not two ascending numbers"},
		{manifest.Preprocess{Range: []float64{1, 1}}, "is not two ascending numbers"},
		{manifest.Preprocess{Range: []float64{0, math.NaN()}}, "are numbers of up to 1e6"},
		{manifest.Preprocess{Range: []float64{0, 1}, Std: []float64{1, 1, 1}}, "exclude one another"},
		{manifest.Preprocess{Mean: []float64{0, 0, 0}}, "are three numbers each"},
		{manifest.Preprocess{Mean: []float64{0, 0, 0}, Std: []float64{1, 0, 1}}, "is not above 0"},
	} {
		if _, err := FitPreprocess(free, "unit", c.asked); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, not %q", c.asked, err, c.want)
		}
	}
}

func TestParseTap(t *testing.T) {
	for text, want := range map[string]string{
		"A=mixed0":               "A mixed0 auto",
		"A=mixed0:gap":           "A mixed0 gap",
		"P=mixed0:cov(512)":      "P mixed0 cov(512)",
		"B=import/mixed0:0":      "B import/mixed0:0 auto",
		"B=import/mixed0:0:max":  "B import/mixed0:0 max",
		"B=a=b:gem(2)":           "B a=b gem(2)",
		"B=/layers.3/Add_output": "B /layers.3/Add_output auto",
	} {
		tap, err := onnx.ParseTap(text)
		if got := fmt.Sprint(tap.Name, " ", tap.Tensor, " ", tap.Pooling); err != nil || got != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"mixed0:gap": "is not NAME=TENSOR:POOLING", "=x": "is not NAME=", "A=": "is not NAME=", "A=mixed0:mean": "no pooling is named", "A=x:cov": "name the dimension",
	} {
		if _, err := onnx.ParseTap(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// gradient is a picture whose red is x, green is y.
func gradient(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			copy(m.Pix[m.PixOffset(x, y):], []uint8{uint8(x), uint8(y), 200, 255})
		}
	}
	return m
}

// A crop is the middle of the whole picture, resized.
func TestPrepareCrop(t *testing.T) {
	for _, c := range []struct{ w, h, resize, size, fullW, fullH, left, top int }{
		{200, 100, 32, 30, 64, 32, 17, 1},
		{100, 200, 32, 30, 32, 64, 1, 17},
		{101, 50, 21, 10, 42, 21, 16, 6}, // 5.5 is rounded to even
		{97, 97, 50, 50, 50, 50, 0, 0},
		{3, 7, 20, 16, 20, 46, 2, 15},
	} {
		p, err := newPreparer(manifest.Preprocess{Size: c.size, Fit: crop(c.resize), Filter: "bilinear", Range: []float64{0, 255}})
		if err != nil {
			t.Fatal(err)
		}
		m := gradient(c.w, c.h)
		full := image.NewRGBA(image.Rect(0, 0, c.fullW, c.fullH))
		draw.BiLinear.Scale(full, full.Rect, m, m.Rect, draw.Src, nil)
		got := p.resized(m)
		for y := range c.size {
			for x := range c.size {
				if got.RGBAAt(x, y) != full.RGBAAt(x+c.left, y+c.top) {
					t.Fatalf("%+v: pixel %d, %d is %v, not %v", c, x, y, got.RGBAAt(x, y), full.RGBAAt(x+c.left, y+c.top))
				}
			}
		}
	}
}

func TestPrepareLayouts(t *testing.T) {
	m := gradient(4, 4)
	for _, c := range []struct {
		name string
		p    manifest.Preprocess
		at   func(x, y, c int) int // c counts red, green, blue
		want func(v float64, c int) float64
	}{
		{"nchw", manifest.Preprocess{Range: []float64{-1, 1}, Channels: "rgb", Layout: "nchw"}, func(x, y, c int) int { return c*16 + y*4 + x }, func(v float64, _ int) float64 { return v/127.5 - 1 }},
		{"nhwc", manifest.Preprocess{Range: []float64{0, 1}, Channels: "rgb", Layout: "nhwc"}, func(x, y, c int) int { return (y*4+x)*3 + c }, func(v float64, _ int) float64 { return v / 255 }},
		{"bgr", manifest.Preprocess{Range: []float64{0, 255}, Channels: "bgr", Layout: "nchw"}, func(x, y, c int) int { return (2-c)*16 + y*4 + x }, func(v float64, _ int) float64 { return v }},
		{
			"bgr last, mean and std of red, green, blue",
			manifest.Preprocess{Mean: []float64{0.1, 0.2, 0.3}, Std: []float64{1, 2, 4}, Channels: "bgr", Layout: "nhwc"},
			func(x, y, c int) int { return (y*4+x)*3 + 2 - c },
			func(v float64, c int) float64 { return (v/255 - []float64{0.1, 0.2, 0.3}[c]) / []float64{1, 2, 4}[c] },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.p.Size, c.p.Fit, c.p.Filter = 4, "squash", "nearest"
			p, err := newPreparer(c.p)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float32, 48)
			p.fill(got, p.resized(m))
			for y := range 4 {
				for x := range 4 {
					for k, v := range []float64{float64(x), float64(y), 200} {
						if g := float64(got[c.at(x, y, k)]); math.Abs(g-c.want(v, k)) > 1e-6 {
							t.Fatalf("channel %d of %d, %d: %v, not %v", k, x, y, g, c.want(v, k))
						}
					}
				}
			}
			if want := map[string][]int64{"nchw": {1, 3, 4, 4}, "nhwc": {1, 4, 4, 3}}[c.p.Layout]; !slices.Equal(p.shape, want) {
				t.Errorf("shape %v", p.shape)
			}
		})
	}
}

// Transparent pixels are white, and a side far longer than the other is no crop.
func TestPrepareOdd(t *testing.T) {
	m := image.NewNRGBA(image.Rect(5, 5, 9, 9))
	m.Pix[3], m.Pix[0] = 128, 255 // half transparent red
	got, ok := opaque(m).(*image.RGBA)
	if !ok || got.RGBAAt(1, 1).R != 255 || got.RGBAAt(1, 1).B != 255 || got.RGBAAt(0, 0).R != 255 || got.RGBAAt(0, 0).G != 127 {
		t.Errorf("%v, %v", got.RGBAAt(1, 1), got.RGBAAt(0, 0))
	}
	p, err := newPreparer(manifest.Preprocess{Size: 8, Fit: "crop(8)", Filter: "bilinear", Range: []float64{0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.checkProportion(image.Rect(0, 0, 2000, 10)); err == nil || !strings.Contains(err.Error(), "2000×10 pixels") {
		t.Errorf("%v", err)
	}
}

// A padded picture is whole, in the middle, on grey.
func TestPreparePad(t *testing.T) {
	p, err := newPreparer(manifest.Preprocess{Size: 20, Width: 10, Fit: "pad(114)", Filter: "nearest", Range: []float64{0, 255}})
	if err != nil {
		t.Fatal(err)
	}
	white := image.NewUniform(color.White)
	for _, c := range []struct {
		w, h int
		want image.Rectangle
	}{
		{40, 40, image.Rect(0, 5, 10, 15)},
		{10, 20, image.Rect(0, 0, 10, 20)},
		{5, 40, image.Rect(4, 0, 6, 20)}, // 2.5 is rounded to even
		{9000, 1, image.Rect(0, 9, 10, 10)},
	} {
		m := image.NewRGBA(image.Rect(0, 0, c.w, c.h))
		draw.Draw(m, m.Rect, white, image.Point{}, draw.Src)
		got := p.resized(m)
		for y := range 20 {
			for x := range 10 {
				want := uint8(114)
				if (image.Point{x, y}).In(c.want) {
					want = 255
				}
				if v := got.RGBAAt(x, y); v.R != want || v.A != 255 {
					t.Fatalf("%d×%d: pixel %d, %d is %v, not %d", c.w, c.h, x, y, v, want)
				}
			}
		}
	}
	input := make([]float32, 3*20*10)
	p.fill(input, p.resized(gradient(10, 20)))
	if !slices.Equal(p.shape, []int64{1, 3, 20, 10}) || input[200+3*10+7] != 3 {
		t.Errorf("shape %v, green of row 3 is %v", p.shape, input[200+3*10+7])
	}
}

// What lies beside a model says how its pictures are made.
func TestBeside(t *testing.T) {
	const stats = `"image_mean": [0.5, 0.5, 0.5], "image_std": [0.25, 0.25, 0.25], `
	for _, c := range []struct{ name, file, text, want string }{
		{"ViT", "preprocessor_config.json", `{"do_normalize": true, "do_resize": true, ` + stats + `"resample": 2, "size": 224}`, "224 0 squash bilinear [] [0.5 0.5 0.5]"},
		{"CLIP", "preprocessor_config.json", `{"crop_size": {"height": 224, "width": 224}, "do_center_crop": true, "do_rescale": true, ` + stats +
			`"resample": 3, "rescale_factor": 0.00392156862745098, "size": {"shortest_edge": 256}}`, "224 0 crop(256) catmullrom [] [0.5 0.5 0.5]"},
		{"old CLIP", "../preprocessor_config.json", `{"crop_size": 224, "do_center_crop": true, ` + stats + `"resample": 3, "size": 224}`, "224 0 crop(224) catmullrom [] [0.5 0.5 0.5]"},
		{"ConvNeXt", "preprocessor_config.json", `{"crop_pct": 0.875, ` + stats + `"resample": 3, "size": {"shortest_edge": 224}}`, "224 0 crop(256) catmullrom [] [0.5 0.5 0.5]"},
		{"not normalised", "preprocessor_config.json", `{"do_normalize": false, "resample": 2, "size": {"height": 256, "width": 128}}`, "256 128 squash bilinear [0 1] []"},
		{
			"timm", "config.json", `{"pretrained_cfg": {"input_size": [3, 224, 224], "interpolation": "bicubic", "crop_pct": 0.9, "crop_mode": "center", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}}`,
			"224 0 crop(248) catmullrom [] [0.5 0.5 0.5]",
		},
		{"another config.json", "config.json", `{"hidden_size": 768}`, "0 0   [] []"},
		{"Lanczos", "preprocessor_config.json", `{` + stats + `"resample": 1, "size": 224}`, "by a filter that there is none of here"},
		{"another scale", "preprocessor_config.json", `{` + stats + `"resample": 2, "rescale_factor": 0.00784, "size": 224}`, "in another way than by 1/255"},
		{"any size", "preprocessor_config.json", `{` + stats + `"resample": 2, "size": {"shortest_edge": 800}}`, "does not make pictures of one size"},
		{"broken", "config.json", `{"`, "unexpected end of JSON input"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "onnx")
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, c.file)
			if err := os.WriteFile(file, []byte(c.text), 0o666); err != nil {
				t.Fatal(err)
			}
			p, err := beside(filepath.Join(dir, "model.onnx"), manifest.Preprocess{})
			got := fmt.Sprintln(p.Size, p.Width, p.Fit, p.Filter, p.Range, p.Mean)
			if err != nil {
				got = err.Error()
				if !strings.HasPrefix(got, file+": ") {
					t.Errorf("%s does not name %s", got, file)
				}
			}
			if !strings.Contains(got, c.want) {
				t.Errorf("%s, not %s", got, c.want)
			}
			if err == nil && p.Size != 0 {
				if over, err := beside(filepath.Join(dir, "model.onnx"), manifest.Preprocess{Size: 100, Filter: "nearest", Fit: "squash"}); err != nil || over.Size != 100 || over.Filter != "nearest" || over.Fit != "squash" {
					t.Errorf("over it: %+v, %v", over, err)
				}
			}
		})
	}
}
