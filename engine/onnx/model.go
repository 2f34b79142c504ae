package onnx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"strata/engine/fence"
)

// Bounds of what a model may hold; those that people use are a thousandth.
const (
	maxNodes  = 1 << 20 // nodes, weights, values: each
	maxEdges  = 1 << 22 // inputs and outputs of all nodes
	maxRank   = 64      // dimensions of a tensor
	maxNested = 32      // graphs within graphs
)

// Model is the structure of a model: everything but its weights, of which it
// keeps the places in the file.
type Model struct {
	Path     string
	Size     int64 // of the file, in bytes
	IR       int64 // the version of the format
	Producer string
	Opsets   []Opset
	Inputs   []Value // those that a caller feeds: weights listed as inputs are left out
	Outputs  []Value
	Nodes    []Node // in the file's order
	Weights  []Weight

	inputs, outputs, infos []info
	other                  []span           // top-level fields but the graph
	names                  []span           // of the graph
	learnt                 []Value          // from the runtime
	tried                  *Value           // the input of pictures with fixed sizes, with which
	probed                 map[string]Shape // these shapes were learnt
	sparse                 []span           // sparse weights
	edges                  int
	hasGraph               bool
	functions              map[string]bool // the sets of operators that the model itself defines
}

// Opset is a set of operators that a model imports. The domain "" is ONNX's own.
type Opset struct {
	Domain  string
	Version int64
}

// Node is an operation of the graph.
type Node struct {
	Op, Domain, Name string
	Inputs, Outputs  []string // names of tensors; "" is one that is left out

	captures []string           // what graphs within it may use of the tensors around it
	ints     map[string][]int64 // attributes that say what becomes of dimensions
	equation string             // of an Einsum
	constant *Weight            // of a Constant that is a tensor
	span
}

// Weight is a tensor that is stored in the model (an initialiser).
type Weight struct {
	Name     string
	Type     ElemType
	Dims     []int64
	Bytes    int64     // of its values as stored
	External *External // nil if the values are in the model's file

	raw  span    // the content of raw_data, if it has that
	ints []int64 // the values, if they are few integers
	span
}

// External is the place of a weight in a file beside the model.
type External struct {
	File           string // relative to the model's folder, with slashes
	Offset, Length int64  // Length 0: up to the end of the file
}

// span is a range of bytes of the model's file.
type span struct{ at, end int64 }

// info is a value and its place.
type info struct {
	Value
	span
}

// Read reads the structure of the ONNX model in a file. It reads neither
// weights nor files of external data, and needs little memory for a model of any
// size. A mistake in the file is a *FormatError.
func Read(path string) (*Model, error) {
	f, err := fence.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: there is no such file", path)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return read(f, path, stat.Size())
}

// read reads a model of the given size; path is for messages and for the place
// of external data.
func read(r io.ReaderAt, path string, size int64) (*Model, error) {
	m := &Model{Path: path, Size: size}
	w := &wire{r: r, path: path, size: size}
	if size == 0 {
		return nil, w.fail(-1, "not an ONNX file: it is empty")
	}
	if err := m.refuseOther(w); err != nil {
		return nil, err
	}
	err := w.each(0, size, func(f field) error { return m.model(w, f) })
	var format *FormatError
	switch {
	case err == nil && m.hasGraph && m.IR != 0:
		m.Inputs, m.Outputs = m.fed(), values(m.outputs)
		return m, nil
	case err == nil && m.IR == 0:
		return nil, w.fail(-1, "not an ONNX file: it states no version of the format")
	case err == nil:
		return nil, w.fail(-1, "not an ONNX file: it has no graph")
	case m.IR == 0 && errors.As(err, &format):
		format.What = "not an ONNX file: " + format.What
	}
	return nil, err
}

// others are files that are taken for models, by their first bytes.
var others = []struct {
	at    int
	magic string
	what  string
}{
	{0, "version https://git-lfs", "it is a pointer of Git LFS; fetch the file (git lfs pull)"},
	{0, "PK\x03\x04", "it is a zip file, such as PyTorch and Keras write; export the model to ONNX"},
	{0, "\x80\x02", "it is a Python pickle, such as PyTorch writes; export the model to ONNX"},
	{0, "\x89HDF", "it is an HDF5 file, such as Keras writes; export the model to ONNX"},
	{4, "ORTM", "it is a model in ONNX Runtime's own format (.ort); use the .onnx file it was made from"},
	{4, "TFL3", "it is a TensorFlow Lite model; export the model to ONNX"},
	{0, "<", "it looks like HTML or XML"},
	{0, "{", "it looks like JSON"},
}

