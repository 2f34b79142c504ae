package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"strata/engine/picture"
	"strata/fixtures/product"

	xdraw "golang.org/x/image/draw"
)

// evenPicture is a picture of one colour.
func evenPicture(c color.Color, w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	return m
}

// psnr returns the peak signal-to-noise ratio of two pictures of one size in dB, 0 when the sizes differ.
func psnr(a, b image.Image) float64 {
	if a.Bounds().Size() != b.Bounds().Size() {
		return 0
	}
	var sum float64
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			p := color.RGBAModel.Convert(a.At(a.Bounds().Min.X+x, a.Bounds().Min.Y+y)).(color.RGBA)
			q := color.RGBAModel.Convert(b.At(b.Bounds().Min.X+x, b.Bounds().Min.Y+y)).(color.RGBA)
			for _, d := range []int{int(p.R) - int(q.R), int(p.G) - int(q.G), int(p.B) - int(q.B)} {
				sum += float64(d * d)
			}
		}
	}
	if sum == 0 {
		return math.Inf(1)
	}
	return 10 * math.Log10(255*255*float64(3*a.Bounds().Dx()*a.Bounds().Dy())/sum)
}

func TestFit(t *testing.T) {
	for _, test := range []struct {
		name                         string
		sw, sh, bw, bh, wantW, wantH int
	}{
		{"square into wide", 224, 224, 100, 66, 66, 66},
		{"portrait", 300, 400, 64, 66, 50, 66},
		{"landscape", 400, 300, 64, 66, 64, 48},
		{"enlarged", 32, 32, 64, 66, 64, 64},
		{"the same", 64, 66, 64, 66, 64, 66},
		{"a line", 5000, 1, 64, 66, 64, 1},
		{"one pixel", 1, 1, 10, 20, 10, 10},
	} {
		if w, h := fitPixels(test.sw, test.sh, test.bw, test.bh); w != test.wantW || h != test.wantH {
			t.Errorf("%s: fitPixels(%d, %d, %d, %d) = %d×%d, want %d×%d", test.name,
				test.sw, test.sh, test.bw, test.bh, w, h, test.wantW, test.wantH)
		}
	}
}

func TestSixelAreaNeverSpills(t *testing.T) {
	for cellH := 6; cellH < 60; cellH++ {
		for rows := 1; rows < 30; rows++ {
			w, h := sixelArea(Terminal{}, Box{8, rows}, 10, cellH)
			bands := (h + 5) / 6 * 6
			if w != 80 || h < 1 || bands > rows*cellH || rows*cellH-bands >= 6 {
				t.Errorf("%d rows of %d pixels: box %d×%d, %d pixels in whole bands", rows, cellH, w, h, bands)
			}
		}
	}
}

// areaReference is area in floating point over every pair of pixels, from the definition.
func areaReference(src []uint8, stride, sw, sh, dw, dh, n int) []float64 {
	overlap := func(i, d, j, s int) float64 { // of target pixel i of d with source pixel j of s, in source pixels
		lo, hi := float64(i)*float64(s)/float64(d), float64(i+1)*float64(s)/float64(d)
		return max(0, min(hi, float64(j+1))-max(lo, float64(j)))
	}
	out := make([]float64, dw*dh*n)
	for y := range dh {
		for x := range dw {
			for c := range n {
				var sum, weight float64
				for j := range sh {
					for i := range sw {
						o := overlap(x, dw, i, sw) * overlap(y, dh, j, sh)
						sum += o * float64(src[j*stride+i*n+c])
						weight += o
					}
				}
				out[(y*dw+x)*n+c] = sum / weight
			}
		}
	}
	return out
}

func TestArea(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for range 200 {
		sw, sh, dw, dh := 1+random.IntN(19), 1+random.IntN(19), 1+random.IntN(13), 1+random.IntN(13)
		n := []int{1, 4}[random.IntN(2)]
		stride := sw*n + random.IntN(3)
		src := make([]uint8, stride*sh)
		for i := range src {
			src[i] = uint8(random.UintN(256))
		}
		const guard = 0xa5
		got := bytes.Repeat([]byte{guard}, dw*dh*n+1)
		averageArea(got, dw, dh, src, stride, sw, sh, n)
		for i, want := range areaReference(src, stride, sw, sh, dw, dh, n) {
			if math.Abs(float64(got[i])-want) > 0.5+1e-9 {
				t.Fatalf("%d×%d to %d×%d, %d channels: value %d is %d, want %v", sw, sh, dw, dh, n, i, got[i], want)
			}
		}
		if got[dw*dh*n] != guard {
			t.Fatalf("%d×%d to %d×%d: wrote past the end", sw, sh, dw, dh)
		}
	}
}

