package kernel_test

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"strata/engine/kernel"
)

func TestCentre(t *testing.T) {
	scales := []float32{1, 0.3, 0, 1e-30, -2}
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(22, 1))
		for _, n := range append(lengths(), 3072) {
			x32, x16 := randomF32(random, n+offsets), randomF16(random, n+offsets)
			mean, signs := randomF32(random, n+offsets), randomF32(random, n+offsets)
			for i := range signs {
				if i%3 > 0 {
					signs[i] = float32(1 - i%2*2)
				}
			}
			for i := 2; i < len(x32); i += 17 {
				x32[i] = math.Float32frombits(random.Uint32N(1 << 23))
				x16[i] = uint16(random.UintN(1 << 10))
			}
			for offset := range offsets {
				mean, signs := mean[offset:][:n], signs[offset:][:n]
				checkCentre(t, x32[offset:][:n], scales[(n+offset)%len(scales)], mean, signs, offset, kernel.CentreF32)
				checkCentre(t, x16[offset:][:n], scales[(n+offset)%len(scales)], mean, signs, offset, kernel.CentreF16)
			}
		}
	})
}

func checkCentre[T float32 | uint16](t *testing.T, x []T, scale float32, mean, signs []float32, offset int,
	centre func(dst []float32, x []T, scale float32, mean, signs []float32),
) {
	t.Helper()
	dst, intact := guarded[float32](len(x), offset)
	centre(dst, x, scale, mean, signs)
	for i, v := range widened(x) {
		product := float32(v * float64(scale)) // exact before rounding, as are the two below
		difference := float32(float64(product) - float64(mean[i]))
		if want := float32(float64(difference) * float64(signs[i])); !same(dst[i], want) {
			t.Fatalf("%d values of %T at %d: value %d is %v, want (%v·%v - %v)·%v = %v", len(x), x, offset, i, dst[i],
				v, scale, mean[i], signs[i], want)
		}
	}
	if !intact() {
		t.Fatalf("%d values of %T at %d: wrote outside dst", len(x), x, offset)
	}
}

// hadamard64 is the transform in float64 by its recursive definition, H(2n) = [H H; H -H].
func hadamard64(x []float64) {
	h := len(x) / 2
	if h == 0 {
		return
	}
	hadamard64(x[:h])
	hadamard64(x[h:])
	for i := range h {
		x[i], x[i+h] = x[i]+x[i+h], x[i]-x[i+h]
	}
}

// TestHadamard64 holds the reference of the other tests to the definition of the transform.
func TestHadamard64(t *testing.T) {
	random := rand.New(rand.NewPCG(22, 2))
	for block := 1; block <= 256; block *= 2 {
		x := widened(randomF32(random, block))
		y := append([]float64(nil), x...)
		hadamard64(y)
		for i, got := range y {
			want := 0.0
			for j, v := range x {
				want += v * float64(1-bits.OnesCount(uint(i&j))%2*2)
			}
			if math.Abs(got-want) > 1e-12*float64(block) {
				t.Errorf("block %d: value %d is %v, want %v", block, i, got, want)
			}
		}
	}
}

// TestHadamard compares with float64, within the bound, and with the documented rounds, to the bit.
func TestHadamard(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(22, 3))
		worst := 0.0
		for block := 1; block <= 8192; block *= 2 {
			for offset := range offsets {
				blocks := offset % 4
				x, intact := guarded[float32](blocks*block, offset)
				copy(x, randomF32(random, len(x)))
				for i := 1; i < len(x); i += 31 {
					x[i] = math.Float32frombits(random.Uint32N(1 << 23))
				}
				exact, rounds := widened(x), append([]float32(nil), x...)
				kernel.Hadamard(x, block)
				for at := 0; at < len(x); at += block {
					hadamard64(exact[at : at+block])
					if d := distance(x[at:at+block], exact[at:at+block]); d > 0 {
						worst = max(worst, d/kernel.HadamardError(block))
					}
				}
				for h := 1; h < block; h *= 2 {
					for i := range rounds {
						if i&h == 0 {
							rounds[i], rounds[i+h] = rounds[i]+rounds[i+h], rounds[i]-rounds[i+h]
						}
					}
				}
				for i, got := range x {
					if !same(got, rounds[i]) {
						t.Fatalf("%d blocks of %d at %d: value %d is %v, want %v", blocks, block, offset, i, got, rounds[i])
					}
				}
				if !intact() {
					t.Fatalf("%d blocks of %d at %d: wrote outside x", blocks, block, offset)
				}
			}
		}
		if t.Logf("at most %.3f of the bound", worst); !(worst <= 1) {
			t.Errorf("an error is %v times the bound", worst)
		}
	})
}

// distance is the length of the difference over that of the exact vector; 0 where both are 0.
func distance(x []float32, exact []float64) float64 {
	var difference, size float64
	for i, v := range exact {
		difference += (float64(x[i]) - v) * (float64(x[i]) - v)
		size += v * v
	}
	if difference == 0 {
		return 0
	}
	return math.Sqrt(difference / size)
}

// TestHadamardTwice transforms small integers, without any rounding, there and back.
func TestHadamardTwice(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		for block := 1; block <= 4096; block *= 2 {
			x := make([]float32, 3*block)
			for i := range x {
				x[i] = float32(i%7 - 3)
			}
			kernel.Hadamard(x, block)
			kernel.Hadamard(x, block)
			for i, v := range x {
				if want := float32(i%7-3) * float32(block); v != want {
					t.Fatalf("block %d: value %d is %v, want %v", block, i, v, want)
				}
			}
		}
	})
}

func TestRotateShapes(t *testing.T) {
	const block, lengths = "kernel: hadamard: block", "kernel: centre: lengths differ"
	x := make([]float32, 24)
	for name, test := range map[string]struct {
		do   func()
		want any
	}{
		"three blocks":       {func() { kernel.Hadamard(x, 8) }, nil},
		"nothing":            {func() { kernel.Hadamard(nil, 8) }, nil},
		"no power of two":    {func() { kernel.Hadamard(x, 12) }, block},
		"no block":           {func() { kernel.Hadamard(x, 0) }, block},
		"negative":           {func() { kernel.Hadamard(x, -8) }, block},
		"not whole blocks":   {func() { kernel.Hadamard(x, 16) }, block},
		"centre":             {func() { kernel.CentreF32(x, x, 1, x, x) }, nil},
		"centre short":       {func() { kernel.CentreF32(x, x[1:], 1, x, x) }, lengths},
		"centre short mean":  {func() { kernel.CentreF16(x, make([]uint16, 24), 1, x[1:], x) }, lengths},
		"centre short signs": {func() { kernel.CentreF32(x, x, 1, x, x[1:]) }, lengths},
	} {
		if got := panics(test.do); got != test.want {
			t.Errorf("%s: panic %v, want %v", name, got, test.want)
		}
	}
}

func TestHadamardErrorFormula(t *testing.T) {
	for block, k := range map[int]float64{1: 0, 2: 1, 256: 8, 2048: 11} {
		if got, want := kernel.HadamardError(block), k/(0x1p24-k); math.Abs(got-want) > 1e-20 {
			t.Errorf("HadamardError(%d) = %g, want %g", block, got, want)
		}
	}
}
