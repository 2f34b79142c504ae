//go:build linux || darwin

package aside

import "golang.org/x/sys/unix"

// FreeBytes returns the free bytes on the disk of a folder. It reports false if they are unknown.
func FreeBytes(dir string) (int64, bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true //nolint:unconvert // it is a uint32 on Darwin
}
