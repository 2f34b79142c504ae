package importer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"strata/engine"
	"strata/engine/aside"
	"strata/engine/fence"
	"strata/engine/format"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/scheme"
	"strata/engine/table"
)

// importStep is about how many bytes are written between two marks of progress
// that a later run can go on from.
const importStep = 64 << 20

// Import writes a matrix of a file of any known format as a layer of a gallery:
// NAME.npy, row by row in the order of the items table. It is for what cannot be
// opened as it is, or not at once: matrices that lie column by column, that are
// compressed, that have rows in another order, or a type that is larger than need be.
//
// The matrix grows in .strata/import and takes its place when it is whole and on
// the disk. An import that was stopped goes on where it was.
type Import struct {
	Source  string       // the file, or a folder of .npy files of one vector each, named by their items' ids
	Array   string       // the matrix in it; may be empty when there is only one; of texts: its column, or what its columns' names begin with
	Gallery string       // the folder
	Layer   string       // its name
	Type    *format.Type // to convert to; nil: as it is, but bfloat16 becomes float32
	IDs     []string     // by row of the source: the item that it is of; nil: the order of the items table
	Lacking bool         // items that IDs does not name have rows of zeros; otherwise they are an error
	Force   bool         // replace a layer that is there
	Restart bool         // do not go on with what was stopped
	Pool    Pool         // of an array of items × tokens × features

	FollowLinks bool // symbolic links of the gallery may lead out of its folder

	Progress func(rows, of int) // may be nil

	step int64 // in place of importStep; 0: that
}

// Imported says what an import did.
type Imported struct {
	Path      string
	Type      format.Type
	Rows, Dim int
	Resumed   int // rows that an earlier run had written
	Lacking   int // items without a row in the source
	LeftOut   int // rows of the source of no item
}

// importMark says what a file that grows is, and how far it is. It lies beside it.
type importMark struct {
	Source   string `json:"source"`
	Bytes    int64  `json:"bytes"`
	Modified int64  `json:"modified,omitempty"` // nanoseconds
	Files    string `json:"files,omitempty"`    // hash of names, sizes and times of a folder's files
	Array    string `json:"array,omitempty"`
	Pool     Pool   `json:"pool,omitempty"`
	Type     string `json:"type"`
	Rows     int64  `json:"rows"`
	Dim      int64  `json:"dim"`
	Order    string `json:"order,omitempty"` // hash of the ids of both sides
	Done     int64  `json:"done"`            // rows of the source that are on the disk
}

// importer is the state of an import.
type importer struct {
	Import
	source *os.File
	array  format.Array
	byCol  bool     // the matrix lies column by column
	files  []string // of a folder of vectors, by row
	cells  bool     // the matrix is columns of a table of texts
	into   format.Array
	items  int
	to     []int // by row of the source: row of the layer, or -1; nil: the same
	out    *os.File
	mark   importMark
	dir    fence.Folder // holds the matrix that grows, LAYER.npy, its mark, LAYER.json, and its lock
}

// Do imports. It returns an error that names file, row and value, and leaves what
// was there.
func (o Import) Do(ctx context.Context) (done Imported, err error) {
	m := &importer{Import: o}
	if err := m.open(ctx); err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, m.source.Close()) }()
	done = Imported{Path: filepath.Join(o.Gallery, o.Layer+".npy"), Type: m.into.Type, Dim: int(m.into.Dim)}
	if done.Lacking, done.LeftOut, err = m.order(ctx); err != nil {
		return done, err
	}
	done.Rows = m.items
	if _, err := os.Stat(done.Path); err == nil && !o.Force {
		return done, fmt.Errorf("%s is there already; --force replaces it", done.Path)
	}
	m.dir = fence.In(o.Gallery, engine.DerivedFolder).Sub(engine.ImportFolder)
	if err := m.dir.Make(); err != nil {
		return done, err
	}
	lock, err := m.begin()
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	done.Resumed = int(m.mark.Done)
	if err := m.copy(ctx); err != nil {
		return done, errors.Join(err, m.out.Close())
	}
	if err := m.out.Close(); err != nil {
		return done, err
	}
	return done, m.publish()
}

// open opens the source and chooses the matrix in it.
func (m *importer) open(ctx context.Context) error {
	if !scheme.IsLayerName(m.Layer) {
		return fmt.Errorf("%q: %w", m.Layer, manifest.ErrLayerName)
	}
	if info, err := os.Stat(m.Source); err == nil && info.IsDir() {
		return m.openFolder()
	}
	f, err := fence.Open(m.Source)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		m.source = f
		err = m.choose(ctx, info.Size())
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", m.Source, err), f.Close())
	}
	path, err := filepath.Abs(m.Source)
	m.mark = importMark{
		Source: path, Bytes: info.Size(), Modified: info.ModTime().UnixNano(), Array: m.array.Name, Pool: m.Pool,
		Type: m.into.Type.String(), Dim: m.into.Dim, Rows: m.array.Rows,
	}
	return err
}

