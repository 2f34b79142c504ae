// Package bench measures what the engine does with a gallery on one machine.
//
// A Bench says what to measure; Benchmark is its outcome. A Measure has the times of one
// act, with the bytes that it reads, next to what the machine can read at most. Nothing
// runs beside a measure.
package bench
