package code

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"sync/atomic"
	"unsafe"

	"github.com/edsrzf/mmap-go"

	"strata/engine/fence"
	"strata/engine/layer"
	"strata/engine/seal"
)

// file.go reads the file of a layer's codes, NAME.codes in the gallery's
// derived folder. All numbers are little-endian, all sections begin at multiples
// of 64 bytes:
//
//	header   4,096 bytes: see codesHeader
//	μ, axes  dim float32 each
//	chunk    64 bytes: its checksum, the checksum of the matrix's rows, rows
//	         square  rows float64    canonical squared lengths
//	         mean    rows float32    μ·c
//	         axes    rows float32 each
//	         of the 8-bit codes, then of the 4-bit codes:
//	         scale   rows float32
//	         rest    rows float32    |r|
//	         norm    rows float32    |ĉ|
//	         codes   rows × stride bytes
//	chunk    …
//
// Every chunk but the last holds CodeChunk rows. A checksum is a CRC-32C of all
// that follows it in its section.

// The first bytes of a file of codes, and the sizes of its fixed parts in bytes.
const (
	codesMagic   = "strata codes\n"
	CodesVersion = 1        // version of the file's format
	CodesSuffix  = ".codes" // follows the layer's name in the file's
	HeaderBytes  = 4096     // size of the header
	ChunkHead    = 64       // bytes of a chunk before its columns
)

// Castagnoli is the table of the CRC-32C checksums in a file of codes.
var Castagnoli = crc32.MakeTable(crc32.Castagnoli)

// codesHeader is the head of a file of codes, as stored after the checksum.
type codesHeader struct {
	Magic    [16]byte
	Version  uint32
	Mean     uint32 // checksum of μ and the axes
	Type     uint32
	Axes     uint32
	Dim      uint64
	Rows     uint64
	Chunk    uint64
	Modified int64    // the matrix file's time, in nanoseconds
	Print    [32]byte // of the rows' matrix: see matrixFingerprint
}

// ErrStale says why a file of codes cannot be used.
type ErrStale struct{ Why string }

// Error returns the reason as a predicate of the file: "is cut short".
func (e ErrStale) Error() string { return e.Why }

// newHeader returns the header of the codes of the layer's first rows.
func newHeader(l *layer.Layer, rows int) codesHeader {
	h := codesHeader{
		Version: CodesVersion, Type: uint32(l.Type), Axes: uint32(AxesOf(l.Dim)), Dim: uint64(l.Dim), Rows: uint64(rows),
		Chunk: CodeChunk, Modified: l.Modified(), Print: matrixFingerprint(l, rows),
	}
	copy(h.Magic[:], codesMagic)
	return h
}

// encode returns the header's bytes.
func (h *codesHeader) encode() []byte {
	var b bytes.Buffer
	b.Write(make([]byte, 4))
	_ = binary.Write(&b, binary.LittleEndian, h) // a buffer accepts every write
	head := append(b.Bytes(), make([]byte, HeaderBytes-b.Len())...)
	binary.LittleEndian.PutUint32(head, crc32.Checksum(head[4:], Castagnoli))
	return head
}

// decodeHeader reads the header. It checks that the header is that of the layer, or of the layer's
// first rows.
func decodeHeader(l *layer.Layer, head []byte) (codesHeader, error) {
	var h codesHeader
	if len(head) < HeaderBytes {
		return h, ErrStale{"is cut short"}
	}
	if _, err := binary.Decode(head[4:HeaderBytes], binary.LittleEndian, &h); err != nil {
		return h, err
	}
	switch {
	case string(bytes.TrimRight(h.Magic[:], "\x00")) != codesMagic:
		return h, ErrStale{"holds no codes"}
	case h.Version != CodesVersion:
		return h, ErrStale{fmt.Sprintf("is of version %d, this is %d", h.Version, CodesVersion)}
	case binary.LittleEndian.Uint32(head) != crc32.Checksum(head[4:HeaderBytes], Castagnoli):
		return h, ErrStale{"has a damaged header"}
	case h.Type != uint32(l.Type) || h.Axes != uint32(AxesOf(l.Dim)) || h.Dim != uint64(l.Dim) || h.Chunk != CodeChunk || h.Rows == 0 || h.Rows > uint64(l.Rows):
		return h, ErrStale{"is of another matrix"}
	case h.Print != matrixFingerprint(l, int(h.Rows)):
		return h, ErrStale{"is of another matrix, or the matrix has changed"}
	}
	return h, nil
}

