package code

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"sync/atomic"

	"strata/engine/layer"
)

// Differs codes rows again and compares every number of them with those of the file, bit
// for bit. It returns the first row that differs, or -1; rows are ascending. The mean and
// the axes are taken from the file: the bound holds with any.
func (c *Codes) Differs(ctx context.Context, rows []int) (int, error) {
	var bad atomic.Int64
	bad.Store(math.MaxInt64)
	err := layer.Parallel(ctx, len(rows), codeRun, func(lo, hi int) {
		s := c.Coder.scratch()
		one := alignedBytes(chunkBytes(1, c.Layer.Dim))
		again := ChunkView(one, 1, c.Layer.Dim)
		for _, row := range rows[lo:hi] {
			clear(one)
			c.Layer.ScanSquares(s.dot[:1], s.square[:1], c.Coder.wide, row)
			again.set(c.Coder, 0, c.Layer, row, s.dot[0], s.square[0], s)
			k, r := c.At(row)
			if bytes.Equal(k.bytes(r), again.bytes(0)) {
				continue
			}
			for was := bad.Load(); int64(row) < was && !bad.CompareAndSwap(was, int64(row)); was = bad.Load() {
			}
			return
		}
	})
	if first := bad.Load(); err == nil && first < math.MaxInt64 {
		return int(first), nil
	}
	return -1, err
}

// bytes returns all numbers of row r. A NaN is written as one.
func (k *codeRows) bytes(r int) []byte {
	numbers := []float32{k.Mean[r]}
	for _, a := range k.Axes {
		numbers = append(numbers, a[r])
	}
	for _, c := range []*codeColumns{&k.Fine, &k.Coarse} {
		numbers = append(numbers, c.Scale[r], c.Rest[r], c.Norm[r])
	}
	b := binary.LittleEndian.AppendUint64(nil, plain(k.Square[r]))
	for _, x := range numbers {
		b = binary.LittleEndian.AppendUint64(b, plain(float64(x)))
	}
	return append(append(b, k.Fine.Row(r)...), k.Coarse.Row(r)...)
}

// plain returns the bits of a number, the same for every NaN: which of them comes out is
// not fixed.
func plain(x float64) uint64 {
	if math.IsNaN(x) {
		x = math.NaN()
	}
	return math.Float64bits(x)
}
