package kernel_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"strata/engine/kernel"
)

// strides are the strides of code rows that tests try: the first ones, and those of real layers.
func strides() []int {
	return []int{64, 128, 192, 256, 320, 512, 768, 1280, 2048, 3072}
}

// randomBytes returns n codes, with extremes among them.
func randomBytes(random *rand.Rand, n int) []uint8 {
	x := make([]uint8, n)
	extremes := []uint8{0, 1, 127, 128, 255}
	for i := range x {
		x[i] = uint8(random.Uint32())
		if random.IntN(4) == 0 {
			x[i] = extremes[random.IntN(len(extremes))]
		}
	}
	return x
}

// randomCodes returns n signed values, the first used of them random, the others zero.
func randomCodes(random *rand.Rand, n, used int) []int8 {
	q := make([]int8, n)
	for i := range used {
		q[i] = int8(int(random.Uint32N(256)) - 128)
	}
	return q
}

// slightCodes returns n normally distributed values that are slight.
func slightCodes(random *rand.Rand, n int) []int8 {
	x := randomF32(random, n)
	q, scale := make([]int8, n), 1.01*kernel.SlightScale(x)
	for i, v := range x {
		q[i] = int8(v / scale)
	}
	return q
}

// bytesProduct is the product of 8-bit codes by its definition.
func bytesProduct(row []uint8, q []int8) int32 {
	var s int64
	for i, u := range row {
		s += (int64(u) - 128) * int64(q[i])
	}
	return int32(s)
}

// nibblesProduct is the product of 4-bit codes by the definition of their place: value i lies in byte i mod 64 of its block
// of 128 values, in the low half if it is one of the first 64.
func nibblesProduct(row []uint8, q []int8) int32 {
	var s int64
	for i, v := range q {
		u := row[i/128*64+i%64] >> (i % 128 / 64 * 4) & 15
		s += (int64(u) - 8) * int64(v)
	}
	return int32(s)
}

func TestDotBytes(t *testing.T) {
	checkDots(t, kernel.DotBytes, bytesProduct, 1)
}

func TestDotNibbles(t *testing.T) {
	checkDots(t, kernel.DotNibbles, nibblesProduct, 2)
}

// checkDots compares a product of code rows, with values values a byte, with its definition.
func checkDots(t *testing.T, dot func([]int32, []uint8, int, []int8), want func([]uint8, []int8) int32, values int) {
	const most = 19 // rows
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(21, 1))
		for _, stride := range strides() {
			rows := randomBytes(random, most*stride+offsets)
			for offset := range offsets {
				q := append(make([]int8, offset), randomCodes(random, values*stride, values*stride)...)[offset:]
				n := (offset + stride/64) % (most + 1)
				x := rows[offset:][:n*stride]
				dst, intact := guarded[int32](n, offset)
				dot(dst, x, stride, q)
				for r, got := range dst {
					if want := want(x[r*stride:][:stride], q); got != want {
						t.Fatalf("%d rows of %d bytes at %d: row %d: %d, want %d", n, stride, offset, r, got, want)
					}
				}
				if !intact() {
					t.Fatalf("%d rows of %d bytes at %d: wrote outside dst", n, stride, offset)
				}
			}
		}
	})
}

// TestDotPadding takes every dimension up to 130 with a query padded to the stride and rows that hold anything there.
func TestDotPadding(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(21, 2))
		for dim := range 131 {
			stride := max(64, (dim+63)/64*64)
			rows := randomBytes(random, 5*stride)
			dst := make([]int32, 5)
			q := randomCodes(random, stride, dim)
			kernel.DotBytes(dst, rows, stride, q)
			for r, got := range dst {
				if want := bytesProduct(rows[r*stride:][:dim], q); got != want {
					t.Fatalf("dim %d: row %d: %d, want %d", dim, r, got, want)
				}
			}
			q = randomCodes(random, 2*stride, dim)
			kernel.DotNibbles(dst, rows, stride, q)
			for r, got := range dst {
				if want := nibblesProduct(rows[r*stride:][:stride], q[:dim]); got != want {
					t.Fatalf("nibbles, dim %d: row %d: %d, want %d", dim, r, got, want)
				}
			}
		}
	})
}

// TestDotExtremes takes the greatest sums there are, of which a saturating instruction would lose some.
func TestDotExtremes(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		for _, stride := range []int{64, 2048, kernel.MaxCodeStride} {
			for _, u := range []uint8{0, 1, 127, 128, 255} {
				for _, v := range []int8{-128, -127, 0, 127} {
					const n = 5
					rows, q, dst := fill(n*stride, []uint8{u}), fill(2*stride, []int8{v}), make([]int32, n)
					kernel.DotBytes(dst, rows, stride, q[:stride])
					if want := int32((int(u) - 128) * int(v) * stride); !slices.Equal(dst, fill(n, []int32{want})) {
						t.Errorf("%d times %d · %d: %d, want %d", stride, int(u)-128, v, dst, want)
					}
					kernel.DotNibbles(dst, rows, stride, q)
					if want := int32((int(u&15) + int(u>>4) - 16) * int(v) * stride); !slices.Equal(dst, fill(n, []int32{want})) {
						t.Errorf("nibbles: %d times %#x · %d: %d, want %d", stride, u, v, dst, want)
					}
				}
			}
			if stride == 2048 {
				continue
			}
			checkTileBytes(t, fill(5*stride, []int8{-128}), fill(9*stride, []uint8{0, 255}), stride, 9, 0)
		}
	})
}

