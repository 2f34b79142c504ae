//go:build unix

package fence

import (
	"fmt"
	"io/fs"
	"syscall"
)

// nonblocking is the flag with which opening a file waits for nobody.
const nonblocking = syscall.O_NONBLOCK

// Identity returns what tells a file from others of its machine: device and number.
func Identity(info fs.FileInfo) string {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
	}
	return ""
}

// names returns how many names a file has.
func names(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Nlink) //nolint:unconvert // it has 16 bits on some systems
	}
	return 1
}
