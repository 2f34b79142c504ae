package kernel_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"strata/engine/kernel"
)

func TestMaxAbs(t *testing.T) {
	inf, nan := float32(math.Inf(-1)), float32(math.NaN())
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(23, 1))
		for _, n := range lengths() {
			x := randomF32(random, n+offsets)
			for offset := range offsets {
				x := x[offset:][:n]
				want := float32(0)
				for _, v := range x {
					want = max(want, float32(math.Abs(float64(v))))
				}
				if got := kernel.MaxAbs(x); got != want {
					t.Fatalf("%d values at %d: %v, want %v", n, offset, got, want)
				}
			}
			for at := range min(n, 70) { // the greatest at every place, between greater numbers outside
				x := fill(n+2, []float32{1})
				x[0], x[n+1], x[at+1] = 9, 9, -2
				if got := kernel.MaxAbs(x[1 : n+1]); got != 2 {
					t.Fatalf("%d values, -2 at %d: %v", n, at, got)
				}
				x[at+1] = inf
				if got := kernel.MaxAbs(x[1 : n+1]); got != -inf {
					t.Fatalf("%d values, -Inf at %d: %v", n, at, got)
				}
				x[at+1] = nan
				if got := kernel.MaxAbs(x[1 : n+1]); got == got {
					t.Fatalf("%d values, NaN at %d: %v", n, at, got)
				}
			}
		}
	})
}

// quantized is what Quantize should do, by its definition; most is 127 or 7.
func quantized(src []float32, scale, most float32) (codes []int, residual float64, square int64) {
	var s [8]float32
	for i, v := range src {
		inverse := float32(0)
		if scale >= 0x1p-126 {
			inverse = float32(1 / float64(scale))
		}
		c := math.RoundToEven(float64(max(-most, min(most, float32(float64(v)*float64(inverse))))))
		rest := float64(float32(float64(v) - float64(scale)*c))
		s[i%8] += float32(rest * rest)
		square += int64(c * c)
		codes = append(codes, int(c))
	}
	w := widened(s[:])
	return codes, ((w[0] + w[4]) + (w[2] + w[6])) + ((w[1] + w[5]) + (w[3] + w[7])), square
}

func checkQuantize(t *testing.T, src []float32, scale float32, offset int) {
	t.Helper()
	dst := fill(len(src)+offset+9, []uint8{99})
	residual, square := kernel.Quantize(dst[offset:][:len(src)], src, scale)
	codes, wantResidual, wantSquare := quantized(src, scale, 127)
	for i, u := range dst {
		want := 99
		if i >= offset && i < offset+len(src) {
			want = codes[i-offset] + 128
		}
		if int(u) != want {
			t.Fatalf("%d values at %d, scale %v: byte %d is %d, want %d", len(src), offset, scale, i, u, want)
		}
	}
	if !same(residual, wantResidual) || square != wantSquare {
		t.Fatalf("%d values at %d, scale %v: %v and %d, want %v and %d", len(src), offset, scale, residual, square, wantResidual, wantSquare)
	}
}

func checkNibbles(t *testing.T, src []float32, scale float32, offset int) {
	t.Helper()
	n := len(src) / 2
	dst := fill(n+offset+9, []uint8{99})
	residual, square := kernel.QuantizeNibbles(dst[offset:][:n], src, scale)
	codes, wantResidual, wantSquare := quantized(src, scale, 7)
	for i, c := range codes {
		if u := dst[offset+i/128*64+i%64] >> (i % 128 / 64 * 4) & 15; int(u) != c+8 {
			t.Fatalf("%d values at %d, scale %v: code %d is %d, want %d", len(src), offset, scale, i, u, c+8)
		}
	}
	for i, u := range dst {
		if (i < offset || i >= offset+n) && u != 99 {
			t.Fatalf("%d values at %d: wrote byte %d, outside dst", len(src), offset, i)
		}
	}
	if !same(residual, wantResidual) || square != wantSquare {
		t.Fatalf("%d values at %d, scale %v: %v and %d, want %v and %d", len(src), offset, scale, residual, square, wantResidual, wantSquare)
	}
}

