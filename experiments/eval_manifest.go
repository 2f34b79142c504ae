package experiments

import (
	"context"
	"time"
)

// manifest returns the manifest of an evaluation whose files go into a folder.
func (e *Evaluation) manifest(ctx context.Context, f Folder, started time.Time) (Manifest, error) {
	m, err := f.manifest(ctx, e.g, started)
	m.Schemes, m.Labels, m.Ks = []string{}, e.Labels, e.Ks
	m.Where, m.Filter, m.Over, m.Queries = texts(e.Where), texts(e.Filter), e.Over, len(e.Queries)
	m.Seed, m.Resamples, m.Depth, m.Kept = e.Seed, Resamples, e.Depth, len(e.kept)
	for _, s := range e.Schemes {
		m.Schemes = append(m.Schemes, s.String())
	}
	for _, metric := range e.Metrics {
		m.Metrics = append(m.Metrics, metric.String())
	}
	return m, err
}
