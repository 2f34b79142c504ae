package format

import (
	"encoding/binary"
	"errors"
)

// flat reads a FlatBuffer, https://flatbuffers.dev/internals: tables, each with a vtable of the
// places of its fields. A place out of bounds sets bad and reads as zero, so a caller checks only
// once. The published runtime panics instead.
type flat struct {
	b   []byte
	bad bool
}

var errFlat = errors.New("its metadata are damaged: a place in them lies outside")

func (f *flat) err() error {
	if f.bad {
		return errFlat
	}
	return nil
}

// bytes returns n bytes at a place.
func (f *flat) bytes(at, n int) []byte {
	if at < 0 || n < 0 || n > len(f.b) || at > len(f.b)-n {
		f.bad = true
		return make([]byte, min(max(n, 8), 8))
	}
	return f.b[at : at+n]
}

func (f *flat) u8(at int) uint8   { return f.bytes(at, 1)[0] }
func (f *flat) i16(at int) int16  { return int16(binary.LittleEndian.Uint16(f.bytes(at, 2))) }
func (f *flat) i32(at int) int32  { return int32(binary.LittleEndian.Uint32(f.bytes(at, 4))) }
func (f *flat) i64(at int) int64  { return int64(binary.LittleEndian.Uint64(f.bytes(at, 8))) }
func (f *flat) follow(at int) int { return at + int(uint32(f.i32(at))) }

// field returns the place of field i of a table, or 0 if the field has its default.
func (f *flat) field(table, i int) int {
	vtable := table - int(f.i32(table))
	if at := 4 + 2*i; at+2 <= int(uint16(f.i16(vtable))) {
		if off := int(uint16(f.i16(vtable + at))); off > 0 {
			return table + off
		}
	}
	return 0
}

// The scalar fields of a table; zero is their default.

func (f *flat) u8Field(table, i int) uint8 {
	if at := f.field(table, i); at > 0 {
		return f.u8(at)
	}
	return 0
}

// firstI16 returns the first field, of 16 bits.
func (f *flat) firstI16(table int) int16 {
	if at := f.field(table, 0); at > 0 {
		return f.i16(at)
	}
	return 0
}

func (f *flat) i32Field(table, i int) int32 {
	if at := f.field(table, i); at > 0 {
		return f.i32(at)
	}
	return 0
}

func (f *flat) i64Field(table, i int) int64 {
	if at := f.field(table, i); at > 0 {
		return f.i64(at)
	}
	return 0
}

// table returns the place of the table in field i, or 0 if there is none.
func (f *flat) table(table, i int) int {
	if at := f.field(table, i); at > 0 {
		return f.follow(at)
	}
	return 0
}

// vector returns the place at which the n elements of field i begin. An element has size bytes. All
// lie within the buffer.
func (f *flat) vector(table, i, size int) (at, n int) {
	if at = f.table(table, i); at == 0 {
		return 0, 0
	}
	n = int(uint32(f.i32(at)))
	if at += 4; n > len(f.b)/size || at < 0 || at > len(f.b)-n*size {
		f.bad = true
		return 0, 0
	}
	return at, n
}

// text returns the text of a field. Its length is bounded, since many fields can refer to the same
// text.
func (f *flat) text(table, i int) string {
	at, n := f.vector(table, i, 1)
	if n > 1<<10 {
		f.bad = true
		return ""
	}
	return string(f.bytes(at, n))
}
