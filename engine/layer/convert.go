package layer

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/x448/float16"
)

// Narrower returns the types that Converted makes, from 2 bytes a value to 1.
func Narrower() []DType { return []DType{Float16, BFloat16, Int8} }

// Converted returns a copy of the layer in memory, of type Float16, BFloat16 or Int8, with measured
// rows. The two floats are rounded to the nearest, to even halfway, by way of float32; what float16
// does not hold becomes an infinity, and its row has no score then. A row of int8 is multiplied by
// 127 over its largest absolute value before, which changes no cosine; a row without a score becomes
// zeros.
func (l *Layer) Converted(ctx context.Context, t DType) (*Layer, error) {
	write, ok := map[DType]func([]byte, []float64){Float16: writeHalves, BFloat16: writeBrains, Int8: writeBytes}[t]
	if !ok {
		return nil, fmt.Errorf("layer %s cannot be converted to %s", l.Name, t)
	}
	if err := l.Measure(ctx); err != nil {
		return nil, err
	}
	size := l.Dim * int(t.Size())
	from := &Source{Path: l.File, Data: make([]byte, l.Rows*size)}
	err := Parallel(ctx, l.Rows, max(1, gatherBytes/l.Bytes()), func(lo, hi int) {
		wide := make([]float64, l.Dim)
		for row := lo; row < hi; row++ {
			l.Widen(wide, row)
			write(from.Data[row*size:(row+1)*size], wide)
		}
	})
	if err != nil {
		return nil, err
	}
	out := NewLayer(l.Name, l.File, t, l.Dim, []Segment{NewSegment(from, 0, l.Rows, 0, size, size, t)})
	return out, out.Measure(ctx)
}

func writeHalves(dst []byte, row []float64) {
	for i, v := range row {
		binary.NativeEndian.PutUint16(dst[2*i:], float16.Fromfloat32(float32(v)).Bits())
	}
}

// writeBrains writes bfloat16, the upper halves of float32.
func writeBrains(dst []byte, row []float64) {
	for i, v := range row {
		bits := math.Float32bits(float32(v))
		if v == v { // a NaN stays one
			bits += 0x7fff + bits>>16&1
		}
		binary.NativeEndian.PutUint16(dst[2*i:], uint16(bits>>16))
	}
}

func writeBytes(dst []byte, row []float64) {
	most := 0.0
	for _, v := range row {
		most = max(most, math.Abs(v)) // NaN if one is
	}
	if !(most > 0) || math.IsInf(most, 1) {
		return
	}
	for i, v := range row {
		dst[i] = byte(int8(math.RoundToEven(v / most * 127)))
	}
}
