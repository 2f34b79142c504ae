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
	"unsafe"

	"github.com/edsrzf/mmap-go"

	"strata/engine/fence"
	"strata/engine/layer"
)

// file.go reads the file of a layer's codes, NAME.codes in the gallery's
// derived folder. All numbers are little-endian, all sections begin at multiples
// of 64 bytes:
//
//	header   4,096 bytes: see codesHeader
//	μ, axes  dim float32 each
//	chunk    64 bytes: its checksum, the checksum of the matrix's rows, rows, the
//	         checksums of the chunk's parts: of the numbers, the 4-bit and the 8-bit codes
//	         square  rows float64    canonical squared lengths
//	         mean    rows float32    μ·c
//	         axes    rows float32 each
//	         of the 8-bit codes, then of the 4-bit codes:
//	         scale   rows float32
//	         rest    rows float32    |r|
//	         norm    rows float32    |ĉ|
//	         4-bit codes  rows × stride bytes
//	         8-bit codes  rows × stride bytes
//	chunk    …
//
// Every chunk but the last holds CodeChunk rows. A checksum is a CRC-32C. That of the header and
// that of a chunk are of the rest of the header and of these 64 bytes. So a search that reads the
// 4-bit codes can check them, and need not read the 8-bit codes.

// The first bytes of a file of codes, and the sizes of its fixed parts in bytes.
const (
	codesMagic   = "strata codes\n"
	CodesVersion = 2        // version of the file's format
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
	Quick    [32]byte // the same of fewer blocks
}

// ErrStale says why a file of codes cannot be used.
type ErrStale struct{ Why string }

// Error returns the reason as a predicate of the file: "is cut short".
func (e ErrStale) Error() string { return e.Why }

// newHeader returns the header of the codes of the layer's first rows.
func newHeader(ctx context.Context, l *layer.Layer, rows int) (codesHeader, error) {
	h := codesHeader{
		Version: CodesVersion, Type: uint32(l.Type), Axes: uint32(AxesOf(l.Dim)), Dim: uint64(l.Dim), Rows: uint64(rows),
		Chunk: CodeChunk, Modified: l.Modified(),
	}
	copy(h.Magic[:], codesMagic)
	var err, quick error
	h.Print, err = matrixFingerprint(ctx, l, rows, 1)
	h.Quick, quick = matrixFingerprint(ctx, l, rows, quickShare)
	return h, errors.Join(err, quick)
}

// decodeHeader reads the header. It checks that the header is that of the layer, or of the layer's
// first rows, by the quick fingerprint of the matrix.
func decodeHeader(ctx context.Context, l *layer.Layer, head []byte) (codesHeader, error) {
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
	}
	quick, err := matrixFingerprint(ctx, l, int(h.Rows), quickShare)
	if err == nil && h.Quick != quick {
		err = errOtherMatrix
	}
	return h, err
}

// errOtherMatrix says that a fingerprint of the matrix is another.
var errOtherMatrix = ErrStale{"is of another matrix, or the matrix has changed"}

// quickShare is the share of the blocks that the quick fingerprint reads.
const quickShare = 16

// matrixFingerprint returns the hash of the type and shape of the layer's first rows, and of the
// checksums of each share-th of the blocks of them that a gallery's fingerprint reads.
func matrixFingerprint(ctx context.Context, l *layer.Layer, rows, share int) ([32]byte, error) {
	sums, err := l.SampleSums(ctx, rows*l.Bytes(), share)
	text := fmt.Appendf(nil, "matrix %s %d %d\n", l.Type, rows, l.Dim)
	for _, sum := range sums {
		text = binary.LittleEndian.AppendUint32(text, sum)
	}
	return sha256.Sum256(text), err
}

// align rounds up to a multiple of codeAlign.
func align(n int64) int64 { return (n + codeAlign - 1) &^ (codeAlign - 1) }

// MeanBytes returns the size of μ and the axes.
func MeanBytes(dim int) int64 { return 4 * int64(dim) * int64(1+AxesOf(dim)) }

// numberBytes returns the size of the first part of a chunk: the numbers of its rows.
func numberBytes(rows, dim int) int64 {
	n := int64(rows)
	return align(8*n) + int64(7+AxesOf(dim))*align(4*n)
}

// chunkBytes returns the size of a chunk.
func chunkBytes(rows, dim int) int64 {
	return ChunkHead + numberBytes(rows, dim) + int64(rows)*int64(Stride(dim)+CoarseStride(dim))
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
	columns := func() codeColumns { return codeColumns{Scale: floats(), Rest: floats(), Norm: floats()} }
	square := unsafe.Slice((*float64)(unsafe.Pointer(unsafe.SliceData(take(8*rows)))), rows)
	k := codeRows{Square: square, Mean: floats()}
	for range AxesOf(dim) {
		k.Axes = append(k.Axes, floats())
	}
	k.Fine, k.Coarse = columns(), columns()
	k.Coarse.Bytes, k.Fine.Bytes = take(rows*CoarseStride(dim)), take(rows*Stride(dim))
	return k
}

// sourceSum returns the checksum of the matrix's rows in chunk i.
func sourceSum(l *layer.Layer, i, rows int) uint32 {
	sum := uint32(0)
	l.Runs(i*CodeChunk, i*CodeChunk+rows, func(_ int, b []byte) { sum = crc32.Update(sum, Castagnoli, b) })
	return sum
}

// OpenCodes maps a file of codes and checks all of it. If written, the file was just written, and
// only its head is checked. The codes may cover fewer rows than the layer has. An ErrStale says that
// the file cannot be used, an fs.ErrNotExist that there is none.
func OpenCodes(ctx context.Context, l *layer.Layer, dir fence.Folder, written bool) (*Codes, error) {
	c, err := mapCodes(ctx, l, dir, written)
	if err != nil || written {
		return c, err
	}
	if err := c.Complete(ctx, 0); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// OpenEarly is OpenCodes that leaves the codes themselves unchecked: Scan checks those that it reads
// first, and Complete the others.
func OpenEarly(ctx context.Context, l *layer.Layer, dir fence.Folder) (*Codes, error) {
	return mapCodes(ctx, l, dir, false)
}

// mapCodes is OpenCodes that leaves the codes themselves unchecked, unless they were just written.
func mapCodes(ctx context.Context, l *layer.Layer, dir fence.Folder, written bool) (_ *Codes, err error) {
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

// read checks the head of the mapped file and the numbers of all rows (see OpenCodes), and finds its
// parts.
func (c *Codes) read(ctx context.Context, written bool) error {
	l := c.Layer
	h, err := decodeHeader(ctx, l, c.File)
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
	c.Rows, c.print = rows, h.Print
	if err := c.readHeads(written); err != nil {
		return err
	}
	for i := range c.heads {
		n := chunkRows(i, rows)
		c.Chunks = append(c.Chunks, ChunkView(c.chunk(i, n), n, l.Dim))
	}
	if err := c.readNumbers(ctx, written); err != nil || written || h.Modified == l.Modified() {
		return err
	}
	return c.eachChunk(ctx, 0, c.ofOtherRows)
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

// CodesName returns the name of a layer's codes in the folder of Derived.
func CodesName(l *layer.Layer) string { return l.Name + CodesSuffix }

// noCodes reports whether an error says that a file of codes does not exist or cannot be used.
func noCodes(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.As(err, new(ErrStale))
}
