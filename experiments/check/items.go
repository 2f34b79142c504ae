package check

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"strata/engine"
	"strata/engine/items"
	"strata/engine/manifest"
	"strata/engine/scheme"
	"strata/experiments/table"
)

// itemsPlace is where findings about items are.
const itemsPlace = "items"

// items checks the items table.
func (r *checkRun) items(ctx context.Context) error {
	r.Progress("items", 0)
	n := r.g.Len()
	padded, hostile := first{row: -1}, first{row: -1}
	for row := range n {
		if row%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		id := r.g.ID(row)
		if strings.TrimSpace(id) != id {
			padded.add(row)
		}
		if !scheme.Printable(id) {
			hostile.add(row)
		}
	}
	if padded.n > 0 {
		r.find(SeverityWarning, "ids.padded", itemsPlace, "%s with blanks around: the first is %q in row %d", table.Counted(padded.n, "id"), r.g.ID(padded.row), padded.row).of(padded.n, padded.row)
	}
	if hostile.n > 0 {
		r.find(SeverityWarning, "ids.hostile", itemsPlace, "%s with characters that do not print: the first is %q in row %d", table.Counted(hostile.n, "id"), r.g.ID(hostile.row), hostile.row).of(hostile.n, hostile.row)
	}
	r.splits()
	r.groups()
	if len(r.g.Labels()) == 0 {
		r.find(SeverityWarning, "labels.none", itemsPlace, "no column is a label: nothing can be evaluated")
	}
	for _, l := range r.g.Labels() {
		r.label(l)
	}
	r.querySets()
	return nil
}

// querySets checks that the sets of queries can be found.
func (r *checkRun) querySets() {
	for _, name := range r.g.Queries().Names() {
		_, err := r.g.Queries().Set(name)
		if err == nil || r.g.Queries().OnFlags(name) { // what is flagged changes
			continue
		}
		place := filepath.Join(r.g.Path, manifest.FileName)
		r.find(SeverityError, "queries.set", place, "%s", strings.TrimPrefix(err.Error(), place+": "))
	}
}

// first counts, and keeps the first row.
type first struct{ n, row int }

func (f *first) add(row int) {
	if f.n++; f.n == 1 {
		f.row = row
	}
}

// splits checks that there are queries, and items that can answer them.
func (r *checkRun) splits() {
	among, err := r.g.Candidates(nil)
	if err != nil {
		return // no filter is given
	}
	queries, answers, both := 0, 0, 0
	for row := range r.g.Len() {
		q, a := r.g.IsQuery(row), among.Has(row)
		if q {
			queries++
		}
		if a {
			answers++
		}
		if q && a {
			both++
		}
	}
	switch n := r.g.Len(); {
	case queries == 0:
		r.find(SeverityError, "split.queries", "split", "all %d items are gallery: there is no query", n).of(n, 0)
	case answers == 0:
		r.find(SeverityError, "split.gallery", "split", "all %d items are query: nothing can be found", n).of(n, 0)
	case queries < n || answers < n:
		r.find(SeverityNote, "split", "split", "%d items are queries only, %d are gallery only, %d both", queries-both, answers-both, both)
	}
}

// groups checks the group column.
func (r *checkRun) groups() {
	l := r.g.Groups()
	if l == nil {
		return
	}
	values, unknown := l.Count()
	alone := 0
	for _, v := range values {
		if v.Rows == 1 {
			alone++
		}
	}
	switch n := r.g.Len(); {
	case len(values) == 0:
		r.find(SeverityWarning, "groups.empty", "group", "the column is empty")
	case alone == len(values):
		r.find(SeverityWarning, "groups.alone", "group", "all %d groups have one item: is this the column of the listing?", alone).of(alone, -1)
	case values[0].Rows*10 > n && n > 20:
		r.find(SeverityWarning, "groups.large", "group", "group %s has %d of %d items, which never answer one another", table.Quote(values[0].Value), values[0].Rows, n).of(values[0].Rows, -1)
	default:
		r.find(SeverityNote, "groups", "group", "%d groups, %d of them of one item, the largest of %d; %d items in none", len(values), alone, values[0].Rows, unknown)
	}
}

