// Package metric defines the metrics of a ranking: their names, values, ceilings and baselines.
//
// A Metric is a measure with its cut-off: P@10. A Tally counts in one pass over a ranking
// everything that the metrics need. A Bound has the value of a perfect ranking, the ceiling, and
// the mean over random rankings, the baseline. A Target is a metric under a label. A Constraint is
// a target with its smallest value.
//
// A hit is relevant under a label if it has a score and shares a value with the query. P@k is the
// number of hits among the first k, divided by k even if there are fewer results. METRICS.md, in
// the folder above, defines the other metrics.
//
// Values that are summed over queries are integers, multiples of a unit, so their sums do not
// depend on the order. A Tally is for one goroutine at a time.
package metric
