package picture

import (
	"bytes"
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mattn/go-sixel"

	"strata/fixtures/need"
	"strata/fixtures/product"
)

// samplePictures returns n pictures of products with seeds from first on, reduced.
func samplePictures(first, n, side int) []*image.RGBA {
	var out []*image.RGBA
	for i := range n {
		out = append(out, resample(product.Picture(uint64(first+i), 112, 112), side, side))
	}
	return out
}

// painted returns m as a terminal shows it.
func painted(t testing.TB, p *palette, m *image.RGBA) image.Image {
	t.Helper()
	var b bytes.Buffer
	if err := sixel.NewEncoder(&b).Encode(p.paint(m)); err != nil {
		t.Fatal(err)
	}
	var got image.Image
	if err := sixel.NewDecoder(&b).Decode(&got); err != nil {
		t.Fatal(err)
	}
	return got
}

// quality returns the mean and the least PSNR of pictures in a palette.
func quality(t testing.TB, p *palette, pictures []*image.RGBA) (mean, least float64) {
	t.Helper()
	least = 1000
	for _, m := range pictures {
		db := psnr(m, painted(t, p, m))
		mean += db / float64(len(pictures))
		least = min(least, db)
	}
	return mean, least
}

func TestPaletteQuality(t *testing.T) {
	sample, others := samplePictures(0, 64, seedSide), samplePictures(1000, 40, 66)
	for _, test := range []struct {
		colors      int
		mean, least float64
	}{{255, 30, 24}, {64, 27, 19}, {16, 21, 15}} {
		p := newPalette(sample, test.colors)
		if len(p.colors) > test.colors {
			t.Errorf("%d colours, asked for %d", len(p.colors), test.colors)
		}
		if mean, least := quality(t, p, others); mean < test.mean || least < test.least {
			t.Errorf("%d colours: mean %.1f dB, least %.1f dB, want %.0f and %.0f", test.colors, mean, least, test.mean, test.least)
		}
	}
	m := samplePictures(2000, 1, 200)
	if _, least := quality(t, newPalette(m, MaxColors), m); least < 36 {
		t.Errorf("a palette of its own: %.1f dB", least)
	}
}

// TestPaletteOnImages measures the palette on real photographs.
func TestPaletteOnImages(t *testing.T) {
	files := testImages(t)
	decoded := func(n, offset, side int) []*image.RGBA {
		var out []*image.RGBA
		for i := range n {
			f, err := os.Open(files[(i*len(files)/n+offset)%len(files)])
			if err != nil {
				t.Fatal(err)
			}
			m, err := decodePicture(f)
			f.Close()
			if err != nil {
				t.Fatal(err)
			}
			w, h := fitPixels(m.Bounds().Dx(), m.Bounds().Dy(), side, side)
			out = append(out, resample(m, w, h))
		}
		return out
	}
	p := newPalette(decoded(seedCount, 0, seedSide), MaxColors)
	for _, side := range []int{66, 160} {
		mean, least := quality(t, p, decoded(200, 17, side))
		t.Logf("200 pictures at %d pixels: mean %.2f dB, least %.2f dB", side, mean, least)
		if mean < 30 || least < 22 {
			t.Errorf("want a mean of 30 dB and none under 22 dB")
		}
	}
}

// testImages returns photographs, which are not part of the project.
func testImages(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(need.Gallery(t, "myntra-224"), "images", "*.jpg"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no photographs: %v", err)
	}
	return files
}

func TestPaletteIsDeterministic(t *testing.T) {
	a, b := newPalette(samplePictures(0, 10, 32), 100), newPalette(samplePictures(0, 10, 32), 100)
	if !slices.Equal(a.colors, b.colors) || !bytes.Equal(a.nearest, b.nearest) {
		t.Error("the same sample gives two palettes")
	}
}

// TestOwnPalette: a picture's own palette paints it as newPalette's would.
func TestOwnPalette(t *testing.T) {
	for _, n := range []int{2, 16, 255} {
		for _, m := range samplePictures(40, 3, 96) {
			own, full := ownPalette(m, n).paint(m), newPalette([]*image.RGBA{m}, n).paint(m)
			if !slices.Equal(own.Palette, full.Palette) || !bytes.Equal(own.Pix, full.Pix) {
				t.Errorf("%d colours: the pictures differ", n)
			}
		}
	}
}

func TestPaletteOfFewColors(t *testing.T) {
	tests := []struct {
		name   string
		sample []*image.RGBA
		n      int
		most   int
	}{
		{"nothing", nil, 255, 255},
		{"nothing, 64", nil, 64, 64},
		{"nothing, 16", nil, 16, 16},
		{"nothing, 2", nil, 2, 2},
		{"one pixel", []*image.RGBA{evenPicture(color.Black, 1, 1)}, 255, 1},
		{"one colour", []*image.RGBA{evenPicture(color.White, 9, 9)}, 255, 1},
		{"asked for none", samplePictures(0, 2, 32), 0, 2},
		{"asked for a thousand", samplePictures(0, 4, 32), 1000, 255},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPalette(test.sample, test.n)
			if len(p.colors) < 1 || len(p.colors) > test.most {
				t.Errorf("%d colours, want 1 to %d", len(p.colors), test.most)
			}
		})
	}
}

// TestPaletteNearest compares the table with a search among all colours.
func TestPaletteNearest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 16, 255} {
		colors := make([]rgb, n)
		for i := range colors {
			colors[i] = rgb{float32(random.IntN(256)), float32(random.IntN(256)), float32(random.IntN(256))}
		}
		table := nearestTable(colors)
		for range 20000 {
			r, g, b := uint8(random.UintN(256))&^3, uint8(random.UintN(256))&^3, uint8(random.UintN(256))&^3
			c := rgb{float32(r) + 2, float32(g) + 2, float32(b) + 2}
			got, want := table[paletteIndex(r, g, b)], nearestColor(colors, c)
			if colors[got].distance(c) != colors[want].distance(c) {
				t.Fatalf("%d colours: %v is nearest to %v, the table says %v", n, c, colors[want], colors[got])
			}
		}
	}
}

func TestSixelChannel(t *testing.T) {
	for v := range 256 {
		c := color.RGBA{R: uint8(sixelChannel(float32(v)))}
		r, _, _, _ := c.RGBA()
		said := r * 100 / 0xffff // as go-sixel truncates it
		if want := (v*100 + 127) / 255; int(said) != want {
			t.Errorf("channel %d is sent as %d %%, want %d %%", v, said, want)
		}
	}
}
