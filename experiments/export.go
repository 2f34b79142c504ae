package experiments

import (
	"fmt"
	"io"
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
	switch {
	case strings.HasSuffix(file, "comparisons.csv"):
		if s.comparisons == nil {
			return nil, fmt.Errorf("%s: %w: a compare step must come before", file, ErrNothingToExport)
		}
		return func(w io.Writer) error { return WriteComparisons(w, s.comparisons) }, nil
	case strings.HasSuffix(file, "metrics.csv") || strings.HasSuffix(file, "per_query.csv"):
		if s.evaluation == nil {
			return nil, fmt.Errorf("%s: %w: an evaluate step must come before", file, ErrNothingToExport)
		}
		if strings.HasSuffix(file, "metrics.csv") {
			return s.evaluation.WriteMetrics, nil
		}
		return s.evaluation.WritePerQuery, nil
	case strings.HasSuffix(file, "rankings.csv"):
		if s.rankings == nil {
			return nil, fmt.Errorf("%s: %w: a search step must come before", file, ErrNothingToExport)
		}
		return func(out io.Writer) error {
			return writeRankings(out, s.gallery.g, s.searched, s.rankings)
		}, nil
	}
	return nil, fmt.Errorf("%s: the name's end says which table to write: metrics.csv, per_query.csv, rankings.csv, comparisons.csv, classes.csv, losses.csv, mistakes.csv, hubs.csv, duplicates.csv or disagreements.csv", file)
}
