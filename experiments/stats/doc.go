// Package stats computes intervals and p values of means over queries, on plain columns
// of integers.
//
// A Bootstrap resamples queries or classes; Interval makes percentile intervals of its
// sums. A Pairing compares columns of the same units: its p comes from a permutation test,
// exact where that can be computed. Holm corrects the p of a family. Standings rank columns
// in every resample. Overlaps computes the rank-biased overlap of two rankings.
//
// Sums are of integers, and the random numbers of a resample depend only on the seed,
// the Stream and the resample's number. So results are the same bits with any number of
// goroutines.
package stats
