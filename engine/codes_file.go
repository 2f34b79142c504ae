package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"sync/atomic"
	"unsafe"

	"github.com/edsrzf/mmap-go"

	"strata/engine/fence"
)

// codes_file.go reads the file of a layer's codes, NAME.codes in the gallery's
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
// Every chunk but the last holds codeChunk rows. A checksum is a CRC-32C of all
// that follows it in its section.

const (
	codesMagic   = "strata codes\n"
	codesVersion = 1
	codesSuffix  = ".codes"
	headerBytes  = 4096
	chunkHead    = 64
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// codesHeader is the head of a file of codes, as it lies there after the checksum.
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
	Print    [32]byte // of the rows' matrix: see matrixPrint
}

// errStale says that a file of codes is of no use. The cases differ in what is said.
type errStale struct{ why string }

func (e errStale) Error() string { return e.why }

// newHeader returns the header of the codes of the layer's first rows.
func newHeader(l *Layer, rows int) codesHeader {
	h := codesHeader{
		Version: codesVersion, Type: uint32(l.Type), Axes: uint32(axesOf(l.Dim)), Dim: uint64(l.Dim), Rows: uint64(rows),
		Chunk: codeChunk, Modified: l.modified(), Print: matrixPrint(l, rows),
	}
	copy(h.Magic[:], codesMagic)
	return h
}

// encode returns the header's bytes.
func (h *codesHeader) encode() []byte {
	var b bytes.Buffer
	b.Write(make([]byte, 4))
	_ = binary.Write(&b, binary.LittleEndian, h) // a buffer takes all
	head := append(b.Bytes(), make([]byte, headerBytes-b.Len())...)
	binary.LittleEndian.PutUint32(head, crc32.Checksum(head[4:], castagnoli))
	return head
}

// decodeHeader reads the header and checks that it is of the layer, or of its
// first rows.
func decodeHeader(l *Layer, head []byte) (codesHeader, error) {
	var h codesHeader
	if len(head) < headerBytes {
		return h, errStale{"is cut short"}
	}
	if _, err := binary.Decode(head[4:headerBytes], binary.LittleEndian, &h); err != nil {
		return h, err
	}
	switch {
	case string(bytes.TrimRight(h.Magic[:], "\x00")) != codesMagic:
		return h, errStale{"holds no codes"}
	case h.Version != codesVersion:
		return h, errStale{fmt.Sprintf("is of version %d, this is %d", h.Version, codesVersion)}
	case binary.LittleEndian.Uint32(head) != crc32.Checksum(head[4:headerBytes], castagnoli):
		return h, errStale{"has a damaged header"}
	case h.Type != uint32(l.Type) || h.Axes != uint32(axesOf(l.Dim)) || h.Dim != uint64(l.Dim) || h.Chunk != codeChunk || h.Rows == 0 || h.Rows > uint64(l.Rows):
		return h, errStale{"is of another matrix"}
	case h.Print != matrixPrint(l, int(h.Rows)):
		return h, errStale{"is of another matrix, or the matrix has changed"}
	}
	return h, nil
}

// matrixPrint returns the hash of the type and shape of the layer's first rows, and
// of the blocks that a gallery's fingerprint would read of them.
func matrixPrint(l *Layer, rows int) (sum [32]byte) {
	h := sha256.New()
	h.Write(fmt.Appendf(nil, "matrix %s %d %d\n", l.Type, rows, l.Dim))
	_ = l.sample(context.Background(), h, rows*l.bytes()) // which is not cancelled
	h.Sum(sum[:0])
	return sum
}

// align rounds up to a multiple of codeAlign.
func align(n int64) int64 { return (n + codeAlign - 1) &^ (codeAlign - 1) }

// meanBytes returns the size of μ and the axes.
func meanBytes(dim int) int64 { return 4 * int64(dim) * int64(1+axesOf(dim)) }

// chunkBytes returns the size of a chunk.
func chunkBytes(rows, dim int) int64 {
	n := int64(rows)
	return chunkHead + align(8*n) + int64(7+axesOf(dim))*align(4*n) + n*int64(codeStride(dim)+coarseStride(dim))
}

// chunkAt returns where a chunk begins.
func chunkAt(i, dim int) int64 {
	return headerBytes + align(meanBytes(dim)) + int64(i)*chunkBytes(codeChunk, dim)
}

// codesBytes returns the size of a file of codes.
func codesBytes(rows, dim int) int64 {
	full, rest := rows/codeChunk, rows%codeChunk
	size := chunkAt(full, dim)
	if rest > 0 {
		size += chunkBytes(rest, dim)
	}
	return size
}

// chunkRows returns the rows of chunk i of so many rows.
func chunkRows(i, rows int) int { return min(codeChunk, rows-i*codeChunk) }

// chunkView returns the parts of a chunk's bytes.
func chunkView(b []byte, rows, dim int) codeRows {
	b = b[chunkHead:]
	take := func(n int) []byte {
		part := b[:n]
		b = b[align(int64(n)):]
		return part
	}
	floats := func() []float32 {
		return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(take(4*rows)))), rows)
	}
	columns := func(stride int) codeColumns {
		return codeColumns{scale: floats(), rest: floats(), norm: floats(), bytes: take(rows * stride)}
	}
	square := unsafe.Slice((*float64)(unsafe.Pointer(unsafe.SliceData(take(8*rows)))), rows)
	k := codeRows{square: square, mean: floats()}
	for range axesOf(dim) {
		k.axes = append(k.axes, floats())
	}
	k.fine, k.coarse = columns(codeStride(dim)), columns(coarseStride(dim))
	return k
}

