package format

// What a reader spends at most on the word of a file. They are far above what
// files of features have, and far below what would hurt; a file that asks for more is
// refused with the number and the budget.
const (
	// maxHeader bounds a header that is held in memory whole: the JSON of a
	// safetensors file or index, the directory of an .npz file. A header decodes into
	// some ten times its bytes.
	maxHeader = 16 << 20

	// maxArrays bounds the tensors or members of a file.
	maxArrays = 1 << 16
)
