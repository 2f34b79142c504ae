package picture

import (
	"bytes"
	"compress/lzw"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"runtime"
	"slices"
	"testing"
)

// zeros returns n zeros, packed by zlib: a thousandth of them.
func zeros(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	for block := make([]byte, 1<<20); n > 0; n -= len(block) {
		if _, err := w.Write(block[:min(n, len(block))]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pngOf returns a PNG of w×h with chunks before its pixels, which are what zlib holds.
func pngOf(w, h uint32, depth, kind, interlace byte, pixels []byte, chunks ...[]byte) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	b := append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", append(head, depth, kind, 0, 0, interlace))...)
	return slices.Concat(b, slices.Concat(chunks...), pngChunk("IDAT", pixels), pngChunk("IEND", nil))
}

// tiffOf returns a TIFF of tags, in their order, and of bytes behind it at offset 1000.
func tiffOf(tags [][3]uint32, behind []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte("II*\x00"), 8)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(tags)))
	for _, tag := range tags {
		b = binary.LittleEndian.AppendUint16(b, uint16(tag[0]))
		b = binary.LittleEndian.AppendUint16(b, 4) // long
		b = binary.LittleEndian.AppendUint32(b, tag[1])
		b = binary.LittleEndian.AppendUint32(b, tag[2])
	}
	b = binary.LittleEndian.AppendUint32(b, 0)
	return append(append(b, make([]byte, 1000-len(b))...), behind...)
}

