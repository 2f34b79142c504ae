package kernel_test

import (
	"math/rand/v2"
	"testing"

	"strata/engine/kernel"
)

func TestReadSum(t *testing.T) {
	random := rand.New(rand.NewPCG(14, 1))
	memory := make([]byte, 9<<20+100)
	for i := range memory {
		memory[i] = byte(random.Uint32())
	}
	sizes := append(lengths(), 511, 513, 1023, 4096+77, 64<<10, 9<<20+83)
	eachKernel(t, func(t *testing.T) {
		for _, n := range sizes {
			for offset := range offsets {
				if n > 1<<20 && offset > 1 {
					break
				}
				p := memory[offset:][:n]
				var want uint64
				for i, v := range p {
					want += uint64(v) << (i % 8 * 8)
				}
				for _, streams := range []int{1, 4} {
					if got := kernel.ReadSum(p, streams); got != want {
						t.Fatalf("%d bytes at %d in %d streams: %#x, want %#x", n, offset, streams, got, want)
					}
				}
			}
		}
	})
	const want = "kernel: read: neither 1 nor 4 streams"
	if got := panics(func() { kernel.ReadSum(nil, 2) }); got != want {
		t.Errorf("panic %v, want %v", got, want)
	}
}

func TestFMAPeak(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		one, many := kernel.FMAPeak(1), kernel.FMAPeak(5<<20)
		if one <= 0 || many != one*5<<20 {
			t.Errorf("one round is %d operations, 5<<20 rounds are %d", one, many)
		}
		if n := kernel.FMAPeak(0); n != 0 {
			t.Errorf("no rounds are %d operations", n)
		}
	})
}
