package onnx

import (
	"encoding/binary"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// node reads a field of NodeProto.
func (m *Model) node(w *wire, f field, n *Node) error {
	switch f.num {
	case 1:
		return m.edge(w, f, &n.Inputs)
	case 2:
		return m.edge(w, f, &n.Outputs)
	case 3:
		return w.text(f, &n.Name)
	case 4:
		return w.text(f, &n.Op)
	case 5:
		return m.attribute(w, f, n, 0)
	case 7:
		err := w.text(f, &n.Domain)
		if n.Domain == "ai.onnx" {
			n.Domain = ""
		}
		return err
	}
	return nil
}

// edge reads a name and appends it to names.
func (m *Model) edge(w *wire, f field, names *[]string) error {
	if len(*names) >= maxEdges {
		return w.fail(f.at, "more than %d inputs or outputs", maxEdges)
	}
	var name string
	err := w.text(f, &name)
	*names = append(*names, name)
	return err
}

// kept are the attributes whose numbers say what becomes of dimensions.
var kept = map[string]bool{
	"axes": true, "axis": true, "channels_last": true, "keepdims": true, "noop_with_empty_axes": true, "perm": true,
	"starts": true, "transA": true, "transB": true, "value_int": true, "value_ints": true,
}

// attribute reads an AttributeProto: of its values only those that the reader
// uses.
func (m *Model) attribute(w *wire, f field, n *Node, depth int) error {
	var name, text string
	var ints []int64
	var constant *Weight
	err := w.sub(f, func(f field) error {
		switch f.num {
		case 1:
			return w.text(f, &name)
		case 3:
			ints = make([]int64, 1)
			return w.number(f, &ints[0])
		case 4:
			if n.Op == "Einsum" && f.end-f.body <= maxRank {
				return w.text(f, &text)
			}
		case 5:
			constant = &Weight{}
			return tensor(w, f, constant)
		case 6, 11: // graphs, as If and Loop have them
			return m.nested(w, f, n, depth+1)
		case 8:
			if len(ints) < maxRank && f.end-f.body <= 10*maxRank { // longer ones are not of interest
				return w.numbers(f, &ints, 11*maxRank)
			}
		}
		return nil
	})
	switch {
	case depth > 0:
	case kept[name] && ints != nil:
		if n.ints == nil {
			n.ints = map[string][]int64{}
		}
		n.ints[name] = ints
	case name == "value":
		n.constant = constant
	case name == "equation":
		n.equation = text
	}
	return err
}

// nested collects the names that a graph within a node uses. Some of them are
// its own; what is collected is a superset of what it takes from around it.
func (m *Model) nested(w *wire, f field, n *Node, depth int) error {
	if depth > maxNested {
		return w.fail(f.at, "more than %d graphs within one another", maxNested)
	}
	return w.sub(f, func(f field) error {
		switch f.num {
		case 1:
			return w.sub(f, func(f field) error {
				switch f.num {
				case 1:
					return m.edge(w, f, &n.captures)
				case 5:
					return m.attribute(w, f, n, depth)
				}
				return nil
			})
		case 12:
			var v Value
			err := value(w, f, &v)
			n.captures = append(n.captures, v.Name)
			return err
		}
		return nil
	})
}

// tensor reads the head of a TensorProto and the place of its values, and the values
// of a short one of integers: they may be a shape or axes.
func tensor(w *wire, f field, t *Weight) error {
	var entries [][2]string
	external := int64(0)
	err := w.sub(f, func(f field) error {
		switch f.num {
		case 1:
			return w.numbers(f, &t.Dims, maxRank)
		case 2:
			return elemType(w, f, &t.Type)
		case 4, 5, 6, 7, 10, 11: // values by type, packed as a rule
			t.Bytes += f.end - f.body
			if (f.num == 5 || f.num == 7) && f.end-f.body <= 10*maxRank && len(t.ints) < maxRank {
				return w.numbers(f, &t.ints, 11*maxRank)
			}
		case 8:
			return w.text(f, &t.Name)
		case 9:
			if err := w.want(f, protowire.BytesType); err != nil {
				return err
			}
			t.raw = span{f.body, f.end}
			t.Bytes += f.end - f.body
		case 13:
			var e [2]string
			if len(entries) == maxRank {
				return w.fail(f.at, "more than %d entries of external data", maxRank)
			}
			err := w.sub(f, func(f field) error {
				if f.num == 1 || f.num == 2 {
					return w.text(f, &e[f.num-1])
				}
				return nil
			})
			entries = append(entries, e)
			return err
		case 14:
			return w.number(f, &external)
		}
		return nil
	})
	if err == nil && t.raw.end > t.raw.at {
		err = t.values(w)
	}
	if err != nil || external != 1 {
		return err
	}
	return t.place(w, f, entries)
}

// values reads the integers of a short tensor from its raw data.
func (t *Weight) values(w *wire) error {
	width := map[ElemType]int64{Int32: 4, Int64: 8}[t.Type]
	if n := t.raw.end - t.raw.at; width == 0 || n > width*maxRank || n%width != 0 {
		return nil
	}
	b, err := w.peek(t.raw.at, int(t.raw.end-t.raw.at))
	if err != nil {
		return err
	}
	t.ints = nil
	for ; len(b) > 0; b = b[width:] {
		if width == 4 {
			t.ints = append(t.ints, int64(int32(binary.LittleEndian.Uint32(b))))
		} else {
			t.ints = append(t.ints, int64(binary.LittleEndian.Uint64(b)))
		}
	}
	return nil
}

// place sets the place of external data from its entries.
func (t *Weight) place(w *wire, f field, entries [][2]string) error {
	x := &External{}
	for _, e := range entries {
		var to *int64
		switch e[0] {
		case "location":
			x.File = e[1]
			continue
		case "offset":
			to = &x.Offset
		case "length":
			to = &x.Length
		default:
			continue
		}
		n, err := strconv.ParseInt(e[1], 10, 64)
		if err != nil || n < 0 {
			return w.fail(f.at, "weight %q: external data with %s %q", t.Name, e[0], e[1])
		}
		*to = n
	}
	if x.File == "" {
		return w.fail(f.at, "weight %q: external data without a file", t.Name)
	}
	t.External, t.Bytes = x, x.Length
	return nil
}
