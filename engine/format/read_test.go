package format

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// read reads a file in memory, and checks the properties of every Array.
func read(t testing.TB, name string, b []byte) ([]Array, error) {
	t.Helper()
	arrays, err := Read(t.Context(), name, bytes.NewReader(b), int64(len(b)))
	for _, a := range arrays {
		if err != nil {
			t.Fatalf("arrays %v and the error %v", arrays, err)
		}
		if check := a.Check(int64(len(b))); (check == nil) != (a.Why == "") {
			t.Fatalf("%q: Why is %q, Check says %v", a.Name, a.Why, check)
		}
	}
	return arrays, err
}

// elements returns the bytes of a matrix's rows, without the bytes between rows.
func elements(t testing.TB, a Array, b []byte) []byte {
	t.Helper()
	if a.Stream == nil {
		var out []byte
		for row := range a.Rows {
			at := a.Offset + row*a.Stride
			out = append(out, b[at:at+a.Dim*a.Type.Size()]...)
		}
		return out
	}
	out, err := stream(t.Context(), a)
	if err != nil {
		t.Fatalf("%q: %v", a.Name, err)
	}
	if int64(len(out)) != a.Bytes() {
		t.Fatalf("%q: %d bytes, and %d were promised", a.Name, len(out), a.Bytes())
	}
	return out
}

func stream(ctx context.Context, a Array) ([]byte, error) {
	r, err := a.Stream(ctx)
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, 1<<24))
	return out, errors.Join(err, r.Close())
}

// encode returns values as the bytes of a matrix. float16 and bfloat16 take small whole numbers
// only.
func encode(typ Type, values []float64) []byte {
	var b []byte
	for _, v := range values {
		switch typ {
		case Float32:
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
		case Float64:
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		case Float16:
			b = binary.LittleEndian.AppendUint16(b, half(v))
		case BFloat16:
			b = binary.LittleEndian.AppendUint16(b, uint16(math.Float32bits(float32(v))>>16))
		case Int8, Uint8:
			b = append(b, byte(int(v)))
		case Int32:
			b = binary.LittleEndian.AppendUint32(b, uint32(int32(v)))
		}
	}
	return b
}

// half returns a small whole number as IEEE 754 binary16.
func half(v float64) uint16 {
	if v == 0 {
		return 0
	}
	frac, exp := math.Frexp(math.Abs(v))
	h := uint16(exp+14)<<10 | uint16(frac*2048)&1023
	if v < 0 {
		h |= 1 << 15
	}
	return h
}

// ramp returns 0, 1, 2, …, 100, 0, 1, …. Every type can hold these.
func ramp(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(i % 101)
	}
	return v
}

// bad is a file that is refused, or an array in it, and why.
type bad struct {
	name string // of the case
	file string
	data []byte
	want string // in the error, or in the Why of the only array
}

func checkBad(t *testing.T, tests []bad) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			arrays, err := read(t, tt.file, tt.data)
			got := fmt.Sprint(err)
			if err == nil && len(arrays) == 1 {
				got = arrays[0].Why
				if a := arrays[0]; a.Why == "" && a.Stream != nil {
					_, err := stream(t.Context(), a)
					got = fmt.Sprint(err)
				}
			}
			if !strings.Contains(got, tt.want) || tt.want == "" {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// checkFuzzed reads a fuzzed file, and reads its streams.
func checkFuzzed(t *testing.T, name string, b []byte) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	arrays, err := read(t, name, b)
	if err != nil {
		return
	}
	for i, a := range arrays {
		if a.Opaque {
			a, err = a.As(Uint8)
			if err != nil {
				t.Fatal(err)
			}
		}
		if a.Why != "" || a.Stream == nil || i >= 4 {
			continue
		}
		out, err := stream(t.Context(), a)
		if err == nil && int64(len(out)) != a.Bytes() && len(out) < 1<<24 {
			t.Fatalf("%q: %d bytes without an error, and %d were promised", a.Name, len(out), a.Bytes())
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<30 {
		t.Fatalf("%d bytes were allocated for a file of %d", grown, len(b))
	}
}

func TestKnown(t *testing.T) {
	for name, want := range map[string]bool{
		"C.npy": true, "C.NPZ": true, "a/b.safetensors": true, "x.tar.gz": false, "x": false, "": false,
		"model.safetensors.index.json": false, "x.FBIN": true, ".parquet": true,
	} {
		if got := Known(name); got != want {
			t.Errorf("Known(%q) = %v", name, got)
		}
	}
	if _, err := read(t, "x.txt", nil); err == nil || !strings.Contains(err.Error(), `the extension ".txt" is none of .arrow .arrows .bvecs`) {
		t.Error(err)
	}
}

func TestAs(t *testing.T) {
	a := Array{Type: Uint8, Rows: 2, Dim: 12, Opaque: true, Why: "?"}
	if got, err := a.As(Float32); err != nil || got.Dim != 3 || got.Type != Float32 || got.Opaque || got.Why != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := a.As(Float64); err == nil || err.Error() != "rows of 12 bytes are no rows of float64, 8 bytes each" {
		t.Error(err)
	}
	if _, err := (Array{Type: Float16}).As(Float64); err == nil || err.Error() != "it is of type float16, not of bytes of unknown type" {
		t.Error(err)
	}
}

// zeros is a file of zeros behind a head, of any size.
type zeros struct{ head []byte }

func (z zeros) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off < int64(len(z.head)) {
		copy(p, z.head[off:])
	}
	return len(p), nil
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
