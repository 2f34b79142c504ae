package format

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// checkThrift walks over a struct of Thrift's compact protocol,
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md,
// and checks that no list or text in it promises more than is left of the
// bytes: a library makes room for a list before it reads it.
func checkThrift(b []byte) error {
	w := thriftWalk{b: b}
	w.structure(0)
	if w.bad {
		return errors.New("its footer is damaged")
	}
	if w.lists > maxCells {
		return fmt.Errorf("its footer has lists of more than the %d elements allowed", maxCells)
	}
	return nil
}

type thriftWalk struct {
	b     []byte
	lists int // their elements
	bad   bool
}

func (w *thriftWalk) byte() byte {
	if len(w.b) == 0 {
		w.bad = true
		return 0
	}
	c := w.b[0]
	w.b = w.b[1:]
	return c
}

func (w *thriftWalk) varint() uint64 {
	v, n := binary.Uvarint(w.b)
	if n <= 0 {
		w.bad = true
		return 0
	}
	w.b = w.b[n:]
	return v
}

func (w *thriftWalk) skip(n uint64) {
	if n > uint64(len(w.b)) {
		w.bad = true
		return
	}
	w.b = w.b[n:]
}

func (w *thriftWalk) structure(depth int) {
	for !w.bad {
		head := w.byte()
		if head == 0 {
			return
		}
		if head>>4 == 0 {
			w.varint() // the number of the field
		}
		if kind := head & 15; kind > 2 { // true and false have no bytes
			w.value(kind, depth)
		}
	}
}

// value walks over a value of a type; in a list, a boolean is a byte.
func (w *thriftWalk) value(kind byte, depth int) {
	const maxDepth = 64
	if depth > maxDepth {
		w.bad = true
	}
	if w.bad {
		return
	}
	switch kind {
	case 1, 2, 3:
		w.byte()
	case 4, 5, 6:
		w.varint()
	case 7:
		w.skip(8)
	case 8:
		w.skip(w.varint())
	case 9, 10:
		head := w.byte()
		n := uint64(head >> 4)
		if n == 15 {
			n = w.varint()
		}
		w.elements(n, depth, head&15)
	case 11:
		if n := w.varint(); n > 0 {
			head := w.byte()
			w.elements(n, depth, head>>4, head&15)
		}
	case 12:
		w.structure(depth + 1)
	case 13:
		w.skip(16)
	default:
		w.bad = true
	}
}

// elements walks over n elements, each of values of some types.
func (w *thriftWalk) elements(n uint64, depth int, kinds ...byte) {
	if n > uint64(len(w.b)) {
		w.bad = true
		return
	}
	w.lists += int(n)
	for ; n > 0 && !w.bad; n-- {
		for _, kind := range kinds {
			w.value(kind, depth+1)
		}
	}
}
