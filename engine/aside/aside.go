package aside

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// suffix ends the names of temporary files, after a dot and randomDigits digits.
const (
	suffix       = ".aside"
	randomDigits = 13
	maxBase      = 200 // bytes of NAME: systems allow 255 for all
)

// age applies where files cannot be locked: an older temporary file counts as left by a killed
// program.
const age = time.Hour

// File is a temporary file that Publish renames to its path.
type File struct {
	path string
	file *os.File // nil after Publish and Abandon
	err  error    // the first error of writing
}

// Create begins a file that will replace the file at path. It fails if path is neither a regular
// file nor absent. It removes the temporary files of killed programs from the same folder.
func Create(path string) (*File, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s: there is a folder of this name", path)
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: this is no regular file, and is not replaced by one", path)
	}
	for range 100 {
		f, err := os.OpenFile(name(path), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, placed(path, err)
		}
		if owned(f) {
			sweep(filepath.Dir(path), f)
			return &File{path: path, file: f}, nil
		}
		_ = f.Close() // another program removed it before it was locked
	}
	return nil, fmt.Errorf("%s: nothing can be written beside it: other programs take it away", path)
}

// name returns a new temporary name beside path.
func name(path string) string {
	digits := strconv.FormatUint(rand.Uint64(), 36)
	digits = strings.Repeat("0", randomDigits-len(digits)) + digits
	base := filepath.Base(path)
	return filepath.Join(filepath.Dir(path), "."+base[:min(len(base), maxBase)]+"."+digits+suffix)
}

// isName reports whether a file name is a temporary name.
func isName(base string) bool {
	rest, ok := strings.CutSuffix(base, suffix)
	dot := len(rest) - randomDigits - 1
	if !ok || dot < 2 || rest[0] != '.' || rest[dot] != '.' {
		return false
	}
	_, err := strconv.ParseUint(rest[dot+1:], 36, 64)
	return err == nil
}

// owned locks a new file, and reports whether the file still has its name. Without locks it reports
// true.
func owned(f *os.File) bool {
	locked, err := TryLock(f)
	if err != nil {
		return true
	}
	mine, err := f.Stat()
	if err != nil || !locked {
		return false
	}
	there, err := os.Lstat(f.Name())
	return err == nil && os.SameFile(mine, there)
}

// sweep removes the temporary files of killed programs from a folder. now is a file that was just
// made; its time is that of the disk's clock. Errors are ignored.
func sweep(dir string, now *os.File) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if isName(e.Name()) && e.Type().IsRegular() && path != now.Name() {
			removeLeft(path, now)
		}
	}
}

// removeLeft removes a temporary file that no program writes. It holds the file's lock until the
// file is gone, so no program can use it meanwhile.
func removeLeft(path string, now *os.File) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close()
	left, err := TryLock(f)
	if err != nil {
		old, errOld := f.Stat()
		made, errMade := now.Stat()
		left = errOld == nil && errMade == nil && made.ModTime().Sub(old.ModTime()) > age
	}
	if left {
		_ = os.Remove(path)
	}
}

// Write appends p. After a failure it returns the same error again.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	return n, f.note(err)
}

// WriteAt writes p at byte at.
func (f *File) WriteAt(p []byte, at int64) (int, error) {
	n, err := f.file.WriteAt(p, at)
	if err != nil {
		err = placed(f.path, err)
	}
	return n, err
}

// note keeps the first error.
func (f *File) note(err error) error {
	if err != nil && f.err == nil {
		f.err = placed(f.path, err)
	}
	return f.err
}

// Err returns the first error of Write.
func (f *File) Err() error { return f.err }

// Publish syncs the file to the disk and renames it to its path. On failure the temporary file is
// removed, and an existing file at the path is unchanged.
func (f *File) Publish() error { return Publish(f) }

// Abandon removes the temporary file, unless it was published.
func (f *File) Abandon() {
	if f.file != nil {
		_ = os.Remove(f.file.Name())
		_ = f.file.Close() // an error does not matter: the file is removed
		f.file = nil
	}
}

// Publish syncs files to the disk, and then renames them in the given order. If one cannot be
// synced, none is renamed.
//
// Two programs that publish into one folder take turns: Publish locks the folder of the first file.
func Publish(files ...*File) error { return publish(nil, files) }

// PublishSealed is Publish for files that belong together, and a seal that vouches for them. It
// removes an existing seal before it renames the files, and renames the new seal last. So a program
// that is killed leaves the old files with the old seal, the new files with the new seal, or no
// seal.
func PublishSealed(seal *File, files ...*File) error { return publish(seal, append(files, seal)) }

