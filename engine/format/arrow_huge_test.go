package format

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"strings"
	"testing"
)

// TestArrowHuge: offsets that promise more bytes than a number holds are no reason to read on.
func TestArrowHuge(t *testing.T) {
	const huge = 1 << 61 // elements; the bytes of so many float32 are 0, modulo 2^64
	offsets := binary.LittleEndian.AppendUint64(nil, 0)
	offsets = binary.LittleEndian.AppendUint64(offsets, 2)
	offsets = binary.LittleEndian.AppendUint64(offsets, 2+2*huge-4)
	body := append(bytes.Clone(offsets), make([]byte, 8+8)...) // the rows, and the bitmap
	body[32] = 1
	table := &arrowTable{f: bytes.NewReader(body)}
	batch := &arrowBatch{rows: 2, length: int64(len(body)), codec: arrowPlain, buffers: [][2]int64{{32, 1}, {0, 24}, {40, 0}, {24, 8}}}
	part := arrowPart{batch: batch, offsets: 1, valid: []int{0, 2}, data: 3, wide: true, nodes: [][2]int64{{2, 1}, {math.MaxInt64, 0}}}
	a := &Array{Type: Float32, Rows: 2, Dim: 2}
	if why, err := table.check(t.Context(), &part, a); why != "" || err != nil {
		t.Fatal(why, err)
	}
	for _, base := range []int64{0, 2*huge - 4, math.MaxInt64} {
		p := part
		if p.base = base; base > 0 {
			p.elements = 2
		}
		if err := table.settle(a, []arrowPart{p}); err == nil || !strings.Contains(err.Error(), "the column has 8 bytes") {
			t.Errorf("%d elements from %d: %v", p.elements, p.base, err)
		}
	}
	rows, err := table.nullRows(&part)
	if err != nil {
		t.Fatal(err)
	}
	data, _, err := table.buffer(batch, part.data)
	if err != nil {
		t.Fatal(err)
	}
	filled := &arrowFilled{ReadCloser: data, rows: rows, elem: 4, dim: 2}
	if b, err := io.ReadAll(filled); err == nil || len(b) != 8 || !strings.Contains(err.Error(), "row 1 has 4611686018427387900 elements") {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}
