package layer

import (
	"hash/fnv"
	"io/fs"
	"runtime"
	"slices"
	"sync"
	"unsafe"

	"strata/engine/kernel"
)

// rows.go reads the rows of a layer from its files: one file or several, with rows contiguous or
// apart.

// Source is a file that holds rows of layers, mapped or read into memory.
type Source struct {
	Path string // for messages
	Data []byte
	Info fs.FileInfo // of the mapped file; nil for one in memory
}

// Segment holds rows of a layer in one file, at an equal distance.
type Segment struct {
	From        *Source
	first, Rows int    // rows of the layer
	Data        []byte // from the first element of its first row to the last of its last
	stride      int    // bytes from one row to the next
	apart       int    // stride in elements, if this processor can read them in place; otherwise 0
	dense       bool   // apart is not 0, and the rows are contiguous
}

// gatherBytes is the approximate number of bytes of rows that are copied together at a time. They
// fit the first-level caches, and are enough for a kernel call to pay.
const gatherBytes = 32 << 10

// anyAddress says that this processor reads an element at any address. On others, elements are
// copied to aligned memory.
const anyAddress = runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64"

// NewSegment returns the segment of rows that begin at byte offset of a file. The caller has
// checked that they lie within the file.
func NewSegment(from *Source, first, rows, offset, stride, size int, t DType) Segment {
	s := Segment{From: from, first: first, Rows: rows, stride: stride}
	s.Data = from.Data[offset : offset+(rows-1)*stride+size]
	aligned := uintptr(unsafe.Pointer(unsafe.SliceData(s.Data)))%uintptr(t.Size()) == 0
	if whole := stride%int(t.Size()) == 0 || rows == 1; whole && (anyAddress || aligned) {
		s.apart = stride / int(t.Size())
		s.dense = stride == size || rows == 1
	}
	return s
}

// Elements returns bytes as elements.
func Elements[T any](b []byte) []T {
	var v T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(v)))
}

// gatherings are buffers for gathered rows, aligned for every element type.
var gatherings = sync.Pool{New: func() any { return new([]uint64) }}

// borrowed returns a buffer of n bytes, and the value to return to gatherings.
func borrowed(n int) ([]byte, *[]uint64) {
	words := gatherings.Get().(*[]uint64)
	*words = Grown(*words, (n+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(*words))), n), words
}

// segment returns the index of the segment that holds a row.
func (l *Layer) segment(row int) int {
	if len(l.Segments) == 1 {
		return 0
	}
	i, found := slices.BinarySearchFunc(l.Segments, row, func(s Segment, row int) int { return s.first - row })
	if found {
		return i
	}
	return i - 1
}

// inPlace returns the elements of a row where they lie, or nil if they must be copied to be read.
func (l *Layer) inPlace(row int) []byte {
	size := l.Bytes()
	if l.Whole != nil {
		return l.Whole[row*size : (row+1)*size]
	}
	s := &l.Segments[l.segment(row)]
	if s.apart == 0 {
		return nil
	}
	at := (row - s.first) * s.stride
	return s.Data[at : at+size]
}

// Runs calls do with the rows lo to hi in order, run by run. row is the first row of a run, b the
// contiguous elements of its rows. b is valid until do returns.
func (l *Layer) Runs(lo, hi int, do func(row int, b []byte)) {
	size := l.Bytes()
	if l.Whole != nil {
		do(lo, l.Whole[lo*size:hi*size])
		return
	}
	l.strides(lo, hi, true, func(row, _ int, b []byte, _ int) { do(row, b) })
}

// strides is Runs for rows that may be apart: the n rows begin stride elements apart. If together,
// they are contiguous.
func (l *Layer) strides(lo, hi int, together bool, do func(row, n int, b []byte, stride int)) {
	size := l.Bytes()
	for i := l.segment(lo); lo < hi; i++ {
		s := &l.Segments[i]
		end := min(hi, s.first+s.Rows)
		if s.dense || s.apart > 0 && (!together || end-lo == 1) {
			at, last := (lo-s.first)*s.stride, (end-1-s.first)*s.stride
			do(lo, end-lo, s.Data[at:last+size], s.apart)
			lo = end
			continue
		}
		most := min(max(1, gatherBytes/size), end-lo)
		buffer, words := borrowed(most * size)
		for lo < end {
			n := min(most, end-lo)
			s.gather(buffer[:n*size], lo, size)
			do(lo, n, buffer[:n*size], l.Dim)
			lo += n
		}
		gatherings.Put(words)
	}
}

