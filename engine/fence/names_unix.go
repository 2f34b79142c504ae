//go:build unix

package fence

import (
	"io/fs"
	"syscall"
)

// nonblocking is the flag with which opening a file waits for nobody.
const nonblocking = syscall.O_NONBLOCK

// names returns how many names a file has.
func names(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Nlink)
	}
	return 1
}
