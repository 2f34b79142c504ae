package layer

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// release releases mapped pages, so that a pass over a matrix larger than memory leaves memory for
// other data. Later reads load the pages from the file again. b must lie in a read-only mapping of
// a file.
func release(b []byte) {
	page := os.Getpagesize()
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (page - 1)
	if whole := (len(b) - skip) &^ (page - 1); whole > 0 {
		_ = unix.Madvise(b[skip:skip+whole], unix.MADV_DONTNEED) // only a hint
	}
}
