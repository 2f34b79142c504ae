package layer

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// release gives mapped pages back that were read once, so that a pass over a
// matrix that is larger than memory leaves room for the rest. They are read again
// from the file when they are needed. b must lie in a read-only mapping of a file.
func release(b []byte) {
	page := os.Getpagesize()
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (page - 1)
	if whole := (len(b) - skip) &^ (page - 1); whole > 0 {
		_ = unix.Madvise(b[skip:skip+whole], unix.MADV_DONTNEED) // a hint
	}
}
