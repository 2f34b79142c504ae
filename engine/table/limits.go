package table

import "math"

// The limits of a table. Real items are far below them; a hostile file may not be.
const (
	maxCell    = 1 << 20       // bytes of a cell
	maxLine    = 16 << 20      // bytes of a row of text
	maxColumns = 4096          // columns
	maxRows    = math.MaxInt32 // rows
	maxCells   = 1 << 30       // rows times columns: a cell takes four bytes even if the file omits it
)

// The limits of a compressed file's uncompressed size: maxUnpacked bytes, and beyond the first
// freeUnpacked bytes maxRatio times the compressed size.
const (
	maxUnpacked  = 16 << 30
	freeUnpacked = 64 << 20
	maxRatio     = 256
	maxWindow    = 128 << 20 // of Zstandard, which is kept in memory
)

// The limits of a Parquet file.
const (
	maxFooter     = 16 << 20  // bytes of the metadata at its end
	maxStructs    = 1 << 20   // structures in it, mostly column chunks
	maxPage       = 256 << 20 // bytes of a page, unpacked
	maxPages      = 1 << 30   // bytes of the largest pages of all its columns together
	maxPageValues = 1 << 24   // values of a page
)

// maxIDList is the largest size of a list of ids, in bytes: a huge list is never read into memory.
const maxIDList = 8 << 30
