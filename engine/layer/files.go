package layer

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// ErrOutside says that a file of a gallery is outside its folder: the file or its folder is a
// symbolic link out of the gallery's folder.
var ErrOutside = errors.New("it is a symbolic link out of the gallery's folder: --follow-links allows it")

// escapes is the message of os.Root for such a file. os.Root has no error value to compare with.
const escapes = "path escapes from parent"

// OpenFile opens a regular file. It refuses other files before it opens them: opening a named pipe
// would wait for a writer. The error does not name the file.
func OpenFile(files fs.FS, name string) (fs.File, error) {
	var f fs.File
	info, err := fs.Stat(files, name)
	if err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	if err == nil {
		f, err = files.Open(name)
	}
	if err = reason(err); err != nil && err.Error() == escapes {
		err = ErrOutside
	}
	return f, err
}

// reason returns the cause of an *fs.PathError, and any other error unchanged.
func reason(err error) error {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// JoinPath returns the path of a file of the folder, for messages.
func JoinPath(place, name string) string { return filepath.Join(place, filepath.FromSlash(name)) }
