package onnx

import (
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

// attribute reads an AttributeProto: of its values only those that the reader
// uses.
func (m *Model) attribute(w *wire, f field, n *Node, depth int) error {
	var name string
	var ints []int64
	var constant *Weight
	err := w.sub(f, func(f field) error {
		switch f.num {
		case 1:
			return w.text(f, &name)
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
	case name == "perm":
		n.perm = ints
	case name == "value":
		n.constant = constant
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

// tensor reads the head of a TensorProto and the place of its values.
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
	if err != nil || external != 1 {
		return err
	}
	return t.place(w, f, entries)
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