// judgements checks judgements of pairs.
func (r *checkRun) judgements(l *items.Label) {
	queries, judged, relevant, without := 0, 0, 0, 0
	for row := range r.g.Len() {
		n, good := l.JudgedOf(row)
		if n == 0 || !r.g.IsQuery(row) {
			continue
		}
		queries, judged, relevant = queries+1, judged+n, relevant+good
		if good == 0 {
			without++
		}
	}
	place := "judgements " + table.Quote(l.Name)
	if relevant == 0 {
		r.find(SeverityWarning, "judgements.none", place, "no query has a relevant item: nothing can be evaluated")
		return
	}
	r.find(SeverityNote, "judgements", place, "%d judged pairs of %d queries, %d of them relevant; queries without a relevant item: %d", judged, queries, relevant, without)
}

// label checks a column of labels, or judgements.
func (r *checkRun) label(l *items.Label) {
	place := "column " + table.Quote(l.Name)
	if l.Judged() {
		r.judgements(l)
		return
	}
	values, unknown := l.Count()
	n := r.g.Len()
	known := n - unknown
	alone, hostile := 0, ""
	for _, v := range values {
		if missing[strings.ToLower(v.Value)] {
			r.find(SeverityWarning, "label.missing", place, "%s of %s: is that no value? gallery.yaml can say so: unknown: [%q]", table.Counted(v.Rows, "cell"), table.Quote(v.Value), v.Value).of(v.Rows, -1)
		}
		if v.Rows == 1 {
			alone++
		}
		if hostile == "" && !scheme.Printable(v.Value) {
			hostile = v.Value
		}
	}
	if hostile != "" {
		r.find(SeverityWarning, "label.hostile", place, "value %q holds characters that do not print", hostile)
	}
	switch {
	case known == 0:
		r.find(SeverityWarning, "label.unknown", place, "all %d cells are empty", n).of(n, 0)
		return
	case len(values) == 1 && known > 1:
		r.find(SeverityWarning, "label.one", place, "every value is %s: each item is relevant to each", table.Quote(values[0].Value)).of(known, -1)
	case alone == len(values) && known > 1:
		r.find(SeverityWarning, "label.distinct", place, "all %d values are of one item only: no query has a relevant item", alone).of(alone, -1)
	default:
		most := values[0]
		r.find(SeverityNote, "label", place, "%d values, %d of them of one item only; the most frequent is %s, of %d; %d unknown", len(values), alone, table.Quote(most.Value), most.Rows, unknown)
	}
	if kind, share := looksLike(values); kind != "" {
		r.find(SeverityWarning, "label.kind", place, "its %d values look like %s (%s): each is a class of its own", share, kind, table.Quote(values[0].Value)).of(share, -1)
	}
	if a, b := alike(values); a != "" {
		r.find(SeverityWarning, "label.alike", place, "%q and %q differ only in case or blanks, and are two classes", a, b)
	}
}

// missing are what programs write for a cell without a value, in small letters.
var missing = map[string]bool{
	"nan": true, "none": true, "null": true, "n/a": true, "na": true, "#n/a": true, "<na>": true, "nat": true, "nil": true,
	"undefined": true, "-": true, "--": true, "?": true, "unknown": true, "\\n": true,
}

var (
	dates     = regexp.MustCompile(`^\d{4}-\d\d?-\d\d?([ T].*)?$|^\d\d?[./]\d\d?[./]\d{4}$`)
	fractions = regexp.MustCompile(`[.eE]`)
)

// looksLike returns what nearly all of the values are, if it is nothing to class
// items by, and their number.
func looksLike(values []items.ValueCount) (kind string, n int) {
	numbers, days := 0, 0
	for _, v := range values {
		if _, err := strconv.ParseFloat(v.Value, 64); err == nil && fractions.MatchString(v.Value) {
			numbers++
		}
		if dates.MatchString(v.Value) {
			days++
		}
	}
	least := len(values) - len(values)/20
	switch {
	case len(values) < 5:
	case numbers >= least:
		return "measurements", numbers
	case days >= least:
		return "dates", days
	}
	return "", 0
}

// alike returns two values that differ only in case or blanks, the most frequent
// ones.
func alike(values []items.ValueCount) (a, b string) {
	seen := map[string]string{}
	for _, v := range values {
		key := strings.ToLower(strings.Join(strings.Fields(v.Value), " "))
		if other, ok := seen[key]; ok {
			return other, v.Value
		}
		seen[key] = v.Value
	}
	return "", ""
}

// rowText names a row for people.
func rowText(g *engine.Gallery, row int) string {
	return fmt.Sprintf("row %d (item %s)", row, table.Quote(g.ID(row)))
}
