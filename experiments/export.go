package experiments

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// tableWriter writes a table.
type tableWriter = func(io.Writer) error

// table returns the writer of the table that a file's name asks for.
func (s *state) table(file string) (tableWriter, error) {
	if table, ends := s.minedTable(file); ends {
		if table == nil {
			return nil, fmt.Errorf("%s: %w: a mine step must come before", file, ErrNothingToExport)
		}
		return table, nil
	}
	dot := strings.LastIndexByte(file, '.')
	format := slices.Index(formatNames[:], file[dot+1:])
	if dot < 0 || format < 0 {
		return nil, unknownTable(file)
	}
	in := func(t resultTable) tableWriter {
		return func(w io.Writer) error { return t.write(w, Format(format)) }
	}
	switch name := file[:dot]; {
	case strings.HasSuffix(name, "comparisons"):
		if s.comparisons == nil {
			return nil, fmt.Errorf("%s: %w: a compare step must come before", file, ErrNothingToExport)
		}
		return in(comparisonsTable(s.comparisons)), nil
	case strings.HasSuffix(name, "metrics") || strings.HasSuffix(name, "per_query"):
		if s.evaluation == nil {
			return nil, fmt.Errorf("%s: %w: an evaluate step must come before", file, ErrNothingToExport)
		}
		if strings.HasSuffix(name, "metrics") {
			return in(s.evaluation.metricsTable()), nil
		}
		return in(s.evaluation.perQueryTable()), nil
	case strings.HasSuffix(name, "rankings") && Format(format) == CSV:
		if s.rankings == nil {
			return nil, fmt.Errorf("%s: %w: a search step must come before", file, ErrNothingToExport)
		}
		return func(out io.Writer) error {
			return writeRankings(out, s.gallery.g, s.searched, s.rankings)
		}, nil
	}
	return nil, unknownTable(file)
}

func unknownTable(file string) error {
	return fmt.Errorf("%s: the name's end says which table to write: metrics.csv, per_query.csv or comparisons.csv, also as .jsonl or .parquet; "+
		"rankings.csv, classes.csv, losses.csv, mistakes.csv, hubs.csv, duplicates.csv or disagreements.csv", file)
}
