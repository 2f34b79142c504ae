package format

// What a reader spends at most on the word of a file. They are far above what
// files of features have, and far below what would hurt; a file that asks for more is
// refused with the number and the budget.
const (
	// maxHeader bounds a header that is held in memory whole: the JSON of a
	// safetensors file or index, the footer of an Arrow or a Parquet file, the directory
	// of an .npz file. A header decodes into some ten times its bytes.
	maxHeader = 16 << 20

	// maxArrays bounds the tensors, members or columns of a file, and the batches and
	// row groups of a table.
	maxArrays = 1 << 16

	// maxPage bounds a page of a Parquet file, compressed or not: 1 MiB is usual. A
	// column that is being read holds a page, packed and unpacked, and a dictionary.
	maxPage = 256 << 20

	// maxPageValues bounds the values of a page: DuckDB makes pages of 100 MB.
	maxPageValues = 1 << 25

	// maxStructs bounds the structures in a footer, some six for a column of a row group.
	maxStructs = 1 << 22

	// maxCells bounds the columns of a table times its batches or row groups.
	maxCells = 1 << 24

	// maxWindow bounds the window of a zstd stream in an Arrow file; 8 MiB is the
	// most that zstd uses by itself.
	maxWindow = 64 << 20

	// chunk is how much of a column is decoded at a time.
	chunk = 1 << 18
)
