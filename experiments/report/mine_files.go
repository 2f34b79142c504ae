package report

import (
	"context"

	"strata/experiments/mine"
	"strata/experiments/run"
	"strata/experiments/stats"
	"strata/experiments/table"
)

// miningManifest describes the origin of the files of a mine.Mining.
type miningManifest struct {
	run.Manifest
	Near         float64 `json:"near"`          // the least cosine of two rows that are nearly the same
	NearScheme   string  `json:"near_scheme"`   // the scheme of that cosine
	OverlapDepth int     `json:"overlap_depth"` // hits that rank-biased overlap compares
	Persistence  float64 `json:"persistence"`   // its p
	Unread       int     `json:"unread"`        // pictures that could not be read
}

// WriteMining runs a mine.Mining. It writes its tables, its report and the manifest into a folder
// or, on failure, nothing. progress is that of Mining.Do.
func WriteMining(ctx context.Context, ask mine.Mining, f run.Folder, progress func(done, of int)) (*mine.Mined, error) {
	release, err := f.Claim()
	if err != nil {
		return nil, err
	}
	defer release()
	started := f.Clock()
	m, err := ask.Do(ctx, progress)
	if err != nil {
		return nil, err
	}
	of, err := m.Evaluation.Manifest(ctx, f, started)
	if err != nil {
		return nil, err
	}
	of.Resamples, of.Depth = 0, max(mine.OverlapDepth, m.K)
	manifest := miningManifest{of, m.Duplicates.Near, m.Duplicates.Scheme.String(), mine.OverlapDepth, stats.Persistence, m.Duplicates.Unread}
	var more []table.File
	if f.Page != "" {
		view, err := pageOfMined(ctx, m, manifest)
		if err != nil {
			return nil, err
		}
		more = append(more, table.File{Path: f.Page, Write: view.write})
	}
	return m, f.Write(&manifest, m.Tables(), more...)
}
