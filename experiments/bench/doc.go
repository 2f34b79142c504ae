// Package bench measures the engine's operations on a gallery on one machine.
//
// A Bench says what to measure; Benchmark is its outcome. A Measure has the times of one operation
// and the bytes that it reads, beside the largest reading speed of the machine. Nothing else runs
// during a measure.
package bench
