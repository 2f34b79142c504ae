package table

import (
	"slices"
	"strconv"

	"strata/engine/inert"
	"strata/engine/scheme"
)

// QuoteAmong is Quote for a name that stands where words have a meaning.
func QuoteAmong(name string, words []string) string {
	return scheme.Quote(name, slices.Concat(EvaluateWords, words)...)
}

// EvaluateWords begin the clauses of an evaluate step.
var EvaluateWords = []string{"on", "where", "over", "seed"}

// Quote returns a name as it stands in scripts and logs: see scheme.Quote.
func Quote(name string) string { return scheme.Quote(name, EvaluateWords...) }

// Legible returns a text as it is, or between Go's quotes if it holds what cannot
// be printed, the end of a line say.
func Legible(text string) string {
	if scheme.Printable(text) {
		return text
	}
	return strconv.Quote(text)
}

const plotName = 30 // characters of a name

// PlotText returns a name that fits beside a plot, of what can be printed.
func PlotText(name string) string {
	name = inert.Line(name)
	if runes := []rune(name); len(runes) > plotName {
		return string(runes[:plotName-1]) + "…"
	}
	return name
}
