package engine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/manifest"
)

// readJudgements reads the judgements of the items as labels, behind the columns.
func (g *Gallery) readJudgements(ctx context.Context, place string, m *manifest.Manifest) error {
	sources, err := m.JudgementSources(g.folder)
	if err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	for _, s := range sources {
		if slices.ContainsFunc(g.items.Labels, func(l *items.Label) bool { return l.Name == s.Name }) {
			return fmt.Errorf("%s: its judgements would be called %s, as a column of %s; %s can name them otherwise: judgements: {NAME: {file: %s}}",
				layer.JoinPath(place, s.File), s.Name, g.items.File, manifest.FileName, s.File)
		}
		f, err := layer.OpenFile(g.folder, s.File)
		if err != nil {
			return fmt.Errorf("%s: %w", layer.JoinPath(place, s.File), err)
		}
		label, notes, err := s.Read(ctx, f, g.items)
		_ = f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", layer.JoinPath(place, s.File), err)
		}
		g.items.Labels = append(g.items.Labels, label)
		for _, n := range notes {
			g.note("%s: %s", s.File, n)
		}
	}
	g.judgements = sources
	return nil
}

// hashJudgements returns the hash of the judgements, or nil if there are none.
func (g *Gallery) hashJudgements() ([]byte, error) {
	if len(g.judgements) == 0 {
		return nil, nil
	}
	h := sha256.New()
	for _, s := range g.judgements {
		sum, err := g.hashFile(s.File)
		if err != nil {
			return nil, err
		}
		h.Write(fmt.Appendf(nil, "%q %q %q %x\n", s.Name, s.Columns, s.Gain, sum))
	}
	return h.Sum(nil), nil
}
