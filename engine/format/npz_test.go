package format

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"strata/fixtures/need"
)

// npzMember is a member of an archive as it is written.
type npzMember struct {
	name   string
	method uint16
	data   []byte
	header func(h *zip.FileHeader) // nil, or changes it
}

func npzFile(t testing.TB, members ...npzMember) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: m.method}
		var err error
		if m.header == nil {
			var body interface{ Write([]byte) (int, error) }
			if body, err = w.CreateHeader(h); err == nil {
				_, err = body.Write(m.data)
			}
		} else {
			h.CompressedSize64, h.UncompressedSize64 = uint64(len(m.data)), uint64(len(m.data))
			m.header(h)
			body, e := w.CreateRaw(h)
			if err = e; err == nil {
				_, err = body.Write(m.data)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// npyMatrix returns a .npy file with 0, 1, 2, ….
func npyMatrix(typ Type, rows, dim int64) []byte {
	return append(NpyHead(typ, rows, dim), encode(typ, ramp(int(rows*dim)))...)
}

func TestReadNpz(t *testing.T) {
	b := npzFile(t,
		npzMember{name: "A.npy", method: zip.Store, data: npyMatrix(Float32, 3, 5)},
		npzMember{name: "B.npy", method: zip.Deflate, data: npyMatrix(Float16, 700, 33)},
		npzMember{name: "ids.npy", method: zip.Deflate, data: append(NpyHead(Int32, 3), make([]byte, 12)...)},
		npzMember{name: "columns.npy", method: zip.Store, data: npyFile(1, npyText("<f4", "True", "(2, 3)"), 24)},
		npzMember{name: "texts.npy", method: zip.Store, data: npyFile(1, npyText("<U5", "False", "(2, 3)"), 120)},
	)
	arrays, err := read(t, "x.npz", b)
	if err != nil {
		t.Fatal(err)
	}
	if len(arrays) != 5 {
		t.Fatalf("%+v", arrays)
	}
	a := arrays[0]
	if a.Name != "A" || a.Type != Float32 || a.Rows != 3 || a.Dim != 5 || a.Stream != nil || !bytes.Equal(elements(t, a, b), encode(Float32, ramp(15))) {
		t.Errorf("%+v", a)
	}
	a = arrays[1]
	if a.Name != "B" || a.Type != Float16 || a.Rows != 700 || a.Dim != 33 || a.Stream == nil || !bytes.Equal(elements(t, a, b), encode(Float16, ramp(700*33))) {
		t.Errorf("%+v", a)
	}
	if !bytes.Equal(elements(t, a, b), encode(Float16, ramp(700*33))) {
		t.Error("a stream that is opened again has other elements")
	}
	for i, why := range []string{"shape (3,) has 1 dimensions", "in Fortran order, column by column: strata import rewrites it", "type <U5 is none that a layer may have"} {
		if a := arrays[i+2]; !strings.Contains(a.Why, why) {
			t.Errorf("%+v", a)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := stream(ctx, arrays[1]); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Files of NumPy itself, of each type. They hold the same arrays as .npy files beside them.
func TestReadNpzOfNumPy(t *testing.T) {
	python, dir := need.NumPy(t), t.TempDir()
	const script = `
import numpy, sys
rng = numpy.random.default_rng(7)
a = {"m_" + numpy.dtype(t).name: (rng.standard_normal((37, 11)) * 50).astype(t) for t in ("<f4", "<f2", "<f8", "i1", "u1", "<i4")}
a["label"] = numpy.array(["a", "b"])
numpy.savez("stored.npz", **a)
numpy.savez_compressed("packed.npz", **a)
for name in a: numpy.save(name, a[name])
`
	cmd := exec.Command(python, "-c", script)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range []string{"stored.npz", "packed.npz"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		arrays, err := read(t, name, b)
		if err != nil || len(arrays) != 7 {
			t.Fatalf("%s: %+v, %v", name, arrays, err)
		}
		for _, a := range arrays[:6] {
			npy, err := os.ReadFile(filepath.Join(dir, a.Name+".npy"))
			if err != nil {
				t.Fatal(err)
			}
			if a.Name != "m_"+a.Type.String() || a.Rows != 37 || a.Dim != 11 || !bytes.HasSuffix(npy, elements(t, a, b)) || (a.Stream != nil) != (name == "packed.npz") {
				t.Errorf("%s: %+v", name, a)
			}
		}
	}
}

// TestNpzNames: numpy.savez takes any name for an array, one with folders, too.
func TestNpzNames(t *testing.T) {
	for _, name := range []string{"Mixed_7c/pool", "../A", "/etc/A", `..\A`, "a:b", "é", "x.npy", "layer 4", "\x1b[2J"} {
		b := npzFile(t, npzMember{name: "Mixed_7c/"}, npzMember{name: name + ".npy", data: npyMatrix(Float32, 3, 5)})
		arrays, err := read(t, "x.npz", b)
		if err != nil || len(arrays) != 1 || arrays[0].Name != name || !bytes.Equal(elements(t, arrays[0], b), encode(Float32, ramp(15))) {
			t.Errorf("%q: %+v, %v", name, arrays, err)
		}
	}
	python, dir := need.NumPy(t), t.TempDir()
	cmd := exec.Command(python, "-c", "import numpy; numpy.savez('f.npz', **{'Mixed_7c/pool': numpy.zeros((2, 3), 'f4'), 'conv1:0': numpy.zeros((2, 1), 'f2')})")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "f.npz"))
	if err != nil {
		t.Fatal(err)
	}
	arrays, err := read(t, "f.npz", b)
	if err != nil || len(arrays) != 2 || arrays[0].Name != "Mixed_7c/pool" || arrays[1].Name != "conv1:0" || arrays[1].Dim != 1 {
		t.Errorf("NumPy: %+v, %v", arrays, err)
	}
}

func TestReadNpzErrors(t *testing.T) {
	good := npyMatrix(Float32, 3, 5)
	one := func(name string, method uint16, data []byte) []byte {
		return npzFile(t, npzMember{name: name, method: method, data: data})
	}
	raw := func(data []byte, change func(h *zip.FileHeader)) []byte {
		return npzFile(t, npzMember{name: "A.npy", method: zip.Deflate, data: data, header: func(h *zip.FileHeader) { change(h) }})
	}
	stored, deflated := one("A.npy", zip.Store, good), one("A.npy", zip.Deflate, good)
	damaged := bytes.Clone(deflated)
	directory := bytes.LastIndex(damaged, []byte("PK\x01\x02"))
	damaged[directory+16] ^= 1 // the checksum
	longer := one("A.npy", zip.Deflate, append(bytes.Clone(good), 1, 2, 3))
	directory = bytes.LastIndex(longer, []byte("PK\x01\x02"))
	longer = with(longer, directory+24, uint32(len(good)))
	zip64 := append(bytes.Repeat([]byte{0}, 64), "PK\x06\x06"...)
	zip64 = binary.LittleEndian.AppendUint64(zip64, 44)
	zip64 = append(zip64, make([]byte, 12+8)...)
	zip64 = binary.LittleEndian.AppendUint64(zip64, 1<<40) // members
	zip64 = append(zip64, make([]byte, 16)...)
	zip64 = append(zip64, "PK\x06\x07\x00\x00\x00\x00"...)
	zip64 = binary.LittleEndian.AppendUint64(zip64, 64)
	zip64 = append(zip64, 1, 0, 0, 0)
	zip64 = append(zip64, "PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00"...)

	checkBad(t, []bad{
		{"empty", "x.npz", nil, "not an .npz file, or it is truncated: it has no zip directory"},
		{"an .npy file", "x.npz", good, "not an .npz file"},
		{"truncated", "x.npz", stored[:len(stored)-30], "it has no zip directory"},
		{"a directory of 2^40 members", "x.npz", zip64, "its directory promises 1099511627776 members, and 65536 are allowed"},
		{"no name", "x.npz", one(".npy", zip.Store, good), `".npy": its name is none of an array`},
		{"NUL", "x.npz", one("a\x00.npy", zip.Store, good), "its name is none of an array"},
		{"another file", "x.npz", one("A.txt", zip.Store, good), "a member that is no .npy file holds no array"},
		{"twice", "x.npz", npzFile(t, npzMember{name: "A.npy", data: good}, npzMember{name: "A.npy", data: good}), `"A.npy": it stands twice in the archive`},
		{"encrypted", "x.npz", raw(good, func(h *zip.FileHeader) { h.Flags |= 1 }), `"A.npy": it is encrypted`},
		{"another compression", "x.npz", raw(good, func(h *zip.FileHeader) { h.Method = 14 }), "its compression, method 14, is neither deflate nor none"},
		{"stored, of two sizes", "x.npz", raw(good, func(h *zip.FileHeader) { h.Method, h.UncompressedSize64 = zip.Store, 7 }), "it is not compressed, but 7 bytes take 188"},
		{"larger than the file", "x.npz", raw(good, func(h *zip.FileHeader) { h.CompressedSize64 = 1 << 40 }), "do not fit in the file's"},
		{"a bomb by its directory", "x.npz", raw(good, func(h *zip.FileHeader) { h.UncompressedSize64 = 1 << 40 }), "1099511627776 bytes cannot be packed in 188: deflate shrinks to 1/1032 at most"},
		{"not deflated", "x.npz", raw(bytes.Repeat([]byte{255}, 100), func(*zip.FileHeader) {}), "not a .npy file"},
		{"a header of text", "x.npz", one("A.npy", zip.Deflate, []byte("hello, this is text")), `"A.npy": not a .npy file: it begins with "hello,"`},
		{"a header that promises more", "x.npz", one("A.npy", zip.Deflate, good[:len(good)-4]), "3×5 float32 need 60 bytes behind the header, the file has 56: it is truncated"},
		{"stored, too short", "x.npz", one("A.npy", zip.Store, good[:len(good)-4]), "3×5 float32 need 60 bytes behind the header, the file has 56: it is truncated"},
		{"a wrong checksum", "x.npz", damaged, "it is damaged"},
		{"longer than it says", "x.npz", longer, "unpacked, it is longer than its matrix"},
	})
}

// A member that ends early is an error of its Stream. The error has the number of bytes.
func TestNpzEndsEarly(t *testing.T) {
	short := npyMatrix(Float32, 3, 5)
	b := npzFile(t, npzMember{name: "A.npy", method: zip.Deflate, data: short[:len(short)-8]})
	at := bytes.LastIndex(b, []byte("PK\x01\x02"))
	b = with(b, at+24, uint32(len(short)))
	arrays, err := read(t, "x.npz", b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream(t.Context(), arrays[0]); err == nil || err.Error() != "unpacked, it ends 8 bytes before the end of its matrix" {
		t.Error(err)
	}
}

// An endless directory is not read to its end.
func TestNpzDirectoryBudget(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 400 {
		if _, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(i) + ".npy", Comment: strings.Repeat("x", 60_000)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, "x.npz", b.Bytes()); err == nil || err.Error() != "its directory is larger than the 16777216 bytes allowed" {
		t.Error(err)
	}
}

func FuzzNpz(f *testing.F) {
	good := npyMatrix(Float32, 3, 5)
	f.Add(npzFile(f, npzMember{name: "A.npy", method: zip.Store, data: good}))
	f.Add(npzFile(f, npzMember{name: "A.npy", method: zip.Deflate, data: good}, npzMember{name: "b.npy", data: good[:100]}))
	f.Fuzz(func(t *testing.T, b []byte) { checkFuzzed(t, "x.npz", b) })
}
