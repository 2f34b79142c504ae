package format

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"
)

// safetensorsFile returns a header and size bytes behind it, 0, 1, 2, ….
func safetensorsFile(header string, size int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), encode(Uint8, ramp(size))...)
}

func entry(name, dtype, shape string, begin, end int) string {
	return fmt.Sprintf(`"%s":{"dtype":"%s","shape":%s,"data_offsets":[%d,%d]}`, name, dtype, shape, begin, end)
}

// The layout is that of https://github.com/huggingface/safetensors#format. Its writer aligns the
// data with the spaces behind the header.
func TestReadSafetensors(t *testing.T) {
	header := `{"__metadata__":{"format":"pt"},` + strings.Join([]string{
		entry("z.f32", "F32", "[2,3]", 0, 24), entry("f16", "F16", "[2,2]", 24, 32), entry("bf16", "BF16", "[1,4]", 32, 40),
		entry("f64", "F64", "[1,1]", 40, 48), entry("i8", "I8", "[2,1]", 48, 50), entry("u8", "U8", "[1,2]", 50, 52), entry("i32", "I32", "[1,1]", 52, 56),
		entry("labels", "I64", "[2]", 56, 72), entry("bias", "F32", "[2]", 72, 80), entry("map", "F16", "[1,2,2,1]", 80, 88),
		entry("scalar", "F32", "[]", 88, 92), entry("none", "F32", "[0,3]", 92, 92), entry("new", "F9", "[7]", 92, 100), entry("four", "F4", "[2,2]", 100, 102),
	}, ",") + "}   "
	b := safetensorsFile(header, 102)
	arrays, err := read(t, "x.safetensors", b)
	if err != nil {
		t.Fatal(err)
	}
	want := []Array{
		{Name: "z.f32", Type: Float32, Rows: 2, Dim: 3, Offset: 0, Stride: 12},
		{Name: "f16", Type: Float16, Rows: 2, Dim: 2, Offset: 24, Stride: 4},
		{Name: "bf16", Type: BFloat16, Rows: 1, Dim: 4, Offset: 32, Stride: 8},
		{Name: "f64", Type: Float64, Rows: 1, Dim: 1, Offset: 40, Stride: 8},
		{Name: "i8", Type: Int8, Rows: 2, Dim: 1, Offset: 48, Stride: 1},
		{Name: "u8", Type: Uint8, Rows: 1, Dim: 2, Offset: 50, Stride: 2},
		{Name: "i32", Type: Int32, Rows: 1, Dim: 1, Offset: 52, Stride: 4},
		{Name: "labels", Why: "type I64 is none that a layer may have: F32, F16, BF16, F64, I32, I8, U8"},
		{Name: "bias", Why: "shape (2,) has 1 dimensions, a layer has 2: items × features"},
		{Name: "map", Type: Float16, Rows: 2, Dim: 2, Offset: 80, Stride: 4},
		{Name: "scalar", Why: "shape () has 0 dimensions, a layer has 2: items × features"},
		{Name: "none", Why: "shape (0, 3) is empty"},
		{Name: "new", Why: "type F9 is none that a layer may have: F32, F16, BF16, F64, I32, I8, U8"},
		{Name: "four", Why: "type F4 is none that a layer may have: F32, F16, BF16, F64, I32, I8, U8"},
	}
	if len(arrays) != len(want) {
		t.Fatalf("%d arrays: %+v", len(arrays), arrays)
	}
	for i, a := range arrays {
		if a.Why == "" {
			if got := elements(t, a, b); !bytes.Equal(got, b[len(b)-102:][want[i].Offset:][:len(got)]) {
				t.Errorf("%s: other elements", a.Name)
			}
			a.Offset -= int64(len(b) - 102)
		}
		if a.Why != "" { // of the rest only the name counts
			a = Array{Name: a.Name, Why: a.Why}
		}
		if fmt.Sprintf("%+v", a) != fmt.Sprintf("%+v", want[i]) {
			t.Errorf("got  %+v\nwant %+v", a, want[i])
		}
	}
}