// refuseOther names files of other formats.
func (m *Model) refuseOther(w *wire) error {
	b, err := w.peek(0, 64)
	if err != nil {
		return err
	}
	for _, o := range others {
		if len(b) > o.at && bytes.HasPrefix(b[o.at:], []byte(o.magic)) {
			return w.fail(-1, "not an ONNX file: %s", o.what)
		}
	}
	return nil
}

// model reads a field of ModelProto. Field numbers here and below are those of
// onnx.proto3.
func (m *Model) model(w *wire, f field) error {
	if f.num != 7 && f.num != 20 { // not the graph, not what is for training
		m.other = append(m.other, span{f.at, f.end})
		if len(m.other) > maxNodes {
			return w.fail(f.at, "more than %d fields", maxNodes)
		}
	}
	switch f.num {
	case 1:
		if err := w.number(f, &m.IR); err != nil {
			return err
		}
		if m.IR < 1 || m.IR > 1000 {
			return w.fail(f.at, "not an ONNX file: version %d of the format", m.IR)
		}
	case 2:
		return w.text(f, &m.Producer)
	case 3:
		var version string
		err := w.text(f, &version)
		m.Producer = strings.TrimSpace(m.Producer + " " + version)
		return err
	case 7:
		m.hasGraph = true
		return w.sub(f, func(f field) error { return m.graph(w, f) })
	case 8:
		var o Opset
		err := w.sub(f, func(f field) error {
			switch f.num {
			case 1:
				return w.text(f, &o.Domain)
			case 2:
				return w.number(f, &o.Version)
			}
			return nil
		})
		if o.Domain == "ai.onnx" {
			o.Domain = ""
		}
		m.Opsets = append(m.Opsets, o)
		return err
	case 25:
		return w.sub(f, func(f field) error {
			if f.num != 10 || len(m.functions) == maxRank {
				return nil
			}
			var domain string
			err := w.text(f, &domain)
			if m.functions == nil {
				m.functions = map[string]bool{}
			}
			m.functions[domain] = true
			return err
		})
	}
	return nil
}

// graph reads a field of GraphProto.
func (m *Model) graph(w *wire, f field) error {
	at := span{f.at, f.end}
	full := func(n int, what string) error {
		if n >= maxNodes {
			return w.fail(f.at, "more than %d %s", maxNodes, what)
		}
		return nil
	}
	switch f.num {
	case 1:
		n := Node{span: at}
		if err := w.sub(f, func(f field) error { return m.node(w, f, &n) }); err != nil {
			return err
		}
		m.edges += len(n.Inputs) + len(n.Outputs) + len(n.captures)
		if m.edges > maxEdges {
			return w.fail(f.at, "more than %d inputs and outputs of nodes", maxEdges)
		}
		m.Nodes = append(m.Nodes, n)
		return full(len(m.Nodes), "nodes")
	case 2:
		m.names = []span{at}
	case 5:
		t := Weight{span: at}
		if err := tensor(w, f, &t); err != nil {
			return err
		}
		m.Weights = append(m.Weights, t)
		return full(len(m.Weights), "weights")
	case 15:
		m.sparse = append(m.sparse, at)
		return full(len(m.sparse), "sparse weights")
	case 11, 12, 13:
		v := info{span: at}
		if err := value(w, f, &v.Value); err != nil {
			return err
		}
		to := map[protowire.Number]*[]info{11: &m.inputs, 12: &m.outputs, 13: &m.infos}[f.num]
		*to = append(*to, v)
		return full(len(*to), "values")
	}
	return nil
}

// value reads a ValueInfoProto. A value that is no tensor has an unknown type.
func value(w *wire, f field, v *Value) error {
	return w.sub(f, func(f field) error {
		switch f.num {
		case 1:
			return w.text(f, &v.Name)
		case 2:
			return w.sub(f, func(f field) error {
				if f.num != 1 { // a sequence, a map, …
					return nil
				}
				return tensorType(w, f, v)
			})
		}
		return nil
	})
}

