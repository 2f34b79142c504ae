package graph

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// LibraryVariable is the environment variable that names the library.
const LibraryVariable = "STRATA_USEARCH_LIBRARY"

// CacheFolder is the library's folder, within the user's cache folder for Strata.
const CacheFolder = "usearch"

// HowToGet says how to get the library.
const HowToGet = "get libusearch_c 2 (a release of USearch, or go run ./fixtures/usearch) and name it by " + LibraryVariable

// ErrNoCgo says that the program cannot load a library.
var ErrNoCgo = errors.New("this program was built without cgo, or for Windows, and cannot load USearch: build it with CGO_ENABLED=1 and a C compiler")

// LibraryName returns the library's file name on this system.
func LibraryName() string {
	if runtime.GOOS == "darwin" {
		return "libusearch_c.dylib"
	}
	return "libusearch_c.so"
}

// FindLibrary returns the path of USearch's C library: given, or the value of
// STRATA_USEARCH_LIBRARY, if one of them is not empty; otherwise the first library in the usual
// folders. Either may be a file or the folder of the file. FindLibrary does not load the library.
func FindLibrary(given string, env func(string) string) (string, error) {
	if given == "" {
		given = env(LibraryVariable)
	}
	if given != "" {
		return checked(given)
	}
	places := usualPlaces(env)
	for _, p := range places {
		if path, err := checked(p); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no library of USearch in %s: %s", strings.Join(places, ", "), HowToGet)
}

// checked returns the library's file at a path.
func checked(place string) (string, error) {
	info, err := os.Stat(place)
	if err == nil && info.IsDir() {
		place = filepath.Join(place, LibraryName())
		info, err = os.Stat(place)
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("%s: there is no such library of USearch", place)
	case err != nil:
		return "", err
	case info.IsDir():
		return "", fmt.Errorf("%s is a folder, not a library", place)
	}
	return filepath.Abs(place)
}

// usualPlaces returns the folders to search.
func usualPlaces(env func(string) string) []string {
	var places []string
	cache := env("XDG_CACHE_HOME")
	if home := env("HOME"); cache == "" && home != "" {
		cache = filepath.Join(home, ".cache")
	}
	if cache != "" {
		places = append(places, filepath.Join(cache, "strata", CacheFolder))
	}
	places = append(places, "/usr/local/lib", "/usr/lib")
	if runtime.GOOS == "darwin" {
		places = append(places, "/opt/homebrew/lib")
	}
	return places
}

// Options describe an index and how to build it. All but Kind are required.
type Options struct {
	Dim            int  // values of a vector
	Rows           int  // largest number of vectors
	Kind           Kind // of the values kept
	M              int  // neighbours of a vector; twice as many in the bottom layer
	EfConstruction int  // candidates visited to find the neighbours
	Searchers      int  // largest number of concurrent searches
}

// Kind is the type of an index's stored values. Vectors are given as float32.
type Kind uint8

// The kinds.
const (
	Float16 Kind = iota
	Float32
	Int8 // of vectors that are scaled to length 1 first
)

var kindNames = [...]string{"f16", "f32", "i8"}

// String returns the kind's name.
func (k Kind) String() string { return kindNames[k] }

// ParseKind returns the kind with the given name.
func ParseKind(name string) (Kind, error) {
	for k, known := range kindNames {
		if name == known {
			return Kind(k), nil
		}
	}
	return 0, fmt.Errorf("a graph keeps values of f16, f32 or i8, not %q", name)
}

// check returns an error for invalid options.
func (o Options) check() error {
	if o.Dim < 1 || o.Rows < 1 || o.M < 2 || o.EfConstruction < 1 || o.Searchers < 1 {
		return fmt.Errorf("a graph of %d × %d values with M %d, ef %d for its construction and %d searchers: each is 1 or more, M 2",
			o.Rows, o.Dim, o.M, o.EfConstruction, o.Searchers)
	}
	return nil
}
