package kernel

// vectorPaths names the ways in assembly, fastest first.
func vectorPaths() []string {
	var p []string
	if vnni {
		p = append(p, "vnni")
	}
	if wide {
		p = append(p, "avx512")
	}
	if vector {
		p = append(p, "avx2")
	}
	return p
}

// forceVector leaves out the ways that are faster than the given one.
func forceVector(path string) {
	vnni = vnni && path == "vnni"
	wide = wide && (path == "vnni" || path == "avx512")
}

// restore returns the function that sets what is taken now.
func restore() func() {
	v, w, n := vector, wide, vnni
	return func() { vector, wide, vnni = v, w, n }
}
