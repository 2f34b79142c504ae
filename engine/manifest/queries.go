package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	slash "path"
	"slices"

	"go.yaml.in/yaml/v3"

	"strata/engine/scheme"
	"strata/engine/table"
)

// QueryRecord says which queries a named set holds, in one of three ways:
//
//	queries:
//	  caps: {where: {category: knit cap, brand: [Averil, Quillon]}}
//	  hard: [knit-0012, knit-0106]        # or {ids: [knit-0012, knit-0106]}
//	  logged: {file: logged.txt}          # an id a line, or a table with a column id
//
// Of several values of one label one must hold, and so for every label.
type QueryRecord struct {
	Where map[string]OneOrMore `yaml:"where,omitempty,flow"`
	IDs   []string             `yaml:"ids,omitempty,flow"`
	File  string               `yaml:"file,omitempty"` // within the gallery's folder, with slashes
}

// OneOrMore is a list of texts, which stands as a text in YAML if it has one.
type OneOrMore []string

// UnmarshalYAML reads a text or a list of them.
func (o *OneOrMore) UnmarshalYAML(n *yaml.Node) error {
	texts, err := scalars(n)
	*o = texts
	return err
}

// MarshalYAML returns a text or a list of them.
func (o OneOrMore) MarshalYAML() (any, error) {
	if len(o) == 1 {
		return o[0], nil
	}
	return []string(o), nil
}

// scalars returns the texts of a scalar, or of a list of scalars, as they stand in the file.
func scalars(n *yaml.Node) ([]string, error) {
	of := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		of = n.Content
	}
	texts := make([]string, 0, len(of))
	for _, c := range of {
		if c.Kind != yaml.ScalarNode || c.Tag == "!!null" {
			return nil, fmt.Errorf("line %d: expected a text", c.Line)
		}
		texts = append(texts, c.Value)
	}
	return texts, nil
}

// UnmarshalYAML reads a record, or a list of ids.
func (r *QueryRecord) UnmarshalYAML(n *yaml.Node) (err error) {
	switch n.Kind {
	case yaml.SequenceNode:
		r.IDs, err = scalars(n)
		return err
	case yaml.MappingNode:
	default:
		return fmt.Errorf("line %d: a set of queries is a list of ids, or one of where, ids and file", n.Line)
	}
	for i := 0; i < len(n.Content) && err == nil; i += 2 {
		value := n.Content[i+1]
		switch key := n.Content[i]; key.Value {
		case "where":
			err = value.Decode(&r.Where)
		case "ids":
			r.IDs, err = scalars(value)
		case "file":
			err = value.Decode(&r.File)
		default:
			err = fmt.Errorf("line %d: key %q is not known (where, ids and file are)", key.Line, key.Value)
		}
	}
	return err
}

// checkQueries checks the names and the records of the sets of queries.
func (m *Manifest) checkQueries() error {
	for _, name := range slices.Sorted(maps.Keys(m.Queries)) {
		var err error
		switch {
		case !scheme.IsLayerName(name):
			err = errors.New("the name of a set of queries is a letter, then letters, digits, _, . or -")
		case name == scheme.AllQueries:
			err = errors.New("this is the word for all queries, and no name of a set")
		default:
			err = m.Queries[name].check()
		}
		if err != nil {
			return fmt.Errorf("queries: %q: %w", name, err)
		}
	}
	return nil
}

// check checks a record, which may be nil.
func (r *QueryRecord) check() error {
	given := 0
	if r != nil {
		for _, is := range []bool{r.Where != nil, r.IDs != nil, r.File != ""} {
			if is {
				given++
			}
		}
	}
	switch {
	case given != 1:
		return errors.New("it has one of where, ids and file")
	case r.Where != nil && len(r.Where) == 0 || r.IDs != nil && len(r.IDs) == 0:
		return errors.New("it is empty")
	case r.emptyLabel() != "":
		return fmt.Errorf("where: no value of %s is named", r.emptyLabel())
	case r.File != "" && !fs.ValidPath(r.File):
		return fmt.Errorf("file %q is not a path within the gallery's folder", r.File)
	case r.File != "" && !table.Known(r.File) && !slices.Contains([]string{".txt", ".npy"}, slash.Ext(r.File)):
		return fmt.Errorf("file %q is no list of ids: its name ends with .txt, .npy, .csv, .tsv, .jsonl or .parquet", r.File)
	}
	return nil
}

// emptyLabel returns the first label of Where without a value, or "".
func (r *QueryRecord) emptyLabel() string {
	for _, label := range slices.Sorted(maps.Keys(r.Where)) {
		if len(r.Where[label]) == 0 {
			return label
		}
	}
	return ""
}

// Conditions returns what the queries meet, by label and value.
func (r *QueryRecord) Conditions() []scheme.Condition {
	var all []scheme.Condition
	for _, label := range slices.Sorted(maps.Keys(r.Where)) {
		for _, value := range r.Where[label] {
			all = append(all, scheme.Condition{Label: label, Value: value})
		}
	}
	return all
}
