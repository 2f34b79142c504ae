package kernel

import "testing"

// ForceAVX2 keeps ReadSum from AVX-512 until the test ends. Such a test must not run in parallel.
func ForceAVX2(t testing.TB) {
	saved := wide
	wide = false
	t.Cleanup(func() { wide = saved })
}
