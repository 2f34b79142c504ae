//go:build !cgo || windows

package graph

// Index is a graph. This build has none.
type Index struct{}

// New returns ErrNoCgo.
func New(string, Options) (*Index, error) { return nil, ErrNoCgo }

// Version returns "".
func (*Index) Version() string { return "" }

// Add returns ErrNoCgo.
func (*Index) Add(int, []float32) error { return ErrNoCgo }

// SetEf returns ErrNoCgo.
func (*Index) SetEf(int) error { return ErrNoCgo }

// Search returns ErrNoCgo.
func (*Index) Search([]float32, int) ([]int, error) { return nil, ErrNoCgo }

// Bytes returns 0.
func (*Index) Bytes() int64 { return 0 }

// Close returns nil.
func (*Index) Close() error { return nil }
