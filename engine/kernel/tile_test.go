package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"strata/engine/kernel"
)

// unit scales for vectors of dim values, to length 1.
func unit[T element](x []T, vectors, dim int) []float64 {
	scale := make([]float64, vectors)
	for r := range scale {
		row := widened(x[r*dim : (r+1)*dim])
		if square := canonical(row, row); square > 0 {
			scale[r] = 1 / math.Sqrt(square)
		}
	}
	return scale
}

func packQueries[T element](q *kernel.Queries, x []T, dim int, scale []float64) {
	switch x := any(x).(type) {
	case []float32:
		q.PackF32(x, dim, scale)
	case []uint16:
		q.PackF16(x, dim, scale)
	case []kernel.BFloat16:
		q.PackBF16(x, dim, scale)
	case []int8:
		q.PackI8(x, dim, scale)
	case []uint8:
		q.PackU8(x, dim, scale)
	case []float64:
		q.PackF64(x, dim, scale)
	case []int32:
		q.PackI32(x, dim, scale)
	}
}

func packRows[T element](p *kernel.Rows, x []T, dim int, scale []float64) {
	switch x := any(x).(type) {
	case []float32:
		p.PackF32(x, dim, scale)
	case []uint16:
		p.PackF16(x, dim, scale)
	case []kernel.BFloat16:
		p.PackBF16(x, dim, scale)
	case []int8:
		p.PackI8(x, dim, scale)
	case []uint8:
		p.PackU8(x, dim, scale)
	case []float64:
		p.PackF64(x, dim, scale)
	case []int32:
		p.PackI32(x, dim, scale)
	}
}

// checkTile multiplies vectors scaled to length 1, with guards around each row of dst, and returns the greatest error as a
// share of its bound. The float64 products that it compares with err by less than (dim+4)·2^-53, which is added to it.
func checkTile[T, U element](t *testing.T, q []T, x []U, dim, offset int) (worst float64) {
	t.Helper()
	queries, rows := len(q)/max(dim, 1), len(x)/max(dim, 1)
	if dim == 0 {
		queries, rows = 5, 17
	}
	qScale, xScale := unit(q, queries, dim), unit(x, rows, dim)
	var left kernel.Queries
	var right kernel.Rows
	packQueries(&left, q, dim, qScale)
	packRows(&right, x, dim, xScale)
	if left.Len() != queries || right.Len() != rows {
		t.Fatalf("packed %d and %d vectors of %d and %d", left.Len(), right.Len(), queries, rows)
	}
	stride := rows + offset%3
	dst, intact := guarded[float32](max(0, (queries-1)*stride+rows), offset)
	for i := range dst {
		dst[i] = -77
	}
	kernel.Tile(dst, stride, &left, &right)
	if !intact() {
		t.Fatalf("%d×%d of dim %d: wrote outside dst", queries, rows, dim)
	}
	qValues, xValues := widened(q), widened(x)
	bound := kernel.TileError(dim) + float64(dim+4)*0x1p-53
	for at, got := range dst {
		i, j := at/stride, at%stride
		if j >= rows {
			if got != -77 {
				t.Fatalf("%d×%d of dim %d, stride %d: wrote %v behind row %d", queries, rows, dim, stride, got, i)
			}
			continue
		}
		want := canonical(qValues[i*dim:(i+1)*dim], xValues[j*dim:(j+1)*dim]) * qScale[i] * xScale[j]
		share := math.Abs(float64(got)-want) / bound
		if !(share <= 1) {
			t.Fatalf("%d×%d of dim %d: product %d, %d is %v, want %v ± %g", queries, rows, dim, i, j, got, want, bound)
		}
		worst = max(worst, share)
	}
	return worst
}

func TestTile(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(15, 1))
		for _, dim := range lengths() {
			q32, x32 := randomF32(random, 13*dim+offsets), randomF32(random, 33*dim+offsets)
			q16, x16 := randomF16(random, 13*dim+offsets), randomF16(random, 33*dim+offsets)
			for offset := range offsets {
				queries, rows := 1+offset%13, 33-offset*2
				checkTile(t, q32[offset:][:queries*dim], x32[offset:][:rows*dim], dim, offset)
				switch offset % 4 {
				case 0:
					checkTile(t, q16[offset:][:queries*dim], x16[offset:][:rows*dim], dim, offset)
				case 1:
					checkTile(t, q32[offset:][:queries*dim], x16[offset:][:rows*dim], dim, offset)
				}
			}
		}
	})
}

// TestTileTypes packs rows of every type.
func TestTileTypes(t *testing.T) {
	t.Run("BF16", testTileType[kernel.BFloat16])
	t.Run("I8", testTileType[int8])
	t.Run("U8", testTileType[uint8])
	t.Run("F64", testTileType[float64])
	t.Run("I32", testTileType[int32])
}

