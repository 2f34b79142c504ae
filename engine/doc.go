// Package engine opens galleries of feature matrices and ranks their items.
//
// # Nouns
//
// A gallery is a folder: an items table, one row an item, and one matrix file a
// layer. A layer is a named matrix whose row r belongs to item r. A scheme says
// how layers combine into one score; a ranking orders the candidates of a query
// by that score, higher first, equal scores by lower row. A label is a column
// of the items table; two items that share a value of it are relevant to one another.
//
// # A gallery on disk
//
//	demo/
//	  items.csv        id,image,category,brand,...   (image is relative to the folder)
//	  ids.txt          may be missing: the ids of the matrices' rows, one a line
//	  A.npy            a matrix, one row an item: see package format for types and formats
//	  B-00000-of-00002.safetensors, B-00001-of-00002.safetensors
//	  pattern.npy
//	  images/knit-0001.jpg
//	  gallery.yaml     may be missing: see Manifest
//	  .strata/         what is derived from the gallery: see Derived
//
// A picture may lie in an archive in the folder, images.zip/knit-0001.jpg; or be
// found by its item's id in WebDataset shards, or by its row in a column of a Parquet
// file: see PicturesRecord. Nothing is unpacked.
//
// The items table is items.csv, .tsv, .jsonl or .parquet, the first three perhaps
// packed as .gz or .zst (package table says what each holds), or the file that
// gallery.yaml names: items: {file: export.jsonl}. Its rows are those of the
// matrices, unless a list of ids, ids.txt or ids.npy, says which item each row
// is; items that no row has are left out then, and Gallery.Notes says so.
//
// The columns id, image, group and split have a meaning of their own; all others
// are labels. A cell may hold several values, parted by |; an empty cell is
// unknown. Rows of one group are photos of one listing and never answer one
// another. split is query, gallery or both; an empty cell is both.
//
// Further labels follow from columns by their names. Where values are paths,
// Women/Knit/Sweater, category/2 has their first two levels, and category/* all
// of them: relevant under it is what shares the first level, with a gain that
// counts the levels shared. category&brand is both at once: relevant is what
// shares a value of each.
//
// Every file of a format that package format knows is a layer, named by the file, or
// one for each of the matrices that have names of their own in it. Shards, counted from
// 0 or from 1, hold rows of the same matrices, in their order; a file
// NAME.safetensors.index.json says in which file each tensor of a model lies. Where a
// file holds several arrays, those that have another number of rows or are no matrices
// are left out: Gallery.Notes names them. gallery.yaml can say which files, array and
// columns a layer is. Files named ids are no layers.
//
// Matrices are mapped where they lie. What is compressed is unpacked once, into
// .strata/unpacked, with a recipe that names the file it came from, and again when that
// file is another.
//
// # Schemes
//
//	scheme = sum | concat | rrf
//	sum    = term { "+" term }               term = [ weight "*" ] factor
//	concat = "concat(" term { "," term } ")"
//	rrf    = "rrf(" scheme "," scheme { "," scheme } ")"
//
//	factor    = layer { "|" transform }
//	transform = pcaN | whitenN | whitenN@POWER | centre | zscore
//
// A sum scores Σ w·cos / Σ w; concat is the cosine of the concatenated raw
// vectors, each scaled by its weight; rrf is Σ 1/(60+rank) over the full
// rankings of its schemes.
//
// # Derived layers
//
// A factor with transforms is a derived layer: float32 values, row by row, zero
// where the layer has no score. With the mean μ, the standard deviations σ and
// the principal axes V of the rows it is fitted on, a row x becomes
//
//	centre           x/|x| − μ
//	pcaN             (x/|x| − μ)·V, N components
//	whitenN@POWER    the same, component i divided by σᵢ to the POWER (1 if not given, at most 4)
//	zscore           (x − μ)/σ, feature by feature; 0 where σ is 0
//
// Values of a float64 layer are rounded to float32 before.
//
// Rows are scaled to length 1 first, as cosines do, but for zscore, which is
// about the features as they are. Each transform of a chain is fitted to what the
// one before gives. Rows that are zero or not finite are left out.
//
// A derived layer is computed once and kept in the folder of Derived, as three
// files: C.pca256.npy, C.pca256.fit.npy with what was fitted, and C.pca256.json,
// the recipe. It is computed again when the recipe's fingerprint is not that of
// the layer. Its bytes do not depend on the number of threads; another processor
// may round the axes otherwise, so the recipe has its hash.
//
// # Queries
//
// A query is an item, named by its row, or Vectors: a vector a layer, of a
// picture that is no item. Such a query has no group and no labels: every row is
// a candidate that split and filter leave, and none is relevant.
//
// # Numbers
//
// A score is computed in float64 from the stored values in one fixed order of
// operations (see kernel), so it is the same bits on every machine and with any
// number of goroutines. Products of values of most types are exact; those of float64
// values and of 32-bit integers are rounded to float64, each by itself. Where the rows
// lie, in one file or several, makes no difference.
//
// Searcher computes canonical products for one query, or
// approximate ones from codes, and keeps them; RankAll serves many queries by float32 tiles that only nominate
// rows, with a proven error bound, and rescores those canonically: both give
// the same rankings.
//
// # Codes
//
// A large layer of float32, float16 or bfloat16 may have codes: its rows in 8 and in 4 bits a value, and what they
// leave out, from which every score follows up to a proven bound (codes.go has the
// proof). A search scans codes instead of the matrix, and computes the canonical
// scores of the few rows that may be in the top k; the ranking is the same. A first
// search takes the 4-bit codes; Warm, batches and rank fusion take the others. Rows
// that are too near one another to be told apart so are ranked from canonical columns.
//
// PrepareCodes opens codes, or builds them in one pass over the matrix:
//
//	.strata/C.codes        see codes_file.go; three eighths of a float32 matrix, and up to 68 bytes a row
//	.strata/C.codes.part   what a build that was stopped has left for the next one
//	.strata/C.codes.lock   held by the process that builds
//
// Every chunk of rows has a checksum of itself and of the rows it was made of. Codes
// that are damaged, of another version or of another matrix are never used. They are
// only ever a copy: whoever deletes them loses time.
//
// # Neighbourhoods
//
// Neighbours keep, of each query of a set, the 100 nearest rows of every layer, and the
// canonical cosines of all these rows in all layers. From them follows the exact top k
// of a sum for nearly all queries, whatever its weights and the filter, with a proof for
// each; of many concatenations and fusions, too. So another weighting of 10,000 queries is
// arithmetic over some hundred rows each. What is not proven is searched for: RankAll of
// Neighbours gives the rankings of the Gallery's.
//
//	n, err := engine.NewNeighbours(g, engine.NeighbourPlan{Name: "all", Layers: layers, Queries: rows})
//	found, err := n.Load(ctx)   // what is kept
//	err = n.Build(ctx, nil)     // what is missing; it serves meanwhile
//	err = n.Save(ctx)
//	err = n.RankAll(ctx, rows, schemes, 10, all, each)
//
// They lie in .strata/neighbours/NAME.hoods, with the hashes of what they were made of.
//
// # Files that change
//
// A matrix is read where it lies. When it is written over or cut short while the
// gallery is open, searches return an error that names it.
//
// # Ownership and concurrency
//
// Open maps the matrices read-only; the Gallery owns the mappings, and every
// row seen through it dies at Close, as do codes. All methods may be called
// concurrently, but Close, which must come after every search and PrepareCodes have
// returned. Derived layers are made by a goroutine of the gallery, one at a time,
// which Close ends; who waits for one may give up.
//
//	g, err := engine.Open(ctx, "demo")
//	...
//	defer g.Close()
//	scheme, err := g.ParseScheme("B+0.5*pattern")
//	all, err := g.Candidates(nil)
//	rankings, err := engine.NewSearcher(g, 1<<30).Search(ctx, row, []engine.Scheme{scheme}, 10, all)
package engine
