package items

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	slash "path"
	"slices"
	"strconv"
	"strings"

	"strata/engine/table"
)

// JudgementColumns are the columns of a table of judgements. "" is the usual name.
type JudgementColumns struct {
	Query string `yaml:"query,omitempty"` // the id of an item
	Item  string `yaml:"item,omitempty"`  // the id of an item
	Grade string `yaml:"grade,omitempty"` // a whole number from 0, a count of clicks say
}

// Logarithms is the Gain of JudgementSource that is 1 and the whole part of the count's binary
// logarithm: 1, 2, 2, 3 for the counts 1, 2, 3, 4.
const Logarithms = "log2"

// JudgementSource is a file of judgements. A table, by the names of table.Known, has the columns
// query, item and grade. Another file is text in lines as trec_eval reads them: QUERY 0 ITEM GRADE.
type JudgementSource struct {
	Name    string // of the label
	File    string // for its kind
	Columns JudgementColumns
	Gain    string // of a grade: "", itself, or Logarithms
}

// IsTrec reports whether a file of judgements with that name is read as lines, as trec_eval does.
func IsTrec(name string) bool { return slices.Contains([]string{".txt", ".qrels"}, slash.Ext(name)) }

// maxJudgements bounds the number of judgements of a file.
const maxJudgements = 1 << 28

// maxCount is the largest grade that is a whole number without doubt.
const maxCount = 1 << 53

// judgementReader collects the judgements of one file.
type judgementReader struct {
	from    JudgementSource
	items   *Table
	pairs   []judgement
	places  string // what place counts: line or row
	rows    int
	left    int    // rows whose query or item is no item
	strange string // the first of them
	capped  int    // grades above MaxGrade
	notes   []string
}

// Read reads the judgements of items, and says what may not be what was meant. Errors
// name the line.
func (s JudgementSource) Read(ctx context.Context, f fs.File, items *Table) (*Label, []string, error) {
	r := &judgementReader{from: s, items: items, places: "line"}
	var err error
	if IsTrec(s.File) {
		err = r.lines(ctx, f)
	} else {
		err = r.table(ctx, f)
	}
	if err != nil {
		return nil, nil, err
	}
	if r.rows == 0 {
		r.note("it has no judgements")
	}
	if r.left > 0 {
		r.note("%d of its %d judgements are left out: their query or item is no item of the gallery; the first, %s", r.left, r.rows, r.strange)
	}
	if r.capped > 0 {
		r.note("%d of its %d grades are above %d and count as that; gallery.yaml can take logarithms of counts: judgements: {%s: {gain: %s}}", r.capped, r.rows, MaxGrade, s.Name, Logarithms)
	}
	if err := r.once(); err != nil {
		return nil, nil, err
	}
	return judgementLabel(s.Name, len(items.IDs), r.pairs), r.notes, nil
}

func (r *judgementReader) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// lines reads the form of trec_eval.
func (r *judgementReader) lines(ctx context.Context, f fs.File) error {
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for line := 1; in.Scan(); line++ {
		if line%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		fields := strings.Fields(in.Text())
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 4 {
			return fmt.Errorf("line %d: it has %d fields, not the four of QUERY 0 ITEM GRADE", line, len(fields))
		}
		if err := r.add(line, fields[0], fields[2], fields[3]); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
	if errors.Is(in.Err(), bufio.ErrTooLong) {
		return errors.New("a line is longer than the 1,048,576 bytes allowed: this is no list of judgements")
	}
	return in.Err()
}

// table reads a table.
func (r *judgementReader) table(ctx context.Context, f fs.File) error {
	in, err := table.Open(r.from.File, f)
	if err != nil {
		return err
	}
	defer in.Close()
	c := r.from.Columns
	names := []string{cmp.Or(c.Query, "query"), cmp.Or(c.Item, "item"), cmp.Or(c.Grade, "grade")}
	columns, known := make([]int, len(names)), 0
	find := func() error {
		known = len(in.Columns())
		for i, name := range names {
			if columns[i] = slices.Index(in.Columns(), name); columns[i] < 0 {
				return fmt.Errorf("no column is named %s (columns: %s); gallery.yaml can say which it is: judgements: {%s: {query: COLUMN, item: COLUMN, grade: COLUMN}}",
					name, strings.Join(in.Columns(), ", "), r.from.Name)
			}
		}
		return nil
	}
	if len(in.Columns()) > 0 {
		if err := find(); err != nil {
			return err
		}
	}
	for n := 0; ; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			r.notes = append(r.notes, in.Notes()...)
			return nil
		}
		if err != nil {
			return err
		}
		if len(in.Columns()) != known {
			if err := find(); err != nil {
				return table.Place(in.Place(), n, err)
			}
		}
		place, text := n, in.Place()
		if line, ok := strings.CutPrefix(text, "line "); ok {
			place, _ = strconv.Atoi(line)
		} else {
			r.places = "row"
		}
		cell := func(i int) string { return strings.TrimSpace(at(cells, columns[i])) }
		if err := r.add(place, cell(0), cell(1), cell(2)); err != nil {
			return fmt.Errorf("%s %d: %w", r.places, place, err)
		}
	}
}

