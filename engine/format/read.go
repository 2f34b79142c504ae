package format

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// File is an open file. Streams read from it after Read returns, so it stays open as long as they
// do. Concurrent reads at several places are allowed.
type File = io.ReaderAt

// reader returns the matrices of a file of size bytes. In a file of several arrays, an array that
// is no matrix has a Why.
type reader func(ctx context.Context, f File, size int64) ([]Array, error)

// readers maps an extension to its reader.
var readers = map[string]reader{
	".npy":         readNpy,
	".npz":         readNpz,
	".safetensors": readSafetensors,
	".fvecs":       readVecs(Float32),
	".bvecs":       readVecs(Uint8),
	".ivecs":       readVecs(Int32),
	".fbin":        readBin(Float32),
	".f16bin":      readBin(Float16),
	".u8bin":       readBin(Uint8),
	".i8bin":       readBin(Int8),
	".ibin":        readBin(Int32),
	".arrow":       readArrow,
	".arrows":      readArrow,
	".feather":     readArrow,
	".parquet":     readParquet,
}

// Known reports whether Read reads files of this name. Only the extension counts, in upper or lower
// case.
func Known(name string) bool { return readers[extension(name)] != nil }

// Extensions returns the known extensions, sorted.
func Extensions() []string {
	var all []string
	for ext := range readers {
		all = append(all, ext)
	}
	slices.Sort(all)
	return all
}

func extension(name string) string { return strings.ToLower(path.Ext(name)) }

// Read returns the matrices in a file of size bytes. The name's extension must be known. A file
// that cannot be read is an error. Other content of a container, such as vectors and texts, is
// returned with a Why, so that it can be named. Scalar columns of a table are left out. Every Array
// without a Why has passed Check.
func Read(ctx context.Context, name string, f File, size int64) ([]Array, error) {
	read := readers[extension(name)]
	if read == nil {
		return nil, fmt.Errorf("the extension %q is none of %s", path.Ext(name), strings.Join(Extensions(), " "))
	}
	arrays, err := read(ctx, f, size)
	if err != nil {
		return nil, err
	}
	for _, a := range arrays {
		if a.Why != "" {
			continue
		}
		if err := a.Check(size); err != nil {
			return nil, place(a.Name, err)
		}
	}
	return arrays, nil
}

// place prefixes an error with the name of an array.
func place(name string, err error) error {
	if name == "" {
		return err
	}
	return fmt.Errorf("%s: %w", clip(fmt.Sprintf("%q", name), 120), err)
}

func readNpy(_ context.Context, f File, size int64) ([]Array, error) {
	a, err := ReadNpy(f, size)
	if not := (*NotMatrixError)(nil); errors.As(err, &not) {
		a = not.Array // it is sound
		a.Why = not.Why
		return []Array{a}, nil
	}
	return []Array{a}, err
}