// gather copies rows of the layer from row lo on, size bytes each, into dst.
func (s *Segment) gather(dst []byte, lo, size int) {
	for at := (lo - s.first) * s.stride; len(dst) > 0; at += s.stride {
		copy(dst[:size], s.Data[at:])
		dst = dst[size:]
	}
}

// Together returns the elements of the rows lo to hi, contiguous: in place, or copied into words,
// which it grows.
func (l *Layer) Together(lo, hi int, words *[]uint64) []byte {
	size := l.Bytes()
	if l.Whole != nil {
		return l.Whole[lo*size : hi*size]
	}
	if s := &l.Segments[l.segment(lo)]; s.dense && hi <= s.first+s.Rows {
		return s.Data[(lo-s.first)*size : (hi-s.first)*size]
	}
	*words = Grown(*words, ((hi-lo)*size+7)/8)
	out := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(*words))), (hi-lo)*size)
	l.Runs(lo, hi, func(row int, b []byte) { copy(out[(row-lo)*size:], b) })
	return out
}

// span returns the bytes from to to of the layer's elements, as if all rows were contiguous. It may
// use buf, which has the same length.
func (l *Layer) span(buf []byte, from, to int) []byte {
	if l.Whole != nil {
		return l.Whole[from:to]
	}
	size := l.Bytes()
	lo := from / size
	l.Runs(lo, (to+size-1)/size, func(row int, b []byte) {
		skip := max(0, from-row*size)
		copy(buf[row*size+skip-from:], b[skip:])
	})
	return buf[:to-from]
}

// Size returns the number of bytes of all elements.
func (l *Layer) Size() int { return l.Rows * l.Bytes() }

// Modified returns the time of the layer's file, in nanoseconds. For several files it is a hash of
// their times; for files in memory it is 0.
func (l *Layer) Modified() int64 {
	if len(l.Segments) == 1 {
		return l.Segments[0].From.Modified()
	}
	h := fnv.New64a()
	for _, s := range l.Segments {
		t := uint64(s.From.Modified())
		h.Write(unsafe.Slice((*byte)(unsafe.Pointer(&t)), 8))
	}
	return int64(h.Sum64())
}

// Modified returns the time of the file, in nanoseconds; 0 for a file in memory.
func (s *Source) Modified() int64 {
	if s.Info == nil {
		return 0
	}
	return s.Info.ModTime().UnixNano()
}

// Widen sets dst to the elements in b, which are of type t.
func Widen(t DType, dst []float64, b []byte) {
	switch t {
	case Float32:
		kernel.WidenF32(dst, Elements[float32](b))
	case Float16:
		kernel.WidenF16(dst, Elements[uint16](b))
	case BFloat16:
		kernel.WidenBF16(dst, Elements[kernel.BFloat16](b))
	case Float64:
		kernel.WidenF64(dst, Elements[float64](b))
	case Int8:
		kernel.WidenI8(dst, Elements[int8](b))
	case Uint8:
		kernel.WidenU8(dst, b)
	case Int32:
		kernel.WidenI32(dst, Elements[int32](b))
	}
}

// ScanBytes sets dst to the canonical products of q with rows of type t, which begin stride
// elements apart.
func ScanBytes(t DType, dst, q []float64, b []byte, stride int) {
	switch t {
	case Float32:
		kernel.ScanApart(dst, q, Elements[float32](b), stride)
	case Float16:
		kernel.ScanApart(dst, q, Elements[uint16](b), stride)
	case BFloat16:
		kernel.ScanApart(dst, q, Elements[kernel.BFloat16](b), stride)
	case Float64:
		kernel.ScanApart(dst, q, Elements[float64](b), stride)
	case Int8:
		kernel.ScanApart(dst, q, Elements[int8](b), stride)
	case Uint8:
		kernel.ScanApart(dst, q, b, stride)
	case Int32:
		kernel.ScanApart(dst, q, Elements[int32](b), stride)
	}
}

