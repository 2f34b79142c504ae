package kernel_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"strata/engine/kernel"
)

// canonical is the canonical product as the package comment defines it.
func canonical(a, b []float64) float64 {
	var s [8]float64
	for i := range a {
		s[i%8] += float64(a[i] * b[i])
	}
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

// scan calls the scan for T; with sq not nil, the one with squares.
func scan[T element](dst, sq, q []float64, x []T) {
	switch x := any(x).(type) {
	case []float32:
		call(dst, sq, q, x, kernel.ScanF32, kernel.ScanSquaresF32)
	case []uint16:
		call(dst, sq, q, x, kernel.ScanF16, kernel.ScanSquaresF16)
	case []kernel.BFloat16:
		call(dst, sq, q, x, kernel.ScanBF16, kernel.ScanSquaresBF16)
	case []int8:
		call(dst, sq, q, x, kernel.ScanI8, kernel.ScanSquaresI8)
	case []uint8:
		call(dst, sq, q, x, kernel.ScanU8, kernel.ScanSquaresU8)
	case []float64:
		call(dst, sq, q, x, kernel.ScanF64, kernel.ScanSquaresF64)
	case []int32:
		call(dst, sq, q, x, kernel.ScanI32, kernel.ScanSquaresI32)
	}
}

func call[T element](dst, sq, q []float64, x []T, plain func(dst, q []float64, x []T), squares func(dst, sq, q []float64, x []T)) {
	if sq == nil {
		plain(dst, q, x)
	} else {
		squares(dst, sq, q, x)
	}
}

// checkScans runs both scans of one type over rows with guards around what they write, and compares every bit.
func checkScans[T element](t *testing.T, rows int, q []float64, x []T, offset int) {
	t.Helper()
	dim := len(q)
	plain, plainIntact := guarded[float64](rows, offset)
	product, productIntact := guarded[float64](rows, offset)
	square, squareIntact := guarded[float64](rows, offset)
	scan(plain, nil, q, x)
	scan(product, square, q, x)
	for r := range rows {
		row := widened(x[r*dim : (r+1)*dim])
		if want := canonical(q, row); !same(plain[r], want) || !same(product[r], want) {
			t.Fatalf("%d rows of %T at %d, dim %d: row %d: product %v and, with squares, %v, want %v",
				rows, x, offset, dim, r, plain[r], product[r], want)
		}
		if want := canonical(row, row); !same(square[r], want) {
			t.Fatalf("%d rows of %T at %d, dim %d: row %d: square %v, want %v", rows, x, offset, dim, r, square[r], want)
		}
	}
	if !plainIntact() || !productIntact() || !squareIntact() {
		t.Fatalf("%d rows of %T at %d, dim %d: wrote outside dst or sq", rows, x, offset, dim)
	}
	if rows < 4 || dim == 0 {
		return
	}
	for first := range rows - 3 { // four rows in any order
		var four [4]float64
		at := [4]int{first + 2, first, first + 3, 0}
		kernel.ScanFour(&four, q, &[4][]T{x[at[0]*dim:][:dim], x[at[1]*dim:][:dim], x[at[2]*dim:][:dim], x[:dim]})
		for i, r := range at {
			if !same(four[i], plain[r]) {
				t.Fatalf("four of %d rows of %T at %d, dim %d: row %d: product %v, want %v", rows, x, offset, dim, r, four[i], plain[r])
			}
		}
	}
}

func TestScan(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		t.Run("F32", testScan[float32])
		t.Run("F16", testScan[uint16])
		t.Run("BF16", testScan[kernel.BFloat16])
		t.Run("I8", testScan[int8])
		t.Run("U8", testScan[uint8])
	})
	t.Run("F64", testScan[float64])
	t.Run("I32", testScan[int32])
}

// TestScanUnaligned scans rows that begin at any byte, as they may in a file.
func TestScanUnaligned(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		t.Run("F32", testUnaligned[float32])
		t.Run("F16", testUnaligned[uint16])
		t.Run("BF16", testUnaligned[kernel.BFloat16])
	})
	t.Run("F64", testUnaligned[float64])
	t.Run("I32", testUnaligned[int32])
}

