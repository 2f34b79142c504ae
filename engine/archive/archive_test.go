package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// tarOf returns a tar of entries.
func tarOf(t testing.TB, entries ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		body := content(h.Name)
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Typeflag != tar.TypeReg {
			body = nil
		}
		h.Size, h.Mode = int64(len(body)), 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// content is what the member of a name holds.
func content(name string) []byte {
	rng := rand.New(rand.NewPCG(uint64(crc32.ChecksumIEEE([]byte(name))), 0))
	b := make([]byte, rng.IntN(3000))
	for i := range b {
		b[i] = byte(rng.IntN(7)) // something that can be packed
	}
	return b
}

// zipOf returns a zip of members, stored and deflated in turn.
func zipOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, name := range names {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: []uint16{zip.Store, zip.Deflate}[i%2]})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "/") {
			if _, err := f.Write(content(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, name string, b []byte) *Index {
	t.Helper()
	x, err := Read(t.Context(), name, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// get returns a member's bytes.
func get(x *Index, b []byte, name string) ([]byte, error) {
	m, ok := x.Find(name)
	if !ok {
		return nil, errors.New("there is no such member")
	}
	f, err := x.Open(bytes.NewReader(b), m)
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(f)
	info, _ := f.Stat()
	if err == nil && info.Size() != int64(len(out)) {
		err = errors.New("another size than Stat says")
	}
	return out, errors.Join(err, f.Close())
}

func TestMembers(t *testing.T) {
	long := strings.Repeat("long/", 60) + "ü.jpg" // a PAX record, or flags
	names := []string{"0001.jpg", "./a/0002.jpg", "z.png", long, "a/b/c.webp"}
	var headers []tar.Header
	for _, n := range names {
		headers = append(headers, tar.Header{Name: n})
	}
	headers = append(headers, tar.Header{Name: "a/", Typeflag: tar.TypeDir})
	for kind, b := range map[string][]byte{
		"x.tar": tarOf(t, headers...), "x.zip": zipOf(t, append(names, "a/")...),
		"prefixed.zip": append([]byte("#!/bin/sh\n"), zipOf(t, names...)...),
	} {
		x := read(t, kind, b)
		if len(x.Members) != len(names) || x.Damage != "" {
			t.Errorf("%s: %d members, damage %q", kind, len(x.Members), x.Damage)
		}
		for _, n := range names {
			if got, err := get(x, b, strings.TrimPrefix(n, "./")); err != nil || !bytes.Equal(got, content(n)) {
				t.Errorf("%s: %s: %d bytes, %v", kind, n, len(got), err)
			}
		}
		if _, ok := x.Find("0003.jpg"); ok {
			t.Errorf("%s: found what is not there", kind)
		}
	}
}

// Of two members with a name the last one counts, as when they are unpacked.
func TestTwice(t *testing.T) {
	b := tarOf(t, tar.Header{Name: "a"}, tar.Header{Name: "b"})
	c := tarOf(t, tar.Header{Name: "./a", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"})
	both := slices.Concat(b[:len(b)-1024], c)
	x := read(t, "x.tar", both)
	if _, err := get(x, both, "a"); len(x.Members) != 2 || err == nil || !strings.Contains(err.Error(), `a link, to "/etc/passwd"`) {
		t.Errorf("%d members, %v", len(x.Members), err)
	}
}

func TestRefused(t *testing.T) {
	entries := tarOf(t, tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "../x"}, tar.Header{Name: "hard", Typeflag: tar.TypeLink, Linkname: "x"},
		tar.Header{Name: "dev", Typeflag: tar.TypeChar}, tar.Header{Name: "pipe", Typeflag: tar.TypeFifo}, tar.Header{Name: "../up.jpg"}, tar.Header{Name: "/abs.jpg"}, tar.Header{Name: "a/../../b.jpg"})
	good := zipOf(t, "s.jpg", "d.jpg")
	// change changes a byte of the directory's entry of a member, or of its local header.
	change := func(b []byte, head string, nth, at int, to ...byte) []byte {
		b = bytes.Clone(b)
		pos := -1
		for range nth + 1 {
			pos += 1 + bytes.Index(b[pos+1:], []byte(head))
		}
		copy(b[pos+at:], to)
		return b
	}
	size := func(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }
	ns, nd := len(content("s.jpg")), len(content("d.jpg"))
	for _, c := range []struct {
		name, archive, member string
		data                  []byte
		want                  string
	}{
		{"symbolic link", "x.tar", "link", entries, `it is a link, to "../x"`},
		{"hard link", "x.tar", "hard", entries, `it is a link, to "x"`},
		{"device", "x.tar", "dev", entries, "it is a device or a pipe"},
		{"pipe", "x.tar", "pipe", entries, "it is a device or a pipe"},
		{"up", "x.tar", "../up.jpg", entries, "its name leads out of the archive"},
		{"absolute", "x.tar", "/abs.jpg", entries, "its name leads out of the archive"},
		{"up within", "x.tar", "a/../../b.jpg", entries, "its name leads out of the archive"},
		{"zip up", "x.zip", "../u.jpg", zipOf(t, "../u.jpg"), "its name leads out of the archive"},
		{"zip backslash is a name", "x.zip", `..\u.jpg`, zipOf(t, `..\u.jpg`), ""},
		{"zip link", "x.zip", "s.jpg", change(change(good, zipEntry, 0, 5, 3), zipEntry, 0, 41, 0xa1), "it is a link"},
		{"zip device", "x.zip", "s.jpg", change(change(good, zipEntry, 0, 5, 3), zipEntry, 0, 41, 0x61), "it is a device"},
		{"zip encrypted", "x.zip", "s.jpg", change(good, zipEntry, 0, 8, 9), "it is encrypted"},
		{"zip bzip2", "x.zip", "d.jpg", change(good, zipEntry, 1, 10, 12), "packed by method 12"},
		{"zip stored with another size", "x.zip", "s.jpg", change(good, zipEntry, 0, 24, size(ns+1)...), "are said to be"},
		{"zip more than it says", "x.zip", "d.jpg", change(good, zipEntry, 1, 24, size(nd-1)...), "more bytes than the archive says"},
		{"zip less than it says", "x.zip", "d.jpg", change(good, zipEntry, 1, 24, size(nd+1)...), "unexpected EOF"},
		{"zip gigabytes", "x.zip", "d.jpg", change(good, zipEntry, 1, 24, size(1<<31)...), "unexpected EOF"},
		{"zip checksum", "x.zip", "d.jpg", change(good, zipEntry, 1, 16, 1, 2, 3, 4), "its checksum is 04030201, it is"},
		{"zip bytes", "x.zip", "s.jpg", change(good, "s.jpg", 0, 20, 99), "its checksum is"},
		{"zip beyond", "x.zip", "d.jpg", change(good, zipEntry, 1, 42, 0xff, 0xff, 0xff, 0x7f), "lie beyond the archive's"},
		{"zip no local header", "x.zip", "d.jpg", change(good, zipEntry, 1, 42, 7, 0), "there is no header at byte 7"},
	} {
		x := read(t, c.archive, c.data)
		_, err := get(x, c.data, c.member)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, not %q", c.name, err, c.want)
		}
	}
}

func TestBadArchives(t *testing.T) {
	good := zipOf(t, "s.jpg", "d.jpg")
	end := func(at int, to ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[len(b)-zipEndBytes+at:], to)
		return b
	}
	tarred := tarOf(t, tar.Header{Name: "a"}, tar.Header{Name: "b"})
	for _, c := range []struct {
		name, archive string
		data          []byte
		want          string
	}{
		{"empty zip", "x.zip", nil, "it has no directory at its end"},
		{"cut zip", "x.zip", good[:len(good)-5], "it has no directory at its end"},
		{"zip members", "x.zip", end(10, 3), "its directory of 3 members in 102 bytes from byte"},
		{"zip fewer members", "x.zip", end(10, 1), "does not hold the 1 members"},
		{"zip many members", "x.zip", end(10, 0xf0, 0xff), "does not fit before byte"},
		{"zip directory beyond", "x.zip", end(12, 0xff, 0xff, 0xff, 0x7f), "larger than the"},
		{"zip offset beyond", "x.zip", end(16, 0xff, 0xff, 0xff, 0x7f), "does not fit before byte"},
		{"zip in parts", "x.zip", end(4, 1), "one part of several"},
		{"zip directory damaged", "x.zip", bytes.Replace(good, []byte(zipEntry), []byte("PK\x01\x03"), 1), "damaged behind member 0"},
		{"text as tar", "x.tar", bytes.Repeat([]byte("text"), 400), "not a tar archive"},
		{"gzip as tar", "x.tar", append([]byte("\x1f\x8b\x08"), make([]byte, 2000)...), "not a tar archive"},
		{"tar cut in its header", "x.tar", tarred[:300], "the archive is cut off"},
	} {
		_, err := Read(t.Context(), c.archive, bytes.NewReader(c.data), int64(len(c.data)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, not %q", c.name, err, c.want)
		}
	}
	cut := tarred[:len(tarred)-1024-512]
	if x := read(t, "x.tar", cut); len(x.Members) != 2 && !strings.Contains(x.Damage, `behind member "a": the archive is cut off`) {
		t.Errorf("a tar cut in a member: %d members, %q", len(x.Members), x.Damage)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, name := range []string{"x.tar", "x.zip"} {
		if _, err := Read(ctx, name, bytes.NewReader(good), int64(len(good))); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: cancelled: %v", name, err)
		}
	}
}

// A file that is all holes and says that it has gigabytes of members takes no memory.
func TestZipPromises(t *testing.T) {
	b := []byte(zipEnd64 + "\x2c\x00\x00\x00\x00\x00\x00\x00\x2d\x00\x2d\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	for _, v := range []uint64{1 << 30, 1 << 30, 1 << 38, 0} { // members, twice; the directory's size and offset
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	const at = 1 << 40
	b = append(b, zipLocator64+"\x00\x00\x00\x00"...)
	b = binary.LittleEndian.AppendUint64(b, at)
	b = append(b, "\x01\x00\x00\x00"+zipEnd+"\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00"...)
	_, err := Read(t.Context(), "x.zip", &holes{at, b}, at+int64(len(b)))
	if err == nil || !strings.Contains(err.Error(), "its directory of 274877906944 bytes is larger than the") {
		t.Error(err)
	}
}

// holes reads as zeros up to at, and then as bytes.
type holes struct {
	at int64
	b  []byte
}

func (h *holes) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	for i := range p {
		if j := off + int64(i) - h.at; j >= int64(len(h.b)) {
			return i, io.EOF
		} else if j >= 0 {
			p[i] = h.b[j]
		}
	}
	return len(p), nil
}

func TestZip64(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 70_000 { // more than 16 bits count
		if _, err := w.Create(string(rune('a'+i%26)) + "/" + string(rune('a'+i/26%26)) + string(rune('a'+i/676%26)) + string(rune('a'+i/17576))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if x := read(t, "x.zip", b.Bytes()); len(x.Members) != 70_000 {
		t.Errorf("%d members", len(x.Members))
	}
}

func TestKept(t *testing.T) {
	b := tarOf(t, tar.Header{Name: "a"}, tar.Header{Name: "b/c.jpg"}, tar.Header{Name: "up", Typeflag: tar.TypeSymlink, Linkname: "x"}, tar.Header{Name: "../d"})
	x, of := read(t, "x.tar", b), Stamp{int64(len(b)), 17}
	kept := x.Encode(of)
	y, err := Decode(kept, of)
	if err != nil || len(y.Members) != 4 {
		t.Fatal(y, err)
	}
	for i, m := range x.Members {
		if y.Members[i] != m {
			t.Errorf("%+v is read back as %+v", m, y.Members[i])
		}
	}
	for name, other := range map[string]Stamp{"size": {of.Size + 1, 17}, "time": {of.Size, 18}} {
		if _, err := Decode(kept, other); err == nil || !strings.Contains(err.Error(), "of another state of the archive") {
			t.Errorf("another %s: %v", name, err)
		}
	}
	for i := range kept {
		bad := bytes.Clone(kept)
		bad[i] ^= 1
		if _, err := Decode(bad, of); err == nil {
			t.Errorf("byte %d of %d changed: it is taken", i, len(kept))
		}
	}
	// A checksum is no proof: who can write a file can write its checksum.
	lie := func(change func(m *Member)) []byte {
		z, _ := Decode(kept, of)
		change(&z.Members[1])
		return z.Encode(of)
	}
	for name, bad := range map[string][]byte{
		"beyond": lie(func(m *Member) { m.offset = int64(len(b)) }), "order": lie(func(m *Member) { m.Name = "zz" }),
		"huge": lie(func(m *Member) { m.Size = 1 << 60 }), "upward": lie(func(m *Member) { m.Name = "b/../../c" }),
	} {
		if _, err := Decode(bad, of); !errors.Is(err, errKept) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if x := read(t, "x.zip", zipOf(t, "a")); x.Keepable() {
		t.Error("a zip has its own index")
	}
}

func TestPacked(t *testing.T) {
	for name, want := range map[string][2]bool{
		"a.tar": {true, false}, "A.ZIP": {true, false}, "a.tar.gz": {false, true}, "a.TGZ": {false, true}, "a.tar.zst": {false, true}, "a.jpg": {}, "tar": {},
	} {
		if got := [2]bool{Known(name), Packed(name) != nil}; got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// fuzzArchive checks that whatever is in an index can be opened and read within
// what it promises.
func fuzzArchive(t *testing.T, name string, b []byte) *Index {
	x, err := Read(t.Context(), name, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil
	}
	last := ""
	for i, m := range x.Members {
		if i > 0 && m.Name <= last {
			t.Fatalf("%q stands behind %q", m.Name, last)
		}
		last = m.Name
		f, err := x.Open(bytes.NewReader(b), m)
		if err != nil {
			continue
		}
		n, err := io.Copy(io.Discard, io.LimitReader(f, 1<<22))
		if n > m.Size || err == nil && n != m.Size && n < 1<<22 {
			t.Fatalf("%q: %d bytes of %d, %v", m.Name, n, m.Size, err)
		}
		f.Close()
	}
	return x
}

func FuzzTar(f *testing.F) {
	f.Add(tarOf(f, tar.Header{Name: "a"}, tar.Header{Name: strings.Repeat("b/", 90) + "c"}, tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "a"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		x := fuzzArchive(t, "x.tar", b)
		if x == nil {
			return
		}
		of := Stamp{int64(len(b)), 1}
		y, err := Decode(x.Encode(of), of)
		if err != nil || len(y.Members) != len(x.Members) {
			t.Fatalf("kept: %v", err)
		}
	})
}

// FuzzZip compares the directory with that of archive/zip, where that takes the file.
func FuzzZip(f *testing.F) {
	f.Add(zipOf(f, "a.jpg", "b/c.jpg", "d/"))
	f.Add(append([]byte("before"), zipOf(f, "a.jpg")...))
	f.Fuzz(func(t *testing.T, b []byte) {
		x := fuzzArchive(t, "x.zip", b)
		if x == nil {
			return
		}
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for _, other := range z.File {
			if strings.HasSuffix(other.Name, "/") {
				continue
			}
			name := other.Name
			for strings.HasPrefix(name, "./") {
				name = name[2:]
			}
			if _, ok := x.Find(name); !ok {
				t.Fatalf("%q is not found", name)
			}
		}
	})
}

func FuzzKept(f *testing.F) {
	b := tarOf(f, tar.Header{Name: "a"}, tar.Header{Name: "b/c.jpg"})
	of := Stamp{int64(len(b)), 17}
	x, err := Read(context.Background(), "x.tar", bytes.NewReader(b), int64(len(b)))
	if err != nil {
		f.Fatal(err)
	}
	kept := x.Encode(of)
	f.Add(kept[:len(kept)-4])
	f.Fuzz(func(t *testing.T, body []byte) {
		// With the right checksum, so that what is behind it is reached.
		x, err := Decode(binary.LittleEndian.AppendUint32(bytes.Clone(body), crc32.Checksum(body, castagnoli)), of)
		if err != nil {
			return
		}
		for _, m := range x.Members {
			if f, err := x.Open(bytes.NewReader(b), m); err == nil {
				if n, err := io.Copy(io.Discard, f); err != nil || n != m.Size {
					t.Fatalf("%q: %d bytes of %d, %v", m.Name, n, m.Size, err)
				}
			}
		}
	})
}
