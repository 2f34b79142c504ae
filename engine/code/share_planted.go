//go:build plantedfault

package code

// boundShare is too little of a bound: a fault for fixtures/metamorphic to find.
const boundShare = 1. / 256