func publish(seal *File, files []*File) error {
	defer func() {
		for _, f := range files {
			f.Abandon()
		}
	}()
	for _, f := range files {
		if err := f.note(f.file.Sync()); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return nil
	}
	unlock, err := lockFolder(filepath.Dir(files[0].path))
	if err != nil {
		return err
	}
	defer unlock()
	if seal != nil {
		if err := os.Remove(seal.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return placed(seal.path, err)
		}
		if err := SyncFolder(filepath.Dir(seal.path)); err != nil {
			return err
		}
	}
	for i, f := range files {
		if seal != nil && i == len(files)-1 { // the other names are on the disk before the seal's
			if err := syncFolders(files[:i]); err != nil {
				return err
			}
		}
		if err := f.rename(); err != nil {
			return err
		}
	}
	return syncFolders(files)
}

// rename renames the file to its path. It holds the lock until then.
func (f *File) rename() error {
	file := f.file
	if !locks { // this system cannot rename an open file
		if err := file.Close(); err != nil {
			return placed(f.path, err)
		}
	}
	if err := os.Rename(file.Name(), f.path); err != nil {
		return placed(f.path, err)
	}
	f.file = nil
	if locks {
		_ = file.Close() // an error does not matter: the content is on the disk
	}
	return nil
}

// Write writes a file whose content write produces.
func Write(path string, write func(io.Writer) error) error {
	return produce(path, write, (*File).Publish)
}

// produce writes a file and publishes it in one way.
func produce(path string, write func(io.Writer) error, publish func(*File) error) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	defer f.Abandon()
	if err := write(f); err != nil {
		return err
	}
	return publish(f)
}

// WriteNew is Write for a file that must not be there: it replaces none, also one that somebody
// writes meanwhile.
func WriteNew(path string, write func(io.Writer) error) error {
	if _, err := os.Lstat(path); err == nil {
		return placed(path, fs.ErrExist)
	}
	return produce(path, write, (*File).publishNew)
}

// publishNew syncs the file to the disk and gives it its path, unless there is one.
func (f *File) publishNew() error {
	if err := f.note(f.file.Sync()); err != nil {
		return err
	}
	unlock, err := lockFolder(filepath.Dir(f.path))
	if err != nil {
		return err
	}
	defer unlock()
	err = os.Link(f.file.Name(), f.path)            // Abandon removes the other name
	if err != nil && !errors.Is(err, fs.ErrExist) { // a disk without hard links
		if _, err = os.Lstat(f.path); err != nil {
			err = f.rename()
		} else {
			err = fs.ErrExist
		}
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return placed(f.path, fs.ErrExist)
	case err != nil:
		return err
	}
	return syncFolders([]*File{f})
}

// Replace writes a file with the content that change returns. No other program publishes into the file's
// folder meanwhile, so change may read what the file holds.
func Replace(path string, change func() ([]byte, error)) error {
	unlock, err := lockFolder(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer unlock()
	content, err := change()
	if err != nil {
		return err
	}
	return produce(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	}, (*File).publishLocked)
}

// publishLocked is Publish of a file whose folder is locked.
func (f *File) publishLocked() error {
	if err := f.note(f.file.Sync()); err != nil {
		return err
	}
	if err := f.rename(); err != nil {
		return err
	}
	return syncFolders([]*File{f})
}

// WriteBytes writes a file with the given content.
func WriteBytes(path string, content []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// Writable reports whether files can be created in a folder.
func Writable(dir string) bool {
	f, err := Create(filepath.Join(dir, "probe"))
	if err == nil {
		f.Abandon()
	}
	return err == nil
}

// syncFolders syncs the folders of the files, so that the names are on the disk.
func syncFolders(files []*File) error {
	last := ""
	for _, f := range files {
		if dir := filepath.Dir(f.path); dir != last {
			if err := SyncFolder(dir); err != nil {
				return err
			}
			last = dir
		}
	}
	return nil
}

// SyncFolder syncs a folder, so that the names in it are on the disk. It does nothing on a system
// that cannot.
func SyncFolder(dir string) error {
	f, err := os.Open(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil // one may write into it, and not read it
	}
	if err != nil {
		return err
	}
	_ = f.Sync() // a file system without it keeps names by other means
	return f.Close()
}

// MakeFolder makes a folder, and those on the way to it, and brings their names to the disk.
func MakeFolder(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if parent != dir {
		if err := MakeFolder(parent); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return SyncFolder(parent)
}

// placed returns the reason of an error behind a path.
func placed(path string, err error) error { return fmt.Errorf("%s: %w", path, Reason(err)) }

// Reason returns the cause of an error, without the file's name.
func Reason(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// IsLeft reports whether a file is a temporary file of a killed program: no program holds its lock.
// Where files cannot be locked, it is one that has not changed for an hour.
func IsLeft(path string) bool {
	if !isName(filepath.Base(path)) {
		return false
	}
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return errors.Is(err, fs.ErrPermission)
	}
	defer f.Close()
	left, err := TryLock(f)
	if info, errStat := f.Stat(); err != nil && errStat == nil {
		left = time.Since(info.ModTime()) > age
	}
	return left
}
