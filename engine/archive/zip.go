package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// zip.go reads the directory of a zip archive: PKWARE's APPNOTE 6.3.10, sections 4.3 to 4.5.
// archive/zip is not used, for three reasons: it allocates memory for the number of members that
// the archive states, keeps three hundred bytes of each, and ties them to one open file. A test
// compares the two.

// maxZipDirectory is the largest size of the directory, in bytes.
const maxZipDirectory = 1 << 30

const (
	zipLocal     = "PK\x03\x04"
	zipEntry     = "PK\x01\x02"
	zipEnd       = "PK\x05\x06"
	zipEnd64     = "PK\x06\x06"
	zipLocator64 = "PK\x06\x07"

	zipEntryBytes = 46
	zipEndBytes   = 22
	zipLocalBytes = 30
)

// zipPlace is the place of a zip archive's directory.
type zipPlace struct{ records, offset, size uint64 }

// readZip reads the directory of a zip archive.
func readZip(ctx context.Context, r io.ReaderAt, size int64) (*Index, error) {
	place, base, err := findZip(r, size)
	if err != nil {
		return nil, err
	}
	x := &Index{zip: true}
	in := io.NewSectionReader(r, base+int64(place.offset), int64(place.size))
	for block, rest := make([]byte, 1<<20), []byte(nil); ; {
		n, err := io.ReadFull(in, block[len(rest):])
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		left, err := x.addZip(block[:len(rest)+n], base, size)
		if err != nil {
			return nil, err
		}
		if last {
			if len(left) > 0 || uint64(len(x.Members)) > place.records {
				return nil, fmt.Errorf("its directory does not hold the %d members that its end says", place.records)
			}
			break
		}
		rest = block[:copy(block, left)]
	}
	x.sort()
	return x, nil
}

// findZip finds the directory. Members' offsets count from base, which is above 0 if other bytes
// precede the archive.
func findZip(r io.ReaderAt, size int64) (place zipPlace, base int64, err error) {
	tail := make([]byte, min(size, zipEndBytes+1<<16))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return place, 0, err
	}
	at := len(tail)
	for {
		if at = bytes.LastIndex(tail[:at], []byte(zipEnd)); at < 0 {
			return place, 0, errors.New("not a zip archive, or one that is cut off: it has no directory at its end")
		}
		if len(tail)-at >= zipEndBytes && len(tail)-at-zipEndBytes >= int(tail[at+20])|int(tail[at+21])<<8 {
			break // its comment fits behind it
		}
	}
	end := size - int64(len(tail)) + int64(at)
	n := number{b: tail[at+4:]}
	disk, first, _, all := n.u16(), n.u16(), n.u16(), n.u16()
	place = zipPlace{uint64(all), 0, uint64(n.u32())}
	place.offset = uint64(n.u32())
	if all == 0xffff || place.size == 0xffffffff || place.offset == 0xffffffff {
		if end, err = findZip64(r, end, &place); err != nil {
			return place, 0, err
		}
		disk, first = 0, 0
	}
	base = end - int64(place.size) - int64(place.offset)
	switch {
	case disk != 0 || first != 0 && first != 0xffff:
		err = errors.New("it is one part of several")
	case place.size > maxZipDirectory:
		err = fmt.Errorf("its directory of %d bytes is larger than the %d allowed", place.size, maxZipDirectory)
	case place.records > MaxMembers:
		err = fmt.Errorf("it holds %d members, more than the %d allowed", place.records, MaxMembers)
	case place.size > uint64(end) || place.offset > uint64(end)-place.size || place.records > place.size/zipEntryBytes:
		err = fmt.Errorf("its directory of %d members in %d bytes from byte %d does not fit before byte %d", place.records, place.size, place.offset, end)
	}
	return place, max(base, 0), err
}

