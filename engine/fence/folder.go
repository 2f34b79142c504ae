package fence

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	slash "path"
	"path/filepath"
	"strings"

	"strata/engine/aside"
)

// Folder is a folder of the program's own within a base folder. The base is trusted
// as a path: it may itself be reached through links.
type Folder struct {
	base string
	sub  string // with slashes; "." for the base itself
}

// In returns the folder of a name within base. The name has slashes and does not
// leave base.
func In(base, name string) Folder { return Folder{base, slash.Clean(name)} }

// OfGallery returns the folder in base, a folder of the user's, that belongs to the gallery of a path.
func OfGallery(base, path string) Folder {
	sum := sha256.Sum256([]byte(path))
	return In(filepath.Join(base, "strata", "galleries", filepath.Base(path)+"-"+hex.EncodeToString(sum[:6])), ".")
}

// Sub returns a folder within the folder.
func (f Folder) Sub(name string) Folder { return Folder{f.base, slash.Join(f.sub, name)} }

// Path returns the folder's path, for messages and for reading what is mapped.
func (f Folder) Path() string { return filepath.Join(f.base, filepath.FromSlash(f.sub)) }

// File returns the path of a file in the folder, for messages.
func (f Folder) File(name string) string { return filepath.Join(f.Path(), filepath.FromSlash(name)) }

// at splits a name within the folder into the folder that holds it and its last part.
func (f Folder) at(name string) (Folder, string) {
	dir, last := slash.Split(slash.Clean(name))
	return f.Sub(dir), last
}

// parts returns the folders on the way from base.
func (f Folder) parts() []string {
	if f.sub == "." {
		return nil
	}
	return strings.Split(f.sub, "/")
}

// open opens the folder, with every folder on the way a real one. With create, those
// that are missing are made.
func (f Folder) open(create bool) (_ *os.Root, err error) {
	if !fs.ValidPath(f.sub) {
		return nil, &Error{f.Path(), "it leaves " + f.base}
	}
	if create {
		if err := aside.MakeFolder(f.base); err != nil {
			return nil, placed(f.base, err)
		}
	}
	root, err := os.OpenRoot(f.base)
	if err != nil {
		return nil, placed(f.base, err)
	}
	path := f.base
	for _, part := range f.parts() {
		path = filepath.Join(path, part)
		next, err := step(root, part, path, create)
		_ = root.Close() // it is only a place
		if err != nil {
			return nil, err
		}
		root = next
	}
	return root, nil
}

// step opens a folder in a folder.
func step(root *os.Root, part, path string, create bool) (*os.Root, error) {
	info, err := root.Lstat(part)
	if create && errors.Is(err, fs.ErrNotExist) {
		if err = root.Mkdir(part, 0o777); err == nil {
			err = aside.SyncFolder(filepath.Dir(path))
		}
		if err == nil || errors.Is(err, fs.ErrExist) {
			info, err = root.Lstat(part)
		}
	}
	if err != nil {
		return nil, placed(path, err)
	}
	if !info.IsDir() {
		why := "it is not a folder"
		if info.Mode()&fs.ModeSymlink != 0 {
			why = irregular(info.Mode())
		}
		return nil, &Error{path, why}
	}
	next, err := root.OpenRoot(part)
	if err != nil {
		return nil, placed(path, err)
	}
	if is, err := next.Stat("."); err != nil || !os.SameFile(info, is) {
		return nil, errors.Join(&Error{path, "it was replaced while it was opened"}, next.Close())
	}
	return next, nil
}

// Make makes the folder, and those on the way to it.
func (f Folder) Make() error {
	root, err := f.open(true)
	if err != nil {
		return err
	}
	return root.Close()
}

// Writable makes the folder and reports whether files can be made in it.
func (f Folder) Writable() bool { return f.Make() == nil && aside.Writable(f.Path()) }

// within calls do with the folder of a name, and its last part.
func (f Folder) within(name string, do func(root *os.Root, last string) error) error {
	dir, last := f.at(name)
	root, err := dir.open(false)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // it is only a place
	return do(root, last)
}

// own checks that a file is a regular one of one name. info is what Lstat says.
func own(info fs.FileInfo, path string) error {
	if why := irregular(info.Mode()); why != "" {
		return &Error{path, why}
	}
	if n := names(info); n > 1 {
		return &Error{path, fmt.Sprintf("it has %d names (hard links): it may be a file of something else", n)}
	}
	return nil
}

// openFile opens a file of the folder. With O_CREATE it is made if there is none.
func (f Folder) openFile(name string, flag int) (file *os.File, err error) {
	path := f.File(name)
	err = f.within(name, func(root *os.Root, last string) error {
		for range 100 {
			info, err := root.Lstat(last)
			if errors.Is(err, fs.ErrNotExist) && flag&os.O_CREATE != 0 {
				if file, err = root.OpenFile(last, flag|os.O_EXCL, 0o666); errors.Is(err, fs.ErrExist) {
					continue // another program was faster
				}
				return placed(path, err)
			}
			if err == nil {
				err = own(info, path)
			}
			if err == nil {
				file, err = root.OpenFile(last, flag&^os.O_CREATE|nonblocking, 0)
			}
			if errors.Is(err, fs.ErrNotExist) && flag&os.O_CREATE != 0 {
				continue
			}
			if err != nil {
				return placed(path, err)
			}
			is, err := file.Stat()
			if err == nil && !os.SameFile(is, info) {
				err = &Error{path, "it was replaced while it was opened"}
			}
			return err
		}
		return &Error{path, "other programs make and remove it"}
	})
	if err != nil && file != nil {
		err, file = errors.Join(err, file.Close()), nil
	}
	return file, err
}

