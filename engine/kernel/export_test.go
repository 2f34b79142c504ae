package kernel

import "testing"

// Paths names the ways that kernels take on this processor, fastest first; "reference", the portable loops, is last.
func Paths() []string { return append(vectorPaths(), "reference") }

// Force makes every kernel take a way of Paths, or one slower where it has none there, until the test ends. Such a test
// must not run in parallel.
func Force(t testing.TB, path string) {
	t.Cleanup(restore())
	if path == "reference" {
		vector = false
	}
	forceVector(path)
}
