package format

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"
)

// readNpz reads the archives of numpy.savez and savez_compressed: a zip file of
// .npy members, each an array named by the member. One that is stored lies in the
// file as it is; one that is deflated is a Stream, which unpacks no more than the
// member's header promises. A member that is no matrix, or in Fortran order, has a
// Why, and so has one of another kind of file. The names of members are those of arrays
// and no paths: numpy.savez takes any.
func readNpz(ctx context.Context, f File, size int64) ([]Array, error) {
	if err := checkDirectory(f, size); err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(&bounded{f, maxHeader}, size)
	if errors.Is(err, errDirectory) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("zip: %w", err)
	}
	seen := map[string]bool{}
	var arrays []Array
	if len(archive.File) > maxArrays {
		return nil, fmt.Errorf("%d members are more than the %d allowed", len(archive.File), maxArrays)
	}
	for _, m := range archive.File {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if strings.HasSuffix(m.Name, "/") {
			continue // a folder, which other writers than NumPy add
		}
		if seen[m.Name] {
			return nil, place(m.Name, errors.New("it stands twice in the archive"))
		}
		seen[m.Name] = true
		a, err := member(f, size, m)
		if why := notMatrix(err); why != "" {
			a, err = tokensOf(err, m), nil
			a.Why = why
		}
		if err != nil {
			return nil, place(m.Name, err)
		}
		a.Name = strings.TrimSuffix(m.Name, ".npy")
		arrays = append(arrays, a)
	}
	return arrays, nil
}

// notMatrix returns why an array of an archive is left out, or "".
func notMatrix(err error) string {
	var not *NotMatrixError
	var fortran *FortranError
	if errors.As(err, &not) || errors.As(err, &fortran) {
		return err.Error()
	}
	return ""
}

// tokensOf returns the vectors of a stored member that is no matrix, if it has some.
func tokensOf(err error, m *zip.File) Array {
	var not *NotMatrixError
	if !errors.As(err, &not) || m.Method != zip.Store || not.Array.Tokens == 0 {
		return Array{}
	}
	offset, err := m.DataOffset()
	if err != nil {
		return Array{}
	}
	a := not.Array
	a.Offset += offset
	return a
}

// maxDeflate is how many bytes a deflated one can make: 258 in 2 bits.
const maxDeflate = 1032

// member reads the header of a member. The archive has size bytes.
func member(f File, size int64, m *zip.File) (Array, error) {
	const encrypted = 1 // of the flags, APPNOTE.TXT 4.4.4
	packed, unpacked := int64(m.CompressedSize64), int64(m.UncompressedSize64)
	switch {
	case strings.ContainsRune(m.Name, 0) || m.Name == ".npy":
		return Array{}, errors.New("its name is none of an array")
	case !strings.HasSuffix(m.Name, ".npy"):
		return Array{}, &NotMatrixError{Why: "a member that is no .npy file holds no array"}
	case m.Flags&encrypted != 0:
		return Array{}, errors.New("it is encrypted")
	case m.Method != zip.Store && m.Method != zip.Deflate:
		return Array{}, fmt.Errorf("its compression, method %d, is neither deflate nor none", m.Method)
	case packed < 0 || unpacked < 0 || packed > size:
		return Array{}, fmt.Errorf("%d bytes, packed %d, do not fit in the file's %d", m.UncompressedSize64, m.CompressedSize64, size)
	case m.Method == zip.Deflate && unpacked/maxDeflate > packed:
		return Array{}, fmt.Errorf("%d bytes cannot be packed in %d: deflate shrinks to 1/%d at most", unpacked, packed, maxDeflate)
	case m.Method == zip.Store && packed != unpacked:
		return Array{}, fmt.Errorf("it is not compressed, but %d bytes take %d", unpacked, packed)
	}
	offset, err := m.DataOffset()
	if err != nil {
		return Array{}, fmt.Errorf("zip: %w", err)
	}
	if offset < 0 || offset > size-packed {
		return Array{}, fmt.Errorf("%d bytes from byte %d do not fit in the file's %d: it is truncated", packed, offset, size)
	}
	raw := io.NewSectionReader(f, offset, packed)
	if m.Method == zip.Store {
		a, err := ReadNpy(raw, packed)
		a.Offset += offset
		return a, err
	}
	unpack := flate.NewReader(raw)
	defer func() { _ = unpack.Close() }()
	a, err := ReadNpyHeader(unpack, unpacked)
	if err != nil {
		return a, err
	}
	head := a.Offset
	a.Offset, a.Stride = 0, 0
	a.Stream = func(ctx context.Context) (io.ReadCloser, error) {
		return newInflated(ctx, io.NewSectionReader(f, offset, packed), head, a.Bytes(), m.CRC32)
	}
	return a, nil
}

