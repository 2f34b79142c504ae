package layer

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// release releases mapped pages, so that a pass over a matrix larger than memory leaves memory for
// other data. Later reads load the pages from the file again. b must lie in a read-only mapping of
// a file.
func release(b []byte) { advise(b, unix.MADV_DONTNEED) }

// Populate maps the pages of b, which is about to be read, at once: a read would map a few at each
// fault. b must lie in a mapping of a file.
func Populate(b []byte) { advise(b, unix.MADV_POPULATE_READ) }

// advise says how the whole pages of b are used.
func advise(b []byte, advice int) {
	page := os.Getpagesize()
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (page - 1)
	if whole := (len(b) - skip) &^ (page - 1); whole > 0 {
		_ = unix.Madvise(b[skip:skip+whole], advice) // only a hint
	}
}
