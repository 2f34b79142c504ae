package importer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"strata/engine/fence"
	"strata/engine/format"
	"strata/engine/table"
)

// isText reports whether a source is a table of texts, in which vectors are texts, too.
func isText(name string) bool { return table.Known(name) && !format.Known(name) }

// cellRows are the vectors in a table of texts: one column with a vector in each cell, or a column
// for each feature.
type cellRows struct {
	file    *os.File
	r       *table.Reader
	array   string
	columns []int
	id      string    // of the row that was read last
	values  []float64 // of that row; none: its cells are empty
	a       format.Array
	at      int64 // the next row
}

// openCells opens the table in a file.
func openCells(path, array string) (*cellRows, error) {
	f, err := fence.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := table.OpenRaw(filepath.Base(path), f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &cellRows{file: f, r: r, array: array}, nil
}

func (v *cellRows) Close() error {
	v.r.Close()
	return v.file.Close()
}

// next reads a row. It returns io.EOF at the end.
func (v *cellRows) next() error {
	cells, err := v.r.Read()
	if err != nil {
		return err
	}
	if v.columns == nil { // those of JSON Lines are known with the first row
		v.columns = table.Vector(v.r.Columns(), v.array)
	}
	if v.columns == nil {
		return fmt.Errorf("it has no column %q, nor columns %s0, %[2]s1 and so on", v.array, v.array)
	}
	if c := slices.Index(v.r.Columns(), "id"); c >= 0 {
		v.id = cells[c]
	}
	if err := v.parse(cells); err != nil {
		return table.Place(v.r.Place(), int(v.at), err)
	}
	v.at++
	return nil
}

// parse reads the values of a row.
func (v *cellRows) parse(cells []string) error {
	var texts []string
	if len(v.columns) == 1 {
		text := strings.TrimSpace(cells[v.columns[0]])
		inner, begins := strings.CutPrefix(text, "[")
		inner, ends := strings.CutSuffix(inner, "]")
		if begins != ends || strings.Contains(inner, "...") {
			return fmt.Errorf("%.40q is no vector: it is cut", text)
		}
		texts = table.Numbers(inner)
	} else {
		for _, c := range v.columns {
			texts = append(texts, cells[c])
		}
		if !slices.ContainsFunc(texts, func(s string) bool { return s != "" }) {
			texts = nil
		}
	}
	v.values = v.values[:0]
	for i, s := range texts {
		x, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil {
			return fmt.Errorf("value %d of its vector, %.40q, is no number", i, s)
		}
		v.values = append(v.values, x)
	}
	return nil
}

// read gives a row without a vector zeros.
func (v *cellRows) read(b []byte, row, n int64) error {
	size := v.a.Dim * v.a.Type.Size()
	for i := int64(0); i < n; {
		if err := v.next(); err != nil {
			return err
		}
		if v.at <= row {
			continue
		}
		out := b[i*size : i*size : (i+1)*size]
		for k := range v.a.Dim {
			x := 0.0
			if k < int64(len(v.values)) {
				x = v.values[k]
			}
			if v.a.Type == format.Float64 {
				out = binary.LittleEndian.AppendUint64(out, math.Float64bits(x))
			} else {
				out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(x)))
			}
		}
		i++
	}
	return nil
}

// chooseColumns takes columns of a table of texts for the matrix. The table is read twice, since a
// text tells its rows, and their ids, at its end.
func (m *importer) chooseColumns(ctx context.Context) (err error) {
	if m.Array == "" || m.Pool != "" {
		return errors.New("it is a table of texts: --array names its column of vectors, or what the names of their columns begin with, and nothing is pooled")
	}
	v, err := openCells(m.Source, m.Array)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	var ids []string
	dim := 0
	for {
		err := v.next()
		if errors.Is(err, io.EOF) {
			break
		}
		switch n := len(v.values); {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case dim == 0:
			dim = n
		case n > 0 && n != dim:
			return table.Place(v.r.Place(), int(v.at-1), fmt.Errorf("its vector has %d values, those before have %d", n, dim))
		}
		ids = append(ids, v.id)
	}
	if dim == 0 {
		return fmt.Errorf("%q: no row has a vector", m.Array)
	}
	if slices.Contains(v.r.Columns(), "id") && m.IDs == nil {
		m.IDs = ids
	}
	m.cells = true
	m.array = format.Array{Name: m.Array, Type: format.Float32, Rows: int64(len(ids)), Dim: int64(dim)}
	if m.Type != nil && *m.Type == format.Float64 {
		m.array.Type = format.Float64
	}
	m.into = format.Array{Type: m.array.Type, Rows: m.array.Rows, Dim: m.array.Dim}
	m.chooseType()
	return nil
}
