package engine

import (
	"github.com/adrg/xdg"

	"strata/engine/fence"
)

// DerivedFolder holds, within a gallery's folder, what is derived from it. ImportFolder, within that, holds the
// layers that are being imported.
const (
	DerivedFolder = ".strata"
	ImportFolder  = "import"
)

// home is where the files lie that are derived from a gallery.
type home struct {
	gallery string // its path
	own     bool   // it is a folder; otherwise nothing can lie in it
}

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
func (g *Gallery) DerivedFolder(name string) (fence.Folder, error) { return g.home().folder(name) }

// FindDerived returns the folder of DerivedFolder(".") that has a file which was derived
// before; the name may hold folders, with slashes. It makes nothing; the error is that of
// the last of them.
func (g *Gallery) FindDerived(name string) (dir fence.Folder, err error) {
	for _, dir = range g.home().folders() {
		if _, err = dir.Stat(name); err == nil {
			return dir, nil
		}
	}
	return dir, err
}

// home returns where the gallery's derived files lie.
func (g *Gallery) home() home { return home{g.Path, g.root != nil} }

// folder is Gallery.DerivedFolder.
func (h home) folder(name string) (fence.Folder, error) {
	if h.own {
		if dir := fence.In(h.gallery, DerivedFolder).Sub(name); dir.Writable() {
			return dir, nil
		}
	}
	dir := h.cached().Sub(name)
	return dir, dir.Make()
}

// folders returns where derived files may lie: in the gallery's folder, also one
// that cannot be written, and in the cache.
func (h home) folders() []fence.Folder {
	if !h.own {
		return []fence.Folder{h.cached()}
	}
	return []fence.Folder{fence.In(h.gallery, DerivedFolder), h.cached()}
}

// cached returns the folder in the user's cache that belongs to the gallery.
func (h home) cached() fence.Folder { return fence.OfGallery(xdg.CacheHome, h.gallery) }
