package importer

import (
	"encoding/binary"
	"fmt"
	"math"

	"strata/engine/format"
)

// Pool says how the tokens of an item become one vector.
type Pool string

// The ways to pool tokens.
const (
	PoolMean Pool = "mean" // of all tokens, in float64
	PoolCLS  Pool = "cls"  // the first
)

// ParsePool returns the pool of the name; "" is none.
func ParsePool(name string) (Pool, error) {
	switch p := Pool(name); p {
	case "", PoolMean, PoolCLS:
		return p, nil
	}
	return "", fmt.Errorf("a pooling of tokens is %s or %s, not %q", PoolMean, PoolCLS, name)
}

// tokens appends the vectors of rows of tokens, and returns the type that they have. The
// array's Dim is that of all tokens of a row.
func (p Pool) tokens(out, rows []byte, a format.Array) ([]byte, format.Type) {
	size, dim := int(a.Type.Size()), int(a.Dim/a.Tokens)
	for ; len(rows) > 0; rows = rows[int(a.Dim)*size:] {
		if p == PoolCLS {
			out = append(out, rows[:dim*size]...)
			continue
		}
		for d := range dim {
			sum := 0.0
			for t := range int(a.Tokens) {
				sum += element(rows[(t*dim+d)*size:], a.Type)
			}
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(sum/float64(a.Tokens)))
		}
	}
	if p == PoolCLS {
		return out, a.Type
	}
	return out, format.Float64
}
