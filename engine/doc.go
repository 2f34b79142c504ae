// Package engine opens galleries of feature matrices and ranks their items.
//
// # Nouns
//
// A gallery is a folder: items.csv, one row an item, and one matrix file a
// layer. A layer is a named matrix whose row r belongs to item r. A scheme says
// how layers combine into one score; a ranking orders the candidates of a query
// by that score, higher first, equal scores by lower row. A label is a column
// of items.csv; two items that share a value of it are relevant to one another.
//
// # A gallery on disk
//
//	demo/
//	  items.csv        id,image,category,brand,...   (image is relative to the folder)
//	  A.npy            float32 or float16, C order, one row an item
//	  pattern.npy
//	  images/knit-0001.jpg
//
// The columns id, image, group and split have a meaning of their own; all others
// are labels. A cell may hold several values, parted by |; an empty cell is
// unknown. Rows of one group are photos of one listing and never answer one
// another. split is query, gallery or both; an empty cell is both.
//
// # Schemes
//
//	scheme = sum | concat | rrf
//	sum    = term { "+" term }               term = [ weight "*" ] layer
//	concat = "concat(" term { "," term } ")"
//	rrf    = "rrf(" scheme "," scheme { "," scheme } ")"
//
// A sum scores Σ w·cos / Σ w; concat is the cosine of the concatenated raw
// vectors, each scaled by its weight; rrf is Σ 1/(60+rank) over the full
// rankings of its schemes.
//
// # Numbers
//
// A score is computed in float64 from the stored values in one fixed order of
// operations (see kernel), so it is the same bits on every machine and with any
// number of goroutines. Searcher computes canonical products for one query and
// keeps them; RankAll serves many queries by float32 tiles that only nominate
// rows, with a proven error bound, and rescores those canonically: both give
// the same rankings.
//
// # Ownership and concurrency
//
// Open maps the matrices read-only; the Gallery owns the mappings, and every
// row seen through it dies at Close. All methods may be called concurrently,
// but Close, which must come after every search has returned.
//
//	g, err := engine.Open(ctx, "demo")
//	...
//	defer g.Close()
//	scheme, err := g.ParseScheme("B+0.5*pattern")
//	all, err := g.Candidates(nil)
//	rankings, err := engine.NewSearcher(g, 1<<30).Search(ctx, row, []engine.Scheme{scheme}, 10, all)
package engine
