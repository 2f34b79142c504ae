package engine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// itemsFile is the items table of a gallery.
const itemsFile = "items.csv"

// The values of the split column.
const (
	splitBoth uint8 = iota
	splitQuery
	splitGallery
)

// items is the items table by columns; row r of every slice is item r.
type items struct {
	ids    []string
	byID   idIndex
	images []string // nil without an image column
	labels []*Label
	group  *Label  // nil without a group column
	split  []uint8 // nil without a split column
}

// readItems reads a CSV table with a header line, which is likely to have so many
// rows. It polls ctx now and then.
func readItems(ctx context.Context, r io.Reader, rows int64) (*items, error) {
	br := bufio.NewReaderSize(r, 1<<20)
	if bom, _ := br.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		br.Discard(3)
	}
	cr := csv.NewReader(br)
	cr.ReuseRecord = true
	header, err := cr.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty; its first line must name the columns")
	}
	if err != nil {
		return nil, err
	}
	b, err := newItemsBuilder(header, int(min(rows, likelyRows)))
	if err != nil {
		return nil, err
	}
	for row := 0; ; row++ {
		if row%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		record, err := cr.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var pe *csv.ParseError
		if errors.As(err, &pe) && errors.Is(err, csv.ErrFieldCount) {
			return nil, fmt.Errorf("line %d: row %d has %d fields, the header %d", pe.Line, row, len(record), b.columns)
		}
		if err != nil {
			return nil, err
		}
		if err := b.add(record); err != nil {
			line, _ := cr.FieldPos(0)
			return nil, fmt.Errorf("line %d: row %d: %w", line, row, err)
		}
	}
	return b.done()
}

// itemsBuilder collects the table row by row.
type itemsBuilder struct {
	items
	columns          int
	id, image, split int // columns, or -1
	labels           []*labelBuilder
	at               []int // by labels: its column
}

// likelyRows is the number of rows up to which memory is taken before they are read.
const likelyRows = 1 << 20

// newItemsBuilder returns a builder for a table that is likely to have so many rows.
func newItemsBuilder(header []string, rows int) (*itemsBuilder, error) {
	b := &itemsBuilder{columns: len(header), id: -1, image: -1, split: -1}
	b.ids = make([]string, 0, rows)
	b.byID = newIDIndex(rows)
	seen := map[string]bool{}
	for i, name := range header {
		name = strings.TrimSpace(name)
		if name == "" {
			return nil, fmt.Errorf("line 1: column %d has no name", i+1)
		}
		if seen[name] {
			return nil, fmt.Errorf("line 1: column %q stands twice", name)
		}
		seen[name] = true
		switch name {
		case "id":
			b.id = i
		case "image":
			b.image = i
			b.images = make([]string, 0, rows)
		case "split":
			b.split = i
		default:
			b.labels = append(b.labels, newLabelBuilder(strings.Clone(name), rows))
			b.at = append(b.at, i)
		}
	}
	if b.id < 0 {
		return nil, fmt.Errorf("line 1: no column is named id (columns: %s)", strings.Join(header, ", "))
	}
	return b, nil
}

func (b *itemsBuilder) add(record []string) error {
	id := record[b.id]
	if id == "" {
		return errors.New("its id is empty")
	}
	if first := b.byID.add(b.ids, id); first >= 0 {
		return fmt.Errorf("id %q is that of row %d too", id, first)
	}
	b.ids = append(b.ids, id)
	if b.image >= 0 {
		b.images = append(b.images, record[b.image])
	}
	for i, l := range b.labels {
		l.add(record[b.at[i]])
	}
	if b.split >= 0 {
		switch s := strings.TrimSpace(record[b.split]); s {
		case "", "both":
			b.items.split = append(b.items.split, splitBoth)
		case "query":
			b.items.split = append(b.items.split, splitQuery)
		case "gallery":
			b.items.split = append(b.items.split, splitGallery)
		default:
			return fmt.Errorf("split is %q, not query, gallery or both", s)
		}
	}
	return nil
}

func (b *itemsBuilder) done() (*items, error) {
	if len(b.ids) == 0 {
		return nil, errors.New("it has no rows")
	}
	for _, l := range b.labels {
		done := l.done()
		if done.Name == "group" {
			b.group = done
			continue
		}
		b.items.labels = append(b.items.labels, done)
	}
	return &b.items, nil
}

// ID returns the item's id.
func (g *Gallery) ID(row int) string { return g.items.ids[row] }

// Row returns the row of the item with the id.
func (g *Gallery) Row(id string) (int, error) {
	row, _, _ := g.items.byID.find(g.items.ids, id)
	if row < 0 {
		return 0, &NameError{Kind: "item", Name: id, In: g.Name}
	}
	return row, nil
}

// Labels returns the label columns in the order of the items table.
func (g *Gallery) Labels() []*Label { return g.items.labels }

// IsQuery reports whether the row may be a query: its split is not gallery.
func (g *Gallery) IsQuery(row int) bool {
	return g.items.split == nil || g.items.split[row] != splitGallery
}

// Group returns the row's cell in the group column; "" is a row of no group.
func (g *Gallery) Group(row int) string {
	if g.items.group == nil {
		return ""
	}
	return g.items.group.Cell(row)
}