// add adds a judgement.
func (r *judgementReader) add(place int, query, item, grade string) error {
	switch {
	case query == "":
		return errors.New("its query is empty")
	case item == "":
		return errors.New("its item is empty")
	case grade == "":
		return errors.New("its grade is empty")
	case r.rows == maxJudgements:
		return fmt.Errorf("there are more than the %d judgements allowed", maxJudgements)
	}
	r.rows++
	count, err := strconv.ParseFloat(grade, 64)
	switch {
	case err != nil || math.IsNaN(count):
		return fmt.Errorf("grade %.80q is no number", grade)
	case count < 0:
		return fmt.Errorf("grade %s is negative; the least is 0, not relevant", grade)
	case count > maxCount || count != float64(int64(count)):
		return fmt.Errorf("grade %s is no whole number; 0 is not relevant, and larger ones are more relevant", grade)
	}
	q, x := r.row(query), r.row(item)
	if q < 0 || x < 0 {
		if r.left++; r.left == 1 {
			what, id := "query", query
			if q >= 0 {
				what, id = "item", item
			}
			r.strange = fmt.Sprintf("in %s %d, has the %s %.80q", r.places, place, what, id)
		}
		return nil
	}
	gain, capped := gainOf(count, r.from.Gain == Logarithms)
	if capped {
		r.capped++
	}
	r.pairs = append(r.pairs, judgement{query: int32(q), item: int32(x), place: int32(place), grade: gain, count: count})
	return nil
}

// row returns the row of an id, or -1. Ids in the form of trec_eval may be percent-encoded, as
// those are that Strata writes.
func (r *judgementReader) row(id string) int {
	row, _, _ := r.items.ByID.Find(r.items.IDs, id)
	if row < 0 && strings.Contains(id, "%") && IsTrec(r.from.File) {
		row, _, _ = r.items.ByID.Find(r.items.IDs, decoded(id))
	}
	return row
}

// decoded returns an id with the byte in place of each % and two hexadecimal digits.
func decoded(id string) string {
	b := make([]byte, 0, len(id))
	for i := 0; i < len(id); i++ {
		if id[i] == '%' && i+2 < len(id) {
			if code, err := strconv.ParseUint(id[i+1:i+3], 16, 8); err == nil {
				b = append(b, byte(code))
				i += 2
				continue
			}
		}
		b = append(b, id[i])
	}
	return string(b)
}

// once keeps each pair once. A pair with two grades is an error.
func (r *judgementReader) once() error {
	slices.SortFunc(r.pairs, func(a, b judgement) int {
		return cmp.Or(cmp.Compare(a.query, b.query), cmp.Compare(a.item, b.item), cmp.Compare(a.place, b.place))
	})
	twice, first := 0, judgement{}
	var differ [2]judgement
	kept := r.pairs[:0]
	for _, p := range r.pairs {
		if n := len(kept); n == 0 || kept[n-1].query != p.query || kept[n-1].item != p.item {
			kept = append(kept, p)
			continue
		}
		was := kept[len(kept)-1]
		if was.count != p.count && (differ[1].place == 0 || p.place < differ[1].place) {
			differ = [2]judgement{was, p}
		}
		if twice++; twice == 1 || p.place < first.place {
			first = p
		}
	}
	r.pairs = kept
	if p := differ[1]; p.place > 0 {
		return fmt.Errorf("%s %d: item %q has grade %s for query %q, and %s in %s %d", r.places, p.place,
			r.items.IDs[p.item], number(p.count), r.items.IDs[p.query], number(differ[0].count), r.places, differ[0].place)
	}
	if twice > 0 {
		r.note("%d of its %d judgements stand there twice, with the same grade: the first in %s %d", twice, r.rows, r.places, first.place)
	}
	return nil
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
