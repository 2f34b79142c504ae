package kernel_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"strata/engine/kernel"
)

func TestMul(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	weights := []float32{0.3, 1, 0, -7.25, 1e-40, 3e38, inf, nan}
	special := []float32{0, float32(math.Copysign(0, -1)), 1e-45, -1e-39, math.MaxFloat32, inf, -inf, nan}
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(13, 1))
		for _, n := range lengths() {
			x, old := randomF32(random, n+offsets), randomF32(random, n)
			for i := 3; i < len(x); i += 11 {
				x[i] = special[random.IntN(len(special))]
			}
			for offset := range offsets {
				w, x := weights[(n+offset)%len(weights)], x[offset:][:n]
				set, setIntact := guarded[float32](n, offset)
				add, addIntact := guarded[float32](n, offset)
				copy(add, old)
				kernel.MulSet(set, x, w)
				kernel.MulAdd(add, x, w)
				for i, v := range x {
					product := float32(w * v)
					if !same(set[i], product) || !same(add[i], old[i]+product) {
						t.Fatalf("%d values at %d: value %d: %v times %v is %v, added to %v %v", n, offset, i, w, v, set[i], old[i], add[i])
					}
				}
				if !setIntact() || !addIntact() {
					t.Fatalf("%d values at %d: wrote outside dst", n, offset)
				}
			}
		}
	})
}

// TestMulAddRounds uses numbers for which a fused multiply-add would give another sum: 0x1.000002p0 squared is rounded
// to 0x1.000004p0 first, so nothing is left.
func TestMulAddRounds(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		for _, n := range []int{1, 31, 32, 77} {
			x, dst := fill(n, []float32{0x1.000002p0}), fill(n, []float32{-0x1.000004p0})
			kernel.MulAdd(dst, x, 0x1.000002p0)
			if slices.ContainsFunc(dst, func(v float32) bool { return v != 0 }) {
				t.Errorf("%d values: %v, want zeros", n, dst)
			}
		}
	})
}

func TestAffine(t *testing.T) {
	special := []float32{0, float32(math.Copysign(0, -1)), 1e-45, math.MaxFloat32, float32(math.Inf(1)), float32(math.NaN())}
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(13, 3))
		for _, n := range lengths() {
			scale, add, dots := randomF32(random, n+offsets), randomF32(random, n+offsets), make([]int32, n+offsets)
			for i := range dots {
				dots[i] = int32(random.Uint32()) >> random.UintN(32)
				if i%13 == 5 {
					scale[i], add[i-1] = special[random.IntN(len(special))], special[random.IntN(len(special))]
				}
			}
			for offset := range offsets {
				dots, scale, add := dots[offset:][:n], scale[offset:][:n], add[offset:][:n]
				dst, intact := guarded[float32](n, offset)
				kernel.Affine(dst, dots, scale, add, 0.3, -7)
				for i, got := range dst {
					factor, number := float32(float64(float32(0.3))*float64(scale[i])), float32(dots[i])
					sum := float32(float64(float32(-7)) + float64(add[i]))
					if want := float32(float64(sum) + float64(float32(float64(factor)*float64(number)))); !same(got, want) {
						t.Fatalf("%d values at %d: value %d is %v, want %v", n, offset, i, got, want)
					}
				}
				if !intact() {
					t.Fatalf("%d values at %d: wrote outside dst", n, offset)
				}
			}
		}
	})
}

