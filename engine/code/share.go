//go:build !plantedfault

package code

// boundShare is the share of a proven bound that counts: all of it. With the build tag plantedfault it
// is less, and rankings from codes are wrong: fixtures/metamorphic must find that.
const boundShare = 1
