package onnx

import (
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"
)

// windowSize is how much of a file is read at a time, in bytes. What is skipped
// (weights) is not read.
const windowSize = 32 << 10

// maxText bounds names and other texts, in bytes.
const maxText = 1 << 16

// FormatError says what is wrong with a model file, and where.
type FormatError struct {
	Path   string
	Offset int64 // of the byte at fault, from 0; -1 where it is the whole file
	What   string
}

// Error gives the path, the byte where it is known, and what is wrong.
func (e *FormatError) Error() string {
	if e.Offset < 0 {
		return e.Path + ": " + e.What
	}
	return fmt.Sprintf("%s: byte %d: %s", e.Path, e.Offset, e.What)
}

// wire reads protobuf fields of a file without reading the fields that are
// skipped.
type wire struct {
	r      io.ReaderAt
	path   string
	size   int64
	window []byte // the bytes of the file from off on
	off    int64
}

// field is a protobuf field: its tag at at, its content from body to end.
type field struct {
	num           protowire.Number
	typ           protowire.Type
	at, body, end int64
	value         uint64 // of a varint or a fixed number
}

// fail returns an error at byte at.
func (w *wire) fail(at int64, format string, args ...any) error {
	return &FormatError{Path: w.path, Offset: at, What: fmt.Sprintf(format, args...)}
}

// peek returns at least one and up to n bytes from pos on, which lies within the
// file; n is at most windowSize. They are valid until the next call.
func (w *wire) peek(pos int64, n int) ([]byte, error) {
	n = int(min(int64(n), w.size-pos))
	if from := pos - w.off; from >= 0 && from+int64(n) <= int64(len(w.window)) {
		return w.window[from : from+int64(n)], nil
	}
	if w.window == nil {
		w.window = make([]byte, 0, windowSize)
	}
	w.window = w.window[:min(windowSize, w.size-pos)]
	w.off = pos
	if got, err := w.r.ReadAt(w.window, pos); got < len(w.window) {
		w.window = w.window[:0]
		if err == nil || err == io.EOF {
			return nil, w.fail(pos+int64(got), "the file ends here: it is shorter than when it was opened")
		}
		return nil, fmt.Errorf("%s: byte %d: %w", w.path, pos, err)
	}
	return w.window[:n], nil
}

// varint reads a varint at pos, before end, and returns what follows it.
func (w *wire) varint(pos, end int64) (uint64, int64, error) {
	if pos >= end {
		return 0, 0, w.overrun(pos, end, 1)
	}
	b, err := w.peek(pos, 10)
	if err != nil {
		return 0, 0, err
	}
	b = b[:min(int64(len(b)), end-pos)]
	v, n := protowire.ConsumeVarint(b)
	if n < 0 {
		if len(b) < 10 {
			return 0, 0, w.overrun(pos, end, int64(len(b))+1)
		}
		return 0, 0, w.fail(pos, "a number longer than 64 bits")
	}
	return v, pos + int64(n), nil
}

// overrun is the error of n bytes at pos that do not fit before end.
func (w *wire) overrun(pos, end, n int64) error {
	if end == w.size {
		return &FormatError{Path: w.path, Offset: -1, What: fmt.Sprintf(
			"truncated at byte %d: what begins at byte %d needs %d bytes, %d are there", w.size, pos, n, end-pos)}
	}
	return w.fail(pos, "%d bytes where its message has %d left", n, end-pos)
}

// field reads the field at pos of a message that ends at end.
func (w *wire) field(pos, end int64) (field, error) {
	f := field{at: pos}
	tag, pos, err := w.varint(pos, end)
	if err != nil {
		return f, err
	}
	f.num, f.typ = protowire.DecodeTag(tag)
	if f.num < protowire.MinValidNumber {
		return f, w.fail(f.at, "not a protobuf field (tag %#x)", tag)
	}
	f.body = pos
	switch f.typ {
	case protowire.VarintType:
		f.value, f.end, err = w.varint(pos, end)
		return f, err
	case protowire.Fixed32Type:
		f.end = pos + 4
	case protowire.Fixed64Type:
		f.end = pos + 8
	case protowire.BytesType:
		n, body, err := w.varint(pos, end)
		if err != nil {
			return f, err
		}
		if n > uint64(end-body) {
			return f, w.overrun(body, end, int64(min(n, 1<<62)))
		}
		f.body, f.end = body, body+int64(n)
		return f, nil
	default:
		return f, w.fail(f.at, "not a protobuf field (tag %#x)", tag)
	}
	if f.end > end {
		return f, w.overrun(pos, end, f.end-pos)
	}
	return f, nil
}

// each calls do for every field of the message from pos to end, in order.
func (w *wire) each(pos, end int64, do func(field) error) error {
	for pos < end {
		f, err := w.field(pos, end)
		if err != nil {
			return err
		}
		if err := do(f); err != nil {
			return err
		}
		pos = f.end
	}
	return nil
}

// sub calls do for every field of the message that f holds.
func (w *wire) sub(f field, do func(field) error) error {
	if err := w.want(f, protowire.BytesType); err != nil {
		return err
	}
	return w.each(f.body, f.end, do)
}

// want checks the wire type of a field whose number is known.
func (w *wire) want(f field, typ protowire.Type) error {
	if f.typ != typ {
		return w.fail(f.at, "field %d has wire type %d, not %d", f.num, f.typ, typ)
	}
	return nil
}

// text reads a string.
func (w *wire) text(f field, to *string) error {
	if err := w.want(f, protowire.BytesType); err != nil {
		return err
	}
	n := f.end - f.body
	if n > maxText {
		return w.fail(f.at, "a name of %d bytes is longer than the %d allowed", n, maxText)
	}
	b := make([]byte, n)
	for done := int64(0); done < n; {
		part, err := w.peek(f.body+done, int(min(n-done, windowSize)))
		if err != nil {
			return err
		}
		done += int64(copy(b[done:], part))
	}
	*to = string(b)
	return nil
}

// number reads an integer.
func (w *wire) number(f field, to *int64) error {
	*to = int64(f.value)
	return w.want(f, protowire.VarintType)
}

// numbers appends the integers of a repeated field, packed or not, of which
// there may be limit.
func (w *wire) numbers(f field, to *[]int64, limit int) error {
	if f.typ == protowire.VarintType {
		if len(*to) == limit {
			return w.fail(f.at, "more than %d numbers", limit)
		}
		*to = append(*to, int64(f.value))
		return nil
	}
	if err := w.want(f, protowire.BytesType); err != nil {
		return err
	}
	for pos := f.body; pos < f.end; {
		v, next, err := w.varint(pos, f.end)
		if err != nil {
			return err
		}
		if len(*to) == limit {
			return w.fail(pos, "more than %d numbers", limit)
		}
		*to = append(*to, int64(v))
		pos = next
	}
	return nil
}

// appendMessage appends a message of the fields in b as field num.
func appendMessage(to []byte, num protowire.Number, b []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, num, protowire.BytesType), b)
}

// appendText appends a string as field num.
func appendText(to []byte, num protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(to, num, protowire.BytesType), s)
}

// appendNumber appends an integer as field num.
func appendNumber(to []byte, num protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(to, num, protowire.VarintType), uint64(v))
}