// Open opens a file for reading. An error is an *Error, or one of the system that
// names the path.
func (f Folder) Open(name string) (*os.File, error) { return f.openFile(name, os.O_RDONLY) }

// Update opens a file for reading and writing, and makes it if there is none. What it
// holds stays.
func (f Folder) Update(name string) (*os.File, error) {
	return f.openFile(name, os.O_RDWR|os.O_CREATE)
}

// Write opens a file that is there for reading and writing.
func (f Folder) Write(name string) (*os.File, error) { return f.openFile(name, os.O_RDWR) }

// Append opens a file that is there for reading, and for writing at its end.
func (f Folder) Append(name string) (*os.File, error) {
	return f.openFile(name, os.O_RDWR|os.O_APPEND)
}

// ReadFile reads a file of at most limit bytes.
func (f Folder) ReadFile(name string, limit int64) ([]byte, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file, f.File(name), limit)
}

// Stat returns what the file system says of a file or folder, which may be a link.
func (f Folder) Stat(name string) (info fs.FileInfo, err error) {
	err = f.within(name, func(root *os.Root, last string) (err error) {
		info, err = root.Lstat(last)
		return placed(f.File(name), err)
	})
	return info, err
}

// Entries returns what is in the folder, by name.
func (f Folder) Entries() ([]fs.DirEntry, error) {
	root, err := f.open(false)
	if err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(root.FS(), ".")
	return entries, errors.Join(placed(f.Path(), err), root.Close())
}

// Create begins a file that replaces what is under the name, see package aside. The
// folder that holds it is made.
func (f Folder) Create(name string) (*aside.File, error) {
	dir, last := f.at(name)
	if err := dir.Make(); err != nil {
		return nil, err
	}
	// A new file is made and renamed, so that nothing that is there is opened. What could
	// not be renamed over, a pipe or a link to a folder, loses its name.
	if info, err := f.Stat(name); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		if there, err := os.Stat(dir.File(last)); err == nil && !there.Mode().IsRegular() {
			if err := f.Remove(name); err != nil {
				return nil, err
			}
		}
	}
	return aside.Create(dir.File(last))
}

// Replace writes a file whole or not at all, with the content that change returns. No other program
// publishes into the folder meanwhile, so change may read what the file holds. The folder is made; a
// file that Open refuses is an error.
func (f Folder) Replace(name string, change func() ([]byte, error)) error {
	dir, last := f.at(name)
	if err := dir.Make(); err != nil {
		return err
	}
	if info, err := f.Stat(name); err == nil {
		if err := own(info, f.File(name)); err != nil {
			return err
		}
	}
	return aside.Replace(dir.File(last), change)
}

// WriteBytes writes a file whole or not at all.
func (f Folder) WriteBytes(name string, content []byte) error {
	file, err := f.Create(name)
	if err != nil {
		return err
	}
	defer file.Abandon()
	if _, err := file.Write(content); err != nil {
		return err
	}
	return file.Publish()
}

// Remove removes a file's name, whatever it is the name of, or an empty folder. There
// need be none.
func (f Folder) Remove(name string) error {
	err := f.within(name, func(root *os.Root, last string) error { return placed(f.File(name), root.Remove(last)) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// RemoveAll removes the folder with all that it holds. Of a link only the name is removed.
// There need be none.
func (f Folder) RemoveAll() error {
	dir, last := Folder{f.base, "."}.at(f.sub)
	root, err := dir.open(false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(placed(f.Path(), root.RemoveAll(last)), root.Close())
}

// Rename moves a file that is on the disk to a name in another folder of the same
// base, where it replaces what is there, and brings that name to the disk.
func (f Folder) Rename(name string, to Folder, place string) error {
	from, last := f.at(name)
	into, base := to.at(place)
	for _, dir := range []Folder{from, into} {
		root, err := dir.open(false)
		if err != nil {
			return err
		}
		_ = root.Close()
	}
	root, err := os.OpenRoot(f.base)
	if err != nil {
		return placed(f.base, err)
	}
	if err = root.Rename(slash.Join(from.sub, last), slash.Join(into.sub, base)); err == nil {
		err = aside.SyncFolder(into.Path())
	}
	return errors.Join(placed(to.File(place), err), root.Close())
}

// FS returns the folder's files for reading, each as Open opens it.
func (f Folder) FS() fs.FS { return files{f} }

// files is the fs.FS of a folder.
type files struct{ folder Folder }

// Open opens a file. The error is an *fs.PathError.
func (f files) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	file, err := f.folder.Open(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return file, nil
}

// Stat returns what the file system says of a file, and an error for one that Open refuses.
func (f files) Stat(name string) (fs.FileInfo, error) {
	info, err := f.folder.Stat(name)
	if err == nil {
		err = own(info, f.folder.File(name))
	}
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return info, nil
}

// placed names the path in an error of the system. It leaves nil and an *Error as they are.
func placed(path string, err error) error {
	if err == nil || Refused(err) {
		return err
	}
	return fmt.Errorf("%s: %w", path, aside.Reason(err))
}
