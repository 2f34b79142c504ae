package format

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// File is an open file that readers read from. Streams read from it later, so
// it stays open as long as they do; reads at several places at once are allowed.
type File = io.ReaderAt

// reader returns the matrices of a file of size bytes. Where a file holds several
// arrays, those that are no matrices come with a Why.
type reader func(ctx context.Context, f File, size int64) ([]Array, error)

// readers are the readers by extension.
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
	".feather":     readArrow,
	".parquet":     readParquet,
}

// Known reports whether a file of this name is one that Read reads. Only the
// extension counts, in any case.
func Known(name string) bool { return readers[extension(name)] != nil }

// Extensions returns the extensions that are known, sorted.
func Extensions() []string {
	var all []string
	for ext := range readers {
		all = append(all, ext)
	}
	slices.Sort(all)
	return all
}

func extension(name string) string { return strings.ToLower(path.Ext(name)) }

// Read returns the matrices in the file of that name, which is known and has
// size bytes. A file that cannot be read is an error. What a container holds beside
// matrices, vectors or texts say, is returned with a Why, so that it can be named;
// scalar columns of a table are left out. Every Array without a Why has passed Check.
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

// place puts the name of an array before an error.
func place(name string, err error) error {
	if name == "" {
		return err
	}
	return fmt.Errorf("%s: %w", clip(fmt.Sprintf("%q", name), 120), err)
}

func readNpy(_ context.Context, f File, size int64) ([]Array, error) {
	a, err := ReadNpy(f, size)
	return []Array{a}, err
}
