package derive

import (
	"strata/engine/items"
	"strata/engine/scheme"
)

// DefaultFitRows is the number of rows that transforms are fitted on when a
// gallery has more, unless more are asked for: beyond it directions and variances
// change little, and time grows.
const DefaultFitRows = 1 << 17

// AllRows is the Options.Rows that fits on every row.
const AllRows = -1

// Options says how transforms are fitted. The zero value accepts a cached derived
// layer with any options. Any other value fits the layer again if the cached one has other
// options.
type Options struct {
	Rows int    // drawn for the fit; AllRows means all; 0 means min(rows, DefaultFitRows)
	Seed uint64 // of the draw; 0 means 1
}

// fit returns the rows to fit on, nil for all, and what a recipe says of them.
func (o Options) fit(rows int) ([]int, RecipeFit) {
	n := o.Rows
	if n == 0 {
		n = DefaultFitRows
	}
	if n < 0 || n >= rows {
		return nil, RecipeFit{}
	}
	seed := max(o.Seed, 1)
	return items.Sample(rows, n, seed), RecipeFit{Sample: n, Seed: seed}
}

// Fit returns the rows to fit a factor on, nil for all, and what a recipe says of them. A factor that
// takes labels is fitted on rows of beside's FitPart.
func (o Options) Fit(f scheme.Factor, rows int, beside *Beside) ([]int, RecipeFit) {
	if !f.Supervised() {
		return o.fit(rows)
	}
	part := beside.FitPart()
	drawn, fit := o.fit(len(part))
	fit.Part = len(part)
	if drawn == nil {
		return part, fit
	}
	for i, place := range drawn {
		drawn[i] = part[place]
	}
	return drawn, fit
}

// Takes reports whether a layer was fitted as asked for.
func (o Options) Takes(r *Recipe) bool {
	if o == (Options{}) {
		return true
	}
	rows := r.Source.Rows
	if r.Fitted.Part > 0 {
		rows = r.Fitted.Part
	}
	_, fit := o.fit(rows)
	fit.Part = r.Fitted.Part
	return r.Fitted == fit
}
