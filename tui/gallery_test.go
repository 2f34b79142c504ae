package tui

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"math"
	"testing"
	"testing/fstest"
)

// matrixFile is a float32 matrix as a .npy file.
func matrixFile(rows [][]float32) []byte {
	head := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", len(rows), len(rows[0]))
	for (len(head)+11)%64 != 0 {
		head += " "
	}
	var b bytes.Buffer
	b.WriteString("\x93NUMPY\x01\x00")
	b.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(head)+1)))
	b.WriteString(head + "\n")
	for _, row := range rows {
		for _, x := range row {
			b.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(x)))
		}
	}
	return b.Bytes()
}

// flatPicture is a picture of one colour.
func flatPicture(t *testing.T, w, h int, c color.Color) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hostileGallery has what a screen must survive: control sequences in ids, labels and file names, values of great
// length, a broken, a missing and an unnamed picture, rows that are zero or not finite, no second label.
func hostileGallery(t *testing.T) fs.FS {
	t.Helper()
	nan := float32(math.NaN())
	return fstest.MapFS{
		"items.csv": {Data: []byte("id,image,\"kind\x1b[2J\"\n" +
			"\"one\x1b]0;title\x07\",one.png,\"red\x1b[31m\"\n" +
			"two,broken\x1b[2J.png,red\u202e\u2066\u200b\u2028\u009b31m\U000e0041\n" +
			"three,missing.png,\"a very long value that no column of any screen has the room for, whatever its size may be\"\n" +
			"四番目の商品です,,界面界面界面\n" +
			"five,one.png,\n")},
		"one.png":              {Data: flatPicture(t, 30, 60, color.RGBA{200, 30, 30, 255})},
		"broken\x1b[2J.png":    {Data: []byte("\x89PNG\r\n\x1a\nnot a picture")},
		"a-very-long_name.npy": {Data: matrixFile([][]float32{{1, 0}, {.9, .1}, {0, 0}, {nan, 1}, {.5, .5}})},
		"b.npy":                {Data: matrixFile([][]float32{{1, 2}, {2, 1}, {1, 1}, {3, 1}, {0, 1}})},
	}
}