// scanFourBytes sets dst to the canonical products of q with four rows.
func scanFourBytes(t DType, dst *[4]float64, q []float64, rows *[4][]byte) {
	switch t {
	case Float32:
		scanFour[float32](dst, q, rows)
	case Float16:
		scanFour[uint16](dst, q, rows)
	case BFloat16:
		scanFour[kernel.BFloat16](dst, q, rows)
	case Float64:
		scanFour[float64](dst, q, rows)
	case Int8:
		scanFour[int8](dst, q, rows)
	case Uint8:
		kernel.ScanFour(dst, q, rows)
	case Int32:
		scanFour[int32](dst, q, rows)
	}
}

func scanFour[T float32 | uint16 | kernel.BFloat16 | float64 | int8 | int32](dst *[4]float64, q []float64, rows *[4][]byte) {
	kernel.ScanFour(dst, q, &[4][]T{Elements[T](rows[0]), Elements[T](rows[1]), Elements[T](rows[2]), Elements[T](rows[3])})
}

// scanSquaresBytes is ScanBytes that also sets sq to the rows' products with
// themselves.
func scanSquaresBytes(t DType, dst, sq, q []float64, b []byte, stride int) {
	switch t {
	case Float32:
		kernel.ScanSquaresApart(dst, sq, q, Elements[float32](b), stride)
	case Float16:
		kernel.ScanSquaresApart(dst, sq, q, Elements[uint16](b), stride)
	case BFloat16:
		kernel.ScanSquaresApart(dst, sq, q, Elements[kernel.BFloat16](b), stride)
	case Float64:
		kernel.ScanSquaresApart(dst, sq, q, Elements[float64](b), stride)
	case Int8:
		kernel.ScanSquaresApart(dst, sq, q, Elements[int8](b), stride)
	case Uint8:
		kernel.ScanSquaresApart(dst, sq, q, b, stride)
	case Int32:
		kernel.ScanSquaresApart(dst, sq, q, Elements[int32](b), stride)
	}
}

// packer is the common interface of kernel.Queries and kernel.Rows.
type packer interface {
	PackF32(x []float32, dim int, scale []float64)
	PackF16(x []uint16, dim int, scale []float64)
	PackBF16(x []kernel.BFloat16, dim int, scale []float64)
	PackF64(x []float64, dim int, scale []float64)
	PackI8(x []int8, dim int, scale []float64)
	PackU8(x []uint8, dim int, scale []float64)
	PackI32(x []int32, dim int, scale []float64)
}

// Pack packs rows of type t.
func Pack(to packer, t DType, b []byte, dim int, scale []float64) {
	switch t {
	case Float32:
		to.PackF32(Elements[float32](b), dim, scale)
	case Float16:
		to.PackF16(Elements[uint16](b), dim, scale)
	case BFloat16:
		to.PackBF16(Elements[kernel.BFloat16](b), dim, scale)
	case Float64:
		to.PackF64(Elements[float64](b), dim, scale)
	case Int8:
		to.PackI8(Elements[int8](b), dim, scale)
	case Uint8:
		to.PackU8(b, dim, scale)
	case Int32:
		to.PackI32(Elements[int32](b), dim, scale)
	}
}

// Release releases the memory of the rows from to to, if they lie in mapped files.
func (l *Layer) Release(from, to int) {
	for i := l.segment(from); i < len(l.Segments) && l.Segments[i].first < to; i++ {
		s := &l.Segments[i]
		if s.From.Info == nil {
			continue
		}
		lo, hi := max(from, s.first)-s.first, min(to-s.first, s.Rows)
		release(s.Data[lo*s.stride : min(hi*s.stride, len(s.Data))])
	}
}
