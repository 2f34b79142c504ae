package kernel_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"strata/engine/kernel"
)

// halfValue is the value of float16 bits by the standard's definition.
func halfValue(h uint16) float64 {
	sign, exponent, fraction := 1-2*float64(h>>15), int(h>>10&31), float64(h&1023)
	switch {
	case exponent == 31 && fraction != 0:
		return math.NaN()
	case exponent == 31:
		return math.Inf(int(sign))
	case exponent == 0:
		return math.Copysign(math.Ldexp(fraction, -24), sign)
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		h := uint16(h)
		want := halfValue(h)
		f := kernel.Half(h)
		if !same(float64(f), want) {
			t.Fatalf("Half(%#04x) = %v, want %v", h, f, want)
		}
		back := kernel.ToHalf(f)
		if math.IsNaN(want) {
			if back&0x7c00 != 0x7c00 || back&0x03ff == 0 || back>>15 != h>>15 {
				t.Fatalf("ToHalf of NaN %#04x = %#04x", h, back)
			}
		} else if back != h {
			t.Fatalf("ToHalf(%v) = %#04x, want %#04x", f, back, h)
		}
	}
}

// TestToHalf looks at every boundary between neighbours, the float32 before it and the float32 after it.
func TestToHalf(t *testing.T) {
	for h := range uint16(0x7c00) {
		next := halfValue(h + 1)
		if h+1 == 0x7c00 {
			next = 65536
		}
		middle := float32((halfValue(h) + next) / 2)
		even := h + h&1
		for _, c := range []struct {
			value float32
			want  uint16
		}{
			{math.Nextafter32(middle, -1), h},
			{middle, even},
			{math.Nextafter32(middle, 1e6), h + 1},
		} {
			if got := kernel.ToHalf(c.value); got != c.want {
				t.Fatalf("ToHalf(%v) = %#04x, want %#04x", c.value, got, c.want)
			}
			if got := kernel.ToHalf(-c.value); got != c.want|0x8000 {
				t.Fatalf("ToHalf(%v) = %#04x, want %#04x", -c.value, got, c.want|0x8000)
			}
		}
	}
	for value, want := range map[float32]uint16{
		math.MaxFloat32: 0x7c00, 65536: 0x7c00, math.SmallestNonzeroFloat32: 0, 0x1p-126: 0, float32(math.Inf(-1)): 0xfc00,
	} {
		if got := kernel.ToHalf(value); got != want {
			t.Errorf("ToHalf(%v) = %#04x, want %#04x", value, got, want)
		}
	}
}

func testWiden[T element](t *testing.T, x []T, widen func(dst []float64, x []T)) {
	t.Helper()
	dst := make([]float64, len(x))
	if widen(dst, x); !slices.Equal(dst, widened(x)) {
		t.Errorf("%T: %v widens to %v", x, x, dst)
	}
	if got := panics(func() { widen(dst[1:], x) }); got != "kernel: widen: lengths differ" {
		t.Errorf("%T: panic %v", x, got)
	}
}

// widen calls the function for T.
func widen[T element](dst []float64, x []T) {
	switch x := any(x).(type) {
	case []float32:
		kernel.WidenF32(dst, x)
	case []uint16:
		kernel.WidenF16(dst, x)
	case []kernel.BFloat16:
		kernel.WidenBF16(dst, x)
	case []int8:
		kernel.WidenI8(dst, x)
	case []uint8:
		kernel.WidenU8(dst, x)
	case []float64:
		kernel.WidenF64(dst, x)
	case []int32:
		kernel.WidenI32(dst, x)
	}
}

func TestWiden(t *testing.T) {
	all := make([]uint16, 1<<16)
	for h := range all {
		all[h] = uint16(h)
	}
	eachKernel(t, func(t *testing.T) {
		dst := make([]float64, len(all))
		kernel.WidenF16(dst, all)
		for h, v := range dst {
			if want := halfValue(uint16(h)); !same(v, want) {
				t.Fatalf("float16 %#04x widens to %v, want %v", h, v, want)
			}
		}
		random := rand.New(rand.NewPCG(12, 1))
		for _, n := range lengths() {
			x32, x16 := randomF32(random, n+offsets), randomF16(random, n+offsets)
			for offset := range offsets {
				x32, x16 := x32[offset:][:n], x16[offset:][:n]
				dst32, intact32 := guarded[float64](n, offset)
				dst16, intact16 := guarded[float64](n, offset)
				kernel.WidenF32(dst32, x32)
				kernel.WidenF16(dst16, x16)
				for i := range n {
					if dst32[i] != float64(x32[i]) || dst16[i] != halfValue(x16[i]) {
						t.Fatalf("%d values at %d: value %d: %v and %v", n, offset, i, dst32[i], dst16[i])
					}
				}
				if !intact32() || !intact16() {
					t.Fatalf("%d values at %d: wrote outside dst", n, offset)
				}
			}
		}
	})
	random := rand.New(rand.NewPCG(12, 2))
	testWiden(t, randomRows[kernel.BFloat16](random, 77), kernel.WidenBF16)
	testWiden(t, randomRows[int8](random, 77), kernel.WidenI8)
	testWiden(t, randomRows[uint8](random, 77), kernel.WidenU8)
	testWiden(t, randomRows[float64](random, 77), kernel.WidenF64)
	testWiden(t, randomRows[int32](random, 77), kernel.WidenI32)
	const want = "kernel: widen: lengths differ"
	for _, f := range []func(){
		func() { kernel.WidenF32(make([]float64, 2), make([]float32, 3)) },
		func() { kernel.WidenF16(make([]float64, 3), make([]uint16, 2)) },
	} {
		if got := panics(f); got != want {
			t.Errorf("panic %v, want %v", got, want)
		}
	}
}
