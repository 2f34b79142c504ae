package kernel

func vectorPaths() []string {
	if dotprod {
		return []string{"dotprod", "neon"}
	}
	return []string{"neon"}
}

func forceVector(path string) { dotprod = dotprod && path == "dotprod" }

func restore() func() {
	v, d := vector, dotprod
	return func() { vector, dotprod = v, d }
}