// tensorType reads a TypeProto.Tensor.
func tensorType(w *wire, f field, v *Value) error {
	return w.sub(f, func(f field) error {
		switch f.num {
		case 1:
			return elemType(w, f, &v.Type)
		case 2:
			v.Shape = Shape{Known: true}
			return w.sub(f, func(f field) error {
				if f.num != 1 {
					return nil
				}
				if len(v.Shape.Dims) == maxRank {
					return w.fail(f.at, "more than %d dimensions", maxRank)
				}
				d := Dim{Size: -1}
				err := w.sub(f, func(f field) error {
					switch f.num {
					case 1:
						err := w.number(f, &d.Size)
						d.Size = max(d.Size, -1)
						return err
					case 2:
						return w.text(f, &d.Name)
					}
					return nil
				})
				v.Shape.Dims = append(v.Shape.Dims, d)
				return err
			})
		}
		return nil
	})
}

// elemType reads an element type.
func elemType(w *wire, f field, to *ElemType) error {
	var n int64
	if err := w.number(f, &n); err != nil {
		return err
	}
	if n < 0 || n > math.MaxInt32 {
		return w.fail(f.at, "element type %d", n)
	}
	*to = ElemType(n)
	return nil
}

// fed returns the inputs that are not weights.
func (m *Model) fed() []Value {
	stored := make(map[string]bool, len(m.Weights))
	for i := range m.Weights {
		stored[m.Weights[i].Name] = true
	}
	return slices.DeleteFunc(values(m.inputs), func(v Value) bool { return stored[v.Name] })
}

// values returns the values of infos.
func values(infos []info) []Value {
	out := make([]Value, len(infos))
	for i, v := range infos {
		out[i] = v.Value
	}
	return out
}

// Opset returns the version of ONNX's own operators that the model imports, 0 if
// it imports none.
func (m *Model) Opset() int64 {
	for _, o := range m.Opsets {
		if o.Domain == "" {
			return o.Version
		}
	}
	return 0
}

// CheckWeights checks that the files of external data are there and large enough.
func (m *Model) CheckWeights() error {
	sizes := map[string]int64{}
	for i := range m.Weights {
		x := m.Weights[i].External
		if x == nil {
			continue
		}
		name := filepath.FromSlash(x.File)
		if !filepath.IsLocal(name) {
			return fmt.Errorf("%s: weight %q lies in %q, which is outside the model's folder", m.Path, m.Weights[i].Name, x.File)
		}
		size, seen := sizes[x.File]
		if !seen {
			stat, err := os.Stat(filepath.Join(filepath.Dir(m.Path), name))
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return fmt.Errorf("%s: weight %q lies in the file %s beside the model, which is not there", m.Path, m.Weights[i].Name, x.File)
			case err != nil:
				return err
			case !stat.Mode().IsRegular():
				return fmt.Errorf("%s: %s, where weight %q lies, is not a regular file", m.Path, x.File, m.Weights[i].Name)
			}
			size = stat.Size()
			sizes[x.File] = size
		}
		if x.Offset > size || x.Length > size-x.Offset {
			return fmt.Errorf("%s: %s is truncated: weight %q is %d bytes at byte %d, the file has %d",
				m.Path, x.File, m.Weights[i].Name, x.Length, x.Offset, size)
		}
	}
	return nil
}

// InferUnknown lets the model learn shapes, if its file leaves any out or they do not say
// where channels are; of the tensors that the named ones are made of, or of all.
func (r *Runtime) InferUnknown(ctx context.Context, m *Model, tensors ...string) error {
	all := m.Tensors()
	if len(tensors) > 0 {
		for _, name := range tensors {
			if _, err := m.Find(all, name); err != nil {
				return err
			}
		}
		used, _, err := m.needed(tensors)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(t Tensor) bool { return !used[t.Name] })
	}
	if !slices.ContainsFunc(all, Tensor.unclear) {
		return nil
	}
	return r.Infer(ctx, m, tensors...)
}

// Unclear reports whether there is a tensor of which InferUnknown may tell more.
func (m *Model) Unclear() bool { return slices.ContainsFunc(m.Tensors(), Tensor.unclear) }

// unclear reports whether more is to be learnt of a tensor.
func (t Tensor) unclear() bool {
	return !t.Shape.Known || t.rank() > 2 && t.Kind != Constant && (!t.sure || t.Layout == UnknownLayout)
}
