package layer

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// OpenFile opens a regular file. Others are refused before they are opened: that
// of a named pipe would wait for its writer. The error does not name the file.
func OpenFile(files fs.FS, name string) (fs.File, error) {
	var f fs.File
	info, err := fs.Stat(files, name)
	if err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	if err == nil {
		f, err = files.Open(name)
	}
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		err = pe.Err
	}
	return f, err
}

// JoinPath returns the path, for messages, of a file of the folder.
func JoinPath(place, name string) string { return filepath.Join(place, filepath.FromSlash(name)) }
