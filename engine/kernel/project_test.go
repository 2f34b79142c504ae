package kernel_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"strata/engine/kernel"
)

// vectorsOf returns memory of vectors for n values, and how far they are apart.
func vectorsOf(random *rand.Rand, n, offset int) (v []float32, stride int) {
	stride = n + random.IntN(5)
	return randomF32(random, offset+(kernel.Vectors-1)*stride+n)[offset:], stride
}

// TestProject compares with lanes that are written out, bit for bit, and with float64 sums, by the bound.
func TestProject(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(17, 1))
		for _, n := range lengths() {
			for offset := range offsets {
				x := randomF32(random, n+offset)[offset:]
				v, stride := vectorsOf(random, n, offsets-offset)
				if n > 0 && offset == 7 {
					x[random.IntN(n)] = []float32{nan, inf, 1e-45, math.MaxFloat32}[random.IntN(4)]
				}
				got := [kernel.Vectors]float64{2, 3, 5}
				kernel.Project(&got, x, v, stride)
				for j, was := range [kernel.Vectors]float64{2, 3, 5} {
					var lanes [8]float32
					var exact, size float64
					for i, value := range x {
						product := float64(value) * float64(v[j*stride+i])
						lanes[i%8] += float32(product)
						exact += product
						size += math.Abs(product)
					}
					var l [8]float64
					for i, s := range lanes {
						l[i] = float64(s)
					}
					want := ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]))
					if !same(got[j], was+want) {
						t.Fatalf("%d values at %d: vector %d gives %v, want %v", n, offset, j, got[j], was+want)
					}
					if off := math.Abs(want - exact); offset != 7 && off > kernel.ProjectError(n)*size+1e-12*size {
						t.Fatalf("%d values: off by %g of %g, the bound is %g", n, off, size, kernel.ProjectError(n)*size)
					}
				}
			}
		}
	})
}

func TestDeflate(t *testing.T) {
	special := []float32{0, float32(math.Copysign(0, -1)), 1e-45, -1e-39, math.MaxFloat32, float32(math.Inf(1)), float32(math.NaN())}
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(17, 2))
		for _, n := range lengths() {
			for offset := range offsets {
				x, intact := guarded[float32](n, offset)
				copy(x, randomF32(random, n))
				v, stride := vectorsOf(random, n, offsets-offset)
				w := [kernel.Vectors]float32(randomF32(random, kernel.Vectors))
				if n > 0 && offset%5 == 1 {
					x[random.IntN(n)] = special[random.IntN(len(special))]
					w[random.IntN(len(w))] = special[random.IntN(len(special))]
				}
				want := slices.Clone(x)
				for j, weight := range w {
					kernel.MulAdd(want, v[j*stride:][:n], weight)
				}
				kernel.Deflate(x, v, stride, &w)
				for i := range x {
					if !same(x[i], want[i]) {
						t.Fatalf("%d values at %d: value %d is %v, want %v", n, offset, i, x[i], want[i])
					}
				}
				if !intact() {
					t.Fatalf("%d values at %d: wrote outside x", n, offset)
				}
			}
		}
	})
}

func TestVectorShapes(t *testing.T) {
	const want = "kernel: vectors: too few values"
	for _, f := range []func(){
		func() { kernel.Project(new([kernel.Vectors]float64), make([]float32, 3), make([]float32, 23), 3) },
		func() { kernel.Project(new([kernel.Vectors]float64), make([]float32, 3), make([]float32, 24), 2) },
		func() { kernel.Deflate(make([]float32, 3), make([]float32, 23), 3, new([kernel.Vectors]float32)) },
	} {
		if got := panics(f); got != want {
			t.Errorf("panic %v, want %v", got, want)
		}
	}
}
