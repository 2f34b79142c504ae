package experiments

import (
	"slices"
	"strconv"

	"strata/engine"
	"strata/engine/inert"
)

// quoteAmong is quote for a name that stands where words have a meaning.
func quoteAmong(name string, words []string) string {
	return engine.Quote(name, slices.Concat(evaluateWords, words)...)
}

// evaluateWords begin the clauses of an evaluate step.
var evaluateWords = []string{"on", "where", "over", "seed"}

// quote returns a name as it stands in scripts and logs: see engine.Quote.
func quote(name string) string { return engine.Quote(name, evaluateWords...) }

// legible returns a text as it is, or between Go's quotes if it holds what cannot
// be printed, the end of a line say.
func legible(text string) string {
	if engine.Printable(text) {
		return text
	}
	return strconv.Quote(text)
}

const plotName = 30 // characters of a name

// plotText returns a name that fits beside a plot, of what can be printed.
func plotText(name string) string {
	name = inert.Line(name)
	if runes := []rune(name); len(runes) > plotName {
		return string(runes[:plotName-1]) + "…"
	}
	return name
}