func testUnaligned[T element](t *testing.T) {
	const rows = 9
	random := rand.New(rand.NewPCG(11, 5))
	for _, dim := range []int{1, 7, 8, 31, 64, 301} {
		x := randomRows[T](random, rows*dim)
		size := len(x) * int(unsafe.Sizeof(x[0]))
		memory := make([]byte, size+16)
		for shift := range 16 {
			at := unsafe.Pointer(&memory[shift])
			copy(unsafe.Slice((*byte)(at), size), unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), size))
			moved := unsafe.Slice((*T)(at), len(x))
			checkScans(t, rows, widened(randomF32(random, dim)), moved, shift)
			checkTile(t, moved, moved, dim, shift)
			dst := make([]float64, len(x))
			widen(dst, moved)
			if !slices.Equal(dst, widened(x)) {
				t.Fatalf("%d values of %T at %d widen to others", len(x), x, shift)
			}
		}
	}
}

func testScan[T element](t *testing.T) {
	const most = 11 // rows: two of each of four streams and three more
	random := rand.New(rand.NewPCG(11, 1))
	for _, dim := range lengths() {
		q := widened(randomF32(random, dim+offsets))
		x := randomRows[T](random, most*dim+offsets)
		for offset := range offsets {
			rows := offset % (most + 1)
			q := q[offset:][:dim]
			checkScans(t, rows, q, x[offset:][:rows*dim], offset)
			if offset%4 == 0 {
				checkScans(t, most, q, x[offset:][:most*dim], offset)
			}
		}
	}
}

// TestScanApart scans rows with gaps between them, which hold what must not be read.
func TestScanApart(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		t.Run("F32", testApart[float32])
		t.Run("F16", testApart[uint16])
		t.Run("BF16", testApart[kernel.BFloat16])
		t.Run("I8", testApart[int8])
		t.Run("U8", testApart[uint8])
	})
	t.Run("F64", testApart[float64])
	t.Run("I32", testApart[int32])
}

func testApart[T element](t *testing.T) {
	random := rand.New(rand.NewPCG(11, 6))
	for _, dim := range []int{1, 3, 7, 8, 9, 24, 63, 64, 129, 300} {
		q := widened(randomF32(random, dim))
		for rows := range 14 {
			for _, gap := range []int{0, 1, 4, 70} {
				x := randomRows[T](random, max(0, rows*(dim+gap)-gap))
				var dense []T
				for r := range rows {
					dense = append(dense, x[r*(dim+gap):][:dim]...)
				}
				want, wantSquares := make([]float64, rows), make([]float64, rows)
				scan(want, wantSquares, q, dense)
				plain, intact := guarded[float64](rows, gap)
				dst, sq := make([]float64, rows), make([]float64, rows)
				kernel.ScanApart(plain, q, x, dim+gap)
				kernel.ScanSquaresApart(dst, sq, q, x, dim+gap)
				if !slices.EqualFunc(plain, want, same) || !slices.EqualFunc(dst, want, same) || !slices.EqualFunc(sq, wantSquares, same) || !intact() {
					t.Fatalf("%d rows of %d, %d apart: %v, and with squares %v, %v, want %v, %v", rows, dim, dim+gap, plain, dst, sq, want, wantSquares)
				}
			}
		}
	}
}

func TestScanApartShapes(t *testing.T) {
	for _, c := range []struct {
		rows, dim, stride, x int
		fits                 bool
	}{
		{0, 5, 5, 0, true},
		{3, 5, 7, 19, true},
		{1, 5, 99, 5, true},
		{3, 5, 7, 21, false},
		{3, 5, 7, 18, false},
		{2, 5, 7, 19, false},
		{3, 5, 4, 13, false},
		{3, 0, 4, 8, false},
		{0, 5, 7, 5, false},
		{3, 5, -7, 5, false},
	} {
		dst, q, x := make([]float64, c.rows), make([]float64, c.dim), make([]uint8, c.x)
		for what, got := range map[string]any{
			"plain":   panics(func() { kernel.ScanApart(dst, q, x, c.stride) }),
			"squares": panics(func() { kernel.ScanSquaresApart(dst, dst, q, x, c.stride) }),
		} {
			if (got == nil) != c.fits || got != nil && got != "kernel: scan: rows do not fill x" {
				t.Errorf("%+v: %s: panic %v", c, what, got)
			}
		}
	}
	if got := panics(func() {
		kernel.ScanSquaresApart(make([]float64, 2), make([]float64, 1), make([]float64, 1), make([]int8, 3), 2)
	}); got != "kernel: scan: squares and products differ in length" {
		t.Errorf("panic %v", got)
	}
}

