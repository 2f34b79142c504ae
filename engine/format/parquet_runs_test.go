package format

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
)

// runs encodes numbers: eight or more equal numbers as a run, others in packed groups of eight.
func runs(v []int32, width int) []byte {
	var b []byte
	for i := 0; i < len(v); {
		n := 1
		for i+n < len(v) && v[i+n] == v[i] {
			n++
		}
		if n >= 8 || len(v)-i < 8 {
			b = binary.AppendUvarint(b, uint64(n)<<1)
			b = append(b, binary.LittleEndian.AppendUint32(nil, uint32(v[i]))[:(width+7)/8]...)
			i += n
			continue
		}
		b = append(b, 1<<1|1)
		packed := make([]byte, width)
		for k := range 8 * width {
			packed[k/8] |= byte(v[i+k/width]>>(k%width)&1) << (k % 8)
		}
		b = append(b, packed...)
		i += 8
	}
	return b
}

func TestRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for width := 1; width <= 31; width++ {
		for _, n := range []int{0, 1, 7, 8, 9, 64, 1000} {
			want := make([]int32, n)
			for i := range want {
				if want[i] = r.Int32N(1 << min(width, 30)); i > 0 && r.IntN(3) > 0 {
					want[i] = want[i-1]
				}
			}
			b := runs(want, width)
			got, err := appendRuns([]int32{5}, b, n, width)
			if err != nil || got[0] != 5 || !slices.Equal(got[1:], want) {
				t.Fatalf("%d of %d bits: %v, %v", n, width, got, err)
			}
			if n == 0 {
				continue
			}
			if _, err := appendRuns([]int32(nil), b[:len(b)-1], n, width); err == nil {
				t.Errorf("%d of %d bits: no error where the last byte is missing", n, width)
			}
		}
	}
	// A run makes no more numbers than wanted.
	long := binary.AppendUvarint(nil, 1<<40)
	if got, err := appendRuns([]byte(nil), append(long, 1), 3, 1); err != nil || !slices.Equal(got, []byte{1, 1, 1}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := appendRuns([]byte(nil), binary.AppendUvarint(nil, 1<<40|1), 3, 1); err == nil {
		t.Error("groups that are not there")
	}
	if got, err := appendRuns([]int32(nil), binary.AppendUvarint(nil, 1<<40|1), 3, 0); err != nil || !slices.Equal(got, []int32{0, 0, 0}) {
		t.Errorf("%v, %v", got, err)
	}
}
