//go:build !amd64 && !arm64

package kernel

// vector is always false here: there is no assembly for this processor.
var vector = false
