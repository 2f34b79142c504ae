package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
)

// A tar has no directory: finding a member requires reading all headers. So the index of a tar is
// kept in a file. All numbers are little-endian; varint is the encoding of package encoding/binary:
//
//	magic    "strata tar index 1\n"
//	size     uint64   of the archive, in bytes
//	time     int64    of its last change, in nanoseconds since 1970
//	members  uint64
//	damage   varint length, text
//	member   varint length, name; varint offset; varint size; varint length, why
//	…
//	sum      uint32   CRC-32C of all before it
//
// Members are sorted by name. An index is not used if the size or the time of the archive differs,
// if it is damaged, or if a member lies outside the archive. The archive is read again then.

const keptMagic = "strata tar index 1\n"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Stamp identifies the state of an archive that an index belongs to.
type Stamp struct {
	Size int64
	Time int64 // nanoseconds since 1970
}

// StampOf returns the stamp of a file.
func StampOf(info fs.FileInfo) Stamp { return Stamp{info.Size(), info.ModTime().UnixNano()} }

// Keepable reports whether the index is worth keeping, because making it requires reading all over
// the archive.
func (x *Index) Keepable() bool { return !x.zip }

// Encode returns the content of an index file for an archive with the given stamp.
func (x *Index) Encode(of Stamp) []byte {
	b := []byte(keptMagic)
	b = binary.LittleEndian.AppendUint64(b, uint64(of.Size))
	b = binary.LittleEndian.AppendUint64(b, uint64(of.Time))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(x.Members)))
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	text(x.Damage)
	for _, m := range x.Members {
		text(m.Name)
		b = binary.AppendUvarint(b, uint64(m.offset))
		b = binary.AppendUvarint(b, uint64(m.Size))
		text(m.Why)
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// errKept says that a kept index is damaged.
var errKept = errors.New("the index is damaged")

// Decode reads an index that Encode wrote for an archive with the given stamp.
func Decode(b []byte, of Stamp) (*Index, error) {
	if len(b) < len(keptMagic)+28 || !bytes.HasPrefix(b, []byte(keptMagic)) {
		return nil, errors.New("not an index, or one of another version")
	}
	body, sum := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if crc32.Checksum(body, castagnoli) != sum {
		return nil, errKept
	}
	n := number{b: body[len(keptMagic):]}
	if is := (Stamp{int64(n.u64()), int64(n.u64())}); is != of {
		return nil, fmt.Errorf("the index is of another state of the archive (%d bytes, now %d)", is.Size, of.Size)
	}
	count := n.u64()
	x := &Index{Damage: n.text()}
	if n.short || count > uint64(len(n.b))/4 { // a member takes at least four bytes
		return nil, errKept
	}
	x.Members = make([]Member, count)
	last := ""
	for i := range x.Members {
		m := &x.Members[i]
		m.Name, m.offset, m.Size, m.Why = n.text(), n.varint(), n.varint(), n.text()
		m.packed = m.Size
		switch {
		case n.short || i > 0 && m.Name <= last || len(m.Name) > maxName:
			return nil, errKept
		case m.Why == "" && (m.Size < 0 || m.offset < 0 || m.Size > of.Size || m.offset > of.Size-m.Size || !fs.ValidPath(m.Name)):
			return nil, errKept
		}
		last = m.Name
	}
	if len(n.b) > 0 {
		return nil, errKept
	}
	return x, nil
}

// varint reads a number of variable length.
func (n *number) varint() int64 {
	v, used := binary.Uvarint(n.b)
	if used <= 0 || v > 1<<62 {
		n.short, n.b = true, nil
		return 0
	}
	n.b = n.b[used:]
	return int64(v)
}

// text reads a length and a text of that length.
func (n *number) text() string {
	size := n.varint()
	if size > int64(len(n.b)) {
		n.short, n.b = true, nil
		return ""
	}
	return string(n.take(int(size)))
}