// riffOf returns a WebP of chunks, given by name and body.
func riffOf(chunks ...string) []byte {
	body := "WEBP"
	for i := 0; i < len(chunks); i += 2 {
		body += chunks[i] + string(binary.LittleEndian.AppendUint32(nil, uint32(len(chunks[i+1])))) + chunks[i+1]
		if len(chunks[i+1])%2 == 1 {
			body += "\x00"
		}
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// canvas returns the body of a VP8X chunk of w×h with an alpha channel.
func canvas(w, h int) string {
	return string([]byte{0x10, 0, 0, 0, byte(w - 1), byte((w - 1) >> 8), byte((w - 1) >> 16), byte(h - 1), byte((h - 1) >> 8), byte((h - 1) >> 16)})
}

// manyFrames returns a GIF of n frames of 8×8.
func manyFrames(t *testing.T, n int) []byte {
	t.Helper()
	m := image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.Black, color.White})
	g := &gif.GIF{}
	for range n {
		g.Image, g.Delay = append(g.Image, m), append(g.Delay, 0)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// longFrame returns a GIF of 8×8 whose frame unpacks to millions of pixels.
func longFrame(t *testing.T) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := lzw.NewWriter(&packed, lzw.LSB, 2)
	for block := make([]byte, 1<<20); packed.Len() < 60_000; {
		if _, err := w.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	b := []byte("GIF89a\x08\x00\x08\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x08\x00\x08\x00\x00\x02")
	for block := range slices.Chunk(packed.Bytes(), 255) {
		b = append(append(b, byte(len(block))), block...)
	}
	return append(b, 0, ';')
}

// TestBombs: a few bytes that stand for very many take no more memory than what is
// declared, whether they are a picture or not.
func TestBombs(t *testing.T) {
	const much = 200 << 20
	bomb := zeros(t, much)
	strip := func(compression uint32, more ...[3]uint32) []byte {
		tags := append([][3]uint32{
			{256, 1, 8}, {257, 1, 8}, {258, 1, 8}, {259, 1, compression}, {262, 1, 1}, {273, 1, 1000}, {277, 1, 1}, {279, 1, uint32(len(bomb))},
		}, more...)
		slices.SortFunc(tags, func(a, b [3]uint32) int { return int(a[0]) - int(b[0]) })
		return tiffOf(tags, bomb)
	}
	tile := strip(8, [3]uint32{322, 1, 1024}, [3]uint32{323, 1, 1024}, [3]uint32{324, 1, 1000}, [3]uint32{325, 1, uint32(len(bomb))})
	vp8l := func(w, h uint32) string {
		return "\x2f" + string(binary.LittleEndian.AppendUint32(nil, w-1|(h-1)<<14)) + string(make([]byte, 100))
	}
	for _, c := range []struct {
		name string
		data []byte
		w, h int // declared
	}{
		{"png of more pixels than declared", pngOf(8, 8, 8, 0, 0, bomb), 8, 8},
		{"png, interlaced", pngOf(8, 8, 16, 6, 1, bomb), 8, 8},
		{"png with a colour profile", pngOf(8, 8, 8, 0, 0, zeros(t, 72), pngChunk("iCCP", append([]byte("p\x00\x00"), bomb...))), 8, 8},
		{"png with text", pngOf(8, 8, 8, 0, 0, zeros(t, 72), pngChunk("zTXt", append([]byte("k\x00\x00"), bomb...))), 8, 8},
		{"png of many pixels that are not there", pngOf(8000, 8000, 16, 6, 0, nil), 8000, 8000},
		{"gif of many frames", manyFrames(t, 3_000), 8, 8},
		{"gif of a long frame", longFrame(t), 8, 8},
		{"gif of a frame beyond its screen", []byte("GIF89a\x08\x00\x08\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x01\x00\x00;"), 8, 8},
		{"tiff strip, deflate", strip(8), 8, 8},
		{"tiff strip, LZW", strip(5), 8, 8},
		{"tiff strip, packed bits", strip(32773), 8, 8},
		{"tiff tile", tile, 8, 8},
		{"tiff of strips at the end of the earth", tiffOf([][3]uint32{{256, 1, 8}, {257, 1, 8}, {258, 1, 8}, {259, 1, 1}, {262, 1, 1}, {273, 1, 0xfffffff0}, {279, 1, 0xfffffff0}}, nil), 8, 8},
		{"tiff of four billion strips", tiffOf([][3]uint32{{256, 1, 8}, {257, 1, 8}, {258, 1, 8}, {259, 1, 1}, {262, 1, 1}, {273, 0xffffffff, 1000}, {279, 0xffffffff, 1000}}, nil), 8, 8},
		{"bmp with a head of gigabytes", append([]byte("BM\xff\xff\xff\x7f\x00\x00\x00\x00\xff\xff\xff\x7f\x28\x00\x00\x00\x08\x00\x00\x00\x08\x00\x00\x00\x01\x00\x18\x00"), make([]byte, 200)...), 8, 8},
		{"webp, small canvas, large lossless picture", riffOf("VP8X", canvas(8, 8), "VP8L", vp8l(16384, 16384)), 8, 8},
		{"webp, small canvas, large picture", riffOf("VP8X", canvas(8, 8), "ALPH", "\x00"+string(make([]byte, 64)), "VP8 ", "\x30\x01\x00\x9d\x01\x2a\xff\x3f\xff\x3f"+string(make([]byte, 100))), 8, 8},
		{"webp, lossless, all zeros", riffOf("VP8L", vp8l(4000, 4000)), 4000, 4000},
		{"webp, alpha, all zeros", riffOf("VP8X", canvas(4000, 4000), "ALPH", "\x01"+string(make([]byte, 64))), 4000, 4000},
	} {
		asked := image.Point{}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := DecodePicture(bytes.NewReader(c.data), func(w, h int) error {
			asked = image.Pt(w, h)
			return nil
		})
		runtime.ReadMemStats(&after)
		took, most := int64(after.TotalAlloc-before.TotalAlloc), pictureMemory(int64(asked.X), int64(asked.Y), int64(len(c.data)))-128<<20 // no Huffman trees here
		if took > most+4<<20 {                                                                                                             // which others take meanwhile, the race detector among them
			t.Errorf("%s: %d bytes of memory, more than %d (%v)", c.name, took, most, err)
		}
		if asked != image.Pt(c.w, c.h) && asked != (image.Point{}) {
			t.Errorf("%s: asked about %v (%v)", c.name, asked, err)
		}
		if err == nil && m.Bounds().Size() != image.Pt(c.w, c.h) {
			t.Errorf("%s: a picture of %v", c.name, m.Bounds())
		}
		t.Logf("%s: %d bytes of file, %.1f MB of memory: %v", c.name, len(c.data), float64(took)/1e6, err)
	}
	// What is declared is asked about before it is decoded.
	errLarge := errors.New("too large")
	for name, data := range map[string][]byte{
		"png": pngOf(1<<30, 1<<30, 8, 0, 0, nil), "webp": riffOf("VP8L", vp8l(16384, 16384)), "gif": []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00"),
		"tiff": tiffOf([][3]uint32{{256, 1, 1 << 20}, {257, 1, 1 << 20}, {258, 1, 8}, {262, 1, 1}}, nil),
	} {
		if _, err := DecodePicture(bytes.NewReader(data), func(int, int) error { return errLarge }); err == nil || !errors.Is(err, errLarge) && name != "png" { // which finds it too large by itself
			t.Errorf("%s: %v", name, err)
		}
	}
}

// pictureMemory returns the memory that decoding a picture takes at most, in bytes,
// all that is allocated meanwhile, whatever its file holds: the file twice, as it
// grows; its rows as they are unpacked and its pixels, 8 bytes each at most, and
// both again when they grow or are turned; and what one picture's tables take, of
// which those of a lossless WebP are the largest (2,600 groups of Huffman trees of
// 56 KB).
func pictureMemory(w, h, file int64) int64 { return 192<<20 + 32*w*h + 4*file }
