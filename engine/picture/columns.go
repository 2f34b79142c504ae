package picture

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	slash "path"
	"slices"
	"strings"

	"strata/engine/archive"
	"strata/engine/layer"
	"strata/engine/shard"
)

// cells is the column of the pictures in a file.
type cells struct {
	*archive.Column
	file  string
	table fs.File
	first int64 // row of all files
}

// openCell opens the picture in a row of the table, which may be several files whose
// rows follow one another.
func (p *Pictures) openCell(row int) (fs.File, error) {
	r := p.Record
	all, err := p.columns()
	if err != nil {
		return nil, err
	}
	at := int64(row)
	if slices.Contains(p.Items.Files, all[0].file) {
		at = int64(p.Items.TableRow(row)) // a list of ids may give the rows another order
	}
	c := all[0]
	for _, next := range all[1:] {
		if next.first <= at {
			c = next
		}
	}
	at -= c.first
	b, err := c.Cell(p.Life, at)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: column %s, row %d: %w", c.file, r.Column, at, err)
	case len(b) == 0:
		return nil, fmt.Errorf("item %q has no picture: %s: column %s is empty in row %d", p.Items.IDs[row], c.file, r.Column, at)
	}
	return archive.OpenBytes(p.Name(row), b), nil
}

// columns opens the files of the table of the pictures.
func (p *Pictures) columns() (_ []cells, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cells != nil {
		return p.cells, nil
	}
	files, err := p.tables()
	if err != nil {
		return nil, err
	}
	var all []cells
	defer func() {
		if err != nil {
			for _, c := range all {
				err = errors.Join(err, c.table.Close())
			}
		}
	}()
	rows := int64(0)
	for _, file := range files {
		f, err := layer.OpenFile(p.Files, file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		c, err := openColumn(f, p.Record.Column)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", file, err), f.Close())
		}
		all = append(all, cells{c, file, f, rows})
		rows += c.Rows()
	}
	if rows != int64(len(p.Items.IDs)) && !slices.Contains(p.Items.Files, files[0]) {
		return nil, fmt.Errorf("%s: it has %d rows, %s %d items", p.Record.File, rows, p.Items.RowsFile(), len(p.Items.IDs))
	}
	p.cells = all
	return all, nil
}

// tables returns the files of the table of the pictures, in the order of their rows.
func (p *Pictures) tables() ([]string, error) {
	if !strings.ContainsAny(p.Record.File, "*?[") {
		return []string{p.Record.File}, nil
	}
	if len(p.Items.Files) > 1 { // in their order, if these are the same files
		same := true
		for _, file := range p.Items.Files {
			ok, err := slash.Match(p.Record.File, file)
			same = same && ok && err == nil
		}
		if same {
			return p.Items.Files, nil
		}
	}
	found, err := fs.Glob(p.Files, p.Record.File)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("no file is named %s", p.Record.File)
	}
	slices.SortFunc(found, shard.ByNumber)
	return found, err
}

// openColumn opens a column of the file of a table.
func openColumn(f fs.File, name string) (*archive.Column, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	in, ok := f.(io.ReaderAt)
	if !ok {
		return nil, errors.New("it cannot be read from its middle")
	}
	return archive.OpenColumn(in, info.Size(), name)
}
