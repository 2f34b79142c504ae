//go:build !linux && !darwin

package aside

// freeBytes knows nothing on this system.
func freeBytes(string) (int64, bool) { return 0, false }
