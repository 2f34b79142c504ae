// Package tune searches for the weights of layers with the best value of a metric.
//
// A Tuning says what to search and for which target; Tuned is its outcome. A Trial is a scheme that
// was tried. A place is a term of the scheme's sum.
//
// # Choosing weights
//
// A Tuning divides the queries, keeping groups together, into queries to tune on and queries to
// report on. Weights are whole numbers in lowest terms, 7*B+3*pattern, so a point of the grid has
// one spelling and no rounding. Among schemes of equal value, the one with fewer layers is better.
// Only queries with a score in every layer take part, so all schemes are judged by the same
// queries. Layers separated by a slash, C/C|zscore or gap/gem, are alternatives for one place of
// the scheme. Printed and written values name their side. tune is measured on the queries on which
// the scheme was chosen, and says little about others. report is measured on the other queries. gap
// is tune less report.
//
// Tuned is read-only once made.
package tune