func TestReadSafetensorsErrors(t *testing.T) {
	ok := "{" + entry("a", "F32", "[2,3]", 0, 24) + "}"
	long := binary.LittleEndian.AppendUint64(nil, math.MaxUint64)
	one := func(entry string, size int) []byte { return safetensorsFile("{"+entry+"}", size) }
	checkBad(t, []bad{
		{"empty", "x.safetensors", nil, "0 bytes are too few for a safetensors file"},
		{"no length", "x.safetensors", []byte{1, 0, 0}, "3 bytes are too few"},
		{"endless header", "x.safetensors", append(long, '{'), "a header of 18446744073709551615 bytes is longer than the 16777216 allowed, or this is no safetensors file"},
		{"a pickle", "x.safetensors", []byte("PK\x03\x04archive/data.pkl"), "or this is no safetensors file"},
		{"ends in the header", "x.safetensors", safetensorsFile(ok, 0)[:40], "the file ends within its header: it needs 65 bytes, the file has 40"},
		{"not JSON", "x.safetensors", safetensorsFile("hello", 0), "header: it does not begin with {"},
		{"no header", "x.safetensors", safetensorsFile("", 0), "header: it does not begin with {"},
		{"JSON that ends", "x.safetensors", safetensorsFile(`{"a":{"dtype":"F32"`, 0), "it does not end"},
		{"something behind", "x.safetensors", safetensorsFile(ok+"{}", 24), `"{}" stands behind it`},
		{"a name twice", "x.safetensors", safetensorsFile("{"+entry("a", "U8", "[1,1]", 0, 1)+","+entry("a", "U8", "[1,1]", 1, 2)+"}", 2), `header: "a" stands twice`},
		{"a key twice", "x.safetensors", one(`"a":{"dtype":"U8","dtype":"I8","shape":[1,1],"data_offsets":[0,1]}`, 1), `"a": "dtype" stands twice`},
		{"another key", "x.safetensors", one(`"a":{"dtype":"U8","form":[1,1],"data_offsets":[0,1]}`, 1), `"a": key "form" is not known`},
		{"a key too few", "x.safetensors", one(`"a":{"dtype":"U8","data_offsets":[0,1]}`, 1), `"a": dtype, shape or data_offsets is missing`},
		{"not an object", "x.safetensors", one(`"a":[1]`, 1), `"a": [ stands where { should`},
		{"metadata of numbers", "x.safetensors", one(`"__metadata__":{"a":1}`, 0), "cannot unmarshal number"},
		{"three offsets", "x.safetensors", one(`"a":{"dtype":"U8","shape":[1,1],"data_offsets":[0,1,2]}`, 1), "data_offsets [0 1 2] are no beginning and end"},
		{"backwards", "x.safetensors", one(entry("a", "U8", "[1,1]", 1, 0), 1), "data_offsets [1 0] are no beginning and end"},
		{"negative", "x.safetensors", one(entry("a", "U8", "[1,1]", -1, 0), 1), "data_offsets [-1 0]"},
		{"a fraction", "x.safetensors", one(entry("a", "U8", "[1.5,1]", 0, 1), 1), "cannot unmarshal number 1.5"},
		{"a negative shape", "x.safetensors", one(entry("a", "U8", "[-1,-1]", 0, 1), 1), "shape (-1, -1) is negative or overflows"},
		{"an overflowing shape", "x.safetensors", one(entry("a", "F64", "[4294967296,4294967296]", 0, 8), 8), "shape (4294967296, 4294967296) is negative or overflows"},
		{"overflowing bytes", "x.safetensors", one(entry("a", "F64", "[2305843009213693952,1]", 0, 0), 0), "does not take the 0 bytes of its data_offsets"},
		{"terabytes", "x.safetensors", one(entry("a", "F32", "[1000000000,1000]", 0, 4000000000000), 24), "the tensors need 4000000000000 bytes behind the header, the file has 24: it is truncated"},
		{"another size", "x.safetensors", one(entry("a", "F32", "[2,3]", 0, 23), 23), `"a": shape (2, 3) of F32 does not take the 23 bytes of its data_offsets`},
		{"half a byte", "x.safetensors", one(entry("a", "F4", "[1,1]", 0, 0), 0), "shape (1, 1) of F4 does not take the 0 bytes"},
		{"a hole", "x.safetensors", one(entry("a", "U8", "[1,1]", 0, 1)+","+entry("b", "U8", "[1,1]", 3, 4), 4), `"b": begins at byte 3 of the data: bytes 1 to 3 belong to no tensor`},
		{"an overlap", "x.safetensors", one(entry("a", "U8", "[1,2]", 0, 2)+","+entry("b", "U8", "[1,2]", 1, 3), 3), `"b": begins at byte 1 of the data, within another tensor, which ends at 2`},
		{"left over", "x.safetensors", safetensorsFile(ok, 25), "the tensors need 24 bytes behind the header, the file has 25: bytes are left over"},
		{"too many features", "x.safetensors", one(entry("a", "U8", "[1,1048577]", 0, 1048577), 1048577), `"a": 1048577 features are more than the 1048576`},
		{"33 dimensions", "x.safetensors", one(entry("a", "U8", "["+strings.Repeat("1,", 32)+"1]", 0, 1), 1), "shape has 33 dimensions"},
		{"an escape sequence in a name", "x.safetensors", one(entry(`\u001b[2J`, "U8", "[1,1]", 0, 2), 2), `"\x1b[2J": shape (1, 1) of U8`},
	})
}

