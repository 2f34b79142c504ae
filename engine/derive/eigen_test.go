package derive

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// symmetric returns the covariance of random rows of the given rank, with
// variances that fall.
func symmetric(rng *rand.Rand, n, rank int) []float64 {
	a := make([]float64, n*n)
	for r := range rank {
		row := make([]float64, n)
		for i := range row {
			row[i] = rng.NormFloat64() / float64(1+r)
		}
		for i := range n {
			for j := range n {
				a[i*n+j] += row[i] * row[j] / float64(n)
			}
		}
	}
	return a
}

// inner returns the inner product of two vectors.
func inner(a, b []float64) float64 {
	var sum float64
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

func TestEigenSym(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 0))
	for _, c := range []struct{ n, rank int }{{1, 1}, {2, 2}, {3, 0}, {5, 2}, {31, 31}, {32, 32}, {33, 10}, {100, 100}, {130, 40}} {
		a := symmetric(rng, c.n, c.rank)
		values, vectors, err := eigenSym(t.Context(), c.n, slices.Clone(a))
		if err != nil {
			t.Fatal(err)
		}
		var peer mat.EigenSym
		peer.Factorize(mat.NewSymDense(c.n, slices.Clone(a)), false)
		want := peer.Values(nil)
		scale := max(math.Abs(want[c.n-1]), 1e-300)
		for i, v := range values {
			if math.Abs(v-want[c.n-1-i]) > 1e-13*scale {
				t.Errorf("n %d: eigenvalue %d is %v, gonum has %v", c.n, i, v, want[c.n-1-i])
			}
			x := vectors[i*c.n : (i+1)*c.n]
			for k := range c.n { // a·x = v·x, a row at a time
				if d := inner(a[k*c.n:(k+1)*c.n], x) - v*x[k]; math.Abs(d) > 1e-13*scale {
					t.Errorf("n %d: vector %d misses by %v in coordinate %d", c.n, i, d, k)
				}
			}
			for j := range i + 1 {
				dot := inner(x, vectors[j*c.n:(j+1)*c.n])
				if i == j {
					dot--
				}
				if math.Abs(dot) > 1e-12 {
					t.Errorf("n %d: vectors %d and %d have the product %v", c.n, i, j, dot)
				}
			}
			largest := slices.MaxFunc(x, func(a, b float64) int { return int(math.Copysign(1, math.Abs(a)-math.Abs(b))) })
			if largest < 0 {
				t.Errorf("n %d: the largest coordinate of vector %d is %v", c.n, i, largest)
			}
		}
	}
}

// TestEigenSymThreads: the bits do not depend on the number of threads.
func TestEigenSymThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	a := symmetric(rand.New(rand.NewPCG(4, 0)), 150, 90)
	var first []float64
	for _, threads := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(threads)
		values, vectors, err := eigenSym(t.Context(), 150, slices.Clone(a))
		if err != nil {
			t.Fatal(err)
		}
		got := slices.Concat(values, vectors)
		if first == nil {
			first = got
		}
		if !slices.Equal(got, first) {
			t.Errorf("%d threads give other bits than one", threads)
		}
	}
}

func TestEigenSymCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := eigenSym(ctx, 3, make([]float64, 9)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// BenchmarkEigen compares eigenSym with gonum's.
func BenchmarkEigen(b *testing.B) {
	const n = 512
	a := symmetric(rand.New(rand.NewPCG(5, 0)), n, n)
	b.Run("strata", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := eigenSym(b.Context(), n, slices.Clone(a)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("gonum", func(b *testing.B) {
		for b.Loop() {
			var e mat.EigenSym
			if !e.Factorize(mat.NewSymDense(n, slices.Clone(a)), true) {
				b.Fatal("it does not converge")
			}
		}
	})
}
