package report

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image"
	"image/color"
	imagedraw "image/draw"
	"image/jpeg"
	"io"

	"strata/engine/picture"
)

// thumbnailSide is the longer side of a report's pictures, in pixels.
const thumbnailSide = 128

// maxThumbnailPixels is the largest size of a picture that is decoded for a report.
const maxThumbnailPixels = 1 << 27

var errManyPixels = errors.New("more pixels than are decoded for a report")

// thumbnail reads a picture and returns it as a JPEG of at most limit bytes. Its longer side has at
// most thumbnailSide pixels. Reading, shrinking and encoding use integer arithmetic, so the bytes
// do not depend on the processor.
func thumbnail(r io.Reader, limit int) ([]byte, error) {
	m, err := picture.DecodePicture(r, func(w, h int) error {
		if int64(w)*int64(h) > maxThumbnailPixels {
			return errManyPixels
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	small := opaque(m)
	for side := thumbnailSide; ; side /= 2 {
		small = shrink(small, side)
		for _, quality := range []int{82, 65, 45, 25} {
			var b bytes.Buffer
			if err := jpeg.Encode(&b, small, &jpeg.Options{Quality: quality}); err != nil {
				return nil, err
			}
			if b.Len() <= limit || side == 1 {
				return b.Bytes(), nil
			}
		}
	}
}

// opaque returns a picture on white.
func opaque(m image.Image) *image.RGBA {
	b := m.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	imagedraw.Draw(out, out.Rect, image.NewUniform(color.White), image.Point{}, imagedraw.Src)
	imagedraw.Draw(out, out.Rect, m, b.Min, imagedraw.Over)
	return out
}

// shrink returns an opaque picture whose longer side is at most side. Every pixel is the mean of
// the area that it covers. Existing resizers compute in floating point, where the last bit
// sometimes changes a pixel, so they are not used.
func shrink(m *image.RGBA, side int) *image.RGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	dw, dh := w, h
	if long := max(w, h); long > side {
		dw, dh = max(1, (w*side+long/2)/long), max(1, (h*side+long/2)/long)
	}
	if dw == w && dh == h {
		return m
	}
	out := image.NewRGBA(image.Rect(0, 0, dw, dh))
	for y := range dh {
		for x := range dw {
			// The area, in units of 1/dw and 1/dh source pixels, is w wide and h high.
			var sum [3]uint64
			for sy := y * h / dh; sy*dh < (y+1)*h; sy++ {
				rows := min((sy+1)*dh, (y+1)*h) - max(sy*dh, y*h)
				for sx := x * w / dw; sx*dw < (x+1)*w; sx++ {
					area := uint64(rows * (min((sx+1)*dw, (x+1)*w) - max(sx*dw, x*w)))
					at := m.Pix[m.PixOffset(sx, sy):]
					for c := range sum {
						sum[c] += area * uint64(at[c])
					}
				}
			}
			all := uint64(w) * uint64(h)
			to := out.Pix[out.PixOffset(x, y):]
			for c := range sum {
				to[c] = uint8((sum[c] + all/2) / all)
			}
			to[3] = 255
		}
	}
	return out
}

// dataURI returns a JPEG as a data URI.
func dataURI(jpeg []byte) string {
	return "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(jpeg)
}
