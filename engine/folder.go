package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/adrg/xdg"
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
	sum := sha256.Sum256([]byte(g.Path))
	dir := filepath.Join(xdg.CacheHome, "strata", "galleries", filepath.Base(g.Path)+"-"+hex.EncodeToString(sum[:6]))
	return dir, os.MkdirAll(dir, 0o777)
}

// writable makes a folder and reports whether files can be made in it.
func writable(dir string) bool {
	if os.MkdirAll(dir, 0o777) != nil {
		return false
	}
	f, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return false
	}
	_ = f.Close() // it is empty
	return os.Remove(f.Name()) == nil
}