func testTileType[T element](t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(15, 3))
		for _, dim := range lengths() {
			checkTile(t, randomRows[T](random, 7*dim), randomRows[T](random, 19*dim), dim, dim%4)
			checkTile(t, randomF32(random, 6*dim), randomRows[T](random, 16*dim), dim, dim%4)
		}
	})
}

// TestTileCorners takes every number of queries and rows up to two panels and one more.
func TestTileCorners(t *testing.T) {
	const dim = 300
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(15, 2))
		q, x := randomF32(random, 13*dim), randomF32(random, 33*dim)
		for queries := range 14 {
			for rows := range 34 {
				checkTile(t, q[:queries*dim], x[:rows*dim], dim, queries)
			}
		}
	})
}

// TestTileError looks for the greatest errors: products of one sign, whose sums round one way; vectors almost parallel or
// almost opposite; sums that cancel; values below the normal range before and after scaling.
func TestTileError(t *testing.T) {
	families := []struct {
		name  string
		value func(random *rand.Rand, vector, i int) float32
	}{
		{"one sign", func(random *rand.Rand, _, _ int) float32 { return 1 + random.Float32() }},
		{"constant", func(_ *rand.Rand, vector, _ int) float32 { return 1 + float32(vector)*0x1p-12 }},
		{"one great value", func(_ *rand.Rand, vector, i int) float32 {
			if i == 0 {
				return 20
			}
			return 0.7 + float32(vector)*0x1p-9
		}},
		{"parallel", func(random *rand.Rand, vector, i int) float32 {
			return float32(math.Sin(float64(i))) + float32(1-vector%2*2)*1e-4*random.Float32()
		}},
		{"opposite", func(random *rand.Rand, vector, i int) float32 {
			return float32(1-vector%2*2) * (float32(math.Cos(float64(i))) + 1e-5*random.Float32())
		}},
		{"cancelling", func(random *rand.Rand, vector, i int) float32 {
			return float32(1-(i>>(vector%9))%2*2) * (1 + 1e-6*random.Float32())
		}},
		{"subnormal", func(random *rand.Rand, _, _ int) float32 { return math.Float32frombits(random.Uint32N(1 << 22)) }},
		{"subnormal but one", func(random *rand.Rand, _, i int) float32 {
			if i == 5 {
				return 1
			}
			return math.Float32frombits(random.Uint32N(1 << 23))
		}},
		{"greatest", func(random *rand.Rand, _, _ int) float32 { return math.MaxFloat32 * (random.Float32() - 0.5) }},
		{"wide", func(random *rand.Rand, _, _ int) float32 {
			return float32(math.Ldexp(random.NormFloat64(), random.IntN(60)-30))
		}},
	}
	eachKernel(t, func(t *testing.T) {
		for _, family := range families {
			t.Run(family.name, func(t *testing.T) {
				random := rand.New(rand.NewPCG(15, 3))
				for _, dim := range []int{6, 64, 255, 256, 257, 768, 2048, 3072} {
					q, x := make([]float32, 12*dim), make([]float32, 32*dim)
					for i := range q {
						q[i] = family.value(random, i/dim, i%dim)
					}
					for i := range x {
						x[i] = family.value(random, i/dim, i%dim)
					}
					t.Logf("dim %d: at most %.3f of the bound", dim, checkTile(t, q, x, dim, 0))
				}
			})
		}
	})
}

// TestTileErrorFormula holds the bound to the documented formula.
func TestTileErrorFormula(t *testing.T) {
	for dim, roundings := range map[int]float64{0: 4, 1: 6, 100: 105, 256: 261, 257: 262, 768: 263, 2048: 268} {
		if got, want := kernel.TileError(dim), roundings*0x1p-24+float64(dim)*0x1p-148; got != want {
			t.Errorf("TileError(%d) = %g, want %g", dim, got, want)
		}
	}
}

// TestPack multiplies by queries that pick one value each: the products are the packed values themselves, to the bit.
func TestPack(t *testing.T) {
	const rows, dim = 19, 267
	one := make([]float32, dim*dim)
	for i := range dim {
		one[i*dim+i] = 1
	}
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(15, 4))
		x32, x16 := randomF32(random, rows*dim), randomF16(random, rows*dim)
		scale := make([]float64, rows)
		for r := range scale {
			scale[r] = math.Ldexp(1+random.Float64(), r*4-60)
			x32[r*dim+r] = math.Float32frombits(random.Uint32N(1 << 23))
			x16[r*dim+r] = uint16(random.UintN(1 << 10))
		}
		var pick kernel.Queries
		pick.PackF32(one, dim, fill(dim, []float64{1}))
		checkPack(t, &pick, x32, dim, scale)
		checkPack(t, &pick, x16, dim, scale)
	})
}