func TestScaleIsLikeTheKernel(t *testing.T) {
	decoded := func(seed uint64, w, h int) image.Image {
		m, err := decodePicture(bytes.NewReader(product.JPEG(seed, w, h)))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	paletted := image.NewPaletted(image.Rect(0, 0, 90, 70), color.Palette{color.White, color.Black, color.RGBA{200, 10, 10, 255}})
	draw.Draw(paletted, paletted.Rect, product.Picture(3, 90, 70), image.Point{}, draw.Src)
	tests := []struct {
		name string
		m    image.Image
		w, h int
	}{
		{"JPEG", decoded(1, 224, 224), 64, 64},
		{"JPEG of odd size", decoded(2, 223, 181), 61, 50},
		{"part of a JPEG", decoded(4, 224, 224).(*image.YCbCr).SubImage(image.Rect(32, 16, 200, 190)), 60, 62},
		{"RGBA", product.Picture(5, 224, 224), 64, 64},
		{"part of an RGBA", product.Picture(5, 224, 224).SubImage(image.Rect(11, 7, 200, 190)), 63, 61},
		{"paletted", paletted, 30, 25},
		{"enlarged", product.Picture(6, 20, 20), 64, 64},
		{"the same size", product.Picture(6, 40, 40), 40, 40},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := resample(test.m, test.w, test.h)
			want := image.NewRGBA(image.Rect(0, 0, test.w, test.h))
			xdraw.BiLinear.Scale(want, want.Rect, test.m, test.m.Bounds(), xdraw.Src, nil)
			if p := psnr(got, want); p < 28 {
				t.Errorf("%.1f dB to the bilinear kernel", p)
			}
			for i := 3; i < len(got.Pix); i += 4 {
				if got.Pix[i] != 255 {
					t.Fatalf("pixel %d is not opaque", i/4)
				}
			}
		})
	}
}

func TestScalePutsAlphaOverWhite(t *testing.T) {
	for _, size := range []int{4, 16, 64} {
		m := image.NewNRGBA(image.Rect(0, 0, 16, 16))
		draw.Draw(m, m.Rect, image.NewUniform(color.NRGBA{255, 0, 0, 128}), image.Point{}, draw.Src)
		got := resample(m, size, size).RGBAAt(size/2, size/2)
		if got != (color.RGBA{255, 127, 127, 255}) {
			t.Errorf("half red over white at %d pixels: %v", size, got)
		}
	}
}

// hugePNG is a PNG header that claims w×h pixels, without the pixels.
func hugePNG(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
	b = binary.BigEndian.AppendUint32(b, w)
	b = binary.BigEndian.AppendUint32(b, h)
	b = append(b, 8, 2, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[12:]))
}

// decodePicture decodes a picture file unless it is too large for the screen.
func decodePicture(r io.Reader) (image.Image, error) { return picture.DecodePicture(r, Allow) }

func TestDecodePicture(t *testing.T) {
	m := product.Picture(1, 30, 20)
	encoded := func(encode func(b *bytes.Buffer) error) []byte {
		var b bytes.Buffer
		if err := encode(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	whole := product.JPEG(1, 30, 20)
	tests := []struct {
		name  string
		file  []byte
		fails string // a part of the error
	}{
		{"jpeg", whole, ""},
		{"png", encoded(func(b *bytes.Buffer) error { return png.Encode(b, m) }), ""},
		{"gif", encoded(func(b *bytes.Buffer) error { return gif.Encode(b, m, nil) }), ""},
		{"empty", nil, "the file is empty"},
		{"text", []byte("no picture"), "not a picture that can be read"},
		{"cut off", whole[:len(whole)/2], "EOF"},
		{"claims 65 megapixels", hugePNG(10000, 6500), "10000×6500 pixels: the limit is 64 megapixels"},
		{"claims a long side", hugePNG(1_000_000, 1), "65535 pixels a side"},
		{"claims no pixels", hugePNG(0, 10), "png"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := decodePicture(bytes.NewReader(test.file))
			switch {
			case test.fails == "" && (err != nil || got.Bounds().Dx() != 30 || got.Bounds().Dy() != 20):
				t.Errorf("got %v, error %v", got, err)
			case test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)):
				t.Errorf("error %v, want one with %q", err, test.fails)
			}
		})
	}
	if _, err := decodePicture(bytes.NewReader(hugePNG(10000, 6500))); !errors.Is(err, errPictureSize) {
		t.Errorf("error %v is not errPictureSize", err)
	}
}

func TestPlacementIsCentred(t *testing.T) {
	p := Picture{Box: Box{9, 4}, Covers: Box{6, 4}, PixelW: 48, PixelH: 66, Key: "k"}
	got := p.Placement(10, 5)
	if got.Col != 11 || got.Row != 5 || got.Box != p.Covers || got.Key != "k" || got.PixelW != 48 || got.PixelH != 66 {
		t.Errorf("placement %+v", got)
	}
}
