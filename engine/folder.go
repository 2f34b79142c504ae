package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/adrg/xdg"

	"strata/engine/aside"
)

// derivedFolder holds, within a gallery's folder, what is derived from it.
const derivedFolder = ".strata"

// Derived returns the folder for what is computed from the gallery and can be
// computed again, and makes it: .strata in the gallery's folder or, where that
// cannot be written (a read-only disk, the built-in gallery), a folder in the
// user's cache that belongs to the gallery's path.
func (g *Gallery) Derived() (string, error) {
	if g.root != nil {
		dir := filepath.Join(g.Path, derivedFolder)
		if writable(dir) {
			return dir, nil
		}
	}
	dir := g.cacheFolder()
	return dir, os.MkdirAll(dir, 0o777)
}

// FindDerived returns the path of a file that was derived before, in either of
// the folders that Derived may return; the name may hold a folder. It makes
// nothing; the error is that of os.Stat, in the last of them.
func (g *Gallery) FindDerived(name string) (string, error) {
	folders := []string{g.cacheFolder()}
	if g.root != nil {
		folders = append([]string{filepath.Join(g.Path, derivedFolder)}, folders...)
	}
	var err error
	for _, dir := range folders {
		path := filepath.Join(dir, name)
		if _, err = os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", err
}

// cacheFolder returns the folder in the user's cache that belongs to the gallery.
func (g *Gallery) cacheFolder() string {
	sum := sha256.Sum256([]byte(g.Path))
	return filepath.Join(xdg.CacheHome, "strata", "galleries", filepath.Base(g.Path)+"-"+hex.EncodeToString(sum[:6]))
}

// writable makes a folder and reports whether files can be made in it.
func writable(dir string) bool {
	return os.MkdirAll(dir, 0o777) == nil && aside.Writable(dir)
}