// choose finds the matrix, and the type that it is written in.
func (m *importer) choose(ctx context.Context, size int64) error {
	if isText(filepath.Base(m.Source)) {
		return m.chooseColumns(ctx)
	}
	arrays, err := format.Read(ctx, filepath.Base(m.Source), m.source, size)
	if e := (*format.FortranError)(nil); errors.As(err, &e) {
		arrays, err, m.byCol = []format.Array{e.Array}, nil, true
	}
	if err != nil {
		return err
	}
	var names []string
	found := -1
	for i, a := range arrays {
		names = append(names, a.Name)
		if a.Name == m.Array || m.Array == "" && len(arrays) == 1 {
			found = i
		}
	}
	switch {
	case found >= 0:
	case m.Array == "":
		return fmt.Errorf("it holds %d matrices; name one: %s", len(arrays), strings.Join(names, ", "))
	default:
		return fmt.Errorf("it holds no matrix %q, but %s", m.Array, strings.Join(names, ", "))
	}
	m.array = arrays[found]
	if m.array.Opaque {
		return errors.New("its rows are bytes of no known type; name the type in gallery.yaml, and open it there")
	}
	m.into = format.Array{Type: m.array.Type, Rows: m.array.Rows, Dim: m.array.Dim}
	switch {
	case m.array.Tokens > 1 && m.Pool != "":
		m.array.Dim *= m.array.Tokens // rows of all tokens
		m.array.Why = ""
	case m.array.Why != "":
		return errors.New(m.array.Why)
	case m.Pool != "":
		return fmt.Errorf("it has no tokens to pool: its rows are %d features", m.array.Dim)
	}
	m.chooseType()
	return nil
}

// chooseType chooses the type that the layer is written in.
func (m *importer) chooseType() {
	switch t := m.into.Type; {
	case m.Type != nil:
		m.into.Type = *m.Type
	case t == format.BFloat16, m.Pool == PoolMean && t != format.Float64:
		m.into.Type = format.Float32
	}
}

// order reads the items table and finds where rows go.
func (m *importer) order(ctx context.Context) (lacking, leftOut int, err error) {
	g, err := engine.OpenItems(ctx, m.Gallery, engine.OpenOptions{FollowLinks: m.FollowLinks})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	m.items = g.Len()
	m.into.Rows = int64(m.items)
	if m.IDs == nil {
		if m.array.Rows != m.into.Rows {
			return 0, 0, fmt.Errorf("%s: the matrix has %d rows, the gallery %d items; say with --ids which row is which", m.Source, m.array.Rows, m.items)
		}
		return 0, 0, nil
	}
	if int64(len(m.IDs)) != m.array.Rows {
		return 0, 0, fmt.Errorf("%s: the matrix has %d rows, and there are %d ids for them", m.Source, m.array.Rows, len(m.IDs))
	}
	h := sha256.New()
	from := slices.Repeat([]int{-1}, m.items)
	m.to = make([]int, len(m.IDs))
	for i, id := range m.IDs {
		_, _ = fmt.Fprintf(h, "%q\n", id)
		row, err := g.Row(id)
		if err != nil {
			m.to[i] = -1
			leftOut++
			continue
		}
		if from[row] >= 0 {
			return 0, 0, fmt.Errorf("rows %d and %d of %s are both of item %q", from[row], i, m.Source, id)
		}
		from[row], m.to[i] = i, row
	}
	m.mark.Order = hex.EncodeToString(h.Sum(nil))[:32] + g.HashIDs(m.items)[:32]
	if lacking = m.items - (len(m.IDs) - leftOut); lacking > 0 && !m.Lacking {
		row := slices.Index(from, -1)
		return 0, 0, fmt.Errorf("%s has no row of %d of %d items, the first is %q, row %d; --lacking gives them rows of zeros, which have no score", m.Source, lacking, m.items, g.ID(row), row)
	}
	return lacking, leftOut, nil
}

// begin opens the matrix that grows: one that was stopped, or a new one. The file
// that it returns holds the lock.
func (m *importer) begin() (_ *os.File, err error) {
	lock, err := m.dir.Update(m.Layer + ".lock")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, lock.Close())
		}
	}()
	if mine, err := aside.TryLock(lock); err == nil && !mine {
		return nil, fmt.Errorf("another program imports layer %s into %s", m.Layer, m.Gallery)
	}
	if m.out, err = m.dir.Update(m.Layer + ".npy"); err != nil {
		return nil, err
	}
	head := format.NpyHead(m.into.Type, m.into.Rows, m.into.Dim)
	m.into.Offset = int64(len(head))
	m.into.Stride = m.into.Dim * m.into.Type.Size()
	size := m.into.Offset + m.into.Bytes()
	if m.resume(size) {
		return lock, nil
	}
	err = m.dir.Remove(m.markName())
	for _, step := range []func() error{
		func() error { return m.out.Truncate(0) },
		func() error { return m.out.Truncate(size) }, // zeros, where nothing is written
		func() error { _, err := m.out.WriteAt(head, 0); return err },
	} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		err = errors.Join(err, m.out.Close())
	}
	return lock, err
}