// checkTileBytes multiplies with guards around dst and between its rows.
func checkTileBytes(t *testing.T, queries []int8, rows []uint8, stride, ld, offset int) {
	t.Helper()
	nq, nx := len(queries)/stride, len(rows)/stride
	dst, intact := guarded[int32](max(0, (nq-1)*ld+nx), offset)
	for i := range dst {
		dst[i] = -77
	}
	kernel.TileBytes(dst, ld, queries, rows, stride)
	shape := fmt.Sprintf("%d×%d of %d bytes at %d", nq, nx, stride, offset)
	for at, got := range dst {
		i, j, want := at/ld, at%ld, int32(-77)
		if j < nx {
			want = bytesProduct(rows[j*stride:][:stride], queries[i*stride:][:stride])
		}
		if got != want {
			t.Fatalf("%s: product %d, %d is %d, want %d", shape, i, j, got, want)
		}
	}
	if !intact() {
		t.Fatalf("%s: wrote outside dst", shape)
	}
}

func TestTileBytes(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(21, 3))
		for _, stride := range strides() {
			const queries, rows = 18, 101
			q := randomCodes(random, queries*stride+offsets, queries*stride+offsets)
			x := randomBytes(random, rows*stride+offsets)
			for offset := range offsets {
				nq, nx := 1+(offset*5+stride/64)%queries, 1+(offset*13+stride/64)%rows
				checkTileBytes(t, q[offset:][:nq*stride], x[offset:][:nx*stride], stride, nx+offset%3, offset)
			}
		}
	})
}

// TestTileBytesCorners takes every number of queries and rows up to two blocks of registers and one more.
func TestTileBytesCorners(t *testing.T) {
	const stride = 320
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(21, 4))
		q, x := randomCodes(random, 17*stride, 17*stride), randomBytes(random, 100*stride)
		for nq := range 18 {
			for nx := range 101 {
				if nx > 20 && nx%16 > 1 && nx%16 < 15 {
					continue
				}
				checkTileBytes(t, q[:nq*stride], x[:nx*stride], stride, max(nx, 1), 0)
			}
		}
	})
}

func TestCodeShapes(t *testing.T) {
	const stride, query, fill = "kernel: codes: stride", "kernel: codes: query and stride differ", "kernel: codes: rows do not fill dst"
	const whole, short = "kernel: codes: not whole rows", "kernel: codes: dst too short"
	dot := func(n, rows, stride, query int) func() {
		return func() { kernel.DotBytes(make([]int32, n), make([]uint8, rows), stride, make([]int8, query)) }
	}
	nibbles := func(n, rows, stride, query int) func() {
		return func() { kernel.DotNibbles(make([]int32, n), make([]uint8, rows), stride, make([]int8, query)) }
	}
	tile := func(n, ld, queries, rows, stride int) func() {
		return func() {
			kernel.TileBytes(make([]int32, n), ld, make([]int8, queries), make([]uint8, rows), stride)
		}
	}
	tests := []struct {
		name string
		do   func()
		want any
	}{
		{"exact", dot(3, 192, 64, 64), nil},
		{"no rows", dot(0, 0, 64, 64), nil},
		{"no stride", dot(0, 0, 0, 0), stride},
		{"negative stride", dot(0, 0, -64, 0), stride},
		{"odd stride", dot(3, 3*65, 65, 65), stride},
		{"great stride", dot(0, 0, kernel.MaxCodeStride+64, kernel.MaxCodeStride+64), stride},
		{"query short", dot(3, 192, 64, 63), query},
		{"rows short", dot(3, 191, 64, 64), fill},
		{"a row too many", dot(3, 256, 64, 64), fill},
		{"nibbles", nibbles(3, 192, 64, 128), nil},
		{"nibbles, query short", nibbles(3, 192, 64, 64), query},
		{"nibbles, a row too few", nibbles(3, 128, 64, 128), fill},
		{"tile", tile(2*10+5, 10, 3*64, 5*64, 64), nil},
		{"tile, dst one short", tile(2*10+4, 10, 3*64, 5*64, 64), short},
		{"tile, ld short", tile(1000, 4, 3*64, 5*64, 64), short},
		{"tile, half a query", tile(1000, 5, 3*64+32, 5*64, 64), whole},
		{"tile, half a row", tile(1000, 5, 3*64, 5*64+32, 64), whole},
		{"tile, stride", tile(1000, 5, 0, 0, 0), stride},
		{"tile, no queries", tile(0, 0, 0, 64, 64), nil},
		{"tile, no rows", tile(0, 0, 64, 0, 64), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := panics(test.do); got != test.want {
				t.Errorf("panic %v, want %v", got, test.want)
			}
		})
	}
}

