package format

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

// npyFile returns a .npy file of a version, with size bytes behind its header.
func npyFile(version byte, dict string, size int) []byte {
	b := append([]byte("\x93NUMPY"), version, 0)
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(dict)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(dict)))
	}
	return append(append(b, dict...), make([]byte, size)...)
}

// npyText returns the dictionary of a header.
func npyText(descr, fortran, shape string) string {
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", descr, fortran, shape)
}

func TestReadNpy(t *testing.T) {
	for descr, want := range npyTypes {
		for version := byte(1); version <= 3; version++ {
			text := npyText(descr, "False", "(3, 5)")
			b := npyFile(version, text, int(15*want.Size()))
			got, err := ReadNpy(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatalf("%s, version %d: %v", descr, version, err)
			}
			offset := int64(len(b)) - 15*want.Size()
			if got.Type != want || got.Rows != 3 || got.Dim != 5 || got.Offset != offset || got.Stride != 5*want.Size() || got.Name != "" {
				t.Errorf("%s, version %d: %+v", descr, version, got)
			}
		}
	}
	for _, shape := range []string{"(1, 7)", "(7, 1)"} { // the same in either order
		b := npyFile(1, npyText("<f4", "True", shape), 28)
		if _, err := ReadNpy(bytes.NewReader(b), int64(len(b))); err != nil {
			t.Errorf("%s in Fortran order: %v", shape, err)
		}
	}
}

