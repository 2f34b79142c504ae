package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	slash "path"
	"slices"
	"strings"

	"strata/engine/items"
	"strata/engine/table"
)

// judgementsStem is the name of the file of judgements that needs no gallery.yaml, without its end.
const judgementsStem = "qrels"

// JudgementRecord says where judgements lie, which are a label of that name:
//
//	judgements:
//	  clicks: {file: clicks.csv, query: shown_for, item: clicked, grade: count, gain: log2}
type JudgementRecord struct {
	File                   string           `yaml:"file"` // relative to the gallery's folder, with slashes
	items.JudgementColumns `yaml:",inline"` // the names of the columns of a table
	Gain                   string           `yaml:"gain,omitempty"` // of a grade: itself, or log2
}

// checkJudgements checks the names and records of the judgements.
func (m *Manifest) checkJudgements() error {
	for _, name := range slices.Sorted(maps.Keys(m.Judgements)) {
		if err := checkJudgementName(name); err != nil {
			return fmt.Errorf("judgements: %q: %w", name, err)
		}
		if err := m.Judgements[name].check(); err != nil {
			return fmt.Errorf("judgements: %q: %w", name, err)
		}
	}
	return nil
}

// checkJudgementName refuses names that are those of labels that follow from others.
func checkJudgementName(name string) error {
	if name == "" || strings.TrimSpace(name) != name || strings.ContainsAny(name, items.LevelMark+"&|\n\r") {
		return errors.New("a name of judgements is not empty, and holds no /, & or |")
	}
	return nil
}

// check checks a record, which may be nil.
func (r *JudgementRecord) check() error {
	switch {
	case r == nil || r.File == "":
		return errors.New("it names no file")
	case !fs.ValidPath(r.File):
		return fmt.Errorf("file %q is not a path within the gallery's folder", r.File)
	case !table.Known(r.File) && !items.IsTrec(r.File):
		return fmt.Errorf("file %q is of no kind that is read: its name ends with .csv, .tsv, .jsonl or .parquet, or with .txt or .qrels for lines of QUERY 0 ITEM GRADE", r.File)
	case items.IsTrec(r.File) && r.JudgementColumns != (items.JudgementColumns{}):
		return fmt.Errorf("file %q has no columns with names: its lines are QUERY 0 ITEM GRADE", r.File)
	case r.Gain != "" && r.Gain != items.Logarithms:
		return fmt.Errorf("gain %q is not known (%s is)", r.Gain, items.Logarithms)
	}
	return nil
}

// JudgementSources returns the files of judgements: those that the manifest, which may be nil,
// names, by name, and else one in the folder that is called qrels.
func (m *Manifest) JudgementSources(folder fs.FS) ([]items.JudgementSource, error) {
	var all []items.JudgementSource
	named := map[string]bool{}
	if m != nil {
		for _, name := range slices.Sorted(maps.Keys(m.Judgements)) {
			r := m.Judgements[name]
			all = append(all, items.JudgementSource{Name: name, File: r.File, Columns: r.JudgementColumns, Gain: r.Gain})
			named[r.File], named[name] = true, true
		}
	}
	found, err := items.Present(folder, judgementNames())
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(file string) bool { return named[file] || named[judgementsStem] || file == m.ItemsFile() })
	switch len(found) {
	case 0:
		return all, nil
	case 1:
		return append(all, items.JudgementSource{Name: judgementsStem, File: found[0]}), nil
	}
	return nil, fmt.Errorf("%s and %s are both judgements; move one, or name them in %s: judgements: {NAME: {file: %s}}", found[0], found[1], FileName, found[1])
}

// judgementNames returns the names of a file of judgements that gallery.yaml need not name.
func judgementNames() []string { return append(table.Names(judgementsStem), judgementsStem+".txt") }

// IsJudgements reports whether a file of the folder holds judgements: gallery.yaml, which may be
// missing, names it, or its name says so.
func (m *Manifest) IsJudgements(file string) bool {
	if m != nil {
		for _, r := range m.Judgements {
			if r.File == file {
				return true
			}
		}
		if m.Judgements[judgementsStem] != nil {
			return false
		}
	}
	return slash.Dir(file) == "." && file != m.ItemsFile() && slices.Contains(judgementNames(), file)
}
