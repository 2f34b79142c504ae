package format

import (
	"context"
	"encoding/binary"
	"fmt"
)

// readBin reads the format of the big-ann-benchmarks, https://big-ann-benchmarks.com, which USearch
// and DiskANN use, too: the number of rows, uint32, the number of features, uint32, and the
// elements row by row.
func readBin(t Type) reader {
	return func(_ context.Context, f File, size int64) ([]Array, error) {
		var head [8]byte
		if size < int64(len(head)) {
			return nil, fmt.Errorf("%d bytes are too few for a header of %d: rows and features", size, len(head))
		}
		if err := readFull(f, head[:], 0); err != nil {
			return nil, err
		}
		a := Array{
			Type:   t,
			Rows:   int64(binary.LittleEndian.Uint32(head[:])),
			Dim:    int64(binary.LittleEndian.Uint32(head[4:])),
			Offset: int64(len(head)),
		}
		a.Stride = a.Dim * t.Size()
		if err := a.Check(size); err != nil {
			return nil, err
		}
		if have := size - a.Offset; have > a.Bytes() {
			return nil, fmt.Errorf("%d×%d %s need %d bytes behind the header, the file has %d: bytes are left over", a.Rows, a.Dim, t, a.Bytes(), have)
		}
		return []Array{a}, nil
	}
}