// matrix returns the path of the matrix that grows.
func (m *importer) matrix() string { return m.dir.File(m.Layer + ".npy") }

// markName returns the name of the mark.
func (m *importer) markName() string { return m.Layer + ".json" }

// resume reports whether an earlier run began the same file, and takes its mark.
func (m *importer) resume(size int64) bool {
	data, err := m.dir.ReadFile(m.markName(), fence.Metadata)
	info, errInfo := m.out.Stat()
	var had importMark
	if m.Restart || err != nil || errInfo != nil || json.Unmarshal(data, &had) != nil || info.Size() != size {
		return false
	}
	want := m.mark
	want.Done = had.Done
	if had != want || had.Done < 0 || had.Done > had.Rows {
		return false
	}
	m.mark = had
	return true
}

// copy writes all rows that are not there yet.
func (m *importer) copy(ctx context.Context) (err error) {
	rows, err := m.rows(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", m.Source, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	each := max(1, cmp.Or(m.step, importStep)/max(m.array.Dim*m.array.Type.Size(), m.into.Stride))
	in := make([]byte, min(each, m.array.Rows)*m.array.Dim*m.array.Type.Size())
	var out, pooled []byte
	for m.mark.Done < m.mark.Rows {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n := min(each, m.mark.Rows-m.mark.Done)
		block := in[:n*m.array.Dim*m.array.Type.Size()]
		if err := rows.read(block, m.mark.Done, n); err != nil {
			return fmt.Errorf("%s: row %d and the next: %w", m.Source, m.mark.Done, err)
		}
		from := m.array.Type
		if m.array.Tokens > 1 {
			pooled, from = m.Pool.tokens(pooled[:0], block, m.array)
			block = pooled
		}
		if out, err = convert(out[:0], m.into.Type, block, from, int(m.into.Dim)); err != nil {
			if e := (*valueError)(nil); errors.As(err, &e) {
				e.row += int(m.mark.Done)
			}
			return fmt.Errorf("%s: %w", m.Source, err)
		}
		if err := m.write(out, int(m.mark.Done), int(n)); err != nil {
			return fmt.Errorf("%s: %w", m.matrix(), aside.Reason(err))
		}
		m.mark.Done += n
		if err := m.keep(); err != nil {
			return err
		}
		if m.Progress != nil {
			m.Progress(int(m.mark.Done), int(m.mark.Rows))
		}
	}
	return nil
}

// write writes n rows of the source, from row on, into their places.
func (m *importer) write(b []byte, row, n int) error {
	if m.to == nil {
		_, err := m.out.WriteAt(b, m.into.Offset+int64(row)*m.into.Stride)
		return err
	}
	for i := range n {
		to := m.to[row+i]
		if to < 0 {
			continue
		}
		if _, err := m.out.WriteAt(b[int64(i)*m.into.Stride:int64(i+1)*m.into.Stride], m.into.Offset+int64(to)*m.into.Stride); err != nil {
			return err
		}
	}
	return nil
}

// keep brings the rows to the disk and then counts them.
func (m *importer) keep() error {
	if err := m.out.Sync(); err != nil {
		return err
	}
	text, err := json.Marshal(m.mark)
	if err != nil {
		return err
	}
	return m.dir.WriteBytes(m.markName(), append(text, '\n'))
}

// publish gives the matrix its place. A mark that a kill leaves is of no matrix any
// more, and the next import begins anew.
func (m *importer) publish() error {
	if err := m.dir.Rename(m.Layer+".npy", fence.In(m.Gallery, "."), m.Layer+".npy"); err != nil {
		return err
	}
	_ = m.dir.Remove(m.markName())
	_ = m.dir.Remove(m.Layer + ".lock")
	_ = fence.In(m.Gallery, engine.DerivedFolder).Remove(engine.ImportFolder) // if nothing else is being imported
	return nil
}

// ReadIDs reads the ids of rows: of a .npy file with an array of texts, or of any
// other file with an id a line.
func ReadIDs(path string) ([]string, error) {
	f, err := layer.OpenFile(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	ids, err := table.ReadIDs(strings.ToLower(path), f)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return ids, errors.Join(err, f.Close())
}
