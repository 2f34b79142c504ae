// Package rank scores and ranks rows: canonically, by codes with a proven bound, and in
// batches. score.go is the one place where a score is defined.
//
// # Nouns
//
// A query is an item, named by its row, or Vectors: a vector a layer, of a picture that is
// no item. Such a query has no group and no labels: every row is a candidate that split and
// filter leave, and none is relevant. A hit is a row with its score; a ranking is the best
// hits of one query under one scheme, higher scores first, equal scores by lower row. Rows
// without a score come last, with NaN.
//
// # Numbers
//
// A score is computed in float64 from the stored values in one fixed order of operations
// (see package kernel), so it is the same bits on every machine and with any number of
// goroutines. Products of values of most types are exact; those of float64 values and of
// 32-bit integers are rounded to float64, each by itself.
//
// Searcher serves one query at a time: it computes canonical products, or approximate ones
// from codes, and keeps them. All serves many queries by float32 tiles or by codes.
// Approximate scores only nominate rows, with a proven error bound; nominated rows are
// scored canonically. So both give the same rankings. Where too many rows are too near one
// another to be told apart, rankings come from canonical columns.
//
// CodeSearch and PrefixSearch rank by approximate scores alone. They measure what
// approximation costs, and prove nothing.
//
// # Ownership and concurrency
//
// Layers, an interface that a gallery satisfies, owns the layers and the codes; nothing
// here may be used once it is closed. A Searcher owns what it keeps, up to its budget of
// bytes. Searcher, Vectors, CodeSearch and PrefixSearch may be used
// concurrently. A Batch is prepared by one goroutine and then shared by its workers; a
// BatchWorker, Pairs and Nominated are for one goroutine.
package rank
