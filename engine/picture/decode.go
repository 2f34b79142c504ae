package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	_ "image/gif"  // decoders register themselves
	_ "image/jpeg" // with package image
	_ "image/png"
	"io"
	"slices"
	"strings"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"
)

// Decoder is the version of what DecodePicture makes of pictures: 2 since the colours of
// lossy WebP are those of limited range. Features of another version may differ.
const Decoder = 2

// maxPictureFile bounds a picture's file, in bytes.
const maxPictureFile = 1 << 30

// DecodePicture reads a JPEG, PNG, GIF, WebP, BMP or TIFF, told by its content
// and not by its name, and turns it as its EXIF orientation says. Of an animated
// GIF it is the first frame. Before a pixel is decoded allow is asked about the
// declared size, since a file may claim any size in a few bytes; its error is
// returned. A decoder that panics on a broken file is that file's error. An error
// does not name the file. Whatever a file holds, decoding takes no more memory than
// 192 MiB, 32 bytes a pixel and four times the file: no decoder unpacks more than the
// pixels declared, and of several frames none but the first is looked at.
func DecodePicture(r io.Reader, allow func(w, h int) error) (m image.Image, err error) {
	defer func() {
		if p := recover(); p != nil {
			m, err = nil, fmt.Errorf("broken picture: %v", p)
		}
	}()
	var head bytes.Buffer
	in := &failing{r: io.LimitReader(r, maxPictureFile+1)}
	config, format, err := image.DecodeConfig(io.TeeReader(in, &head))
	if err != nil && in.err != nil {
		return nil, in.err
	}
	if err != nil {
		return nil, pictureError(head.Bytes(), err)
	}
	if config.Width <= 0 || config.Height <= 0 {
		return nil, fmt.Errorf("%s of %d×%d pixels is empty", format, config.Width, config.Height)
	}
	if err := allow(config.Width, config.Height); err != nil {
		return nil, fmt.Errorf("%s of %d×%d pixels: %w", format, config.Width, config.Height, err)
	}
	if _, err := io.Copy(&head, in); err != nil {
		return nil, err
	}
	data := head.Bytes()
	if len(data) > maxPictureFile {
		return nil, fmt.Errorf("a file of more than %d bytes is no picture", maxPictureFile)
	}
	m, _, err = image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, pictureError(data, err)
	}
	if format == "webp" {
		m = limited(m)
	}
	return orient(m, orientation(data)), nil
}

// failing keeps the error of a reader, which image.DecodeConfig takes for a file
// of no format.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

// cutOff are what the decoders of JPEG and PNG say of a file that ends early.
var cutOff = []string{"short Huffman data", "not enough pixel data"}

// pictureError says what a decoder's error means, data being what was read.
func pictureError(data []byte, err error) error {
	switch {
	case len(data) == 0 && (errors.Is(err, io.EOF) || errors.Is(err, image.ErrFormat)):
		return errors.New("the file is empty")
	case errors.Is(err, image.ErrFormat):
		return errors.New("not a picture that can be read (JPEG, PNG, GIF, WebP, BMP and TIFF can)")
	case animatedWebP(data):
		return errors.New("an animated WebP cannot be read; save a frame of it")
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || slices.ContainsFunc(cutOff, func(t string) bool { return strings.Contains(err.Error(), t) }):
		return fmt.Errorf("the file is cut off after %d bytes: %w", len(data), err)
	}
	return err
}

// orient turns a picture as EXIF orientation o says: TIFF 6.0, tag 274. Of values
// 2 to 8, 2 4 5 7 mirror, 5 to 8 exchange width and height.
func orient(m image.Image, o int) image.Image {
	if o < 2 || o > 8 {
		return m
	}
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	src := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(src, src.Rect, m, b.Min, draw.Src)
	dw, dh := w, h
	if o >= 5 {
		dw, dh = h, w
	}
	dst := image.NewNRGBA(image.Rect(0, 0, dw, dh))
	for y := range dh {
		for x := range dw {
			sx, sy := x, y
			if o >= 5 {
				sx, sy = y, x
			}
			if o == 2 || o == 3 || o == 7 || o == 8 {
				sx = w - 1 - sx
			}
			if o == 3 || o == 4 || o == 6 || o == 7 {
				sy = h - 1 - sy
			}
			copy(dst.Pix[dst.PixOffset(x, y):][:4], src.Pix[src.PixOffset(sx, sy):][:4])
		}
	}
	return dst
}
