package check

import (
	"context"
	"slices"
	"strings"

	"strata/engine"
	"strata/experiments/table"
)

// derived checks what was derived from the gallery before.
func (r *checkRun) derived(ctx context.Context) error {
	files, err := engine.CheckDerived(ctx, r.g, engine.DerivedCheck{
		Rows: derivedRows, Seed: r.Seed,
		Progress: func(string) { r.Progress("derived files", 0) },
	})
	if err != nil {
		return err
	}
	var current []engine.DerivedFile
	for _, f := range files {
		switch f.State {
		case engine.Current:
			current = append(current, f)
		case engine.Outdated:
			r.find(SeverityNote, "derived.outdated", f.Path, "%s; it is not used, and made again when it is needed", f.Why)
		case engine.Damaged:
			r.find(SeverityWarning, "derived.damaged", f.Path, "%s; it is not used, and made again when it is needed: is the disk sound?", f.Why)
		case engine.Wrong:
			r.find(SeverityError, "derived.wrong", f.Path, "%s, though its hashes agree, and it is used: remove it, and it is made again", f.Why)
		case engine.Left:
			r.find(SeverityNote, "derived.left", f.Path, "%s", f.Why)
		}
	}
	if len(current) > 0 {
		r.find(SeverityNote, "derived.current", "derived files", "%s, sound and of the gallery as it is", table.Counted(len(current), "file")).of(len(current), -1)
		r.again(current)
	}
	return nil
}

// again says what of sound files was computed again, and what was not.
func (r *checkRun) again(files []engine.DerivedFile) {
	rows, of, without := 0, 0, []string{}
	for _, f := range files {
		rows, of = rows+f.Again.Rows, of+f.Again.Of
		if f.Again.Not != "" && !slices.Contains(without, f.Again.Not) {
			without = append(without, f.Again.Not)
		}
	}
	if of > 0 {
		r.find(SeverityNote, "derived.again", "derived files", "%d of %s were computed again, and are the same", rows, table.Counted(of, "row")).of(rows, -1)
	}
	if rows < of {
		without = append([]string{table.Counted(of-rows, "other row")}, without...)
	}
	if len(without) > 0 {
		r.find(SeverityNote, "derived.believed", "derived files", "not computed again, but as their hashes say: %s", strings.Join(without, ", ")).of(len(without), -1)
	}
}
