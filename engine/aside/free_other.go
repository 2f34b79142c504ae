//go:build !linux && !darwin

package aside

// freeBytes is not supported on this system.
func freeBytes(string) (int64, bool) { return 0, false }
