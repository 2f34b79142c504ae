package experiments

import (
	"context"
	"path/filepath"
	"time"

	"strata/engine"
)

// Run is one evaluation of a plan on a gallery, whose tables go into a folder:
// metrics, per_query and comparisons, and the files in trec.
type Run struct {
	Gallery  *engine.Gallery
	Plan     Plan
	Baseline *engine.Scheme // compared with all others; nil: every pair is compared
	Near     float64        // above 0: duplicates of a query, found as FindDuplicates does, are no candidates of it
	Folder   Folder
	Sheets   Sheets // of the folder's report
}

// Outcome is what a Run gave.
type Outcome struct {
	Evaluation  *Evaluation
	Comparisons []Comparison
	Duplicates  *Duplicates // that were left out; nil: they were not looked for
}

// Do evaluates and compares, and writes all files or, on failure, none. Plan.Keep
// makes the files in trec. progress is that of Plan.Evaluate.
func (r Run) Do(ctx context.Context, progress func(done, of int)) (*Outcome, error) {
	if err := r.Folder.check(); err != nil {
		return nil, err
	}
	if r.Folder.Page != "" {
		if _, err := r.Sheets.check(r.Gallery); err != nil {
			return nil, err
		}
	}
	started := r.Folder.now()
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

// write writes the tables and the manifest, if there is a folder for them, and the
// report, if one is asked for.
func (r Run) write(ctx context.Context, outcome *Outcome, started time.Time) error {
	e, comparisons, duplicates := outcome.Evaluation, outcome.Comparisons, outcome.Duplicates
	manifest, err := e.manifest(ctx, r.Folder, started)
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
	var more []outputFile
	if manifest.Kept > 0 && r.Folder.Out != "" {
		more = e.trecFiles(filepath.Join(r.Folder.Out, "trec"))
	}
	if r.Folder.Page != "" {
		write, err := outcome.page(ctx, r.Sheets, manifest)
		if err != nil {
			return err
		}
		more = append(more, outputFile{r.Folder.Page, write})
	}
	return r.Folder.write(manifest, append(e.tables(), namedTable{"comparisons", comparisonsTable(comparisons)}), more...)
}

// leaveOut leaves duplicates out of the plan, if that is asked for.
func (r *Run) leaveOut(ctx context.Context, progress func(done, of int)) (*Duplicates, error) {
	if r.Near == 0 {
		return nil, nil
	}
	if len(r.Plan.Schemes) == 0 {
		return nil, ErrNoSchemes
	}
	queries, err := r.Plan.queries(r.Gallery)
	if err != nil {
		return nil, err
	}
	d, err := FindDuplicates(ctx, r.Gallery, queries, r.Plan.Filter, layersOf(r.Plan.Schemes), r.Near, progress)
	if err == nil {
		r.Plan.Without = d.Without()
	}
	return d, err
}
