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
