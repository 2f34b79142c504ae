package onnx

import (
	"encoding/binary"
	"math"
)

// regionScales is the number of scales of R-MAC's regions: the paper's L.
const regionScales = 3

// regionOverlap is how much neighbouring regions of the first scale are to
// overlap on the long side of a map.
const regionOverlap = 0.4

// region is a square of a map.
type region struct{ top, left, side int64 }

// sides returns the height and width of a feature map, -1 where they are not
// known.
func sides(t Tensor) (h, w int64) {
	if t.Layout == ChannelsLast {
		return t.Shape.Size(1), t.Shape.Size(2)
	}
	return t.Shape.Size(2), t.Shape.Size(3)
}

// regions returns the squares of a map that R-MAC pools: at scale l, 1 to 3, of
// side 2·min(h,w)/(l+1), l of them along the short side of the map and l+m-1
// along the long side, at even distances; m is the number from 2 to 7 for which
// squares as high as the map overlap by what is closest to 40 %, or 1 if the map is
// a square (Tolias, Sicre, Jégou: Particular object retrieval with integral
// max-pooling of CNN activations, ICLR 2016, and its authors' program).
func regions(h, w int64) []region {
	short, long := min(h, w), max(h, w)
	more, best := int64(0), math.Inf(1)
	for m := int64(2); m <= 7 && long > short; m++ {
		step := float64(long-short) / float64(m-1)
		if d := math.Abs(1 - step/float64(short) - regionOverlap); d < best {
			more, best = m-1, d
		}
	}
	down, across := int64(0), int64(0)
	if h > w {
		down = more
	} else {
		across = more
	}
	var out []region
	for l := int64(1); l <= regionScales; l++ {
		side := 2 * short / (l + 1)
		if side == 0 {
			break
		}
		for _, top := range spread(h-side, l+down) {
			for _, left := range spread(w-side, l+across) {
				out = append(out, region{top, left, side})
			}
		}
	}
	return out
}

// spread returns n places from 0 to free, at even distances, rounded down.
func spread(free, n int64) []int64 {
	at := make([]int64, n)
	for i := range at {
		if n > 1 {
			at[i] = int64(i) * free / (n - 1)
		}
	}
	return at
}

// regional pools x, N×C×H×W, by R-MAC.
func (b *builder) regional(x string, regions []region) string {
	unit := func(x string) string {
		return b.op("LpNormalization", []string{b.flatten(x)}, intAttribute("axis", 1), intAttribute("p", 2))
	}
	var vectors []string
	rows, last := "", region{top: -1}
	for _, r := range regions {
		if r.top != last.top || r.side != last.side {
			rows, last = b.band(x, 2, r.top, r.side), r
		}
		vectors = append(vectors, unit(b.op("GlobalMaxPool", []string{b.band(rows, 3, r.left, r.side)})))
	}
	return unit(b.op("Sum", vectors))
}

// band returns n places from at on of x along an axis. It gathers them, since
// Slice changed with opset 10.
func (b *builder) band(x string, axis, at, n int64) string {
	var raw []byte
	for i := range n {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(at+i))
	}
	return b.op("Gather", []string{x, b.weight(Int64, raw, n)}, intAttribute("axis", axis))
}
