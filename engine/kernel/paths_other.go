//go:build !amd64 && !arm64

package kernel

// vectorPaths names the ways in assembly, fastest first.
func vectorPaths() []string { return nil }

// forceVector leaves out the ways that are faster than the given one.
func forceVector(string) {}

// restore returns the function that sets what is taken now.
func restore() func() {
	v := vector
	return func() { vector = v }
}
