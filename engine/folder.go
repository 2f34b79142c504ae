package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"

	"github.com/adrg/xdg"

	"strata/engine/fence"
)

// DerivedFolder holds, within a gallery's folder, what is derived from it. ImportFolder, within that, holds the
// layers that are being imported.
const (
	DerivedFolder = ".strata"
	ImportFolder  = "import"
)

// Derived returns the path of DerivedFolder(".").
func (g *Gallery) Derived() (string, error) {
	dir, err := g.DerivedFolder(".")
	return dir.Path(), err
}

// DerivedFolder returns a folder of the name within that for what is computed from
// the gallery and can be computed again, and makes it: in .strata in the gallery's
// folder or, where that cannot be written, in a folder of the user's cache that
// belongs to the gallery's path. A read-only disk and the built-in gallery cannot be
// written; nor is a folder that is a symbolic link, or in one: it may lead anywhere.
func (g *Gallery) DerivedFolder(name string) (fence.Folder, error) {
	if g.root != nil {
		if dir := fence.In(g.Path, DerivedFolder).Sub(name); dir.Writable() {
			return dir, nil
		}
	}
	dir := g.cached().Sub(name)
	return dir, dir.Make()
}

// FindDerived returns the folder of DerivedFolder(".") that has a file which was derived
// before; the name may hold folders, with slashes. It makes nothing; the error is that of
// the last of them.
func (g *Gallery) FindDerived(name string) (dir fence.Folder, err error) {
	for _, dir = range g.derivedFolders() {
		if _, err = dir.Stat(name); err == nil {
			return dir, nil
		}
	}
	return dir, err
}

// derivedFolders returns where derived files may lie: in the gallery's folder, also one
// that cannot be written, and in the cache.
func (g *Gallery) derivedFolders() []fence.Folder {
	if g.root == nil {
		return []fence.Folder{g.cached()}
	}
	return []fence.Folder{fence.In(g.Path, DerivedFolder), g.cached()}
}

// cached returns the cacheFolder.
func (g *Gallery) cached() fence.Folder { return fence.In(g.cacheFolder(), ".") }

// cacheFolder returns the folder in the user's cache that belongs to the gallery.
func (g *Gallery) cacheFolder() string {
	sum := sha256.Sum256([]byte(g.Path))
	return filepath.Join(xdg.CacheHome, "strata", "galleries", filepath.Base(g.Path)+"-"+hex.EncodeToString(sum[:6]))
}
