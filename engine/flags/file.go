package flags

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"strata/engine/fence"
)

// Load reads the flags of a folder; of a folder without a file they are nil, and there is false. The
// error names the file.
func Load(dir fence.Folder) (f *Flags, there bool, err error) {
	b, err := dir.ReadFile(File, fence.Metadata)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, true, err
	}
	if f, err = Read(bytes.NewReader(b)); err != nil {
		return nil, true, fmt.Errorf("%s: %w", dir.File(File), err)
	}
	return f, true, nil
}

// Update changes the flags of a folder: those that its file has by now, or first where it has none. Two
// programs that do so take turns. It returns what the file then holds. A file that cannot be read is
// not replaced, and none is written that could not be read.
func Update(dir fence.Folder, first *Flags, changes []Change) (f *Flags, err error) {
	err = dir.Replace(File, func() ([]byte, error) {
		there := false
		if f, there, err = Load(dir); err != nil {
			return nil, err
		}
		if !there {
			f = first
		}
		f = f.Apply(changes)
		b := f.Bytes()
		if len(b) > fence.Metadata {
			return nil, fmt.Errorf("%s: its %d flags would take %d bytes, and a file of flags has at most %d", dir.File(File), f.Len(), len(b), fence.Metadata)
		}
		return b, nil
	})
	return f, err
}
