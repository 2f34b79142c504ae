package experiments

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// tableWriter writes a table.
type tableWriter = func(io.Writer) error

// tableKind is a kind of table that an export step writes.
type tableKind struct {
	name  string // the end of the file's name, before the format
	step  string // the step that must come before
	table func(s *state) (t resultTable, ok bool)
}

// exports are the tables, in the order in which a message names them.
var exports = []tableKind{
	{"metrics", "evaluate", func(s *state) (t resultTable, ok bool) {
		if s.evaluation == nil {
			return t, false
		}
		return s.evaluation.metricsTable(), true
	}},
	{"per_query", "evaluate", func(s *state) (t resultTable, ok bool) {
		if s.evaluation == nil {
			return t, false
		}
		return s.evaluation.perQueryTable(), true
	}},
	{"comparisons", "compare", func(s *state) (t resultTable, ok bool) {
		return comparisonsTable(s.comparisons), s.comparisons != nil
	}},
	{"rankings", "search", func(s *state) (t resultTable, ok bool) {
		if s.rankings == nil {
			return t, false
		}
		return s.rankingsTable(), true
	}},
	minedExport("classes"), minedExport("losses"), minedExport("mistakes"), minedExport("hubs"), minedExport("duplicates"), minedExport("disagreements"),
	tunedExport("queries"), tunedExport("schemes"), tunedExport("report"), tunedExport("pareto"),
}

// minedExport is one of the tables of a mine step.
func minedExport(name string) tableKind {
	return tableKind{name, "mine", func(s *state) (t resultTable, ok bool) {
		if s.mined == nil {
			return t, false
		}
		return tableNamed(s.mined.tables(), name), true
	}}
}

// tunedExport is one of the tables of a tune step.
func tunedExport(name string) tableKind {
	return tableKind{name, "tune", func(s *state) (t resultTable, ok bool) {
		if s.tuned == nil {
			return t, false
		}
		return tableNamed(s.tuned.tables(), name), true
	}}
}

// tableNamed returns the table of a name.
func tableNamed(tables []namedTable, name string) resultTable {
	i := slices.IndexFunc(tables, func(t namedTable) bool { return t.name == name })
	return tables[i].of
}

// table returns the writer of the table that a file's name asks for.
func (s *state) table(file string) (tableWriter, error) {
	name, extension, _ := cutLast(file, ".")
	format := slices.Index(formatNames[:], extension)
	for _, e := range exports {
		if format < 0 || !strings.HasSuffix(name, e.name) {
			continue
		}
		t, ok := e.table(s)
		if !ok {
			return nil, fmt.Errorf("%s: %w: %s %s step must come before", file, ErrNothingToExport, article(e.step), e.step)
		}
		return func(w io.Writer) error { return t.write(w, Format(format)) }, nil
	}
	names := make([]string, len(exports))
	for i, e := range exports {
		names[i] = e.name
	}
	last := len(names) - 1
	return nil, fmt.Errorf("%s: the name's end says which table to write: %s or %s, each with .csv, .jsonl or .parquet",
		file, strings.Join(names[:last], ", "), names[last])
}

// cutLast is strings.Cut at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// article returns what stands before a word.
func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an"
	}
	return "a"
}
