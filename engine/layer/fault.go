package layer

import (
	"fmt"
	"os"
	"runtime/debug"
	"unsafe"
)

// FaultError is a memory fault: a page of a mapped file cannot be read, because the file has become
// shorter or its disk fails.
type FaultError struct{ Addr uintptr }

// Error returns a text with the address.
func (e *FaultError) Error() string {
	return fmt.Sprintf("memory at %#x cannot be read", e.Addr)
}

// Guard calls work, which reads mapped files in this goroutine. It returns a memory fault as an
// error instead of ending the program. It does not recover other panics.
func Guard(work func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		fault, ok := r.(interface{ Addr() uintptr }) // runtime/debug documents this method
		if !ok {
			panic(r)
		}
		err = &FaultError{fault.Addr()}
	}()
	return work()
}

// Unchanged returns an error when the size or the time of a mapped file of the layer has
// changed since it was opened. A replacement file is ignored; the old mapping stays valid.
func (l *Layer) Unchanged() error {
	for i, s := range l.Segments {
		if i > 0 && s.From == l.Segments[i-1].From {
			continue
		}
		if err := s.From.unchanged(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Source) unchanged() error {
	if s.Info == nil {
		return nil
	}
	now, err := os.Stat(s.Path)
	if err != nil || !os.SameFile(now, s.Info) {
		return nil
	}
	switch {
	case now.Size() != s.Info.Size():
		return fmt.Errorf("%s: it had %d bytes when the gallery was opened, it has %d now: open the gallery again", s.Path, s.Info.Size(), now.Size())
	case !now.ModTime().Equal(s.Info.ModTime()):
		return fmt.Errorf("%s: it was written after the gallery was opened: open the gallery again", s.Path)
	}
	return nil
}

// Within returns the offset of an address in memory. It reports false if the address is outside.
func Within(addr uintptr, memory []byte) (int, bool) {
	from := uintptr(unsafe.Pointer(unsafe.SliceData(memory)))
	return int(addr - from), addr >= from && addr-from < uintptr(len(memory))
}