// TestScanParts takes more rows than one call of the assembly does.
func TestScanParts(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(11, 4))
		const dim, rows = 2049, 1311
		q := widened(randomF32(random, dim))
		checkScans(t, rows, q, randomRows[uint8](random, rows*dim), 0)
		checkScans(t, rows/8, q, randomRows[float32](random, rows/8*dim), 0)
	})
}

// TestScanSpecial puts special values at every place of rows with and without a tail.
func TestScanSpecial(t *testing.T) {
	halves := []uint16{
		0x0000, 0x8000, 0x0001, 0x83ff, 0x0400, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00, 0xfd01, // zeros to NaNs
	}
	singles := []float32{
		0, float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, -0x1p-127, 0x1p-126, math.MaxFloat32,
		-math.MaxFloat32, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
	}
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(11, 2))
		for _, dim := range []int{1, 7, 8, 13, 16, 31} {
			for at := range dim {
				for i, v := range singles {
					q, x := widened(randomF32(random, dim)), randomF32(random, 5*dim)
					x[(i%5)*dim+at] = v
					checkScans(t, 5, q, x, 0)
					q[at] = float64(singles[(i+at)%len(singles)])
					checkScans(t, 5, q, x, 0)
				}
				for i, v := range singles {
					q, x := widened(randomF32(random, dim)), randomRows[kernel.BFloat16](random, 5*dim)
					x[(i%5)*dim+at] = kernel.BFloat16(math.Float32bits(v) >> 16)
					checkScans(t, 5, q, x, 0)
				}
				for i, v := range halves {
					q, x := widened(randomF32(random, dim)), randomF16(random, 5*dim)
					x[(i%5)*dim+at] = v
					checkScans(t, 5, q, x, 0)
					q[at] = float64(kernel.Half(halves[(i+at)%len(halves)]))
					checkScans(t, 5, q, x, 0)
				}
			}
		}
	})
}

// TestScanExact compares with arithmetic without rounding. Lanes of n/8 additions, and three more to sum them, err by
// less than n·2^-53 of the products' absolute sum.
func TestScanExact(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(11, 3))
		for _, dim := range []int{8, 131, 768, 2048} {
			q, x := randomF32(random, dim), randomF32(random, dim)
			exact, size := new(big.Float).SetPrec(600), 0.0
			for i := range q {
				p := float64(q[i]) * float64(x[i])
				exact.Add(exact, big.NewFloat(p))
				size += math.Abs(p)
			}
			var dst [1]float64
			kernel.ScanF32(dst[:], widened(q), x)
			diff, _ := exact.Sub(exact, big.NewFloat(dst[0])).Float64()
			if bound := float64(dim) * 0x1p-53 * size; math.Abs(diff) > bound {
				t.Errorf("dim %d: product %v is off by %g, more than %g", dim, dst[0], diff, bound)
			}
		}
	})
}

