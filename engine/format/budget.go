package format

// The limits of what a reader allocates because a file asks for it. They are far above the needs of
// files of features, and far below what would do harm. A file that asks for more is refused; the
// error has the number and the limit.
const (
	// maxHeader bounds a header that is held in memory as a whole: the JSON of a safetensors file
	// or index, the footer of an Arrow or a Parquet file, the directory of an .npz file. A header
	// takes about ten times its bytes when decoded.
	maxHeader = 16 << 20

	// maxArrays bounds the tensors, members or columns of a file, and the batches and
	// row groups of a table.
	maxArrays = 1 << 16

	// maxPage bounds a page of a Parquet file, compressed or not; 1 MiB is usual. A column that is
	// read holds one page, compressed and uncompressed, and a dictionary.
	maxPage = 256 << 20

	// maxPageValues bounds the values of a page: DuckDB makes pages of 100 MB.
	maxPageValues = 1 << 25

	// maxStructs bounds the structures in a footer. A column of a row group takes about six.
	maxStructs = 1 << 22

	// maxCells bounds the columns of a table times its batches or row groups.
	maxCells = 1 << 24

	// maxWindow bounds the window of a zstd stream in an Arrow file. zstd uses at most 8 MiB by
	// default.
	maxWindow = 64 << 20

	// chunk is the number of bytes of a column that are decoded at a time.
	chunk = 1 << 18
)