func TestQuantize(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(23, 2))
		for _, n := range append(lengths(), 3072) {
			values := randomF32(random, n+offsets)
			for offset := range offsets {
				src := values[offset:][:n]
				scale := kernel.MaxAbs(src) / 127
				switch offset % 4 {
				case 1: // many beyond the greatest code
					scale /= 8
				case 2: // exact halves, to even
					scale = 0.25
					for i := range src {
						src[i] = float32(random.IntN(300)-150) * 0.125
					}
				}
				checkQuantize(t, src, scale, offset)
				if n%128 == 0 {
					checkNibbles(t, src, scale*16, offset)
				}
			}
		}
	})
}

// TestQuantizeSpecial takes scales and values at the ends of their range.
func TestQuantizeSpecial(t *testing.T) {
	scales := []float32{0, math.SmallestNonzeroFloat32, 0x1p-127, 0x1p-126, 0x1p-125, 1, 0x1p120}
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(23, 3))
		for _, scale := range scales {
			src := make([]float32, 256+13)
			for i := range src {
				src[i] = float32(random.NormFloat64()) * max(scale, 0x1p-140) * 40
			}
			src[0], src[1], src[2], src[200] = 0, float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, -0x1p-130
			checkQuantize(t, src, scale, 3)
			checkNibbles(t, src[:256], scale, 3)
		}
		for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
			for at := range 128 {
				src, dst := fill(128, []float32{1}), make([]uint8, 128)
				src[at] = bad
				residual, _ := kernel.Quantize(dst, src, 0.01)
				nibbles, _ := kernel.QuantizeNibbles(dst[:64], src, 0.01)
				if !math.IsNaN(residual) && !math.IsInf(residual, 1) || !math.IsNaN(nibbles) && !math.IsInf(nibbles, 1) {
					t.Fatalf("%v at %d: residuals %v and %v", bad, at, residual, nibbles)
				}
			}
		}
	})
}

// TestResidualBound compares with exact arithmetic.
func TestResidualBound(t *testing.T) {
	random := rand.New(rand.NewPCG(23, 4))
	for _, size := range []float32{1, 1e-15, 1e-19, 1e-20, 1e-22, 1e-30, 1e-38, 1e-42, 1e18} {
		for range 20 {
			src := randomF32(random, 256)
			for i := range src {
				src[i] *= size
			}
			scale, dst := kernel.MaxAbs(src)/127, make([]uint8, len(src))
			residual, _ := kernel.Quantize(dst, src, scale)
			exact := new(big.Float).SetPrec(500)
			for i, v := range src {
				rest := new(big.Float).SetPrec(500).SetFloat64(float64(v))
				rest.Sub(rest, new(big.Float).SetPrec(500).SetFloat64(float64(scale)*(float64(dst[i])-128)))
				exact.Add(exact, rest.Mul(rest, rest))
			}
			bound := new(big.Float).SetPrec(500).SetFloat64(kernel.ResidualBound(residual, len(src)))
			if exact.Sqrt(exact).Cmp(bound) > 0 {
				t.Errorf("size %v: length %v above the bound %v", size, exact, bound)
			}
		}
	}
}

func TestQuantizeShapes(t *testing.T) {
	const want = "kernel: quantize: lengths differ"
	for name, do := range map[string]func(){
		"short":          func() { kernel.Quantize(make([]uint8, 3), make([]float32, 4), 1) },
		"long":           func() { kernel.Quantize(make([]uint8, 5), make([]float32, 4), 1) },
		"nibbles":        func() { kernel.QuantizeNibbles(make([]uint8, 64), make([]float32, 64), 1) },
		"nibbles, block": func() { kernel.QuantizeNibbles(make([]uint8, 32), make([]float32, 64), 1) },
	} {
		if got := panics(do); got != want {
			t.Errorf("%s: panic %v, want %v", name, got, want)
		}
	}
}
