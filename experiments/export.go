package experiments

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"strata/experiments/eval"
	"strata/experiments/report"
	"strata/experiments/run"
	"strata/experiments/table"
)

// tableKind is a kind of table that an export step writes.
type tableKind struct {
	name  string // the end of the file's name, before the format
	step  string // the step that must come before
	table func(s *state) (t table.Table, ok bool)
}

// exports are the tables, in the order in which a message names them.
var exports = []tableKind{
	{"metrics", "evaluate", func(s *state) (t table.Table, ok bool) {
		if s.evaluation == nil {
			return t, false
		}
		return s.evaluation.MetricsTable(), true
	}},
	{"per_query", "evaluate", func(s *state) (t table.Table, ok bool) {
		if s.evaluation == nil {
			return t, false
		}
		return s.evaluation.PerQueryTable(), true
	}},
	{"standings", "evaluate", func(s *state) (t table.Table, ok bool) {
		if s.evaluation == nil {
			return t, false
		}
		return s.evaluation.StandingsTable(), true
	}},
	{"comparisons", "compare", func(s *state) (t table.Table, ok bool) {
		return eval.ComparisonsTable(s.comparisons), s.comparisons != nil
	}},
	{"rankings", "search", func(s *state) (t table.Table, ok bool) {
		if s.rankings == nil {
			return t, false
		}
		return s.rankingsTable(), true
	}},
	minedExport("classes"), minedExport("losses"), minedExport("mistakes"), minedExport("hubs"), minedExport("duplicates"), minedExport("disagreements"),
	tunedExport("queries"), tunedExport("schemes"), tunedExport("report"), tunedExport("pareto"),
}

// decisionName ends the names of what a decision is written as.
const decisionName = "decision"

// pages are the exports that are no tables, by the end of the file's name.
var pages = []struct {
	name, extension string
	write           func(s *state, ctx context.Context, file string) (table.Writer, error)
}{
	{"report", "html", (*state).report},
	{decisionName, "html", (*state).decisionPage},
	{decisionName, "strata", (*state).decisionScript},
}

// minedExport is one of the tables of a mine step.
func minedExport(name string) tableKind {
	return tableKind{name, "mine", func(s *state) (t table.Table, ok bool) {
		if s.mined == nil {
			return t, false
		}
		return tableNamed(s.mined.Tables(), name), true
	}}
}

// tunedExport is one of the tables of a tune step.
func tunedExport(name string) tableKind {
	return tableKind{name, "tune", func(s *state) (t table.Table, ok bool) {
		if s.tuned == nil {
			return t, false
		}
		return tableNamed(s.tuned.Tables(), name), true
	}}
}

// tableNamed returns the table of a name.
func tableNamed(tables []table.Named, name string) table.Table {
	i := slices.IndexFunc(tables, func(t table.Named) bool { return t.Name == name })
	return tables[i].Of
}

// table returns the writer of the table, or the report, that a file's name asks for.
func (s *state) table(ctx context.Context, file string) (table.Writer, error) {
	name, extension := cutLast(file, ".")
	for _, page := range pages {
		if extension == page.extension && strings.HasSuffix(name, page.name) {
			return page.write(s, ctx, file)
		}
	}
	format := slices.Index(table.FormatNames[:], extension)
	for _, e := range exports {
		if format < 0 || !strings.HasSuffix(name, e.name) {
			continue
		}
		t, ok := e.table(s)
		if !ok {
			return nil, fmt.Errorf("%s: %w: %s %s step must come before", file, ErrNothingToExport, article(e.step), e.step)
		}
		return func(w io.Writer) error { return t.Write(w, table.Format(format)) }, nil
	}
	names := make([]string, len(exports))
	for i, e := range exports {
		names[i] = e.name
	}
	last := len(names) - 1
	return nil, fmt.Errorf("%s: the name's end says which table to write: %s or %s, each with .csv, .jsonl or .parquet; or report.html, decision.html or decision.strata",
		file, strings.Join(names[:last], ", "), names[last])
}

// flagLines returns what the log holds of the flags on the page of a decision, so that a check that
// finds others says so.
func (s *state) flagLines(file string) (lines []string) {
	if strings.HasSuffix(file, decisionName+".html") {
		for _, word := range s.flags().Words() {
			lines = append(lines, flaggedLine(s.gallery.g, word))
		}
	}
	return lines
}

// report returns the writer of the page of the last evaluation, with every pair of
// its schemes compared. It does not name the version of the program: an export's bytes
// are the gallery's and the script's.
func (s *state) report(ctx context.Context, file string) (table.Writer, error) {
	e := s.evaluation
	if e == nil {
		return nil, fmt.Errorf("%s: %w: an evaluate or a compare step must come before", file, ErrNothingToExport)
	}
	comparisons, err := s.pairsOf(ctx, e)
	if err != nil {
		return nil, err
	}
	manifest, err := e.Manifest(ctx, run.Folder{Now: func() time.Time { return time.Time{} }}, time.Time{})
	if err != nil {
		return nil, err
	}
	sheets := report.Sheets{Worst: report.DefaultWorst}
	if i, err := s.gallery.g.Row(s.query); err == nil && s.gallery.g.IsQuery(i) {
		sheets.Queries = []string{s.query}
	}
	return (&report.Outcome{Evaluation: e, Comparisons: comparisons}).Page(ctx, sheets, manifest)
}

// ExportPath returns where an export step writes a file, unless the session replays a script.
func (s *Session) ExportPath(file string) (string, error) {
	if !filepath.IsAbs(file) {
		file = filepath.Join(s.o.Dir, file)
	}
	return filepath.Abs(file)
}

// cutLast returns what stands before and behind the last separator; without one, all is before it.
func cutLast(s, sep string) (before, after string) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):]
	}
	return s, ""
}

// article returns what stands before a word.
func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an"
	}
	return "a"
}