// matrixFingerprint returns the hash of the type and shape of the layer's first rows, and of the
// blocks of them that a gallery's fingerprint reads.
func matrixFingerprint(l *layer.Layer, rows int) (sum [32]byte) {
	h := sha256.New()
	h.Write(fmt.Appendf(nil, "matrix %s %d %d\n", l.Type, rows, l.Dim))
	_ = l.Sample(context.Background(), h, rows*l.Bytes()) // the context is never cancelled
	h.Sum(sum[:0])
	return sum
}

// align rounds up to a multiple of codeAlign.
func align(n int64) int64 { return (n + codeAlign - 1) &^ (codeAlign - 1) }

// MeanBytes returns the size of μ and the axes.
func MeanBytes(dim int) int64 { return 4 * int64(dim) * int64(1+AxesOf(dim)) }

// chunkBytes returns the size of a chunk.
func chunkBytes(rows, dim int) int64 {
	n := int64(rows)
	return ChunkHead + align(8*n) + int64(7+AxesOf(dim))*align(4*n) + n*int64(Stride(dim)+CoarseStride(dim))
}

// ChunkAt returns the byte at which chunk i begins.
func ChunkAt(i, dim int) int64 {
	return HeaderBytes + align(MeanBytes(dim)) + int64(i)*chunkBytes(CodeChunk, dim)
}

// CodesBytes returns the size of a file of codes.
func CodesBytes(rows, dim int) int64 {
	full, rest := rows/CodeChunk, rows%CodeChunk
	size := ChunkAt(full, dim)
	if rest > 0 {
		size += chunkBytes(rest, dim)
	}
	return size
}

// chunkRows returns the number of rows of chunk i, of rows in all.
func chunkRows(i, rows int) int { return min(CodeChunk, rows-i*CodeChunk) }

// ChunkView returns the parts of a chunk, which share memory with b.
func ChunkView(b []byte, rows, dim int) codeRows {
	b = b[ChunkHead:]
	take := func(n int) []byte {
		part := b[:n]
		b = b[align(int64(n)):]
		return part
	}
	floats := func() []float32 {
		return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(take(4*rows)))), rows)
	}
	columns := func(stride int) codeColumns {
		return codeColumns{Scale: floats(), Rest: floats(), Norm: floats(), Bytes: take(rows * stride)}
	}
	square := unsafe.Slice((*float64)(unsafe.Pointer(unsafe.SliceData(take(8*rows)))), rows)
	k := codeRows{Square: square, Mean: floats()}
	for range AxesOf(dim) {
		k.Axes = append(k.Axes, floats())
	}
	k.Fine, k.Coarse = columns(Stride(dim)), columns(CoarseStride(dim))
	return k
}

// SealChunk sets the head of a chunk with complete parts. source is the checksum of the matrix's
// rows.
func SealChunk(b []byte, rows int, source uint32) {
	clear(b[:ChunkHead])
	binary.LittleEndian.PutUint32(b[4:], source)
	binary.LittleEndian.PutUint64(b[8:], uint64(rows))
	binary.LittleEndian.PutUint32(b, crc32.Checksum(b[4:], Castagnoli))
}

// soundChunk reports whether a chunk has the right checksum and number of rows.
func soundChunk(b []byte, rows int) bool {
	return binary.LittleEndian.Uint64(b[8:]) == uint64(rows) &&
		binary.LittleEndian.Uint32(b) == crc32.Checksum(b[4:], Castagnoli)
}

// sourceSum returns the checksum of the matrix's rows in chunk i.
func sourceSum(l *layer.Layer, i, rows int) uint32 {
	sum := uint32(0)
	l.Runs(i*CodeChunk, i*CodeChunk+rows, func(_ int, b []byte) { sum = crc32.Update(sum, Castagnoli, b) })
	return sum
}

