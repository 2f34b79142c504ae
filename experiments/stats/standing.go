package stats

import (
	"cmp"
	"slices"
)

// Standing says how a column ranks among others over resamples that all share.
type Standing struct {
	First     float64 // the share of the resamples in which it has the largest sum; columns that are equal share a resample
	Low, High float64 // the 95 % percentile interval of its rank, from 1; columns that are equal have the mean of their ranks
}

// Standings ranks columns in every resample, the largest sum first. sums is by column,
// then resample, as Bootstrap.Run returns it, and stays as it is.
func Standings(sums [][]int64) []Standing {
	n := len(sums)
	if n == 0 || len(sums[0]) == 0 {
		return make([]Standing, n)
	}
	resamples := len(sums[0])
	ranks := make([][]int32, n) // by column, then resample: twice the rank
	firsts := make([][]int, n)  // by column, then by how many others are first, too: resamples
	order := make([]int, n)
	for c := range sums {
		ranks[c], firsts[c] = make([]int32, resamples), make([]int, n)
	}
	for r := range resamples {
		for c := range order {
			order[c] = c
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(sums[b][r], sums[a][r]) })
		for lo, hi := 0, 1; lo < n; lo, hi = hi, hi+1 {
			for hi < n && sums[order[hi]][r] == sums[order[lo]][r] {
				hi++
			}
			for _, c := range order[lo:hi] {
				ranks[c][r] = int32(lo + 1 + hi) // ranks lo+1 to hi
				if lo == 0 {
					firsts[c][hi-1]++
				}
			}
		}
	}
	standings := make([]Standing, n)
	for c := range standings {
		s := &standings[c]
		for others, count := range firsts[c] {
			s.First += float64(count) / float64(others+1)
		}
		s.First /= float64(resamples)
		low, high := Interval(ranks[c])
		s.Low, s.High = float64(low)/2, float64(high)/2
	}
	return standings
}
