package format

import (
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// parquetLeaf is a column of a Parquet file: a leaf of its schema.
type parquetLeaf struct {
	name           string // of the top-level field that it belongs to
	depth          int    // levels of its path: 1 for a top-level field
	index          int    // of its column chunk in a row group
	physical       format.Type
	width          int // the bytes of a value; 0 for values of any length
	element        *format.SchemaElement
	maxRep, maxDef int
	filled         int // the least definition level of an element that is there, be it null
}

// parquetLeaves returns the leaves of a schema. A schema lists each field before its children.
func parquetLeaves(schema []format.SchemaElement) ([]parquetLeaf, error) {
	if len(schema) == 0 {
		return nil, errors.New("its schema is empty")
	}
	w := schemaWalk{left: schema[1:]}
	for n := int(schema[0].NumChildren.V); n > 0; n-- {
		if err := w.field(parquetLeaf{}); err != nil {
			return nil, err
		}
	}
	return w.leaves, nil
}

type schemaWalk struct {
	left   []format.SchemaElement
	leaves []parquetLeaf
}

// field reads the next field, a child of in, and its children.
func (w *schemaWalk) field(in parquetLeaf) error {
	const maxDepth = 64
	if len(w.left) == 0 || in.depth == maxDepth {
		return fmt.Errorf("its schema is damaged: fields are missing, or more than %d deep", maxDepth)
	}
	e := &w.left[0]
	w.left = w.left[1:]
	if in.depth++; in.depth == 1 {
		in.name = e.Name
	}
	switch e.RepetitionType.V {
	case format.Optional:
		in.maxDef++
	case format.Repeated:
		in.maxDef, in.maxRep = in.maxDef+1, in.maxRep+1
		in.filled = in.maxDef
	}
	if !e.Type.Valid {
		for n := e.NumChildren.V; n > 0; n-- {
			if err := w.field(in); err != nil {
				return err
			}
		}
		return nil
	}
	in.element, in.physical, in.index = e, e.Type.V, len(w.leaves)
	switch in.physical {
	case format.Int32, format.Float:
		in.width = 4
	case format.Int64, format.Double:
		in.width = 8
	case format.FixedLenByteArray:
		if in.width = int(e.TypeLength.V); in.width <= 0 || in.width > maxPage {
			return place(in.name, fmt.Errorf("values of %d bytes are none, or longer than the %d allowed", in.width, maxPage))
		}
	}
	if in.maxRep == 0 {
		in.filled = in.maxDef
	}
	w.leaves = append(w.leaves, in)
	return nil
}

// columnKind says what a leaf column holds.
type columnKind uint8

const (
	scalars columnKind = iota
	lists              // lists of numbers
	others             // lists of other values
	opaques            // bytes
)

// kind returns the kind of the column, one of n leaves of its field, and the type of its elements.
func (c *parquetLeaf) kind(n int) (Type, columnKind) {
	switch {
	case n > 1 || c.maxRep == 0 && c.depth > 1:
		return 0, scalars // a struct or a map
	case c.maxRep > 1:
		return 0, others
	}
	elem, number := c.number()
	switch {
	case c.maxRep == 1 && number:
		return elem, lists
	case c.maxRep == 1:
		return 0, others
	case (c.physical == format.ByteArray || c.physical == format.FixedLenByteArray) && c.plain():
		return Uint8, opaques
	}
	return 0, scalars
}

// plain reports whether the schema gives only a physical type: bytes are no text or decimal, for
// example.
func (c *parquetLeaf) plain() bool {
	return c.element.LogicalType.Value == nil && !c.element.ConvertedType.Valid
}

// number returns the type of the elements, if a layer can have it.
func (c *parquetLeaf) number() (Type, bool) {
	switch c.physical {
	case format.Float:
		return Float32, true
	case format.Double:
		return Float64, true
	case format.FixedLenByteArray:
		_, ok := c.element.LogicalType.Value.(*format.Float16Type)
		return Float16, ok && c.width == 2
	case format.Int32:
		return c.integer()
	}
	return 0, false
}

// integer is number for values of 32 bits.
func (c *parquetLeaf) integer() (Type, bool) {
	if typ, ok := c.element.LogicalType.Value.(*format.IntType); ok {
		switch {
		case typ.BitWidth == 8 && typ.IsSigned:
			return Int8, true
		case typ.BitWidth == 8:
			return Uint8, true
		}
		return Int32, typ.BitWidth == 32 && typ.IsSigned
	}
	if c.plain() {
		return Int32, true
	}
	if c.element.LogicalType.Value != nil {
		return 0, false
	}
	switch c.element.ConvertedType.V { // older writers set it
	case deprecated.Int8:
		return Int8, true
	case deprecated.Uint8:
		return Uint8, true
	case deprecated.Int32:
		return Int32, true
	}
	return 0, false
}
