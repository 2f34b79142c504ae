package eval

import (
	"context"
	"time"

	"strata/engine"
	"strata/experiments/run"
	"strata/experiments/stats"
)

// Manifest returns the manifest of an evaluation whose files go into a folder.
func (e *Evaluation) Manifest(ctx context.Context, f run.Folder, started time.Time) (run.Manifest, error) {
	m, err := f.Manifest(ctx, e.Gallery, started)
	m.Schemes, m.Labels, m.Ks = []string{}, e.Labels, e.Ks
	m.Where, m.Filter, m.Over, m.Queries = run.Texts(e.Where), run.Texts(e.Filter), e.Over, len(e.Queries)
	m.Set, m.Seed, m.Resamples, m.Depth, m.Kept = e.SetText, e.Seed, stats.Resamples, e.Depth, len(e.kept)
	for _, s := range e.Schemes {
		m.Schemes = append(m.Schemes, s.String())
	}
	for _, metric := range e.Metrics {
		m.Metrics = append(m.Metrics, metric.String())
	}
	return m, err
}

// SetText returns what a manifest says of a gallery's set of queries: its name, number and hash; "" of
// none.
func SetText(g *engine.Gallery, set string) (string, error) {
	if set == "" {
		return "", nil
	}
	s, err := g.Queries().Set(set)
	if err != nil {
		return "", err
	}
	return s.String(), nil
}
