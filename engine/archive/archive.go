// Package archive reads single files out of files that hold many, without
// unpacking them: members of tar and zip archives, and the cells of a column of
// bytes of a Parquet file.
//
//	x, err := archive.Read(ctx, "shard-000.tar", f, size)
//	m, ok := x.Find("0001.jpg")
//	in, err := x.Open(f, m)
//
// An Index says where in an archive each member lies. It holds no file: whoever
// opens a member brings the archive, so that thousands of archives take no
// descriptors. An Index and a Column may be used concurrently.
//
// Archives come from anywhere. Nothing is allocated on the word of a header, a
// member lies within its archive, and no more bytes come out of it than its header
// says. Members that are links, devices or lie outside of where they would be
// unpacked are in the Index with the reason why they cannot be opened. Errors do not
// name the archive; their caller does.
package archive

import (
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// The bounds of an archive. A member takes about a hundred bytes of memory, and
// its name.
const (
	MaxMembers = 1 << 24
	maxName    = 4096 // bytes of a member's name
)

// How a member is packed, by the numbers of zip.
const (
	stored   = 0
	deflated = 8
)

// Member is a file in an archive.
type Member struct {
	Name string // without ./ before it
	Size int64  // bytes, unpacked
	Why  string // why it cannot be opened; "" if it can

	offset int64 // in a tar: of its bytes; in a zip: of its local header
	packed int64 // bytes in the archive
	sum    uint32
	method uint16
}

// Index is where the members of an archive lie.
type Index struct {
	Members []Member // by name, each once: of several with a name the last one, which unpacking would leave
	Damage  string   // what is wrong behind the last member; "" if nothing is

	zip bool
}

// kinds are the archives that can be read, by how their names end.
var kinds = []string{".tar", ".zip"}

// packedKinds are those that cannot, because nothing can be found in the middle of
// a compressed stream.
var packedKinds = []string{".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2", ".7z", ".rar"}

// Known reports whether a file of the name is an archive that can be read.
func Known(name string) bool { return ends(name, kinds) }

// Packed returns an error with advice if a file of the name is an archive that
// cannot be read.
func Packed(name string) error {
	if !ends(name, packedKinds) {
		return nil
	}
	return errors.New("a picture cannot be found in the middle of a compressed archive: unpack it to a .tar (pictures are compressed already)")
}

func ends(name string, with []string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(with, func(s string) bool { return strings.HasSuffix(name, s) })
}

// Read reads the index of an archive, which is a zip or a tar by its name.
func Read(ctx context.Context, name string, r io.ReaderAt, size int64) (*Index, error) {
	if strings.HasSuffix(strings.ToLower(name), ".zip") {
		return readZip(ctx, r, size)
	}
	return readTar(ctx, r, size)
}

// Find returns the member with the name.
func (x *Index) Find(name string) (Member, bool) {
	i, ok := slices.BinarySearchFunc(x.Members, name, func(m Member, name string) int { return strings.Compare(m.Name, name) })
	if !ok {
		return Member{}, false
	}
	return x.Members[i], true
}

// add adds a member that was found in an archive of size bytes.
func (x *Index) add(m Member, size int64) error {
	if len(x.Members) >= MaxMembers {
		return fmt.Errorf("it holds more than the %d members allowed", MaxMembers)
	}
	if len(m.Name) > maxName {
		return fmt.Errorf("member %d has a name of %d bytes, more than the %d allowed", len(x.Members)+1, len(m.Name), maxName)
	}
	for strings.HasPrefix(m.Name, "./") {
		m.Name = m.Name[2:]
	}
	if m.Why == "" && !fs.ValidPath(m.Name) {
		m.Why = "its name leads out of the archive"
	}
	if m.Why == "" && (m.Size < 0 || m.packed < 0 || m.offset < 0 || m.packed > size || m.offset > size-m.packed) {
		m.Why = fmt.Sprintf("its %d bytes from byte %d lie beyond the archive's %d", m.packed, m.offset, size)
	}
	x.Members = append(x.Members, m)
	return nil
}

// sort orders the members by name, and leaves the last one of each.
func (x *Index) sort() {
	slices.SortStableFunc(x.Members, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	kept := x.Members[:0]
	for i, m := range x.Members {
		if i+1 < len(x.Members) && x.Members[i+1].Name == m.Name {
			continue
		}
		kept = append(kept, m)
	}
	clear(x.Members[len(kept):])
	x.Members = kept
}

// Open opens a member of the archive that r reads. Reading it fails where it is
// not what the archive says. The error does not name the member.
func (x *Index) Open(r io.ReaderAt, m Member) (fs.File, error) {
	if m.Why != "" {
		return nil, errors.New(m.Why)
	}
	f := &file{name: path.Base(m.Name), size: m.Size}
	if !x.zip {
		f.in = &bounded{r: io.NewSectionReader(r, m.offset, m.packed), left: m.Size}
		return f, nil
	}
	at, err := zipData(r, m)
	if err != nil {
		return nil, err
	}
	var in io.Reader = io.NewSectionReader(r, at, m.packed)
	if m.method == deflated {
		unpacked := flate.NewReader(in)
		in, f.close = unpacked, unpacked.Close
	}
	f.in = &bounded{r: in, left: m.Size, want: m.sum, summed: true}
	return f, nil
}

// OpenBytes returns a file of bytes that are in memory.
func OpenBytes(name string, b []byte) fs.File {
	return &file{name: name, size: int64(len(b)), in: strings.NewReader(string(b))}
}

// bounded reads just so many bytes, and fails if there are others.
type bounded struct {
	r      io.Reader
	left   int64
	sum    uint32
	want   uint32
	summed bool // the sum is known, and checked
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, b.end()
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if b.summed {
		b.sum = crc32.Update(b.sum, crc32.IEEETable, p[:n])
	}
	switch {
	case errors.Is(err, io.EOF) && b.left > 0:
		err = io.ErrUnexpectedEOF
	case errors.Is(err, io.EOF):
		err = nil // end says what follows
	}
	return n, err
}

// end checks what follows the last byte that the archive promises.
func (b *bounded) end() error {
	var one [1]byte
	if n, _ := b.r.Read(one[:]); n > 0 {
		return errors.New("there are more bytes than the archive says")
	}
	if b.summed && b.sum != b.want {
		return fmt.Errorf("the archive says that its checksum is %08x, it is %08x", b.want, b.sum)
	}
	return io.EOF
}

// file is an open member.
type file struct {
	name  string
	size  int64
	in    io.Reader
	close func() error // may be nil
}

func (f *file) Read(p []byte) (int, error) { return f.in.Read(p) }

func (f *file) Close() error {
	if f.close != nil {
		return f.close()
	}
	return nil
}

// Stat returns the member's name and size.
func (f *file) Stat() (fs.FileInfo, error) { return info{f.name, f.size}, nil }

// info is the fs.FileInfo of a member: a regular file that cannot be written, of
// no known time.
type info struct {
	name string
	size int64
}

func (i info) Name() string     { return i.name }
func (i info) Size() int64      { return i.size }
func (info) Mode() fs.FileMode  { return 0o444 }
func (info) ModTime() time.Time { return time.Time{} }
func (info) IsDir() bool        { return false }
func (info) Sys() any           { return nil }

// number reads little-endian fields one after another. Behind the end of its bytes
// it reads zeros and is short.
type number struct {
	b     []byte
	short bool
}

func (n *number) take(size int) []byte {
	if len(n.b) < size {
		n.short, n.b = true, nil
		return make([]byte, size)
	}
	out := n.b[:size]
	n.b = n.b[size:]
	return out
}

func (n *number) u16() uint16 { return binary.LittleEndian.Uint16(n.take(2)) }
func (n *number) u32() uint32 { return binary.LittleEndian.Uint32(n.take(4)) }
func (n *number) u64() uint64 { return binary.LittleEndian.Uint64(n.take(8)) }
