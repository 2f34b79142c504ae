package experiments

import "context"

// miningManifest says how the files of a Mining came to be.
type miningManifest struct {
	Manifest
	Near         float64 `json:"near"`          // the cosine from which on two rows are nearly the same
	NearScheme   string  `json:"near_scheme"`   // whose score that is
	OverlapDepth int     `json:"overlap_depth"` // hits that rank-biased overlap looks at
	Persistence  float64 `json:"persistence"`   // its p
	Unread       int     `json:"unread"`        // pictures that could not be read
}

// WriteMining does what a Mining asks for and writes its tables, its report and the
// manifest into a folder or, on failure, nothing. progress is that of Mining.Do.
func WriteMining(ctx context.Context, ask Mining, f Folder, progress func(done, of int)) (*Mined, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	started := f.now()
	m, err := ask.Do(ctx, progress)
	if err != nil {
		return nil, err
	}
	of, err := m.Evaluation.manifest(ctx, f, started)
	if err != nil {
		return nil, err
	}
	of.Resamples, of.Depth = 0, max(overlapDepth, m.K)
	manifest := miningManifest{of, m.Duplicates.Near, m.Duplicates.Scheme.String(), overlapDepth, persistence, m.Duplicates.Unread}
	var more []outputFile
	if f.Page != "" {
		view, err := pageOfMined(ctx, m, manifest)
		if err != nil {
			return nil, err
		}
		more = append(more, outputFile{f.Page, view.write})
	}
	return m, f.write(manifest, m.tables(), more...)
}
