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
// file: see package picture. Nothing is unpacked.
//
// The items table is items.csv, .tsv, .jsonl or .parquet, the first three perhaps
// packed as .gz or .zst (package table says what each holds), or the file that
// gallery.yaml names: items: {file: export.jsonl}. Its rows are those of the
// matrices, unless a list of ids, ids.txt or ids.npy, says which item each row
// is; items that no row has are left out then, and Gallery.Notes says so.
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
// # Where the rest is described
//
// Package scheme has the language of schemes, derive the transforms of derived layers,
// items the columns of the items table and the labels that follow from them. Package rank
// says how rows are scored and ranked and what neighbourhoods are, code what codes are,
// picture where pictures may lie, seal which derived files are believed, and layer how a
// matrix is read. A Gallery opens what these packages need, owns it, and forwards.
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
//	s, err := g.ParseScheme("B+0.5*pattern")
//	all, err := g.Candidates(nil)
//	rankings, err := rank.NewSearcher(g, 1<<30).Search(ctx, row, []scheme.Scheme{s}, 10, all)
package engine
