package fence

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"strata/engine/aside"
)

// Metadata bounds the files that say something about others, in bytes: recipes, seals,
// marks, journals, scripts.
const Metadata = 16 << 20

// Error says that a file or folder is not of the kind that is opened.
type Error struct {
	Path string
	Why  string
}

// Error gives the path and why it was refused.
func (e *Error) Error() string { return e.Path + ": " + e.Why }

// Refused reports whether an error is an *Error: the file is there, and not opened.
func Refused(err error) bool { return errors.As(err, new(*Error)) }

// Why returns what an *Error says of the file, without its path, and "" for other errors.
func Why(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Why
	}
	return ""
}

// irregular says what a file is that is no regular one, or returns "".
func irregular(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return ""
	case mode.IsDir():
		return "it is not a regular file, but a folder"
	case mode&fs.ModeSymlink != 0:
		return "it is a symbolic link, which is not followed here"
	case mode&fs.ModeNamedPipe != 0:
		return "it is not a regular file, but a named pipe"
	case mode&fs.ModeSocket != 0:
		return "it is not a regular file, but a socket"
	}
	return "it is not a regular file"
}

// Open opens a regular file for reading, without waiting for it. Links of the path
// are followed. The error names the path; one of another kind of file is an *Error.
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path) // opening a device may already do something
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, aside.Reason(err))
	}
	if why := irregular(info.Mode()); why != "" {
		return nil, &Error{path, why}
	}
	f, err := os.OpenFile(path, os.O_RDONLY|nonblocking, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, aside.Reason(err))
	}
	if info, err = f.Stat(); err == nil {
		if why := irregular(info.Mode()); why != "" { // it was replaced in between
			err = &Error{path, why}
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// ReadFile reads a regular file of at most limit bytes. The error names the path.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, path, limit)
}

// readAll reads a file of at most limit bytes. Memory grows with what is read, not
// with what the file's size promises.
func readAll(f *os.File, path string, limit int64) ([]byte, error) {
	info, err := f.Stat()
	if err == nil && info.Size() > limit {
		return nil, &Error{path, fmt.Sprintf("it has %d bytes, more than the %d that are read", info.Size(), limit)}
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, aside.Reason(err))
	}
	if int64(len(b)) > limit {
		return nil, &Error{path, fmt.Sprintf("it has more than the %d bytes that are read", limit)}
	}
	return b, nil
}
