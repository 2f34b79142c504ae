package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"strconv"
	"strings"
)

// maxNpyHeader bounds the header of a .npy file; numpy's own is 128 bytes for
// a matrix. A longer one is refused before anything is allocated for it.
const maxNpyHeader = 1 << 16

// maxDim is the largest number of features of a layer: the bounds on the errors
// of products hold up to it.
const maxDim = 1 << 20

// DType is the type of a matrix's elements.
type DType uint8

// The element types that a layer may have.
const (
	Float32 DType = iota
	Float16       // IEEE 754 binary16
)

func (t DType) String() string {
	if t == Float16 {
		return "float16"
	}
	return "float32"
}

// Size returns the bytes of one element.
func (t DType) Size() int64 {
	if t == Float16 {
		return 2
	}
	return 4
}

// npyHeader is what the header of a .npy file says. The data follow it at
// Offset and take Rows·Dim·Type.Size() bytes, which does not overflow.
type npyHeader struct {
	Type      DType
	Rows, Dim int64
	Offset    int64
}

// readNpyHeader reads the header of a .npy file of the given size: the format
// of numpy.lib.format, versions 1 to 3, little-endian float32 or float16 in C
// order with two dimensions. It reads no further than the header and checks
// that the file holds exactly the matrix that the header promises.
//
// The parser is our own because the matrix is mapped and only its place is
// wanted, and because the published readers allocate what a header asks for.
func readNpyHeader(r io.Reader, size int64) (npyHeader, error) {
	var h npyHeader
	var lead [12]byte
	if _, err := io.ReadFull(r, lead[:10]); err != nil {
		return h, fmt.Errorf("not a .npy file: %d bytes are too few for a header", size)
	}
	if !bytes.Equal(lead[:6], []byte("\x93NUMPY")) {
		return h, fmt.Errorf("not a .npy file: it begins with %q", lead[:6])
	}
	length, start := int64(binary.LittleEndian.Uint16(lead[8:])), int64(10)
	switch lead[6] {
	case 1:
	case 2, 3:
		if _, err := io.ReadFull(r, lead[10:]); err != nil {
			return h, fmt.Errorf("the file ends within its header, after %d bytes", size)
		}
		length, start = int64(binary.LittleEndian.Uint32(lead[8:])), 12
	default:
		return h, fmt.Errorf(".npy version %d.%d is not known (1.0 to 3.0 are)", lead[6], lead[7])
	}
	if length > maxNpyHeader {
		return h, fmt.Errorf("a header of %d bytes is longer than the %d allowed", length, maxNpyHeader)
	}
	if start+length > size {
		return h, fmt.Errorf("the file ends within its header: it needs %d bytes, the file has %d", start+length, size)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return h, fmt.Errorf("header: %w", err)
	}
	h.Offset = start + length
	d, err := parseNpyDict(string(text))
	if err != nil {
		return h, fmt.Errorf("header %q: %w", clip(strings.TrimSpace(string(text)), 120), err)
	}
	return h, h.fill(d, size)
}

// clip shortens a text for a message.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}

// fill checks the header's dictionary against the file's size.
func (h *npyHeader) fill(d npyDict, size int64) error {
	switch d.descr {
	case "<f4":
		h.Type = Float32
	case "<f2":
		h.Type = Float16
	case ">f4", ">f2", ">f8":
		return fmt.Errorf("type %s is big-endian; write it little-endian (.astype('<f%c'))", d.descr, d.descr[2])
	case "|O":
		return fmt.Errorf("type |O is an array of Python objects, not of numbers")
	default:
		return fmt.Errorf("type %s is not float32 (<f4) or float16 (<f2)", d.descr)
	}
	if len(d.shape) != 2 {
		return fmt.Errorf("shape %s has %d dimensions, a layer has 2: items × features", d.shapeText(), len(d.shape))
	}
	if d.fortran && d.shape[0] > 1 && d.shape[1] > 1 {
		return fmt.Errorf("the matrix is in Fortran order; write it in C order (numpy.ascontiguousarray)")
	}
	h.Rows, h.Dim = d.shape[0], d.shape[1]
	if h.Rows == 0 || h.Dim == 0 {
		return fmt.Errorf("shape %s is empty", d.shapeText())
	}
	hi, elems := bits.Mul64(uint64(h.Rows), uint64(h.Dim))
	hi2, need := bits.Mul64(elems, uint64(h.Type.Size()))
	if hi != 0 || hi2 != 0 || need > 1<<62 {
		return fmt.Errorf("shape %s of %s overflows: no file is that large", d.shapeText(), h.Type)
	}
	if have := size - h.Offset; have != int64(need) {
		state := "is truncated"
		if have > int64(need) {
			state = "has bytes left over"
		}
		return fmt.Errorf("%d×%d %s need %d bytes behind the header, the file has %d: it %s", h.Rows, h.Dim, h.Type, need, have, state)
	}
	if h.Dim > maxDim {
		return fmt.Errorf("%d features are more than the %d that a layer may have", h.Dim, maxDim)
	}
	if h.Offset%h.Type.Size() != 0 {
		return fmt.Errorf("the data begin at byte %d, which is not a multiple of %d", h.Offset, h.Type.Size())
	}
	return nil
}

