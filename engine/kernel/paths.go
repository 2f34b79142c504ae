package kernel

// Paths names the ways that kernels take on this processor, fastest first; "reference", the portable loops, is last.
func Paths() []string { return append(vectorPaths(), "reference") }

// Take makes every kernel take a way of Paths, or one slower where it has none there, and returns the function that undoes
// it. No kernel may run during either call. Programs that compare the ways call it.
func Take(path string) (undo func()) {
	undo = restore()
	if path == "reference" {
		vector = false
	}
	forceVector(path)
	return undo
}