func TestScanShapes(t *testing.T) {
	const rows, squares = "kernel: scan: rows do not fill x", "kernel: scan: squares and products differ in length"
	tests := []struct {
		name               string
		dst, sq, q, x      int
		plain, withSquares any
	}{
		{"nothing", 0, 0, 0, 0, nil, nil},
		{"no rows", 0, 0, 5, 0, nil, nil},
		{"no values", 5, 5, 0, 0, nil, nil},
		{"exact", 3, 3, 5, 15, nil, nil},
		{"short last row", 3, 3, 5, 14, rows, rows},
		{"a row too many", 3, 3, 5, 20, rows, rows},
		{"values without rows", 0, 0, 5, 5, rows, rows},
		{"values without dimension", 5, 5, 0, 5, rows, rows},
		{"squares short", 3, 2, 5, 15, nil, squares},
		{"squares long", 3, 4, 5, 15, nil, squares},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dst, sq, q := make([]float64, test.dst), make([]float64, test.sq), make([]float64, test.q)
			for i := range dst {
				dst[i] = 1
			}
			for _, c := range []struct {
				name string
				got  any
				want any
			}{
				{"ScanF32", panics(func() { kernel.ScanF32(dst, q, make([]float32, test.x)) }), test.plain},
				{"ScanF16", panics(func() { kernel.ScanF16(dst, q, make([]uint16, test.x)) }), test.plain},
				{"ScanBF16", panics(func() { kernel.ScanBF16(dst, q, make([]kernel.BFloat16, test.x)) }), test.plain},
				{"ScanI8", panics(func() { kernel.ScanI8(dst, q, make([]int8, test.x)) }), test.plain},
				{"ScanU8", panics(func() { kernel.ScanU8(dst, q, make([]uint8, test.x)) }), test.plain},
				{"ScanF64", panics(func() { kernel.ScanF64(dst, q, make([]float64, test.x)) }), test.plain},
				{"ScanI32", panics(func() { kernel.ScanI32(dst, q, make([]int32, test.x)) }), test.plain},
				{"ScanSquaresF64", panics(func() { kernel.ScanSquaresF64(dst, sq, q, make([]float64, test.x)) }), test.withSquares},
				{"ScanSquaresI32", panics(func() { kernel.ScanSquaresI32(dst, sq, q, make([]int32, test.x)) }), test.withSquares},
				{"ScanSquaresBF16", panics(func() { kernel.ScanSquaresBF16(dst, sq, q, make([]kernel.BFloat16, test.x)) }), test.withSquares},
				{"ScanSquaresI8", panics(func() { kernel.ScanSquaresI8(dst, sq, q, make([]int8, test.x)) }), test.withSquares},
				{"ScanSquaresU8", panics(func() { kernel.ScanSquaresU8(dst, sq, q, make([]uint8, test.x)) }), test.withSquares},
				{"ScanSquaresF32", panics(func() { kernel.ScanSquaresF32(dst, sq, q, make([]float32, test.x)) }), test.withSquares},
				{"ScanSquaresF16", panics(func() { kernel.ScanSquaresF16(dst, sq, q, make([]uint16, test.x)) }), test.withSquares},
			} {
				if c.got != c.want {
					t.Errorf("%s: panic %v, want %v", c.name, c.got, c.want)
				}
			}
			if test.plain == nil && slices.ContainsFunc(dst, func(v float64) bool { return v != 0 }) {
				t.Errorf("products of zeros are %v", dst)
			}
		})
	}
}

func TestScanAllocates(t *testing.T) {
	q, dst, sq := make([]float64, 100), make([]float64, 9), make([]float64, 9)
	x32, x16, x8 := make([]float32, 900), make([]uint16, 900), make([]uint8, 900)
	eachKernel(t, func(t *testing.T) {
		if n := testing.AllocsPerRun(10, func() {
			kernel.ScanF32(dst, q, x32)
			kernel.ScanSquaresF16(dst, sq, q, x16)
			kernel.ScanU8(dst, q, x8)
		}); n != 0 {
			t.Errorf("%v allocations a scan, want none", n)
		}
	})
}

// FuzzScan compares the kinds of assembly and the reference: the bytes are first the values of q, then rows.
func FuzzScan(f *testing.F) {
	f.Add([]byte("a query of some values and rows of as many, in either type"), uint8(5), false)
	f.Add([]byte("\x00\x7c\x01\x00\xff\x83\x00\x7e\x00\x80\xff\x7b\x01\xfc\x00\x3c\x00\x00\x80\x7f"), uint8(1), true)
	f.Add(make([]byte, 400), uint8(9), true)
	f.Fuzz(func(t *testing.T, data []byte, dim uint8, half bool) {
		if half {
			x := make([]uint16, len(data)/2)
			for i := range x {
				x[i] = binary.LittleEndian.Uint16(data[2*i:])
			}
			compareScans(t, x, int(dim))
			return
		}
		x := make([]float32, len(data)/4)
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		compareScans(t, x, int(dim))
	})
}

// compareScans takes q and then rows from values, and compares what all kernels make of them.
func compareScans[T element](t *testing.T, values []T, dim int) {
	if dim == 0 || len(values) < dim {
		return
	}
	q, rows := widened(values[:dim]), len(values)/dim-1
	x := values[dim:][:rows*dim]
	results := func() [3][]float64 {
		r := [3][]float64{make([]float64, rows), make([]float64, rows), make([]float64, rows)}
		scan(r[0], nil, q, x)
		scan(r[1], r[2], q, x)
		return r
	}
	kernel.Force(t, paths()[0])
	got := results()
	for _, path := range paths()[1:] {
		kernel.Force(t, path)
		if want := results(); !slices.EqualFunc(got[:], want[:], func(a, b []float64) bool {
			return slices.EqualFunc(a, b, same)
		}) {
			t.Errorf("dim %d: %v, %s %v of %v", dim, got, path, want, fmt.Sprint(values))
		}
	}
}
