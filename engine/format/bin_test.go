package format

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
)

// binFile returns a header and the elements of that many rows.
func binFile(typ Type, rows, dim uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, rows)
	b = binary.LittleEndian.AppendUint32(b, dim)
	return append(b, encode(typ, ramp(int(rows*dim)))...)
}

var binNames = map[string]Type{"x.fbin": Float32, "x.f16bin": Float16, "x.u8bin": Uint8, "x.i8bin": Int8, "x.ibin": Int32}

func TestReadBin(t *testing.T) {
	for name, typ := range binNames {
		b := binFile(typ, 3, 5)
		arrays, err := read(t, name, b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		a := arrays[0]
		if len(arrays) != 1 || a.Name != "" || a.Type != typ || a.Rows != 3 || a.Dim != 5 || a.Offset != 8 || a.Stride != 5*typ.Size() {
			t.Errorf("%s: %+v", name, arrays)
		}
		if !bytes.Equal(elements(t, a, b), encode(typ, ramp(15))) {
			t.Errorf("%s: other elements", name)
		}
	}
}

func TestReadBinErrors(t *testing.T) {
	good := binFile(Float32, 3, 4)
	checkBad(t, []bad{
		{"empty", "x.fbin", nil, "0 bytes are too few for a header of 8"},
		{"half a header", "x.u8bin", good[:7], "7 bytes are too few for a header of 8"},
		{"no rows", "x.fbin", with(good, 0, 0), "shape (0, 4) is empty"},
		{"no features", "x.fbin", with(good, 4, 0), "shape (3, 0) is empty"},
		{"terabytes", "x.fbin", with(with(good, 0, math.MaxUint32), 4, 1<<20), "4294967295×1048576 float32, every 4194304 bytes from byte 8, do not fit in the file's 56 bytes"},
		{"too many features", "x.fbin", with(good, 4, math.MaxUint32), "4294967295 features are more than the 1048576"},
		{"truncated", "x.fbin", good[:len(good)-1], "do not fit in the file's 55 bytes: it is truncated"},
		{"bytes left over", "x.fbin", append(bytes.Clone(good), 0), "3×4 float32 need 48 bytes behind the header, the file has 49: bytes are left over"},
		{"of another type", "x.u8bin", good, "3×4 uint8 need 12 bytes behind the header, the file has 48"},
	})
}

func FuzzBin(f *testing.F) {
	f.Add(binFile(Float32, 3, 4))
	f.Add([]byte{255, 255, 255, 255, 0, 0, 16, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		for name := range binNames {
			checkFuzzed(t, name, b)
		}
	})
}
