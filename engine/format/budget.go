package format

// What a reader spends at most on the word of a file. They are far above what
// files of features have, and far below what would hurt; a file that asks for more is
// refused with the number and the budget.
const (
	// maxHeader bounds a header that is held in memory whole: the JSON of a
	// safetensors file or index, the footer of an Arrow file, the directory
	// of an .npz file. A header decodes into some ten times its bytes.
	maxHeader = 16 << 20

	// maxArrays bounds the tensors, members or columns of a file, and the batches of
	// a table.
	maxArrays = 1 << 16

	// maxCells bounds the columns of a table times its batches.
	maxCells = 1 << 24

	// maxWindow bounds the window of a zstd stream in an Arrow file; 8 MiB is the
	// most that zstd uses by itself.
	maxWindow = 64 << 20
)