func TestReadNpyErrors(t *testing.T) {
	good := npyFile(1, npyText("<f4", "False", "(2, 2)"), 16)
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "not a .npy file: 0 bytes are too few"},
		{"no magic", []byte("PK\x03\x04 not a matrix"), `not a .npy file: it begins with "PK\x03\x04 n"`},
		{"version", append([]byte("\x93NUMPY\x09\x00"), good[8:]...), ".npy version 9.0 is not known"},
		{"no length", []byte("\x93NUMPY\x02\x00\xff\xff"), "the file ends within its header, after 10 bytes"},
		{"long header", append([]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff"), good[12:]...), "a header of 4294967295 bytes is longer than the 65536 allowed"},
		{"cut header", good[:40], "the file ends within its header: it needs"},
		{"no dictionary", npyFile(1, "[]", 16), "it does not begin with {"},
		{"missing key", npyFile(1, "{'descr': '<f4', 'shape': (2, 2)}", 16), `"fortran_order" is missing`},
		{"key twice", npyFile(1, "{'descr': '<f4', 'descr': '<f4'}", 16), `"descr" stands twice`},
		{"key", npyFile(1, "{'dtype': '<f4'}", 16), `key "dtype" is not known`},
		{"left over", npyFile(1, npyText("<f4", "False", "(2, 2)")+"x", 16), `"x" stands behind the dictionary`},
		{"order", npyFile(1, npyText("<f4", "Maybe", "(2, 2)"), 16), "fortran_order is neither True nor False"},
		{"big-endian", npyFile(1, npyText(">f8", "False", "(2, 2)"), 32), "type >f8 is big-endian; write it little-endian (.astype('<f8'))"},
		{"64 bits", npyFile(1, npyText("<i8", "False", "(2, 2)"), 32), "type <i8 is none that a layer may have"},
		{"text", npyFile(1, npyText("<U10", "False", "(2, 2)"), 160), "type <U10 is none that a layer may have"},
		{"objects", npyFile(1, npyText("|O", "False", "(2, 2)"), 16), "type |O is an array of Python objects"},
		{"structured", npyFile(1, "{'descr': [('x', '<f4')], }", 16), "a structured type is not a matrix"},
		{"one dimension", npyFile(1, npyText("<f4", "False", "(2,)"), 8), "shape (2,) has 1 dimensions"},
		{"three", npyFile(1, npyText("<f4", "False", "(2, 2, 2)"), 32), "shape (2, 2, 2) has 3 dimensions"},
		{"empty matrix", npyFile(1, npyText("<f4", "False", "(2, 0)"), 0), "shape (2, 0) is empty"},
		{"overflow", npyFile(1, npyText("<f8", "False", "(2, 4611686018427387904)"), 32), "overflows: no file is that large"},
		{"terabytes", npyFile(1, npyText("<f8", "False", "(1000000000000, 1024)"), 32), "need 8192000000000000 bytes behind the header, the file has 32: it is truncated"},
		{"negative", npyFile(1, npyText("<f4", "False", "(2, -2)"), 16), `"-2" is not a number of rows`},
		{"features", npyFile(1, npyText("|i1", "False", "(1, 1048577)"), 1048577), "1048577 features are more than the 1048576"},
		{"cut", good[:len(good)-1], "2×2 float32 need 16 bytes behind the header, the file has 15: it is truncated"},
		{"left over bytes", append(good[:len(good):len(good)], 0), "the file has 17: it has bytes left over"},
		{"Fortran order", npyFile(1, npyText("<f4", "True", "(2, 2)"), 16), "in Fortran order, column by column: strata import rewrites it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ReadNpy(bytes.NewReader(tt.file), int64(len(tt.file)))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestReadNpyKinds: callers can tell an array that is no matrix, and a matrix in Fortran order,
// from a damaged file.
func TestReadNpyKinds(t *testing.T) {
	for _, text := range []string{npyText("<U4", "False", "(2, 2)"), npyText("<f4", "False", "(8,)"), "{'descr': [('x', '<f4')], }", npyText("|O", "False", "(2, 2)")} {
		b := npyFile(1, text, 32)
		if _, err := ReadNpy(bytes.NewReader(b), int64(len(b))); !errors.As(err, new(*NotMatrixError)) {
			t.Errorf("%s: %v", text, err)
		}
	}
	b := npyFile(1, npyText("<f8", "True", "(3, 2)"), 48)
	_, err := ReadNpy(bytes.NewReader(b), int64(len(b)))
	f := (*FortranError)(nil)
	if !errors.As(err, &f) || f.Array.Type != Float64 || f.Array.Rows != 3 || f.Array.Dim != 2 || f.Array.Offset != int64(len(b))-48 {
		t.Errorf("%+v", err)
	}
}

// TestShape: axes of length 1 are dropped, and those of tokens are named.
func TestShape(t *testing.T) {
	for _, tt := range []struct {
		shape     []int64
		rows, dim int64
		tokens    int64
		why       string
	}{
		{[]int64{3, 4}, 3, 4, 0, ""},
		{[]int64{3, 4, 1, 1}, 3, 4, 0, ""},
		{[]int64{3, 1, 4}, 3, 4, 0, ""},
		{[]int64{1, 3, 4}, 3, 4, 0, ""},
		{[]int64{3, 1, 1}, 3, 1, 0, ""},
		{[]int64{1, 1, 4}, 1, 4, 0, ""},
		{[]int64{1, 1, 1}, 1, 1, 0, ""},
		{[]int64{1, 4}, 1, 4, 0, ""},
		{[]int64{4}, 1, 4, 1, "shape (4,) has 1 dimensions"},
		{[]int64{3, 5, 4}, 3, 4, 5, "shape (3, 5, 4) has 3 dimensions, a layer has 2: items × features; if those between are tokens, strata import --pool mean or --pool cls"},
		{[]int64{3, 1, 5, 4}, 3, 4, 5, "shape (3, 1, 5, 4) has 4 dimensions"},
		{[]int64{3, 4, 7, 7}, 0, 0, 0, "pool it first, over its last axes say: x.mean((2, 3))"},
		{[]int64{}, 0, 0, 0, "shape () has 0 dimensions"},
	} {
		n := int64(1)
		for _, axis := range tt.shape {
			n *= axis
		}
		b := npyFile(1, npyText("<f4", "False", npyDict{shape: tt.shape}.tuple()), int(4*n))
		stored := npzFile(t, npzMember{name: "a.npy", data: b})
		shape := strings.ReplaceAll(fmt.Sprint(tt.shape), " ", ",")
		tensors := safetensorsFile("{"+entry("a", "F32", shape, 0, int(4*n))+"}", int(4*n))
		for name, file := range map[string][]byte{"x.npy": b, "x.npz": stored, "x.safetensors": tensors} {
			arrays, err := read(t, name, file)
			if err != nil {
				t.Fatalf("%s: %v: %v", name, tt.shape, err)
			}
			a := arrays[0]
			if a.Tokens != tt.tokens || (tt.why == "" || tt.tokens > 0) && (a.Rows != tt.rows || a.Dim != tt.dim) || !strings.Contains(a.Why, tt.why) || (a.Why == "") != (tt.why == "") {
				t.Errorf("%s: %v: %+v", name, tt.shape, a)
			}
			if a.Tokens > 0 && a.Offset+a.Rows*a.Stride > int64(len(file)) {
				t.Errorf("%s: %v: beyond the file: %+v", name, tt.shape, a)
			}
		}
	}
}

func TestNpyHead(t *testing.T) {
	for _, want := range []Array{
		{Type: Float16, Rows: 1, Dim: 1},
		{Type: Float32, Rows: 9583, Dim: 2048},
		{Type: BFloat16, Rows: 3, Dim: 2},
		{Type: Float64, Rows: 3, Dim: 2},
		{Type: Int8, Rows: 3, Dim: 2},
		{Type: Uint8, Rows: 3, Dim: 2},
		{Type: Int32, Rows: 3, Dim: 2},
		{Type: Float16, Rows: 1 << 40, Dim: 1 << 20},
	} {
		head := NpyHead(want.Type, want.Rows, want.Dim)
		if len(head)%64 != 0 || head[len(head)-1] != '\n' {
			t.Errorf("%+v: %q", want, head)
		}
		want.Offset, want.Stride = int64(len(head)), want.Dim*want.Type.Size()
		got, err := ReadNpyHeader(bytes.NewReader(head), want.Offset+want.Bytes())
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%+v: read back as %+v, %v", want, got, err)
		}
	}
	if head := string(NpyHead(Float64, 5)); !strings.Contains(head, "'shape': (5,), }") {
		t.Errorf("a vector: %q", head)
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		a    Array
		size int64
		want string
	}{
		{Array{Rows: 3, Dim: 2, Offset: 1, Stride: 9}, 27, ""}, // the last row ends with the file
		{Array{Rows: 3, Dim: 2, Offset: 1, Stride: 9}, 26, "do not fit in the file's 26 bytes"},
		{Array{Rows: 3, Dim: 2, Offset: 1, Stride: 7}, 99, "rows of 8 bytes cannot begin at byte 1, every 7"},
		{Array{Rows: 3, Dim: 2, Offset: -1, Stride: 8}, 99, "cannot begin at byte -1"},
		{Array{Rows: 3, Dim: 2, Offset: math.MaxInt64, Stride: 8}, 99, "do not fit"},
		{Array{Rows: 3, Dim: 2, Offset: 0, Stride: math.MaxInt64}, 99, "do not fit"},
		{Array{Rows: math.MaxInt64, Dim: 2, Stride: 8}, 99, "overflows"},
		{Array{Rows: 0, Dim: 2}, 99, "shape (0, 2) is empty"},
		{Array{Rows: 2, Dim: -2}, 99, "shape (2, -2) is empty"},
	} {
		err := tt.a.Check(tt.size)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.a, err, tt.want)
		}
	}
}

func FuzzReadNpy(f *testing.F) {
	f.Add(npyFile(1, npyText("<f4", "False", "(2, 2)"), 16))
	f.Add(npyFile(2, npyText("<f2", "True", "(1, 3)"), 6))
	f.Add(npyFile(3, npyText("|u1", "True", "(2, 3)"), 6))
	f.Add([]byte("\x93NUMPY\x02\x00\x10\x00\x00\x00{'descr': '<f4'}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ReadNpy(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		if err := a.Check(int64(len(b))); err != nil {
			t.Errorf("%+v was accepted: %v", a, err)
		}
		if a.Offset+a.Bytes() != int64(len(b)) || a.Stream != nil {
			t.Errorf("%+v was accepted for %d bytes", a, len(b))
		}
	})
}
