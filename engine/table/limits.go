package table

import "math"

// What a table may hold. Nobody's items come near; a hostile file may.
const (
	maxCell    = 1 << 20       // bytes of a cell
	maxLine    = 16 << 20      // bytes of a row of text
	maxColumns = 4096          // columns
	maxRows    = math.MaxInt32 // rows
	maxCells   = 1 << 30       // rows times columns: a cell takes four bytes even where a file says nothing
)

// What a packed file may unpack to: maxUnpacked bytes, and no more than
// maxRatio times its own size beyond the first freeUnpacked.
const (
	maxUnpacked  = 16 << 30
	freeUnpacked = 64 << 20
	maxRatio     = 256
	maxWindow    = 128 << 20 // of Zstandard, which is kept in memory
)

// What a Parquet file may hold.
const (
	maxFooter     = 16 << 20  // bytes of the metadata at its end
	maxStructs    = 1 << 20   // structures in it: column chunks above all
	maxPage       = 256 << 20 // bytes of a page, unpacked
	maxPages      = 1 << 30   // bytes of the largest pages of its columns together
	maxPageValues = 1 << 24   // values of a page
)

// maxIDList is the size of a list of ids, in bytes: no list of gigabytes is read
// into memory unseen.
const maxIDList = 8 << 30
