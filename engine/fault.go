package engine

import (
	"fmt"
	"os"
	"runtime/debug"
	"unsafe"
)

// faultError is a fault of memory: a page of a mapped file that cannot be read,
// because the file has become shorter or its disk fails.
type faultError struct{ addr uintptr }

func (e *faultError) Error() string {
	return fmt.Sprintf("memory at %#x cannot be read", e.addr)
}

// guard calls work, which reads mapped files in this goroutine, and returns a
// fault as an error instead of ending the program. Other panics pass.
func guard(work func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		fault, ok := r.(interface{ Addr() uintptr }) // as runtime/debug documents
		if !ok {
			panic(r)
		}
		err = &faultError{fault.Addr()}
	}()
	return work()
}

// unchanged returns an error when a mapped file of the layer has another size or time than
// when it was opened. A file that was put in its place is none of ours: what is
// mapped stays.
func (l *Layer) unchanged() error {
	for i, s := range l.segments {
		if i > 0 && s.from == l.segments[i-1].from {
			continue
		}
		if err := s.from.unchanged(); err != nil {
			return err
		}
	}
	return nil
}

func (s *source) unchanged() error {
	if s.info == nil {
		return nil
	}
	now, err := os.Stat(s.path)
	if err != nil || !os.SameFile(now, s.info) {
		return nil
	}
	switch {
	case now.Size() != s.info.Size():
		return fmt.Errorf("%s: it had %d bytes when the gallery was opened, it has %d now: open the gallery again", s.path, s.info.Size(), now.Size())
	case !now.ModTime().Equal(s.info.ModTime()):
		return fmt.Errorf("%s: it was written after the gallery was opened: open the gallery again", s.path)
	}
	return nil
}

// within returns the place of an address in memory.
func within(addr uintptr, memory []byte) (int, bool) {
	from := uintptr(unsafe.Pointer(unsafe.SliceData(memory)))
	return int(addr - from), addr >= from && addr-from < uintptr(len(memory))
}
