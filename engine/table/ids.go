package table

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// IsIDs reports whether a file's name is that of a list of the rows' ids: ids.txt, an id
// a line; ids.npy, an array of texts or of integers; or a table with a column of ids,
// ids.csv say. Other files of that name are taken for one, too: ReadIDs says that they
// cannot be read.
func IsIDs(name string) bool {
	stem, _, ok := strings.Cut(strings.ToLower(name), ".")
	return ok && stem == "ids"
}

// ReadIDsOf is ReadIDs for a file of which IsIDs is true. One that is neither a text, an
// array nor a table is an error.
func ReadIDsOf(name string, f fs.File) ([]string, error) {
	ext := strings.ToLower(path.Ext(name))
	if ext != ".txt" && ext != ".npy" && !Known(strings.ToLower(name)) {
		return nil, fmt.Errorf("its name says that it lists the rows' ids, and a file of the kind %s is not read: write ids.txt, an id a line, or give it another name", ext)
	}
	return ReadIDs(strings.ToLower(name), f)
}

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

// ReadIDs returns the ids in a file, by row: of an array, by its name .npy; of a table;
// or else of a text, an id a line. They may be empty or the same; an error does not name
// the file.
func ReadIDs(name string, f fs.File) ([]string, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxIDList {
		return nil, fmt.Errorf("%d bytes are more than the %d allowed", info.Size(), int64(maxIDList))
	}
	var ids []string
	switch {
	case strings.HasSuffix(name, ".npy"):
		ids, err = readArray(f, info.Size())
	case Known(name):
		ids, err = readColumn(name, f)
	default:
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

// readColumn reads the column id of a table, or its only one. That of a text must be named
// id: its first line may be an id.
func readColumn(name string, f fs.File) ([]string, error) {
	t, err := Open(name, f)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	var ids []string
	var arena Arena
	for {
		cells, err := t.Read()
		if errors.Is(err, io.EOF) {
			return ids, nil
		}
		if err != nil {
			return nil, err
		}
		at := slices.Index(t.Columns(), "id")
		kind, _ := kindOf(name)
		switch {
		case at >= 0 && at < len(cells):
		case len(t.Columns()) == 1 && kind != ".csv" && kind != ".tsv":
			at = 0
		case len(t.Columns()) == 1:
			return nil, fmt.Errorf("its first line is %.80q, and names no column id: write id as the first line, or name the file ids.txt", t.Columns()[0])
		default:
			return nil, fmt.Errorf("none of its columns is named id (columns: %s)", strings.Join(t.Columns(), ", "))
		}
		ids = append(ids, arena.Keep(cells[at]))
	}
}

// The header of a .npy file, as far as a list of texts has one.
var (
	arrayType  = regexp.MustCompile(`'descr':\s*'([^']*)'`)
	arrayShape = regexp.MustCompile(`'shape':\s*\(([^)]*)\)`)
	textType   = regexp.MustCompile(`^[<>|=]?([USiu])(\d{1,9})$`)
)

// maxHeader bounds the header of an array.
const maxHeader = 1 << 16

// textArray is an array of texts of one length, padded with NULs, or of integers.
type textArray struct {
	rows  int64
	width int64            // of a text or a number, in bytes
	order binary.ByteOrder // of code points of four bytes, or of numbers; nil for single bytes
	kind  byte             // of numbers: i, or u without signs; of texts U or S
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
	if a.kind == 'i' || a.kind == 'u' {
		return a.number(text, item), nil
	}
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

// number appends an id that is a number.
func (a textArray) number(text, item []byte) []byte {
	var n uint64
	for i := range item {
		at := i
		if a.order == binary.ByteOrder(binary.LittleEndian) {
			at = len(item) - 1 - i
		}
		n = n<<8 | uint64(item[at])
	}
	if a.kind == 'u' {
		return strconv.AppendUint(text, n, 10)
	}
	unused := 64 - 8*len(item)
	return strconv.AppendInt(text, int64(n<<unused)>>unused, 10)
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
		return a, 0, fmt.Errorf("type %s holds neither texts nor integers; save np.array(ids, dtype=str)", kind[1])
	}
	rows := strings.TrimSuffix(strings.TrimSpace(string(shape[1])), ",")
	for strings.HasSuffix(rows, ", 1") { // a column of ids
		rows = strings.TrimSuffix(rows, ", 1")
	}
	if a.rows, err = strconv.ParseInt(rows, 10, 64); err != nil || a.rows < 0 || a.rows > maxRows {
		return a, 0, fmt.Errorf("shape (%s) is not that of a list", shape[1])
	}
	a.width, _ = strconv.ParseInt(string(text[2]), 10, 64) // at most nine digits
	switch a.kind = text[1][0]; a.kind {
	case 'U':
		a.width *= 4
	case 'S':
		return a, offset + length, nil
	default:
		if a.width > 8 {
			return a, 0, fmt.Errorf("type %s has integers of more than 8 bytes", kind[1])
		}
	}
	a.order = binary.LittleEndian
	if kind[1][0] == '>' {
		a.order = binary.BigEndian
	}
	return a, offset + length, nil
}
