// Package tune searches the weights of layers that do best in a metric.
//
// A Tuning says what to search and for which target; Tuned is its outcome. A Trial is a
// scheme that was tried. A place of the scheme is a term of its sum.
//
// # Choosing weights
//
// A Tuning divides the queries, with their groups, into those that weights are
// chosen on and those that the choice is reported on. Weights are whole numbers in
// lowest terms, 7*B+3*pattern, so that a point of the grid has one spelling and no
// rounding. Of equal values the scheme with fewer layers is the better. Only
// queries with a score in every layer take part: all schemes are judged by the
// same ones. Layers that are parted by a slash, C/C|zscore or gap/gem, are
// alternatives for one place of the scheme. What is printed and written names the
// side: tune is of the queries on which the scheme was chosen, and says little of
// others; report is of those on which nothing was chosen; gap is the former less
// the latter.
//
// Tuned is read-only once made.
package tune