func checkPack[T element](t *testing.T, pick *kernel.Queries, x []T, dim int, scale []float64) {
	t.Helper()
	var p kernel.Rows
	packRows(&p, x, dim, scale)
	dst := make([]float32, dim*len(scale))
	kernel.Tile(dst, len(scale), pick, &p)
	values := widened(x)
	for at, got := range dst {
		i, r := at/len(scale), at%len(scale)
		if want := float32(values[r*dim+i] * scale[r]); got != want {
			t.Fatalf("%T: row %d, value %d: %v times %v is packed as %v, want %v", x, r, i, values[r*dim+i], scale[r], got, want)
		}
	}
}

func TestTileNotFinite(t *testing.T) {
	const queries, rows, dim, bad = 7, 18, 40, 16
	for name, value := range map[string]float32{"NaN": float32(math.NaN()), "infinity": float32(math.Inf(1))} {
		t.Run(name, func(t *testing.T) {
			eachKernel(t, func(t *testing.T) {
				q, x := fill(queries*dim, []float32{1, 2}), fill(rows*dim, []float32{3, 4})
				x[bad*dim+7] = value
				var left kernel.Queries
				var right kernel.Rows
				left.PackF32(q, dim, fill(queries, []float64{1}))
				scale := fill(rows, []float64{1})
				for _, s := range []float64{1, 0} {
					scale[bad] = s
					right.PackF32(x, dim, scale)
					dst := make([]float32, queries*rows)
					kernel.Tile(dst, rows, &left, &right)
					for at, got := range dst {
						switch {
						case at%rows != bad && got != 20*(3+2*4),
							at%rows == bad && s == 1 && !same(got, value),
							at%rows == bad && s == 0 && got != 0:
							t.Fatalf("scale %v: row %d: product %v", s, at%rows, got)
						}
					}
				}
			})
		})
	}
}

// TestPackAgain packs a smaller set over a greater one, without new memory.
func TestPackAgain(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(15, 5))
		x := randomF32(random, 40*500)
		scale := fill(40, []float64{1})
		var p kernel.Rows
		p.PackF32(x, 500, scale)
		if n := testing.AllocsPerRun(5, func() { p.PackF32(x[:17*301], 301, scale[:17]) }); n != 0 {
			t.Errorf("%v allocations, want none", n)
		}
		var q kernel.Queries
		var fresh kernel.Rows
		q.PackF32(x[:301], 301, scale[:1])
		fresh.PackF32(x[:17*301], 301, scale[:17])
		got, want := make([]float32, 17), make([]float32, 17)
		kernel.Tile(got, 17, &q, &p)
		kernel.Tile(want, 17, &q, &fresh)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

func TestTileShapes(t *testing.T) {
	const pack, short, dims = "kernel: pack: vectors do not fill x", "kernel: tile: dst too short", "kernel: tile: dimensions differ"
	tile := func(n, stride, queries, rows, queryDim, rowDim int) func() {
		return func() {
			var q kernel.Queries
			var x kernel.Rows
			q.PackF32(make([]float32, queries*queryDim), queryDim, make([]float64, queries))
			x.PackF32(make([]float32, rows*rowDim), rowDim, make([]float64, rows))
			kernel.Tile(make([]float32, n), stride, &q, &x)
		}
	}
	tests := []struct {
		name string
		do   func()
		want any
	}{
		{"exact", tile(2*10+5, 10, 3, 5, 4, 4), nil},
		{"dst one short", tile(2*10+4, 10, 3, 5, 4, 4), short},
		{"stride short", tile(1000, 4, 3, 5, 4, 4), short},
		{"dst less than a row", tile(4, 5, 1, 5, 4, 4), short},
		{"dimensions", tile(100, 5, 3, 5, 4, 5), dims},
		{"no queries", tile(0, 0, 0, 5, 4, 4), nil},
		{"no rows", tile(0, 0, 3, 0, 4, 4), nil},
		{"nothing packed", func() { kernel.Tile(nil, 0, &kernel.Queries{}, &kernel.Rows{}) }, nil},
		{"pack short", func() { new(kernel.Rows).PackF32(make([]float32, 9), 5, make([]float64, 2)) }, pack},
		{"pack long", func() { new(kernel.Queries).PackF16(make([]uint16, 11), 5, make([]float64, 2)) }, pack},
		{"pack without scales", func() { new(kernel.Rows).PackF16(make([]uint16, 5), 5, nil) }, pack},
		{"pack negative", func() { new(kernel.Queries).PackF32(nil, -1, nil) }, pack},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := panics(test.do); got != test.want {
				t.Errorf("panic %v, want %v", got, test.want)
			}
		})
	}
}