// sealChunk sets the head of a chunk whose parts are set; source is the checksum
// of the matrix's rows.
func sealChunk(b []byte, rows int, source uint32) {
	clear(b[:chunkHead])
	binary.LittleEndian.PutUint32(b[4:], source)
	binary.LittleEndian.PutUint64(b[8:], uint64(rows))
	binary.LittleEndian.PutUint32(b, crc32.Checksum(b[4:], castagnoli))
}

// soundChunk reports whether a chunk is what was written, and holds so many rows.
func soundChunk(b []byte, rows int) bool {
	return binary.LittleEndian.Uint64(b[8:]) == uint64(rows) &&
		binary.LittleEndian.Uint32(b) == crc32.Checksum(b[4:], castagnoli)
}

// sourceSum returns the checksum of the rows of the matrix that chunk i codes.
func sourceSum(l *Layer, i, rows int) uint32 {
	sum := uint32(0)
	l.runs(i*codeChunk, i*codeChunk+rows, func(_ int, b []byte) { sum = crc32.Update(sum, castagnoli, b) })
	return sum
}

// openCodes maps a file of codes and checks all of it, or only its head if it was
// just written. The codes may be of fewer rows than the layer has. An errStale says that the file is of no use, an
// fs.ErrNotExist that there is none.
func openCodes(ctx context.Context, l *Layer, dir fence.Folder, written bool) (_ *codes, err error) {
	f, err := dir.Open(codesName(l))
	if why := fence.Why(err); why != "" {
		return nil, errStale{"is not opened: " + why}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < headerBytes {
		return nil, errStale{"is cut short"}
	}
	file, err := mmap.Map(f, mmap.RDONLY, 0)
	if err != nil {
		return nil, err
	}
	c := &codes{layer: l, path: dir.File(codesName(l)), file: file}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	err = guard(func() error { return c.read(ctx, written) })
	if errors.As(err, new(*faultError)) {
		err = errStale{"is cut short while it is read"}
	}
	if err != nil {
		return nil, err // the deferred call unmaps
	}
	return c, nil
}

// read checks the mapped file, see openCodes, and finds its parts.
func (c *codes) read(ctx context.Context, written bool) error {
	l := c.layer
	h, err := decodeHeader(l, c.file)
	if err != nil {
		return err
	}
	rows := int(h.Rows)
	if size := codesBytes(rows, l.Dim); int64(len(c.file)) != size {
		return errStale{fmt.Sprintf("has %d bytes, not %d", len(c.file), size)}
	}
	mean := c.file[headerBytes : headerBytes+meanBytes(l.Dim)]
	if crc32.Checksum(mean, castagnoli) != h.Mean {
		return errStale{"has a damaged mean"}
	}
	values := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(mean))), len(mean)/4)
	if !(skew(values[l.Dim:], l.Dim) <= axesError) {
		return errStale{"has axes that stand at no right angles"}
	}
	c.coder = newCoder(values[:l.Dim], values[l.Dim:])
	if !written {
		if !believed(sealedCodes, c.seal(rows)) {
			return errStale{errForeign}
		}
		if err := c.check(ctx, rows, h.Modified == l.modified()); err != nil {
			return err
		}
	}
	for i := range (rows + codeChunk - 1) / codeChunk {
		n := chunkRows(i, rows)
		c.chunks = append(c.chunks, chunkView(c.chunk(i, n), n, l.Dim))
	}
	c.rows = rows
	c.spans()
	return nil
}

// seal returns what the seal of codes is of: the header, with the checksum of the mean,
// and the heads of all chunks, with theirs.
func (c *codes) seal(rows int) []byte {
	b := append([]byte(nil), c.file[:headerBytes]...)
	for i := range (rows + codeChunk - 1) / codeChunk {
		b = append(b, c.chunk(i, chunkRows(i, rows))[:chunkHead]...)
	}
	return b
}

// chunk returns the bytes of chunk i.
func (c *codes) chunk(i, rows int) []byte {
	from := chunkAt(i, c.layer.Dim)
	return c.file[from : from+chunkBytes(rows, c.layer.Dim)]
}

// check reads all chunks and, where the matrix's file has another time than when
// it was coded, all of its rows.
func (c *codes) check(ctx context.Context, rows int, sameTime bool) error {
	n := (rows + codeChunk - 1) / codeChunk
	var stale atomic.Pointer[errStale]
	err := parallel(ctx, n, 1, func(i, _ int) {
		rows := chunkRows(i, rows)
		b := c.chunk(i, rows)
		switch {
		case stale.Load() != nil:
		case !soundChunk(b, rows):
			stale.Store(&errStale{fmt.Sprintf("is damaged in chunk %d of %d", i+1, n)})
		case !sameTime && sourceSum(c.layer, i, rows) != binary.LittleEndian.Uint32(b[4:]):
			stale.Store(&errStale{fmt.Sprintf("is of other rows in chunk %d of %d: the matrix has changed", i+1, n)})
		}
	})
	if err == nil && stale.Load() != nil {
		err = *stale.Load()
	}
	return err
}

// codesName returns the name of a layer's codes in the folder of Derived.
func codesName(l *Layer) string { return l.Name + codesSuffix }

// noCodes reports whether an error says that a file of codes is not there, or of
// no use.
func noCodes(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.As(err, new(errStale))
}
