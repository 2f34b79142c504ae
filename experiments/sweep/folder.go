package sweep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"strata/engine/aside"
)

// The names of a sweep's folder and of the file in it that is locked while the sweep runs.
const (
	folderPattern = "strata-sweep-*"
	lockName      = "sweep.lock"
)

// folder is a temporary folder.
type folder struct {
	path string
	lock *os.File
}

// newFolder makes a temporary folder in another, after those that killed programs have left
// there are removed.
func newFolder(in string) (*folder, error) {
	removeLeft(in)
	path, err := os.MkdirTemp(in, folderPattern)
	if err != nil {
		return nil, err
	}
	f := &folder{path: path}
	if f.lock, err = os.Create(filepath.Join(path, lockName)); err == nil {
		_, err = aside.TryLock(f.lock)
	}
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.remove())
	}
	return f, nil
}

// remove removes the folder.
func (f *folder) remove() error {
	err := os.RemoveAll(f.path)
	if f.lock != nil {
		_ = f.lock.Close() // it is only a lock
	}
	return err
}

// removeLeft removes the folders whose lock nobody holds. Those of other users stay, and so
// do those without a lock, which are just being made.
func removeLeft(in string) {
	found, _ := filepath.Glob(filepath.Join(in, folderPattern))
	for _, path := range found {
		if info, err := os.Lstat(path); err != nil || !info.IsDir() {
			continue
		}
		lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if free, err := aside.TryLock(lock); free && err == nil {
			_ = os.RemoveAll(path)
		}
		_ = lock.Close()
	}
}
