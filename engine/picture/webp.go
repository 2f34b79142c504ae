package picture

import (
	"image"
)

// limited turns a picture of VP8, as golang.org/x/image/webp returns it, to red, green
// and blue. VP8 has luma from 16 to 235 and chroma from 16 to 240 (RFC 6386, section 9.2),
// and image.YCbCr means 0 to 255 by the same bytes. Chroma between its samples is
// interpolated. Arithmetic is libwebp's (src/dsp/yuv.h, src/dsp/upsampling.c), so the
// values are those that its decoder gives. Other pictures are returned as they are.
func limited(m image.Image) image.Image {
	switch m := m.(type) {
	case *image.YCbCr:
		out := image.NewRGBA(image.Rect(0, 0, m.Rect.Dx(), m.Rect.Dy()))
		fromLimited(out.Pix, m)
		return out
	case *image.NYCbCrA:
		out := image.NewNRGBA(image.Rect(0, 0, m.Rect.Dx(), m.Rect.Dy()))
		fromLimited(out.Pix, &m.YCbCr)
		w := m.Rect.Dx()
		for i := range len(out.Pix) / 4 {
			out.Pix[4*i+3] = m.A[m.AOffset(m.Rect.Min.X+i%w, m.Rect.Min.Y+i/w)]
		}
		return out
	}
	return m
}

// fromLimited sets opaque pixels, four bytes each, from luma and chroma of half the width
// and height.
func fromLimited(to []byte, m *image.YCbCr) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	for y := range h {
		luma := m.Y[y*m.YStride:][:w]
		near, far := neighbours(y, h)
		near, far = near*m.CStride, far*m.CStride
		for x, l := range luma {
			here, there := neighbours(x, w)
			mix := func(c []byte) int {
				return (9*int(c[near+here]) + 3*int(c[near+there]) + 3*int(c[far+here]) + int(c[far+there]) + 8) >> 4
			}
			u, v, l := mix(m.Cb), mix(m.Cr), int(l)*19077>>8
			to[0] = clip(l + v*26149>>8 - 14234)
			to[1] = clip(l - u*6419>>8 - v*13320>>8 + 8708)
			to[2] = clip(l + u*33050>>8 - 17685)
			to[3] = 255
			to = to[4:]
		}
	}
}

// neighbours returns the samples of chroma that a pixel of n lies between, the nearer first.
func neighbours(at, n int) (near, far int) {
	near = at / 2
	if at%2 == 0 {
		return near, max(near-1, 0)
	}
	return near, min(near+1, (n-1)/2)
}

// clip returns a number of 64ths as a byte.
func clip(v int) byte { return byte(min(max(v>>6, 0), 255)) }
