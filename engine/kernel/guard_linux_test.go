package kernel_test

import (
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"strata/engine/kernel"
)

// fenced returns two copies of x: one that begins right after a page that cannot be read, one that ends right before
// such a page. A kernel that reads outside crashes the test.
func fenced[T any](t *testing.T, x []T) [2][]T {
	t.Helper()
	page := os.Getpagesize()
	bytes := asBytes(x)
	inside := (len(bytes) + page - 1) / page * page
	memory, err := unix.Mmap(-1, 0, page+inside+page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Munmap(memory); err != nil {
			t.Error(err)
		}
	})
	for _, fence := range [][]byte{memory[:page], memory[page+inside:]} {
		if err := unix.Mprotect(fence, unix.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	var copies [2][]T
	for i, at := range []int{page, page + inside - len(bytes)} {
		copies[i] = unsafe.Slice((*T)(unsafe.Pointer(&memory[at])), len(x))
	}
	copy(copies[0], x)
	return copies
}

// TestNothingReadOutsideBytes runs every kernel on bytes and codes between pages that cannot be read.
func TestNothingReadOutsideBytes(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		for rows := range 12 {
			for dim := 1; dim < 200; dim++ {
				x, q := make([]uint8, rows*dim), fenced(t, make([]float64, dim))
				products, squares := fenced(t, make([]float64, rows)), fenced(t, make([]float64, rows))
				u8, i8, b16 := fenced(t, x), fenced(t, make([]int8, len(x))), fenced(t, make([]kernel.BFloat16, len(x)))
				for side := range 2 {
					kernel.ScanU8(products[side], q[side], u8[side])
					kernel.ScanI8(products[side], q[side], i8[side])
					kernel.ScanBF16(products[side], q[side], b16[side])
					kernel.ScanSquaresU8(products[side], squares[side], q[side], u8[side])
					kernel.ScanSquaresI8(products[side], squares[side], q[side], i8[side])
					kernel.ScanSquaresBF16(products[side], squares[side], q[side], b16[side])
					if gap := 3; rows > 1 { // fewer rows, which end where these do
						rows := (len(x) + gap) / (dim + gap)
						from := len(x) - (rows*(dim+gap) - gap)
						kernel.ScanApart(products[side][:rows], q[side], u8[side][from:], dim+gap)
						kernel.ScanSquaresApart(products[side][:rows], squares[side][:rows], q[side], b16[side][from:], dim+gap)
					}
				}
				if dim > 20 && rows > 2 {
					dim += 10
				}
			}
		}
		for _, stride := range []int{64, 320, 768} {
			for _, n := range []int{1, 3, 4, 7, 64, 131} {
				rows, queries := fenced(t, make([]uint8, n*stride)), fenced(t, make([]int8, 13*stride))
				dst, tile := fenced(t, make([]int32, n)), fenced(t, make([]int32, 13*n))
				for side := range 2 {
					kernel.DotBytes(dst[side], rows[side], stride, queries[side][:stride])
					kernel.DotBytes(dst[side], rows[side], stride, queries[side][12*stride:])
					kernel.DotNibbles(dst[side], rows[side], stride, queries[side][:2*stride])
					kernel.DotNibbles(dst[side], rows[side], stride, queries[side][11*stride:])
					kernel.TileBytes(tile[side], n, queries[side], rows[side], stride)
				}
			}
		}
		for dim := 1; dim <= 2048; dim += 1 + dim/9 {
			dots := fenced(t, make([]int32, dim))
			y, x, mean := fenced(t, make([]float32, dim)), fenced(t, make([]uint16, dim)), fenced(t, make([]float32, dim))
			whole := dim &^ 127
			code, blocks := fenced(t, make([]uint8, dim)), fenced(t, make([]float32, whole))
			nibbles := fenced(t, make([]uint8, whole/2))
			for side := range 2 {
				kernel.CentreF16(y[side], x[side], 1, mean[side], mean[side])
				kernel.CentreF32(y[side], y[side], 1, mean[side], mean[side])
				kernel.MaxAbs(y[side])
				kernel.Affine(y[side], dots[side], mean[side], mean[side], 1, 1)
				kernel.Quantize(code[side], y[side], 1)
				kernel.QuantizeNibbles(nibbles[side], blocks[side], 1)
				block, end := max(1, whole&-whole), []int{whole, dim}[side]
				mean, f32, f16 := mean[side][end-whole:end], y[side][end-whole:end], x[side][end-whole:end]
				kernel.Hadamard(blocks[side], block)
				kernel.CentreF32(blocks[side], f32, 1, mean, mean)
				kernel.CentreF16(blocks[side], f16, 1, mean, mean)
			}
		}
	})
}

// TestNothingReadOutside runs every kernel on memory between pages that cannot be read.
func TestNothingReadOutside(t *testing.T) {
	const rows = 7
	values := make([]float32, rows*2048)
	for i := range values {
		values[i] = float32(i%13 - 6)
	}
	halves := make([]uint16, len(values))
	for i, v := range values {
		halves[i] = kernel.ToHalf(v)
	}
	f32, f16, f64 := fenced(t, values), fenced(t, halves), fenced(t, widened(values))
	dst, sq := fenced(t, make([]float64, len(values))), fenced(t, make([]float64, rows))
	out := fenced(t, make([]float32, len(values)))
	scale := fill(rows, []float64{0.5})
	for side, cut := range []func(n, size int) (from, to int){
		func(n, _ int) (int, int) { return 0, n },
		func(n, size int) (int, int) { return size - n, size },
	} {
		for _, dim := range lengths() {
			for r := range rows + 1 {
				qFrom, qTo := cut(dim, len(values))
				from, to := cut(r*dim, len(values))
				rFrom, rTo := cut(r, rows)
				copy(f32[side][from:to], values)
				copy(f16[side][from:to], halves)
				copy(f64[side][qFrom:qTo], widened(values[:dim]))
				q, x32, x16 := f64[side][qFrom:qTo], f32[side][from:to], f16[side][from:to]
				dFrom, dTo := cut(r, len(values))
				products, squares := dst[side][dFrom:dTo], sq[side][rFrom:rTo]

				kernel.ScanF32(products, q, x32)
				kernel.ScanF16(products, q, x16)
				kernel.ScanSquaresF32(products, squares, q, x32)
				kernel.ScanSquaresF16(products, squares, q, x16)
				kernel.WidenF32(dst[side][from:to], x32)
				kernel.WidenF16(dst[side][from:to], x16)
				kernel.MulSet(out[side][from:to], x32, 2)
				kernel.MulAdd(out[side][from:to], x32, 2)
				kernel.Above(nil, x32, 7)
				for _, streams := range []int{1, 4} {
					kernel.ReadSum(asBytes(x16), streams)
				}
				if r == 0 || dim == 0 {
					continue
				}
				var left kernel.Queries
				var right kernel.Rows
				left.PackF16(x16, dim, scale[:r])
				right.PackF16(x16, dim, scale[:r])
				left.PackF32(x32, dim, scale[:r])
				right.PackF32(x32, dim, scale[:r])
				from, to = cut(r*r, len(values))
				kernel.Tile(out[side][from:to], r, &left, &right)
			}
		}
	}
}