func TestReadIndex(t *testing.T) {
	index := func(text string) (map[string]string, error) {
		return ReadIndex(strings.NewReader(text), int64(len(text)))
	}
	got, err := index(`{"metadata":{"total_size":8},"weight_map":{"A":"model-00001-of-00002.safetensors","B":"model-00002-of-00002.safetensors"}}` + "\n")
	want := map[string]string{"A": "model-00001-of-00002.safetensors", "B": "model-00002-of-00002.safetensors"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "index: it does not end"},
		{"a list", "[]", "index: [ stands where { should"},
		{"no map", `{"metadata":{}}`, `index: "weight_map" is missing or empty`},
		{"an empty map", `{"weight_map":{}}`, `index: "weight_map" is missing or empty`},
		{"two maps", `{"weight_map":{"A":"a.safetensors"},"weight_map":{}}`, `index: "weight_map" stands twice`},
		{"a tensor twice", `{"weight_map":{"A":"a.safetensors","A":"b.safetensors"}}`, `index: "A" stands twice`},
		{"a number", `{"weight_map":{"A":1}}`, `"A": json: cannot unmarshal number`},
		{"the folder above", `{"weight_map":{"A":"../a.safetensors"}}`, `"A": "../a.safetensors" is not the plain name of a .safetensors file`},
		{"an absolute path", `{"weight_map":{"A":"/etc/a.safetensors"}}`, `"/etc/a.safetensors" is not the plain name`},
		{"a drive", `{"weight_map":{"A":"c:a.safetensors"}}`, `"c:a.safetensors" is not the plain name`},
		{"another separator", `{"weight_map":{"A":"..\\a.safetensors"}}`, `is not the plain name`},
		{"another format", `{"weight_map":{"A":"a.bin"}}`, `"a.bin" is not the plain name of a .safetensors file`},
		{"something behind", `{"weight_map":{"A":"a.safetensors"}} {}`, "index: something stands behind it"},
		{"cut", `{"weight_map":{"A":"a.safe`, "index: it does not end"},
	} {
		if _, err := index(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
	if _, err := ReadIndex(zeros{}, maxHeader+1); err == nil || !strings.Contains(err.Error(), "an index of 16777217 bytes is longer") {
		t.Error(err)
	}
}

func FuzzSafetensors(f *testing.F) {
	f.Add("{"+entry("a", "F32", "[2,3]", 0, 24)+"}", uint16(24))
	f.Add("{"+entry("a", "U8", "[1,1]", 0, 1)+","+entry("b", "U8", "[1,2]", 1, 3)+`,"__metadata__":{"x":"y"}} `, uint16(3))
	f.Add(`{"a":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, uint16(0))
	f.Add(`{"weight_map":{"A":"a.safetensors"}}`, uint16(0))
	f.Fuzz(func(t *testing.T, header string, size uint16) {
		checkFuzzed(t, "x.safetensors", safetensorsFile(header, int(size)))
		files, err := ReadIndex(strings.NewReader(header), int64(len(header)))
		for name, file := range files {
			if err != nil || !plain(file) {
				t.Errorf("%q: %q, %v", name, file, err)
			}
		}
	})
}
