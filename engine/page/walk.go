package page

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrWords says that a length in the metadata is wrong.
var ErrWords = errors.New("a length in its metadata is more than there is")

// Walk passes over a structure of Thrift's compact protocol at the beginning of b, and
// returns its length. Every length in it is backed by bytes, or the error is ErrWords;
// more structures than asked for are an error too.
func Walk(b []byte, structs int) (int, error) {
	w := walk{b: b, structs: structs}
	err := w.fields(0)
	return len(b) - len(w.b), err
}

// walk passes over values in Thrift's compact protocol, and sees that every length
// is backed by bytes.
//
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
type walk struct {
	b       []byte // to come
	structs int    // that may come
}

// maxDepth bounds how deep structures lie in one another.
const maxDepth = 64

func (w *walk) byte() (byte, error) {
	if len(w.b) == 0 {
		return 0, ErrWords
	}
	b := w.b[0]
	w.b = w.b[1:]
	return b, nil
}

func (w *walk) number() (uint64, error) {
	v, n := binary.Uvarint(w.b)
	if n <= 0 {
		return 0, ErrWords
	}
	w.b = w.b[n:]
	return v, nil
}

func (w *walk) skip(n uint64) error {
	if n > uint64(len(w.b)) {
		return ErrWords
	}
	w.b = w.b[n:]
	return nil
}

// fields passes over the fields of a structure.
func (w *walk) fields(depth int) error {
	if w.structs--; w.structs < 0 || depth > maxDepth {
		return errors.New("its metadata holds more structures than are allowed")
	}
	for {
		b, err := w.byte()
		if err != nil || b == 0 {
			return err
		}
		if b>>4 == 0 { // the field's number stands behind
			if _, err := w.number(); err != nil {
				return err
			}
		}
		if kind := b & 15; kind > 2 { // 1 and 2 are true and false
			if err := w.value(kind, depth); err != nil {
				return err
			}
		}
	}
}

// value passes over a value.
func (w *walk) value(kind byte, depth int) error {
	switch kind {
	case 1, 2, 3: // in a list: a byte each
		return w.skip(1)
	case 4, 5, 6:
		_, err := w.number()
		return err
	case 7:
		return w.skip(8)
	case 8:
		n, err := w.number()
		if err != nil {
			return err
		}
		return w.skip(n)
	case 9, 10:
		return w.list(depth)
	case 12:
		return w.fields(depth + 1)
	}
	return fmt.Errorf("its metadata holds a value of kind %d", kind)
}

func (w *walk) list(depth int) error {
	b, err := w.byte()
	if err != nil {
		return err
	}
	n := uint64(b >> 4)
	if n == 15 {
		if n, err = w.number(); err != nil {
			return err
		}
	}
	if n > uint64(len(w.b)) { // each takes a byte or more
		return ErrWords
	}
	for range n {
		if err := w.value(b&15, depth); err != nil {
			return err
		}
	}
	return nil
}
