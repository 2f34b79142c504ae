package picture

import (
	"bytes"
	"encoding/binary"
)

// orientation returns the EXIF orientation that a picture's file states, 1 to 8,
// or 1 if it states none. It reads the one tag where JPEG, PNG, WebP and TIFF keep
// it and nothing else, and is our own because the published readers parse every
// tag of a file to answer for one, and fail on what is broken elsewhere.
func orientation(data []byte) int {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		return tiffOrientation(jpegExif(data))
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return tiffOrientation(chunk(data[8:], binary.BigEndian, "eXIf"))
	case isWebP(data):
		return tiffOrientation(bytes.TrimPrefix(chunk(data[12:], binary.LittleEndian, "EXIF"), []byte(exifHead)))
	}
	return tiffOrientation(data)
}

// exifHead opens the segment of a JPEG that holds EXIF data.
const exifHead = "Exif\x00\x00"

// jpegExif returns the EXIF data of a JPEG, which are a TIFF file, or nil.
func jpegExif(data []byte) []byte {
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		marker, length := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
		switch {
		case marker == 0xff: // fills up
			at++
			continue
		case marker == 0xda || length < 2 || at+2+length > len(data): // pixels begin
			return nil
		}
		if body := data[at+4 : at+2+length]; marker == 0xe1 && bytes.HasPrefix(body, []byte(exifHead)) {
			return body[len(exifHead):]
		}
		at += 2 + length
	}
	return nil
}

// chunk returns the content of the first chunk of a name: of a PNG, whose chunks
// have their length before the name and a checksum behind, or of a RIFF file,
// whose chunks have their length behind the name and even sizes.
func chunk(data []byte, order binary.ByteOrder, name string) []byte {
	for len(data) >= 8 {
		length, kind, rest := order.Uint32(data), data[4:8], data[8:]
		tail := 4
		if order == binary.ByteOrder(binary.LittleEndian) {
			length, kind = order.Uint32(data[4:]), data[:4]
			tail = int(length & 1)
		}
		if uint64(length) > uint64(len(rest)) {
			return nil
		}
		if string(kind) == name {
			return rest[:length]
		}
		data = rest[min(int(length)+tail, len(rest)):]
	}
	return nil
}

// tiffOrientation returns the tag 274 of the first directory of a TIFF file, or 1.
func tiffOrientation(t []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(t, []byte("MM\x00*")):
		order = binary.BigEndian
	case !bytes.HasPrefix(t, []byte("II*\x00")):
		return 1
	}
	if len(t) < 8 {
		return 1
	}
	at := uint64(order.Uint32(t[4:]))
	if at+2 > uint64(len(t)) {
		return 1
	}
	entries := t[at+2:]
	for range order.Uint16(t[at:]) {
		if len(entries) < 12 {
			return 1
		}
		if order.Uint16(entries) == 274 && order.Uint16(entries[2:]) == 3 { // orientation, a short
			if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}

func isWebP(data []byte) bool {
	return len(data) >= 16 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP"
}

// animatedWebP reports whether the file is a WebP whose header says that it is
// animated: WebP Container Specification, VP8X.
func animatedWebP(data []byte) bool {
	x := []byte(nil)
	if isWebP(data) {
		x = chunk(data[12:], binary.LittleEndian, "VP8X")
	}
	return len(x) > 0 && x[0]&0x02 != 0
}
