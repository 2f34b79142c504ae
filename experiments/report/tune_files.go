package report

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"strata/experiments/eval"
	"strata/experiments/run"
	"strata/experiments/table"
	"strata/experiments/tune"
)

// tuningManifest describes the origin of the files of a Tuning.
type tuningManifest struct {
	run.Manifest
	TunedLayers []string `json:"tuned_layers"` // A/B: alternatives for one place
	Objective   string   `json:"objective"`
	Constraints []string `json:"constraints"`
	Front       []string `json:"front"`
	Step        string   `json:"step"`
	Share       float64  `json:"share"` // share of queries to tune on
	Tune        int      `json:"tune"`  // number of queries to tune on
	Report      int      `json:"report"`
	Left        int      `json:"left"` // queries without a score in a layer
	Trials      int      `json:"trials"`
}

// WriteTuning runs a Tuning. It writes its tables, its pictures, its report and the manifest into a
// folder or, on failure, nothing. progress is that of Tuning.Do.
func WriteTuning(ctx context.Context, ask tune.Tuning, f run.Folder, progress func(done, of int)) (*tune.Tuned, error) {
	release, err := f.Claim()
	if err != nil {
		return nil, err
	}
	defer release()
	started := f.Clock()
	t, err := ask.Do(ctx, progress)
	if err != nil {
		return nil, err
	}
	manifest, err := manifestOfTuned(ctx, t, ask, f, started)
	if err != nil {
		return nil, err
	}
	p := tunePage{Tuned: t}
	if f.Page != "" { // it may take longer than the tuning
		if p.land, err = landscapeOf(ctx, t, ask, progress); err != nil {
			return nil, err
		}
	}
	more, err := p.frontFiles(filepath.Join(f.Out, "pareto.svg"))
	if err != nil {
		return nil, err
	}
	more = append(more, p.landscapeFiles(filepath.Join(f.Out, "landscape.svg"))...)
	if f.Page != "" {
		view, err := p.view(manifest)
		if err != nil {
			return nil, err
		}
		more = append(more, table.File{Path: f.Page, Write: view.write})
	}
	return t, f.Write(&manifest, t.Tables(), more...)
}

func manifestOfTuned(ctx context.Context, t *tune.Tuned, ask tune.Tuning, f run.Folder, started time.Time) (tuningManifest, error) {
	of, err := t.Reported.Manifest(ctx, f, started)
	m := tuningManifest{
		Manifest: of, TunedLayers: t.PlacesText(), Objective: t.Targets[0].String(), Constraints: []string{}, Front: []string{},
		Step: fmt.Sprintf("1/%d", t.Parts), Share: ask.Share,
		Tune: len(t.Tune), Report: len(t.Report), Left: len(t.Left), Trials: len(t.Trials),
	}
	if m.Near = ask.Near; t.Duplicates != nil {
		m.LeftOut = len(t.Duplicates.Pairs)
	}
	m.Where, m.Filter, m.Over, m.Compared = run.Texts(ask.Where), run.Texts(ask.Filter), ask.Over, len(t.Comparisons)
	if err == nil {
		m.Set, err = eval.SetText(ask.Gallery, ask.Set)
	}
	for _, c := range t.Constraints {
		m.Constraints = append(m.Constraints, c.String())
	}
	for _, n := range t.FrontOf {
		m.Front = append(m.Front, t.Targets[n].String())
	}
	return m, err
}
