package picture

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	stddraw "image/draw"
	"math"

	"golang.org/x/image/draw"
)

// MaxPixels is the largest declared picture that is decoded; a 64-megapixel photograph takes 100–250 MB while it is.
const MaxPixels = 64_000_000

// maxSide is the longest side that is decoded; it keeps area's sums within 32 bits.
const maxSide = 65_535

// errPictureSize marks a picture whose declared size is refused before a pixel is decoded.
var errPictureSize = errors.New("too large to show")

// Box is a rectangle's size in cells.
type Box struct{ Cols, Rows int }

// Quality says how a picture's colours are chosen.
type Quality int

const (
	// QualityShared uses the gallery's one palette: fast, for the many small pictures.
	QualityShared Quality = iota
	// QualityLarge computes a palette for this one picture, which costs fifteen milliseconds: for the query.
	QualityLarge
	// QualityFaded is QualityShared half way to the background: for pictures that others stand out from.
	QualityFaded
)

// Picture is one item's picture, ready for the terminal. A picture that could not be read has Err and nothing to show.
type Picture struct {
	Row            int
	Box            Box      // what was asked for
	PixelW, PixelH int      // the size of the drawn picture; never more than the box
	Covers         Box      // the cells that the drawn picture touches, at most Box
	Key            string   // equal keys are equal pictures
	Bytes          []byte   // what draws it apart from the text, or nil
	Lines          []string // what draws it as text, or nil
	Err            error
	cell           Box             // the size of a cell, in pixels
	pixels         *image.Paletted // where pictures are joined: in the colours of the shared palette
}

// Placement puts a drawn picture into a rectangle whose top left cell is (col, row), from 0, centred by whole cells.
func (p Picture) Placement(col, row int) Placement {
	return Placement{
		Col: col + (p.Box.Cols-p.Covers.Cols)/2, Row: row + (p.Box.Rows-p.Covers.Rows)/2,
		Box: p.Covers, PixelW: p.PixelW, PixelH: p.PixelH, Key: p.Key, Bytes: p.Bytes,
		slot: slot{col, row, p.Box}, cell: p.cell, pixels: p.pixels,
	}
}

// Allow returns an error if a picture of w×h pixels is too large to be decoded for the screen.
func Allow(w, h int) error {
	if w > maxSide || h > maxSide || int64(w)*int64(h) > MaxPixels {
		return fmt.Errorf("the limit is %d megapixels and %d pixels a side: %w", MaxPixels/1_000_000, maxSide, errPictureSize)
	}
	return nil
}

// fitPixels returns the largest size with the proportions of sw×sh that lies in bw×bh, at least 1×1.
func fitPixels(sw, sh, bw, bh int) (w, h int) {
	scale := min(float64(bw)/float64(sw), float64(bh)/float64(sh))
	w = min(bw, max(1, int(math.Round(float64(sw)*scale))))
	h = min(bh, max(1, int(math.Round(float64(sh)*scale))))
	return w, h
}

// resample scales m to w×h opaque pixels, over white where m is transparent. Reduction averages the area under each
// target pixel; a JPEG is averaged plane by plane, so that only target pixels are converted to RGB (0.06 ms for 224×224
// to 64×66 where a float64 kernel takes 0.77 ms). Enlargement interpolates.
func resample(m image.Image, w, h int) *image.RGBA {
	b := m.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if w > b.Dx() || h > b.Dy() {
		stddraw.Draw(out, out.Bounds(), image.White, image.Point{}, stddraw.Src)
		draw.CatmullRom.Scale(out, out.Bounds(), m, b, draw.Over, nil)
		return out
	}
	if y, ok := m.(*image.YCbCr); ok {
		resampleYCbCr(out, y)
		return out
	}
	src, ok := m.(*image.RGBA)
	if !ok {
		src = image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
		stddraw.Draw(src, src.Bounds(), m, b.Min, stddraw.Src)
	}
	o := src.PixOffset(src.Rect.Min.X, src.Rect.Min.Y)
	averageArea(out.Pix, w, h, src.Pix[o:], src.Stride, b.Dx(), b.Dy(), 4)
	for i := 0; i < len(out.Pix); i += 4 { // premultiplied over white
		rest := 255 - out.Pix[i+3]
		out.Pix[i] += rest
		out.Pix[i+1] += rest
		out.Pix[i+2] += rest
		out.Pix[i+3] = 255
	}
	return out
}

// resampleYCbCr averages luma and chroma in their own planes and converts the result.
func resampleYCbCr(out *image.RGBA, m *image.YCbCr) {
	w, h := out.Rect.Dx(), out.Rect.Dy()
	planes := make([]uint8, 3*w*h)
	luma, cb, cr := planes[:w*h], planes[w*h:2*w*h], planes[2*w*h:]
	b := m.Rect
	averageArea(luma, w, h, m.Y[m.YOffset(b.Min.X, b.Min.Y):], m.YStride, b.Dx(), b.Dy(), 1)
	o := m.COffset(b.Min.X, b.Min.Y)
	end := m.COffset(b.Max.X-1, b.Max.Y-1)
	cw := (end-o)%m.CStride + 1
	ch := (end-o)/m.CStride + 1
	averageArea(cb, w, h, m.Cb[o:], m.CStride, cw, ch, 1)
	averageArea(cr, w, h, m.Cr[o:], m.CStride, cw, ch, 1)
	for i, l := range luma {
		r, g, b := color.YCbCrToRGB(l, cb[i], cr[i])
		p := out.Pix[4*i : 4*i+4 : 4*i+4]
		p[0], p[1], p[2], p[3] = r, g, b, 255
	}
}

// averageArea averages a plane of sw×sh pixels, n interleaved channels each, into dw×dh pixels. A target pixel is the exact
// mean of the source area under it: source pixels are dw×dh units wide and high, target pixels sw×sh, all integers.
func averageArea(dst []uint8, dw, dh int, src []uint8, stride, sw, sh, n int) {
	sums := make([]uint32, sw*n) // one target row high, weights sum to sh ≤ 2^24
	total := uint64(sw) * uint64(sh)
	for y := range dh {
		clear(sums)
		for top, bottom := y*sh, (y+1)*sh; top < bottom; {
			row := top / dh
			next := min((row+1)*dh, bottom)
			weight := uint32(next - top)
			line := src[row*stride : row*stride+sw*n]
			for x, v := range line {
				sums[x] += weight * uint32(v)
			}
			top = next
		}
		for x := range dw {
			for c := range n {
				var sum uint64
				for left, right := x*sw, (x+1)*sw; left < right; {
					column := left / dw
					next := min((column+1)*dw, right)
					sum += uint64(next-left) * uint64(sums[column*n+c])
					left = next
				}
				dst[(y*dw+x)*n+c] = uint8((sum + total/2) / total)
			}
		}
	}
}
