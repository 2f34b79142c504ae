package kernel

// vectorPaths names the ways in assembly, fastest first.
func vectorPaths() []string {
	if dotprod {
		return []string{"dotprod", "neon"}
	}
	return []string{"neon"}
}

// forceVector leaves out the ways that are faster than the given one.
func forceVector(path string) { dotprod = dotprod && path == "dotprod" }

// restore returns the function that sets what is taken now.
func restore() func() {
	v, d := vector, dotprod
	return func() { vector, dotprod = v, d }
}
