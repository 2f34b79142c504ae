//go:build cgo

package extract

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine"
	"strata/engine/manifest"
	"strata/engine/onnx"
)

// claims is a PNG that claims a size and holds nothing.
func claims(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, w), h)
	b = append(b, 8, 2, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[12:]))
}

// animation is a GIF of two frames.
func animation(t *testing.T) []byte {
	t.Helper()
	frame := func(c uint8) *image.Paletted {
		m := image.NewPaletted(image.Rect(0, 0, 12, 10), color.Palette{color.Black, color.RGBA{255, 0, 0, 255}})
		for i := range m.Pix {
			m.Pix[i] = c
		}
		return m
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame(1), frame(0)}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Pictures that cannot be read make rows of zeros, and the others are extracted.
func TestExtractBroken(t *testing.T) {
	model, dir := modelFile(t), t.TempDir()
	whole := encode(t, "a.jpg", photo(1, 40, 30))
	deep := image.NewNRGBA64(image.Rect(0, 0, 9, 9))
	deep.SetNRGBA64(3, 3, color.NRGBA64{0xffff, 0x1234, 0, 0x8000})
	cases := []struct {
		name string
		data []byte
		why  string // "" for one that can be read
	}{
		{"good.jpg", whole, ""},
		{"empty.jpg", nil, "the file is empty"},
		{"cut.jpg", whole[:len(whole)/2], "the file is cut off"},
		{"cut.png", encode(t, "a.png", photo(1, 40, 30))[:200], "the file is cut off"},
		{"text.jpg", []byte("no picture at all"), "not a picture that can be read"},
		{"other.png", whole, ""}, // a JPEG by its content
		{"huge.png", claims(30_000, 30_000), "png of 30000×30000 pixels: the limit is 100 megapixels"},
		{"dot.png", encode(t, "a.png", photo(1, 1, 1)), ""},
		{"deep.png", encode(t, "a.png", deep), ""},
		{"moving.gif", animation(t), ""},
		{"moving.webp", []byte("RIFF\x20\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x0b\x00\x00\x09\x00\x00ANIM"), "an animated WebP"},
		{"folder", nil, "not a regular file"},
		{"none.jpg", nil, "no such file"},
		{"../out.jpg", nil, "leaves the gallery's folder"},
		{"", nil, "has no picture"},
		{"last.jpg", whole, ""},
	}
	table := "id,image\n"
	for i, c := range cases {
		table += fmt.Sprintf("i%d,%s\n", i, c.name)
		if c.data != nil || c.name == "empty.jpg" {
			put(t, dir, c.name, c.data)
		}
	}
	put(t, dir, "items.csv", []byte(table))
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	o := asked(t, dir, model)
	reported := map[string]string{}
	o.Broken = func(path string, b manifest.BrokenPicture) { reported[b.ID] = path + ": " + b.Why }
	sum := extractAll(t, o)

	g, err := engine.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	listed := map[int]string{}
	for _, b := range g.Manifest().Broken {
		listed[b.Row] = b.Why
	}
	broken := 0
	for i, c := range cases {
		l, err := g.Layer("A")
		if err != nil {
			t.Fatal(err)
		}
		row := make([]float64, l.Dim)
		l.Widen(row, i)
		zero := true
		for _, v := range row {
			zero = zero && v == 0
		}
		if c.why != "" {
			broken++
		}
		if zero != (c.why != "") || !strings.Contains(listed[i], c.why) || (listed[i] == "") != (c.why == "") || reported[g.ID(i)] != "" && !strings.HasPrefix(reported[g.ID(i)], c.name) {
			t.Errorf("%s: zero %v, listed as %q, reported as %q", c.name, zero, listed[i], reported[g.ID(i)])
		}
	}
	if sum.Broken != broken || sum.Done != len(cases) {
		t.Errorf("%+v", sum)
	}
	x, err := OpenExtractor(t.Context(), g, ExtractorOptions{Env: os.Getenv, Agree: agreed})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if p, err := x.Check(t.Context(), 100); err != nil || p.Pictures != len(cases)-broken {
		t.Errorf("%+v, %v", p, err)
	}
	for name, want := range map[string]string{
		"cut.jpg": "cut.jpg: the file is cut off", "folder": "a picture is a file, this is a folder", "none.jpg": "there is no such file",
		"huge.png": "the limit is 100 megapixels",
	} {
		if _, err := x.Features(t.Context(), filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %q", name, err, want)
		}
	}
}

// CMYK JPEGs, which printers' programs write, are read like others.
func TestPrepareCMYK(t *testing.T) {
	p, err := newPreparer(manifest.Preprocess{Size: 8, Fit: "squash", Filter: "nearest", Range: []float64{0, 255}, Channels: "rgb", Layout: "nchw"})
	if err != nil {
		t.Fatal(err)
	}
	m := image.NewCMYK(image.Rect(0, 0, 16, 16))
	for i := range m.Pix {
		m.Pix[i] = []uint8{0, 255, 255, 0}[i%4] // red
	}
	got := make([]float32, 3*64)
	p.fill(got, p.resized(opaque(m)))
	if got[0] < 250 || got[64] > 5 || got[128] > 5 {
		t.Errorf("red is %v %v %v", got[0], got[64], got[128])
	}
}

func TestExtractErrors(t *testing.T) {
	model := modelFile(t)
	fixed := func(dims ...any) string { return saveModel(t, reluModel(dims...)) }
	tap := func(text string) []onnx.Tap {
		x, err := onnx.ParseTap(text)
		if err != nil {
			t.Fatal(err)
		}
		return []onnx.Tap{x}
	}
	text := filepath.Join(t.TempDir(), "text.onnx")
	if err := os.WriteFile(text, []byte("hello, world, this is a text"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(o *Options)
		want   string
	}{
		{"no model", func(o *Options) { o.Model = text }, "not an ONNX file"},
		{"unknown tensor", func(o *Options) { o.Taps = tap("A=mixd") }, `has no tensor "mixd" (there is mixed)`},
		{"no floats", func(o *Options) { o.Taps = tap("A=shape:flat") }, "its elements are int64, not floating-point numbers"},
		{"name", func(o *Options) { o.Taps = tap("9=mixed") }, `tap "9": a layer's name is a letter`},
		{"two", func(o *Options) { o.Taps = append(tap("A=mixed"), tap("A=relu1")...) }, "two taps are named A"},
		{"none", func(o *Options) { o.Taps = nil }, "no tap is asked for"},
		{"no preprocessing", func(o *Options) { o.Preprocess.Range = nil }, "which numbers the model was trained on is not known: name a preset (unit,"},
		{"preset", func(o *Options) { o.Preset = "caffe" }, `no preset is named "caffe"`},
		{"size", func(o *Options) { o.Model, o.Taps = fixed("N", 3, 9, 9), tap("A=y") }, `input "x" is N×3×9×9: it takes pictures of 9×9, not of 8×8`},
		{"layout", func(o *Options) {
			o.Model, o.Taps, o.Preprocess.Layout = fixed("N", 3, 8, 8), tap("A=y"), "nhwc"
		}, "as nhwc it does not have the three channels"},
		{"grey", func(o *Options) { o.Model, o.Taps = fixed("N", 1, 8, 8), tap("A=y") }, "it does not have the three channels of pictures"},
		{"batch", func(o *Options) { o.Model, o.Taps = fixed(65, 3, 8, 8), tap("A=y") }, "it takes 65 pictures at a time"},
		{"oblong", func(o *Options) { o.Model, o.Taps = fixed(1, 3, 8, 9), tap("A=y:flat") }, "it takes pictures of 8×9, not of 8×8"},
		{"rank", func(o *Options) { o.Model, o.Taps = fixed(1, 300), tap("A=y") }, "a batch of pictures has 4 dimensions"},
		{"provider", func(o *Options) { o.Provider = "coreml" }, `execution provider "coreml": this library of ONNX Runtime has none that works`},
		{"no folder", func(o *Options) { o.Gallery += "/none" }, "there is no such folder"},
		{"file", func(o *Options) { o.Gallery += "/items.csv" }, "a gallery is a folder, this is a file"},
		{"library", func(o *Options) { o.Library = text }, "not a shared library"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := asked(t, pictureFolder(t, 2), model)
			c.change(&o)
			_, err := Extract(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, not %q", err, c.want)
			}
		})
	}
	dir := pictureFolder(t, 2)
	put(t, dir, "items.csv", []byte("id,kind\na,1\n"))
	if _, err := Extract(t.Context(), asked(t, dir, model)); err == nil || !strings.Contains(err.Error(), "no item has a picture") {
		t.Errorf("no pictures: %v", err)
	}
}

func TestOpenExtractorErrors(t *testing.T) {
	model, dir := modelFile(t), pictureFolder(t, 3)
	extractAll(t, asked(t, dir, model))
	manifest, err := os.ReadFile(filepath.Join(dir, "gallery.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	moved := saveModel(t, networkBytes(t))
	for _, c := range []struct {
		name   string
		change func(text string) string
		o      ExtractorOptions
		want   string // "" for none
	}{
		{"as it is", func(s string) string { return s }, ExtractorOptions{}, ""},
		{"named", func(s string) string { return strings.Replace(s, "net.onnx", "gone.onnx", 1) }, ExtractorOptions{Model: moved}, ""},
		{"by the environment", func(s string) string { return strings.Replace(s, "net.onnx", "gone.onnx", 1) }, ExtractorOptions{Env: func(name string) string {
			if name == ModelVariable {
				return moved
			}
			return os.Getenv(name)
		}}, ""},
		{"moved", func(s string) string { return strings.Replace(s, "net.onnx", "gone.onnx", 1) }, ExtractorOptions{}, "the gallery's model is not there; name its file by --model or STRATA_MODEL"},
		{"other model", func(s string) string { return strings.Replace(s, "sha256: ", "sha256: 0", 1) }, ExtractorOptions{}, "is another model than the gallery's"},
		{"other pooling", func(s string) string { return strings.Replace(s, "cov(20)", "cov(21)", 1) }, ExtractorOptions{}, "has 20 features a row, and its tap in gallery.yaml says 21"},
		{"no pooling", func(s string) string { return strings.Replace(s, "cov(20)", "mean", 1) }, ExtractorOptions{}, `no pooling is named "mean"`},
		{"filter", func(s string) string { return strings.Replace(s, "bilinear", "lanczos", 1) }, ExtractorOptions{}, `filter "lanczos" is none of bilinear`},
		{"no record", func(string) string { return "name: x\n" }, ExtractorOptions{}, "a new picture needs the model that made the layers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			put(t, dir, "gallery.yaml", []byte(c.change(string(manifest))))
			g, err := engine.Open(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			if c.o.Env == nil {
				c.o.Env = os.Getenv
			}
			c.o.Agree = agreed
			x, err := OpenExtractor(t.Context(), g, c.o)
			if err == nil {
				defer x.Close()
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, not %q", err, c.want)
			}
		})
	}
}

// A JPEG with an orientation is fed as it is shown.
func TestPrepareOrientation(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 16, 8))
	for x := range 8 { // the left half is white
		for y := range 8 {
			m.SetGray(x, y, color.Gray{255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	exif := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	data := append([]byte("\xff\xd8\xff\xe1"), 0, byte(len(exif)+2))
	data = append(append(data, exif...), b.Bytes()[2:]...)
	p, err := newPreparer(manifest.Preprocess{Size: 8, Fit: "squash", Filter: "bilinear", Range: []float64{0, 1}, Channels: "rgb", Layout: "nchw"})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 3*64)
	if err := p.read(got, bytes.NewReader(data), allowPixels); err != nil {
		t.Fatal(err)
	}
	if top, bottom := got[3], got[7*8+3]; top < 0.9 || bottom > 0.1 { // turned clockwise: left is up
		t.Errorf("the top is %v, the bottom %v", top, bottom)
	}
}