// findZip64 reads the zip64 end of the directory, which large archives have before the plain end at
// byte end. It returns the byte at which it begins.
func findZip64(r io.ReaderAt, end int64, place *zipPlace) (int64, error) {
	var locator [20]byte
	if end < int64(len(locator)) {
		return end, nil // the numbers are what they are
	}
	if _, err := r.ReadAt(locator[:], end-int64(len(locator))); err != nil {
		return 0, err
	}
	n := number{b: locator[4:]}
	n.u32() // the disk
	if at := n.u64(); string(locator[:4]) == zipLocator64 {
		var b [56]byte
		if at > uint64(end) || uint64(end)-at < uint64(len(b)) {
			return 0, fmt.Errorf("the end of its directory cannot lie at byte %d", at)
		}
		if _, err := r.ReadAt(b[:], int64(at)); err != nil {
			return 0, err
		}
		if string(b[:4]) != zipEnd64 {
			return 0, fmt.Errorf("the end of its directory is not at byte %d", at)
		}
		n := number{b: b[32:]}
		*place = zipPlace{records: n.u64()}
		place.size = n.u64()
		place.offset = n.u64()
		end = int64(at)
	}
	return end, nil
}

// addZip adds the complete entries of a part of the directory, and returns the rest of the part.
func (x *Index) addZip(b []byte, base, size int64) ([]byte, error) {
	for len(b) >= zipEntryBytes {
		if string(b[:4]) != zipEntry {
			return nil, fmt.Errorf("its directory is damaged behind member %d", len(x.Members))
		}
		n := number{b: b[6:]}
		n.u16() // the version needed
		flags, method := n.u16(), n.u16()
		n.u32() // the time
		m := Member{sum: n.u32(), method: method}
		packed, unpacked := uint64(n.u32()), uint64(n.u32())
		name, extra, comment := int(n.u16()), int(n.u16()), int(n.u16())
		n.take(4) // disk and internal attributes
		attributes, offset := n.u32(), uint64(n.u32())
		need := zipEntryBytes + name + extra + comment
		if len(b) < need {
			return b, nil
		}
		m.Name = string(b[zipEntryBytes : zipEntryBytes+name])
		widen(b[zipEntryBytes+name:need-comment], &unpacked, &packed, &offset)
		madeOnUnix := b[5] == 3 || b[5] == 19
		b = b[need:]
		if strings.HasSuffix(m.Name, "/") {
			continue
		}
		if unpacked > 1<<62 || packed > 1<<62 || offset > 1<<62 {
			return nil, fmt.Errorf("member %q has sizes that no file has", m.Name)
		}
		m.Size, m.packed, m.offset = int64(unpacked), int64(packed), int64(offset)+base
		m.Why = refusedZip(m, flags, attributes, madeOnUnix)
		if err := x.add(m, size); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// widen sets the numbers that do not fit into 32 bits from the extra field of an entry. The extra
// field has them in the same order.
func widen(extra []byte, numbers ...*uint64) {
	for len(extra) >= 4 {
		n := number{b: extra}
		tag, length := n.u16(), int(n.u16())
		if length > len(n.b) {
			return
		}
		if tag == 1 {
			wide := number{b: n.b[:length]}
			for _, v := range numbers {
				if *v == 0xffffffff && len(wide.b) >= 8 {
					*v = wide.u64()
				}
			}
			return
		}
		extra = n.b[length:]
	}
}

// refusedZip says why an entry of a zip archive cannot be read, or returns "".
func refusedZip(m Member, flags uint16, attributes uint32, unix bool) string {
	switch kind := attributes >> 16 & 0xf000; {
	case unix && kind == 0xa000:
		return "it is a link, which is not followed"
	case unix && kind != 0 && kind != 0x8000:
		return "it is a device or a pipe"
	case flags&1 != 0:
		return "it is encrypted"
	case m.method != stored && m.method != deflated:
		return fmt.Sprintf("it is packed by method %d; stored (0) and deflated (8) can be read", m.method)
	case m.method == stored && m.packed != m.Size:
		return fmt.Sprintf("it is stored, and its %d bytes are said to be %d", m.packed, m.Size)
	}
	return ""
}

// zipData returns the byte at which a member's content begins, behind its local header.
func zipData(r io.ReaderAt, m Member) (int64, error) {
	var b [zipLocalBytes]byte
	if _, err := r.ReadAt(b[:], m.offset); err != nil {
		return 0, fmt.Errorf("its header at byte %d: %w", m.offset, err)
	}
	if string(b[:4]) != zipLocal {
		return 0, fmt.Errorf("there is no header at byte %d", m.offset)
	}
	n := number{b: b[26:]}
	return m.offset + zipLocalBytes + int64(n.u16()) + int64(n.u16()), nil
}
