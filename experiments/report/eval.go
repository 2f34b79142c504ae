package report

import (
	"context"
	"path/filepath"
	"time"

	"strata/engine"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/run"
	"strata/experiments/table"
)

// Run is one evaluation of a plan on a gallery. Its tables go into a folder: metrics, per_query and
// comparisons, and the files in trec.
type Run struct {
	Gallery  *engine.Gallery
	Plan     eval.Plan
	Baseline *scheme.Scheme // compared with all others; nil: every pair is compared
	Near     float64        // if above 0, duplicates of a query are not its candidates; they are found as by FindDuplicates
	Folder   run.Folder
	Sheets   Sheets // of the folder's report
}

// Outcome is the outcome of a Run.
type Outcome struct {
	Evaluation  *eval.Evaluation
	Comparisons []eval.Comparison
	Duplicates  *eval.Duplicates // that were left out; nil: they were not looked for
}

// Do evaluates and compares. It writes all files or, on failure, none. Plan.Keep makes the files in
// trec. progress is that of Plan.Evaluate.
func (r Run) Do(ctx context.Context, progress func(done, of int)) (*Outcome, error) {
	release, err := r.Folder.Claim()
	if err != nil {
		return nil, err
	}
	defer release()
	if r.Folder.Page != "" {
		if _, err := r.Sheets.check(r.Gallery); err != nil {
			return nil, err
		}
	}
	started := r.Folder.Clock()
	duplicates, err := r.leaveOut(ctx, progress)
	if err != nil {
		return nil, err
	}
	e, err := r.Plan.Evaluate(ctx, r.Gallery, progress)
	if err != nil {
		return nil, err
	}
	comparisons, err := e.Compare(ctx, r.Baseline)
	if err != nil {
		return nil, err
	}
	outcome := &Outcome{e, comparisons, duplicates}
	if r.Folder.Out == "" && r.Folder.Page == "" {
		return outcome, nil
	}
	return outcome, r.write(ctx, outcome, started)
}

// write writes the tables and the manifest if there is a folder for them, and the report if
// requested.
func (r Run) write(ctx context.Context, outcome *Outcome, started time.Time) error {
	e, comparisons, duplicates := outcome.Evaluation, outcome.Comparisons, outcome.Duplicates
	manifest, err := e.Manifest(ctx, r.Folder, started)
	if err != nil {
		return err
	}
	manifest.Compared, manifest.Near = len(comparisons), r.Near
	if r.Baseline != nil {
		manifest.Baseline = r.Baseline.String()
	}
	if duplicates != nil {
		manifest.LeftOut = len(duplicates.Pairs)
	}
	var more []table.File
	if manifest.Kept > 0 && r.Folder.Out != "" {
		more = e.TrecFiles(filepath.Join(r.Folder.Out, "trec"))
	}
	if r.Folder.Page != "" {
		write, err := outcome.Page(ctx, r.Sheets, manifest)
		if err != nil {
			return err
		}
		more = append(more, table.File{Path: r.Folder.Page, Write: write})
	}
	return r.Folder.Write(&manifest, append(e.Tables(), table.Named{Name: "comparisons", Of: eval.ComparisonsTable(comparisons)}), more...)
}

// leaveOut excludes duplicates from the plan, if Near is set.
func (r *Run) leaveOut(ctx context.Context, progress func(done, of int)) (*eval.Duplicates, error) {
	if r.Near == 0 {
		return nil, nil
	}
	if len(r.Plan.Schemes) == 0 {
		return nil, eval.ErrNoSchemes
	}
	queries, err := r.Plan.DrawQueries(r.Gallery)
	if err != nil {
		return nil, err
	}
	d, err := eval.FindDuplicates(ctx, r.Gallery, queries, r.Plan.Filter, scheme.Names(scheme.FactorsOf(r.Plan.Schemes)), r.Near, progress)
	if err == nil {
		r.Plan.Without = d.Without()
	}
	return d, err
}
