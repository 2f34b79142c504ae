package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

func anySize(int, int) error { return nil }

// corners is a picture of 24×16 pixels with a colour in each corner: red, green,
// blue, white, from the top left by lines.
func corners() *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, 24, 16))
	for y := range 16 {
		for x := range 24 {
			m.Set(x, y, []color.Color{
				color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{0, 0, 255, 255}, color.RGBA{255, 255, 255, 255},
			}[x/12+y/8*2])
		}
	}
	return m
}

// spell returns the colours of a picture's corners.
func spell(m image.Image) string {
	b := m.Bounds()
	text := fmt.Sprintf("%d×%d ", b.Dx(), b.Dy())
	for i := range 4 {
		x, y := b.Min.X+b.Dx()/4+i%2*b.Dx()/2, b.Min.Y+b.Dy()/4+i/2*b.Dy()/2
		r, g, bl, _ := m.At(x, y).RGBA()
		switch {
		case r > 0xc000 && g > 0xc000 && bl > 0xc000:
			text += "w"
		case r > 0xc000 && g < 0x4000 && bl < 0x4000:
			text += "r"
		case g > 0xc000 && r < 0x4000 && bl < 0x4000:
			text += "g"
		case bl > 0xc000 && r < 0x4000 && g < 0x4000:
			text += "b"
		default:
			text += "?"
		}
	}
	return text
}

// exifBlock is a TIFF file of one tag, the orientation, behind another.
func exifBlock(order binary.AppendByteOrder, o uint16) []byte {
	b := []byte("MM\x00*")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		b = []byte("II*\x00")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	for _, tag := range [][2]uint16{{270, 7}, {274, o}} {
		b = order.AppendUint16(order.AppendUint16(b, tag[0]), 3)
		b = order.AppendUint32(b, 1)
		b = order.AppendUint16(order.AppendUint16(b, tag[1]), 0)
	}
	return order.AppendUint32(b, 0)
}

func pngChunk(name string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, name...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

func encodePicture(t testing.TB, format string, o uint16) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	m := corners()
	switch format {
	case "jpeg":
		err = jpeg.Encode(&b, m, &jpeg.Options{Quality: 100})
		if o > 0 {
			exif := append([]byte(exifHead), exifBlock(binary.BigEndian, o)...)
			app := append([]byte("\xff\xd8\xff\xe0\x00\x04ab\xff\xff\xe1"), 0, byte(len(exif)+2)) // behind another segment and a byte that fills up
			return append(append(app, exif...), b.Bytes()[2:]...)
		}
	case "png":
		err = png.Encode(&b, m)
		if o > 0 {
			return append(append(bytes.Clone(b.Bytes()[:33]), pngChunk("eXIf", exifBlock(binary.LittleEndian, o))...), b.Bytes()[33:]...)
		}
	case "gif":
		err = gif.Encode(&b, m, nil)
	case "bmp":
		err = bmp.Encode(&b, m)
	case "tiff":
		err = tiff.Encode(&b, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDecodePicture(t *testing.T) {
	for _, format := range []string{"jpeg", "png", "gif", "bmp", "tiff"} {
		m, err := DecodePicture(bytes.NewReader(encodePicture(t, format, 0)), anySize)
		if err != nil || spell(m) != "24×16 rgbw" {
			t.Errorf("%s: %v, %v", format, m, err)
		}
	}
	turned := []string{
		1: "24×16 rgbw", 2: "24×16 grwb", 3: "24×16 wbgr", 4: "24×16 bwrg",
		5: "16×24 rbgw", 6: "16×24 brwg", 7: "16×24 wgbr", 8: "16×24 gwrb", 9: "24×16 rgbw",
	}
	for o := 1; o < len(turned); o++ {
		for _, format := range []string{"jpeg", "png"} {
			m, err := DecodePicture(iotest.OneByteReader(bytes.NewReader(encodePicture(t, format, uint16(o)))), anySize)
			if err != nil || spell(m) != turned[o] {
				t.Errorf("%s of orientation %d: %v, %v, not %s", format, o, spell(m), err, turned[o])
			}
		}
	}
}

// The tag is found where each format keeps it.
func TestOrientation(t *testing.T) {
	riff := func(chunks ...string) []byte {
		body := "WEBP" + strings.Join(chunks, "")
		return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
	}
	block := string(exifBlock(binary.LittleEndian, 6))
	size := string(binary.LittleEndian.AppendUint32(nil, uint32(len(block))))
	for _, c := range []struct {
		name string
		data []byte
		want int
	}{
		{"tiff", exifBlock(binary.BigEndian, 8), 8},
		{"webp", riff("VP8 \x03\x00\x00\x00abc\x00", "EXIF"+size+block), 6},
		{"webp with a JPEG's head", riff("EXIF" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(block)+6))) + exifHead + block), 6},
		{"webp cut off", riff("EXIF" + size + block[:20]), 1},
		{"tiff cut off", exifBlock(binary.BigEndian, 8)[:30], 1},
		{"out of range", exifBlock(binary.BigEndian, 9), 1},
		{"directory beyond", []byte("II*\x00\xff\xff\xff\xff"), 1},
		{"no directory", []byte("MM\x00*"), 1},
		{"nothing", nil, 1},
	} {
		if got := orientation(c.data); got != c.want {
			t.Errorf("%s: %d, not %d", c.name, got, c.want)
		}
	}
}

func TestDecodePictureErrors(t *testing.T) {
	errLarge := errors.New("too large")
	whole := encodePicture(t, "jpeg", 0)
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "the file is empty"},
		{"one byte", []byte("x"), "not a picture that can be read"},
		{"text", []byte("no picture"), "not a picture that can be read"},
		{"cut header", whole[:100], "the file is cut off after 100 bytes"},
		{"cut", whole[:len(whole)-50], "the file is cut off after"},
		{"animated", []byte("RIFF\x20\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x0b\x00\x00\x09\x00\x00ANIM"), "an animated WebP"},
	} {
		if _, err := DecodePicture(bytes.NewReader(c.data), anySize); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, not %q", c.name, err, c.want)
		}
	}
	asked := image.Point{}
	_, err := DecodePicture(io.MultiReader(bytes.NewReader(encodePicture(t, "png", 0)[:40]), iotest.ErrReader(io.ErrClosedPipe)), func(w, h int) error {
		asked = image.Pt(w, h)
		return errLarge
	})
	if !errors.Is(err, errLarge) || asked != image.Pt(24, 16) || err.Error() != "png of 24×16 pixels: too large" {
		t.Errorf("asked about %v: %v", asked, err)
	}
	if _, err := DecodePicture(iotest.ErrReader(io.ErrClosedPipe), anySize); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a reader's error: %v", err)
	}
}

func FuzzOrientation(f *testing.F) {
	for _, format := range []string{"jpeg", "png"} {
		f.Add(encodePicture(f, format, 6))
	}
	f.Add(exifBlock(binary.BigEndian, 3))
	f.Add([]byte("RIFF\x20\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x0b\x00\x00\x09\x00\x00EXIF\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o := orientation(data); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
		animatedWebP(data)
	})
}
