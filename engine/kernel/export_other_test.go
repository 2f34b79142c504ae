//go:build !amd64 && !arm64

package kernel

func vectorPaths() []string { return nil }

func forceVector(string) {}

func restore() func() {
	v := vector
	return func() { vector = v }
}
