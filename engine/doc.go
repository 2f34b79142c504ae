// Package engine opens galleries of feature matrices and ranks their items.
//
// # Nouns
//
// A gallery is a folder: an items table with one row for each item, and one matrix file for each
// layer. A layer is a named matrix whose row r belongs to item r. A scheme combines layers into one
// score. A ranking orders the candidates of a query by that score, higher first, equal scores by
// lower row. A label is a column of the items table. Two items that share a value of it are
// relevant to one another.
//
// # A gallery on disk
//
//	demo/
//	  items.csv        id,image,category,brand,...   (image is relative to the folder)
//	  ids.txt          optional: the ids of the matrices' rows, one a line
//	  A.npy            a matrix, one row an item: see package format for types and formats
//	  B-00000-of-00002.safetensors, B-00001-of-00002.safetensors
//	  pattern.npy
//	  images/knit-0001.jpg
//	  gallery.yaml     optional: see package manifest
//	  .strata/         files derived from the gallery, see Derived, and flags.csv, see package flags
//
// A picture may lie in an archive in the folder, images.zip/knit-0001.jpg. It may also be found by
// its item's id in WebDataset shards, or by its row in a column of a Parquet file: see package
// picture. Archives are not unpacked.
//
// The items table is items.csv, .tsv, .jsonl or .parquet, the first three perhaps packed as .gz or
// .zst (package table says what each holds), or the file that gallery.yaml names: items: {file:
// export.jsonl}, or files whose rows follow one another. Its rows are those of the matrices, unless
// a list of ids, ids.txt or ids.npy or a table of that name, says which item each row is; items
// that no row has are left out then, and Gallery.Notes says so.
//
// Every file of a format that package format knows is a layer, named by the file, or one for each
// of the matrices that have names of their own in it. Shards, counted from 0 or from 1, hold rows
// of the same matrices, in their order; a file NAME.safetensors.index.json says in which file each
// tensor of a model lies. Where a file holds several arrays, those that have another number of rows
// or are no matrices are left out: Gallery.Notes names them. gallery.yaml can say which files,
// array and columns a layer is. Files named ids are no layers. Files of other kinds that could be
// of use are named in Notes, or in Remarks, with what to do.
//
// Matrices are mapped in place. A compressed matrix is unpacked once, into .strata/unpacked, with a
// recipe that names its source. It is unpacked again if the source changes.
//
// # Other packages
//
// Package scheme has the language of schemes, derive the transforms of derived layers, items the
// columns of the items table and their labels. Package rank scores and ranks rows, neighbour keeps
// neighbourhoods, code has the codes, picture the places of pictures, seal decides which derived
// files are believed, and layer reads matrices. A Gallery opens and owns what these packages need,
// and forwards calls.
//
// # Files that change
//
// A matrix is read from its file. If the file is overwritten or truncated while the gallery is
// open, searches return an error that names it.
//
// # Ownership and concurrency
//
// Open maps the matrices read-only. The Gallery owns the mappings; rows and codes are valid until
// Close. All methods may be called concurrently, except Close: it must be called after every search
// and PrepareCodes have returned. A goroutine of the gallery makes derived layers, one at a time.
// Close ends it. A caller that waits for a derived layer may cancel.
//
//	g, err := engine.Open(ctx, "demo")
//	...
//	defer g.Close()
//	s, err := g.ParseScheme("B+0.5*pattern")
//	all, err := g.Candidates(nil)
//	rankings, err := rank.NewSearcher(g, 1<<30).Search(ctx, row, []scheme.Scheme{s}, 10, all)
package engine
