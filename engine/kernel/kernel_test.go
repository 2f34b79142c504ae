package kernel_test

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"strata/engine/kernel"
)

// offsets are the starts of slices, in values, that tests try.
const offsets = 16

// lengths are 0 to 130 and the dimensions of real layers.
func lengths() []int {
	var n []int
	for i := range 131 {
		n = append(n, i)
	}
	return append(n, 256, 512, 768, 1280, 2048)
}

// eachKernel runs a test with every path of the processor, or only with the one that kernel.PathVariable names.
func eachKernel(t *testing.T, test func(t *testing.T)) {
	for _, path := range paths() {
		t.Run(path, func(t *testing.T) {
			kernel.Force(t, path)
			test(t)
		})
	}
}

// paths are those to test.
func paths() []string {
	if os.Getenv(kernel.PathVariable) == "" {
		return kernel.Paths()
	}
	path, _ := kernel.Path()
	return []string{path}
}

// TestPath takes every path by its name, and refuses one that the processor does not have.
func TestPath(t *testing.T) {
	if _, err := kernel.Path(); err != nil {
		t.Error(err)
	}
	all := kernel.Paths()
	if last := all[len(all)-1]; last != "reference" {
		t.Errorf("the last path is %q, want reference", last)
	}
	for name, want := range map[string]string{"": all[0], all[0]: all[0], "reference": "reference"} {
		if got, err := kernel.ChoosePath(t, name); got != want || err != nil {
			t.Errorf("%q: path %q, error %v, want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"sse", "AVX2", "avx2 "} {
		got, err := kernel.ChoosePath(t, name)
		want := kernel.PathVariable + "=" + name + ": this processor has " + strings.Join(all, ", ")
		if got != all[0] || err == nil || err.Error() != want {
			t.Errorf("%q: path %q, error %v, want %q and %q", name, got, err, all[0], want)
		}
	}
}

// guarded returns a slice of n values that begins at the given offset of its memory, and a function that says whether
// the values around it are as they were.
func guarded[T float32 | float64 | int32](n, offset int) (dst []T, intact func() bool) {
	const guard, after = 12345, 9
	memory := make([]T, offset+n+after)
	for i := range memory {
		memory[i] = guard
	}
	return memory[offset : offset+n : offset+n], func() bool {
		around := slices.Concat(memory[:offset], memory[offset+n:])
		return !slices.ContainsFunc(around, func(v T) bool { return v != guard })
	}
}

// same says whether two numbers have the same bits or are both NaN.
func same[T float32 | float64](a, b T) bool {
	if math.IsNaN(float64(a)) || math.IsNaN(float64(b)) {
		return math.IsNaN(float64(a)) && math.IsNaN(float64(b))
	}
	return a == b && math.Signbit(float64(a)) == math.Signbit(float64(b))
}

// panics returns what f panics with, or nil.
func panics(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

func randomF32(random *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(random.NormFloat64())
	}
	return x
}

func randomF16(random *rand.Rand, n int) []uint16 {
	x := make([]uint16, n)
	for i, v := range randomF32(random, n) {
		x[i] = kernel.ToHalf(v)
	}
	return x
}

// element is what rows hold.
type element interface {
	float32 | uint16 | kernel.BFloat16 | int8 | uint8 | float64 | int32
}

// random values of any type that rows hold.
func randomRows[T element](random *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		switch x := any(x).(type) {
		case []float32:
			x[i] = float32(random.NormFloat64())
		case []uint16:
			x[i] = kernel.ToHalf(float32(random.NormFloat64()))
		case []kernel.BFloat16:
			x[i] = kernel.BFloat16(math.Float32bits(float32(random.NormFloat64())) >> 16)
		case []int8:
			x[i] = int8(random.Uint32())
		case []uint8:
			x[i] = uint8(random.Uint32())
		case []float64:
			x[i] = random.NormFloat64() // with more digits than a float32 has
		case []int32:
			x[i] = int32(random.Uint32())
		}
	}
	return x
}

// widened returns x in float64, by way of the functions of one value.
func widened[T element](x []T) []float64 {
	w := make([]float64, len(x))
	for i, v := range x {
		switch v := any(v).(type) {
		case float32:
			w[i] = float64(v)
		case uint16:
			w[i] = float64(kernel.Half(v))
		case kernel.BFloat16:
			w[i] = float64(math.Float32frombits(uint32(v) << 16))
		case int8:
			w[i] = float64(v)
		case uint8:
			w[i] = float64(v)
		case float64:
			w[i] = v
		case int32:
			w[i] = float64(v)
		}
	}
	return w
}
