package items

import (
	"math/bits"
	"math/rand/v2"
	"slices"
)

// Sample draws k of the numbers 0 to n-1 without replacement and returns them
// in ascending order: Floyd's algorithm (Bentley, Programming Pearls, CACM
// 30(9), 1987) over the PCG stream of the seed. So n, k and seed fix the
// result. All are returned when k ≥ n.
func Sample(n, k int, seed uint64) []int {
	if k >= n {
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		return all
	}
	pcg := rand.NewPCG(seed, 0)
	in := make(map[int]bool, k)
	drawn := make([]int, 0, k)
	for j := n - k; j < n; j++ {
		t := int(Below(pcg, uint64(j+1)))
		if in[t] {
			t = j
		}
		in[t] = true
		drawn = append(drawn, t)
	}
	slices.Sort(drawn)
	return drawn
}

// Below draws a number from 0 to n-1 by one multiplication (Lemire, Fast random
// integer generation in an interval, 2019) without his rejection step: the bias,
// n/2⁶⁴, is far under what any number here could show.
func Below(pcg *rand.PCG, n uint64) uint64 {
	hi, _ := bits.Mul64(pcg.Uint64(), n)
	return hi
}
