// Package archive reads single files from archives without unpacking them: members of tar and zip
// archives, and the cells of a column of bytes of a Parquet file.
//
//	x, err := archive.Read(ctx, "shard-000.tar", f, size)
//	m, ok := x.Find("0001.jpg")
//	in, err := x.Open(f, m)
//
// An Index holds the place of each member in an archive. It holds no open file: the caller of Open
// supplies the archive, so thousands of archives need no descriptors. An Index and a Column may be
// used concurrently.
//
// Archives are not trusted. Memory is never allocated only because a header asks for it. A member
// lies within its archive, and yields no more bytes than its header states. The Index also has the
// members that cannot be opened, with the reason: links, devices, and names that lead out of the
// folder. Errors do not name the archive; the caller adds the name.
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

// The limits of an archive. A member takes about a hundred bytes of memory, and its name.
const (
	MaxMembers = 1 << 24
	maxName    = 4096 // bytes of a member's name
)

// The compression methods of members, by the numbers of zip.
const (
	stored   = 0
	deflated = 8
)

// Member is a file in an archive.
type Member struct {
	Name string // without ./ before it
	Size int64  // bytes, uncompressed
	Why  string // why it cannot be opened; "" if it can

	offset int64 // in a tar: of its bytes; in a zip: of its local header
	packed int64 // bytes in the archive
	sum    uint32
	method uint16
}

// Index holds the places of an archive's members.
type Index struct {
	Members []Member // by name, without repetition: of equal names the last, as with unpacking
	Damage  string   // what is wrong behind the last member; "" if nothing is

	zip bool
}

// kinds are the extensions of archives that can be read.
var kinds = []string{".tar", ".zip"}

// packedKinds are the extensions of archives that cannot be read: there is no access to the middle
// of a compressed stream.
var packedKinds = []string{".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2", ".7z", ".rar"}

// Known reports whether a file of this name is an archive that can be read.
func Known(name string) bool { return ends(name, kinds) }

// Packed returns an error with advice if a file of this name is an archive that cannot be read.
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

// Read reads the index of an archive. The extension of its name tells zip from tar.
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

// add adds a member of an archive of size bytes.
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

// sort sorts the members by name, and keeps the last of equal names.
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

// Open opens a member of the archive that r reads. Reading fails if the content does not match the
// archive's directory. The error does not name the member.
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

// OpenBytes returns a file with the given content.
func OpenBytes(name string, b []byte) fs.File {
	return &file{name: name, size: int64(len(b)), in: strings.NewReader(string(b))}
}

// bounded reads exactly left bytes. It fails if there are fewer or more.
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

// end checks that nothing follows the last byte, and the checksum.
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

// info is the fs.FileInfo of a member: a regular read-only file without a time.
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

// number reads little-endian fields one after another. After the end of its bytes it reads zeros
// and sets short.
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
