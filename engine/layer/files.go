package layer

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// ErrOutside says of a file of a gallery that it is behind a link, its own or that of a
// folder, that leads out of the gallery's folder, or that begins at the root.
var ErrOutside = errors.New("it is a symbolic link out of the gallery's folder: --follow-links allows it")

// escapes is what os.Root says of such a file. It has no error to compare with.
const escapes = "path escapes from parent"

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
	if err != nil && err.Error() == escapes {
		err = ErrOutside
	}
	return f, err
}

// JoinPath returns the path, for messages, of a file of the folder.
func JoinPath(place, name string) string { return filepath.Join(place, filepath.FromSlash(name)) }
