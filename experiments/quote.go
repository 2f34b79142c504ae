package experiments

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"strata/engine/inert"
)

// quoteAmong is quote for a name that stands where words have a meaning.
func quoteAmong(name string, words []string) string {
	if slices.Contains(words, name) {
		return strconv.Quote(name)
	}
	return quote(name)
}

// evaluateWords begin the clauses of an evaluate step.
var evaluateWords = []string{"on", "where", "over", "seed"}

// isClause reports whether a word begins a clause of an evaluate step.
func isClause(word string) bool { return slices.Contains(evaluateWords, word) }

// quote returns a name as it stands in scripts and logs: between Go's double
// quotes when it is empty, a keyword, or holds blanks, commas, quotes,
// backslashes, = or #, or what cannot be printed.
func quote(name string) string {
	if name == "" || isClause(name) || strings.ContainsAny(name, " ,=\"\\#") || !printable(name) {
		return strconv.Quote(name)
	}
	return name
}

// legible returns a text as it is, or between Go's quotes if it holds what cannot
// be printed, the end of a line say.
func legible(text string) string {
	if printable(text) {
		return text
	}
	return strconv.Quote(text)
}

// printable reports whether a text is valid UTF-8 of printing characters and
// plain spaces.
func printable(s string) bool {
	for _, r := range s {
		if !strconv.IsPrint(r) || r == utf8.RuneError {
			return false
		}
	}
	return true
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