func TestRoots(t *testing.T) {
	special := []float32{0, float32(math.Copysign(0, -1)), 1e-45, 1e-39, math.MaxFloat32, float32(math.Inf(1)), float32(math.NaN()), -1}
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(13, 4))
		for _, n := range lengths() {
			roots, x, old := randomF32(random, n+offsets), randomF32(random, n+offsets), randomF32(random, n+offsets)
			for i := 3; i < len(x); i += 11 {
				roots[i], x[i-1], old[i-2] = special[random.IntN(len(special))], special[random.IntN(len(special))], special[random.IntN(len(special))]
			}
			for offset := range offsets {
				roots, x, old := roots[offset:][:n], x[offset:][:n], old[offset:][:n]
				const w, a = 0.3, 1.7
				dst, dstIntact := guarded[float32](n, offset)
				squares, intact := guarded[float32](n, offset)
				copy(dst, x)
				copy(squares, old)
				kernel.MulAddRoots(dst, squares, roots, x, w, a)
				for i, r := range roots {
					length, part := float32(float32(a)*r), float32(float32(w)*r)
					sum := x[i] + float32(part*x[i])
					square := old[i] + float32(length*length)
					if !same(dst[i], sum) || !same(squares[i], square) {
						t.Fatalf("%d values at %d: value %d is %v and %v, want %v and %v", n, offset, i, dst[i], squares[i], sum, square)
					}
					dst[i], squares[i] = x[i], old[i]
				}
				kernel.DivRoot(dst, squares)
				for i, s := range old {
					if want := x[i] / float32(math.Sqrt(float64(s))); !same(dst[i], want) {
						t.Fatalf("%d values at %d: value %d, %v over the root of %v, is %v, want %v", n, offset, i, x[i], s, dst[i], want)
					}
				}
				if !dstIntact() || !intact() {
					t.Fatalf("%d values at %d: wrote outside", n, offset)
				}
			}
		}
	})
}

func TestMulInPlace(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		x := fill(100, []float32{1, 2, 3})
		kernel.MulSet(x, x, 3)
		kernel.MulAdd(x, x, 2)
		if want := fill(100, []float32{9, 18, 27}); !slices.Equal(x, want) {
			t.Errorf("%v, want %v", x, want)
		}
	})
}

func TestAbove(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	special := []float32{nan, inf, -inf, 0, float32(math.Copysign(0, -1)), 1e-45}
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(13, 2))
		for _, n := range append(lengths(), 5000) {
			x := randomF32(random, n+offsets)
			for i := 0; i < len(x); i += 1 + random.IntN(20) {
				x[i] = special[random.IntN(len(special))]
			}
			for offset := range offsets {
				x := x[offset:][:n]
				for _, lowest := range []float32{-inf, -2, 0, float32(math.Copysign(0, -1)), 1e-45, 2.5, 3.5, inf, nan} {
					want := []int32{-1}
					for i, v := range x {
						if v >= lowest {
							want = append(want, int32(i))
						}
					}
					if got := kernel.Above([]int32{-1}, x, lowest); !slices.Equal(got, want) {
						t.Fatalf("%d values at %d above %v: %v, want %v", n, offset, lowest, got, want)
					}
				}
			}
		}
	})
}

func TestColumnShapes(t *testing.T) {
	const want = "kernel: column: lengths differ"
	for _, f := range []func(){
		func() { kernel.MulSet(make([]float32, 2), make([]float32, 3), 1) },
		func() { kernel.MulAdd(make([]float32, 3), make([]float32, 2), 1) },
		func() {
			kernel.Affine(make([]float32, 3), make([]int32, 2), make([]float32, 3), make([]float32, 3), 1, 1)
		},
		func() {
			kernel.Affine(make([]float32, 3), make([]int32, 3), make([]float32, 4), make([]float32, 3), 1, 1)
		},
		func() {
			kernel.Affine(make([]float32, 3), make([]int32, 3), make([]float32, 3), make([]float32, 2), 1, 1)
		},
		func() {
			kernel.MulAddRoots(make([]float32, 3), make([]float32, 2), make([]float32, 3), make([]float32, 3), 1, 1)
		},
		func() {
			kernel.MulAddRoots(make([]float32, 3), make([]float32, 3), make([]float32, 2), make([]float32, 3), 1, 1)
		},
		func() {
			kernel.MulAddRoots(make([]float32, 3), make([]float32, 3), make([]float32, 3), make([]float32, 2), 1, 1)
		},
		func() { kernel.DivRoot(make([]float32, 3), make([]float32, 2)) },
	} {
		if got := panics(f); got != want {
			t.Errorf("panic %v, want %v", got, want)
		}
	}
}