func TestCodesAllocate(t *testing.T) {
	dst, rows, q := make([]int32, 90), make([]uint8, 9*256), make([]int8, 10*256)
	eachKernel(t, func(t *testing.T) {
		if n := testing.AllocsPerRun(10, func() {
			kernel.DotBytes(dst[:9], rows, 256, q[:256])
			kernel.DotNibbles(dst[:9], rows, 256, q[:512])
			kernel.TileBytes(dst, 9, q, rows, 256)
		}); n != 0 {
			t.Errorf("%v allocations, want none", n)
		}
	})
}

// TestSlight compares with the definition: 32 values at a time, pairs of places in turn.
func TestSlight(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(21, 5))
		check := func(q []int8) bool {
			want := true
			for at := 0; at < len(q); at += 32 {
				var sums [4]int
				for i, v := range q[at : at+32] {
					if v > 0 {
						sums[i&2] += int(v)
					} else {
						sums[i&2+1] -= int(v)
					}
				}
				want = want && slices.Max(sums[:]) <= 128
			}
			if got := kernel.Slight(q); got != want {
				t.Fatalf("%v: slight is %t, want %t", q, got, want)
			}
			return want
		}
		count := map[bool]int{}
		for round := range 5000 {
			q := make([]int8, 64*(1+round%4))
			most := 1 + random.IntN(40)
			for i := range q {
				q[i] = int8(random.IntN(2*most+1) - most)
			}
			count[check(q)]++
		}
		if count[true] < 500 || count[false] < 500 {
			t.Errorf("%v: too few of a kind", count)
		}
		for at := range 64 { // at the border, from both sides
			for _, v := range []int8{-128, -127, 127} {
				for other := at + 1; other < 64; other++ {
					for _, w := range []int8{-2, -1, 0, 1, 2} {
						q := make([]int8, 64)
						q[at], q[other] = v, w
						check(q)
					}
				}
			}
		}
		if !kernel.Slight(nil) {
			t.Error("no values are not slight")
		}
	})
}

// TestSlightScale: with a twentieth more, codes are slight; with half, they are not.
func TestSlightScale(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 6))
	for round := range 200 {
		x := randomF32(random, 64*(1+round%9))
		for i := range x {
			x[i] *= float32(random.ExpFloat64())
		}
		codes := func(scale float32) []int8 {
			u, q := make([]uint8, len(x)), make([]int8, len(x))
			kernel.Quantize(u, x, scale)
			for i, b := range u {
				q[i] = int8(int(b) - 128)
			}
			return q
		}
		scale := kernel.SlightScale(x)
		if !kernel.Slight(codes(scale * 1.05)) {
			t.Errorf("round %d: not slight at 1.05 of the scale", round)
		}
		if kernel.Slight(codes(scale / 2)) {
			t.Errorf("round %d: slight at half the scale", round)
		}
	}
	if scale := kernel.SlightScale(make([]float32, 64)); scale != 0 {
		t.Errorf("scale of zeros %v, want 0", scale)
	}
}

// TestTileSlight multiplies slight queries, all shapes around whole blocks, with the rows that make sums the greatest: each
// byte is 255 where the query is positive and 0 where it is negative, or the other way round.
func TestTileSlight(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(21, 7))
		for _, stride := range []int{64, 320, 512, 576, 1088} {
			for _, nq := range []int{1, 5, 6, 7, 11, 12, 13, 20, 289, 290, 300} {
				if nq > 20 && stride > 320 {
					continue
				}
				q := make([]int8, 0, nq*stride)
				for range nq {
					q = append(q, greatestSlight(random, stride)...)
				}
				if !kernel.Slight(q) {
					t.Fatal("the queries are not slight")
				}
				for _, nx := range []int{15, 16, 17, 33} {
					x := randomBytes(random, nx*stride)
					for j := range min(nx, nq) {
						for i, v := range q[j*stride:][:stride] {
							x[j*stride+i] = uint8(255 * (btoi(v > 0) ^ j&1))
						}
					}
					checkTileBytes(t, q, x, stride, nx+nq%2, nq%3)
				}
			}
		}
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// greatestSlight returns n values whose groups have the greatest sums that are slight, in one value or in many.
func greatestSlight(random *rand.Rand, n int) []int8 {
	q := make([]int8, n)
	for at := 0; at < n; at += 32 {
		for half := range 2 {
			places := random.Perm(16)
			for sign, few := range []int{random.IntN(9), random.IntN(9)} {
				left := 128
				for i := range few {
					place := places[sign*8+i]
					v := min(left, 1+random.IntN(64), 127)
					if i == few-1 {
						v = min(left, 127+sign) // -128, but not 128
					}
					left -= v
					q[at+place/2*4+half*2+place%2] = int8(v * (1 - 2*sign))
				}
			}
		}
	}
	return q
}
