package kernel

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// PathVariable is the environment variable that names the path which all kernels take, if it is not
// empty. It is read once, at the start of the program.
const PathVariable = "STRATA_KERNEL"

// reference is the path of the plain loops, which every processor has.
const reference = "reference"

// paths are those of the processor, and path the one that was chosen.
var (
	paths             = append(vectorPaths(), reference)
	path, errPathName = choosePath(os.Getenv(PathVariable))
)

// Path returns the path that kernels take: "vnni", "avx512", "avx2", "dotprod", "neon" or
// "reference". A kernel that has no assembly for it takes the next slower one that it has. err is not
// nil if [PathVariable] names a path that this processor does not have; the path is then the fastest.
func Path() (name string, err error) { return path, errPathName }

// Paths names the ways that kernels take on this processor, fastest first; "reference", the portable loops, is last. Those
// that are faster than Path are not taken.
func Paths() []string { return slices.Clone(paths) }

// Take makes every kernel take a way of Paths, or one slower where it has none there, and returns the function that undoes
// it. No kernel may run during either call. Programs that compare the ways call it.
func Take(path string) (undo func()) {
	undo = restore()
	if path == reference {
		vector = false
	}
	forceVector(path)
	return undo
}

// choosePath makes kernels take the named path, or the fastest if it is empty.
func choosePath(name string) (string, error) {
	switch {
	case name == "":
		return paths[0], nil
	case !slices.Contains(paths, name):
		return paths[0], fmt.Errorf("%s=%s: this processor has %s", PathVariable, name, strings.Join(paths, ", "))
	}
	Take(name) // for good
	return name, nil
}
