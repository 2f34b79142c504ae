// Package eval measures schemes over many queries, and compares them.
//
// A Plan says what to measure. An Evaluation has the hits of every query under every
// scheme and label. A Summary is the mean of a metric with its interval. A Comparison is
// the paired difference of two schemes. A Judge knows the relevant candidates of every
// query. A Division parts queries, with their groups, in two.
//
// # Judging
//
// A query is not judged under a label when its value is unknown, when no candidate is
// relevant (lone), or when it has no score in the scheme (unscored); the first reason of
// these counts. The mean of P@k is the sum of all hits, divided once by k·n: every query
// counts alike (micro). The interval is a 95 % percentile bootstrap over queries; the
// schemes of an evaluation share their resamples. METRICS.md, in the folder above,
// defines the other metrics, the means over classes (macro), and the comparisons of
// schemes in pairs. A plan asks for further metrics, not a script.
//
// # Duplicates
//
// Duplicates are found by the bytes of pictures and by cosine. They are left out of an
// evaluation as the query's group is: query by query, without a chain from one to the
// next.
//
// An Evaluation is read-only once made; any number of goroutines may read it.
package eval
