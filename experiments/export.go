package experiments

import (
	"fmt"
	"io"
	"strings"
)

// table returns the writer of the table that a file's name asks for.
func (s *state) table(file string) (func(io.Writer) error, error) {
	switch {
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
	return nil, fmt.Errorf("%s: the name's end says which table to write: metrics.csv, per_query.csv or rankings.csv", file)
}
