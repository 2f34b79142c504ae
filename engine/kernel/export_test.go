package kernel

import "testing"

// HasVector says whether the assembly runs on this processor.
func HasVector() bool { return vector }

// ForceReference makes every kernel run its portable loop until the test ends. Such a test must not run in parallel.
func ForceReference(t testing.TB) {
	saved := vector
	vector = false
	t.Cleanup(func() { vector = saved })
}