// OpenCodes maps a file of codes and checks it. If written, the file was just written, and only its
// head is checked. The codes may cover fewer rows than the layer has. An ErrStale says that the
// file cannot be used, an fs.ErrNotExist that there is none.
func OpenCodes(ctx context.Context, l *layer.Layer, dir fence.Folder, written bool) (_ *Codes, err error) {
	f, err := dir.Open(CodesName(l))
	if why := fence.Why(err); why != "" {
		return nil, ErrStale{"is not opened: " + why}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < HeaderBytes {
		return nil, ErrStale{"is cut short"}
	}
	file, err := mmap.Map(f, mmap.RDONLY, 0)
	if err != nil {
		return nil, err
	}
	c := &Codes{Layer: l, Path: dir.File(CodesName(l)), File: file}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	err = layer.Guard(func() error { return c.read(ctx, written) })
	if errors.As(err, new(*layer.FaultError)) {
		err = ErrStale{"is cut short while it is read"}
	}
	if err != nil {
		return nil, err // the deferred call unmaps
	}
	return c, nil
}

// read checks the mapped file (see OpenCodes), and finds its parts.
func (c *Codes) read(ctx context.Context, written bool) error {
	l := c.Layer
	h, err := decodeHeader(l, c.File)
	if err != nil {
		return err
	}
	rows := int(h.Rows)
	if size := CodesBytes(rows, l.Dim); int64(len(c.File)) != size {
		return ErrStale{fmt.Sprintf("has %d bytes, not %d", len(c.File), size)}
	}
	mean := c.File[HeaderBytes : HeaderBytes+MeanBytes(l.Dim)]
	if crc32.Checksum(mean, Castagnoli) != h.Mean {
		return ErrStale{"has a damaged mean"}
	}
	values := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(mean))), len(mean)/4)
	if !(skew(values[l.Dim:], l.Dim) <= axesError) {
		return ErrStale{"has axes that stand at no right angles"}
	}
	c.Coder = newCoder(values[:l.Dim], values[l.Dim:])
	if !written {
		if !seal.Believed(seal.SealedCodes, c.Seal(rows)) {
			return ErrStale{seal.ErrForeign}
		}
		if err := c.Check(ctx, rows, h.Modified == l.Modified()); err != nil {
			return err
		}
	}
	for i := range (rows + CodeChunk - 1) / CodeChunk {
		n := chunkRows(i, rows)
		c.Chunks = append(c.Chunks, ChunkView(c.chunk(i, n), n, l.Dim))
	}
	c.Rows = rows
	c.spans()
	return nil
}

// Seal returns the bytes that a seal of the codes covers: the header, with the checksum of the
// mean, and the heads of all chunks, with their checksums.
func (c *Codes) Seal(rows int) []byte {
	b, err := sealed(bytes.NewReader(c.File), rows, c.Layer.Dim)
	if err != nil {
		return nil // of which there is no seal
	}
	return b
}

// sealed reads the bytes that a seal of codes covers, of so many rows, from their file.
func sealed(file io.ReaderAt, rows, dim int) ([]byte, error) {
	n := (rows + CodeChunk - 1) / CodeChunk
	b := make([]byte, HeaderBytes+n*ChunkHead)
	_, err := file.ReadAt(b[:HeaderBytes], 0)
	for i := 0; i < n && err == nil; i++ {
		_, err = file.ReadAt(b[HeaderBytes+i*ChunkHead:][:ChunkHead], ChunkAt(i, dim))
	}
	return b, err
}

// chunk returns the bytes of chunk i.
func (c *Codes) chunk(i, rows int) []byte {
	from := ChunkAt(i, c.Layer.Dim)
	return c.File[from : from+chunkBytes(rows, c.Layer.Dim)]
}

// Check reads all chunks. Unless sameTime, it also reads all rows of the matrix: the matrix's file
// has another time than when it was coded.
func (c *Codes) Check(ctx context.Context, rows int, sameTime bool) error {
	n := (rows + CodeChunk - 1) / CodeChunk
	var stale atomic.Pointer[ErrStale]
	err := layer.Parallel(ctx, n, 1, func(i, _ int) {
		rows := chunkRows(i, rows)
		b := c.chunk(i, rows)
		switch {
		case stale.Load() != nil:
		case !soundChunk(b, rows):
			stale.Store(&ErrStale{fmt.Sprintf("is damaged in chunk %d of %d", i+1, n)})
		case !sameTime && sourceSum(c.Layer, i, rows) != binary.LittleEndian.Uint32(b[4:]):
			stale.Store(&ErrStale{fmt.Sprintf("is of other rows in chunk %d of %d: the matrix has changed", i+1, n)})
		}
	})
	if err == nil && stale.Load() != nil {
		err = *stale.Load()
	}
	return err
}

// CodesName returns the name of a layer's codes in the folder of Derived.
func CodesName(l *layer.Layer) string { return l.Name + CodesSuffix }

// noCodes reports whether an error says that a file of codes does not exist or cannot be used.
func noCodes(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.As(err, new(ErrStale))
}