// npyDict is the Python dictionary literal in a header.
type npyDict struct {
	descr   string
	fortran bool
	shape   []int64
}

func (d npyDict) shapeText() string {
	text := make([]string, len(d.shape))
	for i, n := range d.shape {
		text[i] = strconv.FormatInt(n, 10)
	}
	return "(" + strings.Join(text, ", ") + ")"
}

// parseNpyDict parses {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
// with its keys in any order, each just once.
func parseNpyDict(text string) (npyDict, error) {
	var d npyDict
	p := npyParser{strings.TrimSpace(text)}
	if !p.token("{") {
		return d, fmt.Errorf("it does not begin with {")
	}
	seen := map[string]bool{}
	for !p.token("}") {
		key, ok := p.quoted()
		if !ok || !p.token(":") {
			return d, fmt.Errorf("expected 'key': at %q", clip(p.rest, 20))
		}
		if seen[key] {
			return d, fmt.Errorf("%q stands twice", key)
		}
		seen[key] = true
		if err := p.value(key, &d); err != nil {
			return d, err
		}
		if !p.token(",") && !strings.HasPrefix(p.rest, "}") {
			return d, fmt.Errorf("expected , or } at %q", clip(p.rest, 20))
		}
	}
	if p.rest != "" {
		return d, fmt.Errorf("%q stands behind the dictionary", clip(p.rest, 20))
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if !seen[key] {
			return d, fmt.Errorf("%q is missing", key)
		}
	}
	return d, nil
}

type npyParser struct{ rest string }

// token accepts t and the blanks behind it.
func (p *npyParser) token(t string) bool {
	rest, ok := strings.CutPrefix(p.rest, t)
	if ok {
		p.rest = strings.TrimLeft(rest, " \t\r\n")
	}
	return ok
}

// quoted accepts a Python string without escapes.
func (p *npyParser) quoted() (string, bool) {
	for _, q := range []string{"'", `"`} {
		if rest, ok := strings.CutPrefix(p.rest, q); ok {
			s, tail, found := strings.Cut(rest, q)
			if found && !strings.Contains(s, `\`) {
				p.rest = strings.TrimLeft(tail, " \t\r\n")
				return s, true
			}
		}
	}
	return "", false
}

func (p *npyParser) value(key string, d *npyDict) error {
	switch key {
	case "descr":
		s, ok := p.quoted()
		if !ok {
			return fmt.Errorf("a structured type is not a matrix of numbers")
		}
		d.descr = s
	case "fortran_order":
		d.fortran = p.token("True")
		if !d.fortran && !p.token("False") {
			return fmt.Errorf("fortran_order is neither True nor False")
		}
	case "shape":
		return p.tuple(d)
	default:
		return fmt.Errorf("key %q is not known", key)
	}
	return nil
}

// tuple parses (3, 4) with an optional last comma.
func (p *npyParser) tuple(d *npyDict) error {
	if !p.token("(") {
		return fmt.Errorf("shape is not a tuple")
	}
	for !p.token(")") {
		end := strings.IndexAny(p.rest, ",) ")
		if end < 0 {
			return fmt.Errorf("shape does not end")
		}
		n, err := strconv.ParseInt(p.rest[:end], 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("shape: %q is not a number of rows or features", clip(p.rest[:end], 30))
		}
		if d.shape = append(d.shape, n); len(d.shape) > 32 {
			return fmt.Errorf("shape has more than 32 dimensions")
		}
		p.rest = strings.TrimLeft(p.rest[end:], " ")
		if !p.token(",") && !strings.HasPrefix(p.rest, ")") {
			return fmt.Errorf("shape: expected , or ) at %q", clip(p.rest, 20))
		}
	}
	return nil
}
