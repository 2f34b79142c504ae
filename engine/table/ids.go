package table

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// IDNames are the possible names of a list of the rows' ids: a text with one id a line, or an array
// of numpy's type U or S.
var IDNames = []string{"ids.txt", "ids.npy"}

// Arena stores texts in few pieces of memory. Its zero value is empty.
type Arena struct{ b strings.Builder }

// arenaPiece is the size of a piece, in bytes.
const arenaPiece = 1 << 16

// Keep returns a copy of a text.
func (a *Arena) Keep(s string) string {
	if len(s) > arenaPiece/8 {
		return strings.Clone(s)
	}
	if a.b.Cap()-a.b.Len() < len(s) {
		a.b = strings.Builder{}
		a.b.Grow(arenaPiece)
	}
	from := a.b.Len()
	a.b.WriteString(s)
	return a.b.String()[from:]
}

// ReadIDs returns the ids of a file with one of IDNames, by row. Ids may be empty or repeated. An
// error does not name the file.
func ReadIDs(name string, f fs.File) ([]string, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxIDList {
		return nil, fmt.Errorf("%d bytes are more than the %d allowed", info.Size(), int64(maxIDList))
	}
	var ids []string
	if strings.HasSuffix(name, ".npy") {
		ids, err = readArray(f, info.Size())
	} else {
		ids, err = readLines(f)
	}
	if err == nil && len(ids) == 0 {
		err = errors.New("it has no rows")
	}
	return ids, err
}

// readLines reads a list with one id a line.
func readLines(f fs.File) ([]string, error) {
	t, err := openText(f, "")
	if err != nil {
		return nil, err
	}
	var ids []string
	var arena Arena
	for l := (lines{text: t}); ; {
		line, err := l.line()
		if errors.Is(err, io.EOF) {
			return ids, nil
		}
		id := string(line)
		if err == nil {
			err = checkCell(id)
		}
		if err == nil && len(ids) == maxRows {
			err = fmt.Errorf("there are more than the %d rows allowed", maxRows)
		}
		if err != nil {
			return nil, Place(l.place(), len(ids), err)
		}
		ids = append(ids, arena.Keep(id))
	}
}

// Patterns for the header of a .npy file that is a list of texts.
var (
	arrayType  = regexp.MustCompile(`'descr':\s*'([^']*)'`)
	arrayShape = regexp.MustCompile(`'shape':\s*\(([^)]*)\)`)
	textType   = regexp.MustCompile(`^[<>|=]?([US])(\d{1,9})$`)
)

// maxHeader bounds the header of an array.
const maxHeader = 1 << 16

// textArray is an array of texts of one length, padded with NULs.
type textArray struct {
	rows  int64
	width int64            // bytes of a text
	order binary.ByteOrder // of code points of four bytes; nil for single bytes
}

// readArray reads an array of texts.
func readArray(f io.Reader, size int64) ([]string, error) {
	in := bufio.NewReaderSize(f, textBuffer)
	a, offset, err := readHeader(in)
	if err != nil {
		return nil, err
	}
	if a.width < 1 || a.width > 4*maxCell {
		return nil, fmt.Errorf("ids of %d bytes; from 1 to %d are allowed", a.width, 4*maxCell)
	}
	if a.rows > maxRows || a.rows*a.width != size-offset {
		return nil, fmt.Errorf("%d ids of %d bytes need %d bytes behind the header, the file has %d", a.rows, a.width, a.rows*a.width, size-offset)
	}
	var ids []string
	var arena Arena
	item, text := make([]byte, a.width), make([]byte, 0, a.width)
	for row := range int(a.rows) {
		if _, err := io.ReadFull(in, item); err != nil {
			return nil, fmt.Errorf("row %d: %w", row, err)
		}
		text, err = a.text(text[:0], item)
		if err == nil {
			err = checkCell(string(text))
		}
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", row, err)
		}
		ids = append(ids, arena.Keep(string(text)))
	}
	return ids, nil
}

// text appends an id without its padding.
func (a textArray) text(text, item []byte) ([]byte, error) {
	if a.order == nil {
		return append(text, bytes.TrimRight(item, "\x00")...), nil
	}
	end := 0 // of the text, without its padding
	for i := 0; i < len(item); i += 4 {
		c := a.order.Uint32(item[i:])
		if c > utf8.MaxRune || !utf8.ValidRune(rune(c)) {
			return nil, fmt.Errorf("character %d is 0x%x, which Unicode does not have", i/4+1, c)
		}
		if text = utf8.AppendRune(text, rune(c)); c != 0 {
			end = len(text)
		}
	}
	return text[:end], nil
}

// readHeader reads the header of an array, and returns its length.
func readHeader(in io.Reader) (a textArray, offset int64, err error) {
	head := make([]byte, 10)
	if _, err := io.ReadFull(in, head); err != nil || string(head[:6]) != "\x93NUMPY" {
		return a, 0, errors.New("not a .npy file")
	}
	length := int64(binary.LittleEndian.Uint16(head[8:]))
	offset = 10
	if head[6] > 1 {
		more := make([]byte, 2)
		if _, err := io.ReadFull(in, more); err != nil {
			return a, 0, errors.New("the file ends within its header")
		}
		length, offset = int64(binary.LittleEndian.Uint32(append(head[8:10:10], more...))), 12
	}
	if length > maxHeader {
		return a, 0, fmt.Errorf("a header of %d bytes is longer than the %d allowed", length, maxHeader)
	}
	dict := make([]byte, length)
	if _, err := io.ReadFull(in, dict); err != nil {
		return a, 0, errors.New("the file ends within its header")
	}
	kind, shape := arrayType.FindSubmatch(dict), arrayShape.FindSubmatch(dict)
	if kind == nil || shape == nil {
		return a, 0, fmt.Errorf("the header states no type or no shape: %.80q", dict)
	}
	text := textType.FindSubmatch(kind[1])
	switch {
	case string(kind[1]) == "|O":
		return a, 0, errors.New("type |O is an array of Python objects; save np.array(ids, dtype=str)")
	case text == nil:
		return a, 0, fmt.Errorf("type %s holds no texts; save np.array(ids, dtype=str)", kind[1])
	}
	rows := strings.TrimSuffix(strings.TrimSpace(string(shape[1])), ",")
	if a.rows, err = strconv.ParseInt(rows, 10, 64); err != nil || a.rows < 0 || a.rows > maxRows {
		return a, 0, fmt.Errorf("shape (%s) is not that of a list", shape[1])
	}
	a.width, _ = strconv.ParseInt(string(text[2]), 10, 64) // at most nine digits
	if text[1][0] == 'U' {
		a.width *= 4
		a.order = binary.LittleEndian
		if kind[1][0] == '>' {
			a.order = binary.BigEndian
		}
	}
	return a, offset + length, nil
}