// inflated reads the data of a deflated member: exactly left bytes. The checksum of header and data
// must be that of the directory.
type inflated struct {
	ctx    context.Context
	unpack io.ReadCloser
	left   int64
	sum    hash.Hash32
	want   uint32
}

func newInflated(ctx context.Context, raw io.Reader, head, bytes int64, want uint32) (io.ReadCloser, error) {
	r := &inflated{ctx: ctx, unpack: flate.NewReader(raw), left: bytes, sum: crc32.NewIEEE(), want: want}
	if _, err := io.CopyN(r.sum, r.unpack, head); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *inflated) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if r.left == 0 {
		return 0, r.end()
	}
	n, err := r.unpack.Read(p[:min(int64(len(p)), r.left)])
	_, _ = r.sum.Write(p[:n])
	r.left -= int64(n)
	if errors.Is(err, io.EOF) && r.left > 0 {
		return n, fmt.Errorf("unpacked, it ends %d bytes before the end of its matrix", r.left)
	}
	if errors.Is(err, io.EOF) {
		err = nil // end tells
	}
	return n, err
}

// end returns io.EOF if the member ends with its matrix and has the right checksum.
func (r *inflated) end() error {
	var more [1]byte
	switch n, err := io.ReadFull(r.unpack, more[:]); {
	case n > 0:
		return errors.New("unpacked, it is longer than its matrix")
	case !errors.Is(err, io.EOF):
		return err
	case r.sum.Sum32() != r.want:
		return fmt.Errorf("unpacked, its checksum is %08x, and %08x is recorded: it is damaged", r.sum.Sum32(), r.want)
	}
	return io.EOF
}

func (r *inflated) Close() error { return r.unpack.Close() }

// bounded is a file from which at most left bytes are read.
type bounded struct {
	f    File
	left int64
}

var errDirectory = fmt.Errorf("its directory is larger than the %d bytes allowed", maxHeader)

func (b *bounded) ReadAt(p []byte, off int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errDirectory
	}
	return b.f.ReadAt(p, off)
}

// checkDirectory checks the number of members in a zip file's directory, for which archive/zip
// allocates memory: APPNOTE.TXT 4.3.14 to 4.3.16. Only a zip64 file can state too many. A directory
// that it does not find, archive/zip does not find either.
func checkDirectory(f File, size int64) error {
	const endSize, locatorSize, end64Size, maxComment = 22, 20, 56, 1<<16 - 1
	tail := make([]byte, min(size, locatorSize+endSize+maxComment))
	if err := readFull(f, tail, size-int64(len(tail))); err != nil {
		return err
	}
	at := len(tail) - endSize
	for at >= 0 && (!bytes.HasPrefix(tail[at:], []byte("PK\x05\x06")) || at+endSize+int(binary.LittleEndian.Uint16(tail[at+20:])) > len(tail)) {
		at--
	}
	if at < 0 {
		return errors.New("not an .npz file, or it is truncated: it has no zip directory")
	}
	if at < locatorSize || !bytes.HasPrefix(tail[at-locatorSize:], []byte("PK\x06\x07")) {
		return nil
	}
	end := int64(binary.LittleEndian.Uint64(tail[at-locatorSize+8:]))
	if end < 0 || end > size-end64Size {
		return fmt.Errorf("its zip64 directory at byte %d does not lie in the file", end)
	}
	var b [end64Size]byte
	if err := readFull(f, b[:], end); err != nil {
		return err
	}
	if members := binary.LittleEndian.Uint64(b[32:]); members > maxArrays {
		return fmt.Errorf("its directory promises %d members, and %d are allowed", members, maxArrays)
	}
	return nil
}
