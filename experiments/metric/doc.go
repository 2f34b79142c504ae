// Package metric defines the metrics of a ranking: their names, values, ceilings and
// baselines.
//
// A Metric is a measure with its cut-off: P@10. A Tally collects in one pass over a
// ranking what all metrics are computed from. A Bound has the value of a perfect
// ranking, the ceiling, and the mean of random ones, the baseline. A Target is a metric
// under a label; a Constraint is a target with its smallest value.
//
// A hit is relevant under a label when it has a score and shares a value with the query.
// P@k is the hits among the first k, divided by k even when fewer were found.
// METRICS.md, in the folder above, defines the other metrics.
//
// Values that are summed over queries are integers, multiples of a unit: their sums do
// not depend on the order. A Tally is used by one goroutine at a time.
package metric
