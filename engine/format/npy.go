package format

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// maxNpyHeader bounds the header of a .npy file. numpy writes 128 bytes for a matrix. A longer
// header is refused before memory is allocated for it.
const maxNpyHeader = 1 << 16

// npyTypes maps the type names of .npy files to types. A bfloat16 of ml_dtypes, as JAX uses it, is
// saved as two bytes of no type.
var npyTypes = map[string]Type{
	"<f4": Float32, "<f2": Float16, "<V2": BFloat16, "|V2": BFloat16,
	"<f8": Float64, "|i1": Int8, "<i1": Int8, "|u1": Uint8, "<u1": Uint8, "<i4": Int32,
}

// A FortranError says that a .npy file stores a matrix column by column. Array has its type and
// shape, and the place of its elements; Stride is 0.
type FortranError struct{ Array Array }

// Error says how to make the matrix readable.
func (e *FortranError) Error() string {
	return "the matrix is in Fortran order, column by column: strata import rewrites it, or write it in C order (numpy.ascontiguousarray)"
}

// A NotMatrixError says why an array is sound, but no matrix of numbers: one of
// labels, say. Where a file holds several arrays, it is no reason to refuse them all.
type NotMatrixError struct {
	Why   string
	Array Array // with Tokens, where it is of vectors all the same
}

// Error says why.
func (e *NotMatrixError) Error() string { return e.Why }

// ReadNpy reads the header of a .npy file of size bytes: the format of
// numpy.lib.format, versions 1 to 3, with two dimensions, beside those of length 1, in C order and a
// little-endian type. It checks that the file holds exactly the matrix that the
// header promises. A matrix in Fortran order is a *FortranError, an array of another
// kind a *NotMatrixError.
//
// The published readers return the values, and allocate what a header asks for. Strata maps the
// matrix and needs only its place, so it has a parser of its own.
func ReadNpy(r io.ReaderAt, size int64) (Array, error) {
	return ReadNpyHeader(io.NewSectionReader(r, 0, size), size)
}

// ReadNpyHeader is ReadNpy for a file that is read from its beginning, such as a compressed one. It
// reads no further than the header.
func ReadNpyHeader(r io.Reader, size int64) (Array, error) {
	var a Array
	var lead [12]byte
	if _, err := io.ReadFull(r, lead[:10]); err != nil {
		return a, fmt.Errorf("not a .npy file: %d bytes are too few for a header", size)
	}
	if !bytes.Equal(lead[:6], []byte("\x93NUMPY")) {
		return a, fmt.Errorf("not a .npy file: it begins with %q", lead[:6])
	}
	length, start := int64(binary.LittleEndian.Uint16(lead[8:])), int64(10)
	switch lead[6] {
	case 1:
	case 2, 3:
		if _, err := io.ReadFull(r, lead[10:]); err != nil {
			return a, fmt.Errorf("the file ends within its header, after %d bytes", size)
		}
		length, start = int64(binary.LittleEndian.Uint32(lead[8:])), 12
	default:
		return a, fmt.Errorf(".npy version %d.%d is not known (1.0 to 3.0 are)", lead[6], lead[7])
	}
	if length > maxNpyHeader {
		return a, fmt.Errorf("a header of %d bytes is longer than the %d allowed", length, maxNpyHeader)
	}
	if start+length > size {
		return a, fmt.Errorf("the file ends within its header: it needs %d bytes, the file has %d", start+length, size)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return a, fmt.Errorf("header: %w", err)
	}
	a.Offset = start + length
	d, err := parseNpyDict(string(text))
	if err != nil {
		return a, fmt.Errorf("header %q: %w", clip(strings.TrimSpace(string(text)), 120), err)
	}
	return d.array(a.Offset, size)
}

// NpyHead returns the header of a .npy file, version 1.0, of a vector or a matrix. The data begin
// directly behind it, at a multiple of 64 bytes.
func NpyHead(t Type, shape ...int64) []byte {
	const align = 64
	descr := [...]string{"<f4", "<f2", "<V2", "<f8", "|i1", "|u1", "<i4"}[t]
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, npyDict{shape: shape}.tuple())
	lead := len("\x93NUMPY\x01\x00") + 2
	size := (lead + len(text) + align) / align * align // with a line feed
	text += strings.Repeat(" ", size-lead-len(text)-1) + "\n"
	out := append([]byte("\x93NUMPY\x01\x00"), 0, 0)
	binary.LittleEndian.PutUint16(out[lead-2:], uint16(len(text)))
	return append(out, text...)
}

// clip shortens a text for a message.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}

// array returns the matrix of a header that ends at byte offset, in a file of size bytes.
func (d npyDict) array(offset, size int64) (Array, error) {
	t, ok := npyTypes[d.descr]
	switch {
	case ok:
	case strings.HasPrefix(d.descr, ">"):
		return Array{}, fmt.Errorf("type %s is big-endian; write it little-endian (.astype('<%s'))", d.descr, d.descr[1:])
	case d.descr == "|O":
		return Array{}, &NotMatrixError{Why: "type |O is an array of Python objects, not of numbers"}
	default:
		return Array{}, &NotMatrixError{Why: fmt.Sprintf("type %s is none that a layer may have: <f4, <f2, <f8, <i4, |i1, |u1, and <V2 for bfloat16", clip(d.descr, 30))}
	}
	rows, dim, why := matrixShape(d.shape)
	if why != "" {
		not := &NotMatrixError{Why: why}
		if !d.fortran || len(d.shape) == 1 {
			not.Array, _ = tokens(t, d.shape, offset, size)
		}
		return Array{}, not
	}
	a := Array{Type: t, Rows: rows, Dim: dim, Offset: offset}
	a.Stride = a.Dim * t.Size() // Check finds an overflow
	if err := a.Check(math.MaxInt64); err != nil {
		return Array{}, err
	}
	if need, have := a.Bytes(), size-offset; have != need {
		state := "is truncated"
		if have > need {
			state = "has bytes left over"
		}
		return Array{}, fmt.Errorf("%d×%d %s need %d bytes behind the header, the file has %d: it %s", a.Rows, a.Dim, t, need, have, state)
	}
	if d.fortran && a.Rows > 1 && a.Dim > 1 {
		a.Stride = 0
		return Array{}, &FortranError{a}
	}
	return a, nil
}

// npyDict is the Python dictionary literal in a header.
type npyDict struct {
	descr   string
	fortran bool
	shape   []int64
}

// tuple returns the shape as Python writes it.
func (d npyDict) tuple() string {
	text := make([]string, len(d.shape))
	for i, n := range d.shape {
		text[i] = strconv.FormatInt(n, 10)
	}
	if len(text) == 1 {
		return "(" + text[0] + ",)"
	}
	return "(" + strings.Join(text, ", ") + ")"
}

// parseNpyDict parses {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } with its keys in
// any order, each exactly once.
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
			return &NotMatrixError{Why: "a structured type is not a matrix of numbers"}
		}
		d.descr = s
	case "fortran_order":
		d.fortran = p.token("True")
		if !d.fortran && !p.token("False") {
			return fmt.Errorf("fortran_order is neither True nor False")
		}
	case "shape":
		return p.shape(d)
	default:
		return fmt.Errorf("key %q is not known", key)
	}
	return nil
}

// shape parses (3, 4) with an optional trailing comma.
func (p *npyParser) shape(d *npyDict) error {
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
