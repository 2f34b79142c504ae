package format

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"
)

// vecsFile returns rows with their dimensions before them.
func vecsFile(typ Type, rows, dim int) []byte {
	var b []byte
	all := ramp(rows * dim)
	for row := range rows {
		b = binary.LittleEndian.AppendUint32(b, uint32(dim))
		b = append(b, encode(typ, all[row*dim:(row+1)*dim])...)
	}
	return b
}

// with returns b with a uint32 in it.
func with(b []byte, at int, v uint32) []byte {
	b = bytes.Clone(b)
	binary.LittleEndian.PutUint32(b[at:], v)
	return b
}

var vecsNames = map[string]Type{"x.fvecs": Float32, "x.bvecs": Uint8, "x.ivecs": Int32}

func TestReadVecs(t *testing.T) {
	for name, typ := range vecsNames {
		for _, rows := range []int{1, 2, 7, vecsSample, vecsSample + 1, 1000} {
			b := vecsFile(typ, rows, 5)
			arrays, err := read(t, name, b)
			if err != nil {
				t.Fatalf("%s, %d rows: %v", name, rows, err)
			}
			a := arrays[0]
			if len(arrays) != 1 || a.Name != "" || a.Type != typ || a.Rows != int64(rows) || a.Dim != 5 || a.Offset != 4 || a.Stride != 4+5*typ.Size() {
				t.Errorf("%s, %d rows: %+v", name, rows, arrays)
			}
			if !bytes.Equal(elements(t, a, b), encode(typ, ramp(rows*5))) {
				t.Errorf("%s, %d rows: other elements", name, rows)
			}
			if err := CheckVecs(t.Context(), bytes.NewReader(b), a); err != nil {
				t.Errorf("%s, %d rows: %v", name, rows, err)
			}
		}
	}
}

// Opening a file does not check a row in the middle of many, but the last one. CheckVecs checks all
// rows.
func TestCheckVecs(t *testing.T) {
	const rows, dim = 100_000, 3
	good := vecsFile(Uint8, rows, dim)
	arrays, err := read(t, "x.bvecs", good)
	if err != nil {
		t.Fatal(err)
	}
	missed := 0
	for row := 1; row < rows; row += 9999 {
		b := with(good, row*(4+dim), 7)
		if _, err := read(t, "x.bvecs", b); err == nil {
			missed++
		}
		err := CheckVecs(t.Context(), bytes.NewReader(b), arrays[0])
		if want := vecsError(int64(row), 7, dim).Error(); err == nil || err.Error() != want {
			t.Errorf("row %d: %v", row, err)
		}
	}
	if missed == 0 {
		t.Error("opening reads all rows")
	}
	if err := CheckVecs(t.Context(), bytes.NewReader(good[:5000]), arrays[0]); err == nil || !strings.Contains(err.Error(), "unexpected EOF") {
		t.Error(err)
	}
	if err := CheckVecs(t.Context(), nil, Array{Dim: 3, Stride: 12}); err == nil {
		t.Error("a matrix of another format passed")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := CheckVecs(ctx, bytes.NewReader(good), arrays[0]); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestReadVecsErrors(t *testing.T) {
	good := vecsFile(Float32, 3, 4)
	negative := int32(-2)
	checkBad(t, []bad{
		{"empty", "x.fvecs", nil, "0 bytes are too few for a row"},
		{"no dimension", "x.fvecs", []byte{1, 0}, "2 bytes are too few for a row"},
		{"dimension 0", "x.fvecs", with(good, 0, 0), "row 0 has dimension 0, and 1 to 1048576 are allowed"},
		{"negative dimension", "x.bvecs", with(good, 0, uint32(negative)), "row 0 has dimension -2"},
		{"huge dimension", "x.ivecs", with(good, 0, math.MaxInt32), "row 0 has dimension 2147483647"},
		{"truncated", "x.fvecs", good[:len(good)-4], "56 bytes are no multiple of a row of dimension 4, 20 bytes: it is truncated after row 1"},
		{"shorter than a row", "x.fvecs", good[:16], "16 bytes are no multiple of a row of dimension 4"},
		{"another dimension", "x.fvecs", with(good, 20, 5), "row 1 has dimension 5, row 0 has 4"},
		{"another at the end", "x.fvecs", with(vecsFile(Float32, 1000, 4), 999*20, 9), "row 999 has dimension 9, row 0 has 4"},
	})
}

func FuzzVecs(f *testing.F) {
	f.Add(vecsFile(Float32, 3, 4))
	f.Add(with(vecsFile(Float32, 3, 4), 20, 5))
	f.Add([]byte{255, 255, 255, 127})
	f.Fuzz(func(t *testing.T, b []byte) {
		for name := range vecsNames {
			checkFuzzed(t, name, b)
		}
	})
}
