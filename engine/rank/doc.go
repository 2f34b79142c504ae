// Package rank scores and ranks rows: canonically, by codes with a proven bound, and in batches.
// score.go is the one place where a score is defined.
//
// # Nouns
//
// A query is an item, named by its row, or Vectors. Vectors have one vector for each layer, of a
// picture outside the gallery. Such a query has no group and no labels: its candidates are all rows
// within split and filter, and no row is relevant. A hit is a row with its score. A ranking is the
// best hits of one query under one scheme, higher scores first, equal scores by lower row. Rows
// without a score come last, with NaN.
//
// # Numbers
//
// A score is computed in float64 from the stored values, in one fixed order of operations (see
// package kernel). So its bits are the same on every machine and with any number of goroutines.
// Products of values of most types are exact. Products of float64 values and of 32-bit integers are
// rounded to float64, each by itself.
//
// Searcher serves one query at a time. It computes canonical products, or approximate ones from
// codes, and keeps them. All serves many queries by float32 tiles or by codes. Approximate scores
// only nominate rows, with a proven error bound; nominated rows are scored canonically. So both
// give the same rankings. Where too many scores are too close to separate, rankings come from
// canonical columns.
//
// CodeSearch and PrefixSearch rank by approximate scores alone. They measure the cost of
// approximation, and prove nothing.
//
// # Ownership and concurrency
//
// Layers, an interface that a gallery satisfies, owns the layers and the codes. Nothing of this
// package may be used after the gallery is closed. A Searcher owns its columns, up to its budget of
// bytes. Searcher, Vectors, CodeSearch and PrefixSearch may be used concurrently. A Batch is
// prepared by one goroutine and then shared by its workers. A BatchWorker, Pairs and Nominated are
// for one goroutine.
package rank
