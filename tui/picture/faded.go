package picture

import (
	"image"
	"image/color"
)

// A faded picture stands between its colours and the background's: at half its brightness on a dark one, and half as
// dark on a light one.

// fadedLevel returns a channel's level, 0 to 255, half way to the background's.
func fadedLevel(v uint8, light bool) uint8 {
	if light {
		return uint8((int(v) + 255 + 1) / 2)
	}
	return v / 2
}

// fadedImage returns opaque m in at most w×h pixels, faded.
func fadedImage(m image.Image, w, h int, light bool) *image.RGBA {
	w, h = fitPixels(m.Bounds().Dx(), m.Bounds().Dy(), w, h)
	out := resample(m, w, h)
	for i := range out.Pix {
		if i%4 < 3 {
			out.Pix[i] = fadedLevel(out.Pix[i], light)
		}
	}
	return out
}

// fadedPalette returns the colours faded, in their order.
func fadedPalette(colors color.Palette, light bool) color.Palette {
	out := make(color.Palette, len(colors))
	for i, c := range colors {
		from := color.RGBAModel.Convert(c).(color.RGBA)
		to := rgb{}
		for j, v := range [3]uint8{from.R, from.G, from.B} {
			to[j] = sixelChannel(float32(fadedLevel(v, light)))
		}
		out[i] = to.color()
	}
	return out
}
