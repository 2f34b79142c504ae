// Package order finds numbers by their place in an order, without sorting all.
package order

import (
	"cmp"
	"math/bits"
	"slices"
)

// Nth returns the number at place k, from 0, of the sorted numbers, and puts those
// that are not larger before it (Hoare, Algorithm 65: Find, CACM 4, 1961). The
// pivot is the middle one of three. If that divides badly too often, what is left is sorted. No
// number is NaN.
func Nth[T cmp.Ordered](numbers []T, k int) T {
	return within(numbers, k, 4*bits.Len(uint(len(numbers))))
}

// within is Nth that sorts what is left after so many rounds.
func within[T cmp.Ordered](numbers []T, k, rounds int) T {
	for lo, hi := 0, len(numbers)-1; lo < hi; rounds-- {
		if rounds == 0 {
			slices.Sort(numbers[lo : hi+1])
			break
		}
		pivot := middle(numbers[lo], numbers[lo+(hi-lo)/2], numbers[hi])
		i, j := lo, hi
		for i <= j {
			for numbers[i] < pivot {
				i++
			}
			for pivot < numbers[j] {
				j--
			}
			if i <= j {
				numbers[i], numbers[j] = numbers[j], numbers[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return numbers[k]
		}
	}
	return numbers[k]
}

// middle returns the median of three.
func middle[T cmp.Ordered](a, b, c T) T {
	return max(min(a, b), min(max(a, b), c))
}
