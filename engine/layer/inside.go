package layer

import (
	"io/fs"
	"os"
	"path/filepath"
)

// OpenFolder opens a folder for reading. Its files are those Inside it; with follow, symbolic links
// may lead out of it. The files are valid until root is closed.
func OpenFolder(path string, follow bool) (root *os.Root, files fs.FS, err error) {
	if root, err = os.OpenRoot(path); err != nil {
		return nil, nil, err
	}
	if follow {
		return root, os.DirFS(path), nil
	}
	return root, Inside(root, path), nil
}

// Inside returns the files of a folder, which was opened as root, for reading. A symbolic
// link may lead to a file of the folder, also by a path from the root of the file system or
// by way of a folder outside, as archives and mounts make them; what leads out is refused.
//
// os.Root follows no such link, wherever it leads. So the path that is left when all links
// are resolved is opened in the folder, by os.Root again: whatever is exchanged meanwhile,
// nothing outside is opened.
func Inside(root *os.Root, path string) fs.FS { return inside{root.FS(), path} }

// inside is the fs.FS of a folder.
type inside struct {
	files fs.FS
	path  string
}

// within calls do with a name and, if that leads out as it stands, with what its links
// come to in the folder.
func (f inside) within(name string, do func(name string) error) error {
	err := do(name)
	if err == nil || reason(err).Error() != escapes {
		return err
	}
	place, errPlace := filepath.EvalSymlinks(f.path)
	file, errFile := filepath.EvalSymlinks(filepath.Join(f.path, filepath.FromSlash(name)))
	if errPlace != nil || errFile != nil {
		return err
	}
	if rel, errRel := filepath.Rel(place, file); errRel == nil && filepath.IsLocal(rel) {
		return do(filepath.ToSlash(rel))
	}
	return err
}

// Open opens a file.
func (f inside) Open(name string) (file fs.File, err error) {
	err = f.within(name, func(name string) error {
		file, err = f.files.Open(name)
		return err
	})
	return file, err
}

// Stat returns what the file system says of a file, behind links.
func (f inside) Stat(name string) (info fs.FileInfo, err error) {
	err = f.within(name, func(name string) error {
		info, err = fs.Stat(f.files, name)
		return err
	})
	return info, err
}

// ReadDir returns the entries of a folder, by name.
func (f inside) ReadDir(name string) (entries []fs.DirEntry, err error) {
	err = f.within(name, func(name string) error {
		entries, err = fs.ReadDir(f.files, name)
		return err
	})
	return entries, err
}

// Lstat returns what the file system says of a file, and of a link itself.
func (f inside) Lstat(name string) (info fs.FileInfo, err error) {
	err = f.within(name, func(name string) error {
		info, err = fs.Lstat(f.files, name)
		return err
	})
	return info, err
}

// ReadLink returns where a link leads to.
func (f inside) ReadLink(name string) (string, error) { return fs.ReadLink(f.files, name) }
