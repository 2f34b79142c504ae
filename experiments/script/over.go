package script

import (
	"strconv"
	"strings"

	"strata/engine/scheme"
	"strata/experiments/table"
)

// ofSet stands between a number of queries and the set that they are drawn of.
const ofSet = "of"

// OverText returns what follows over: the number of queries to draw, 0 for all, and the set that
// holds them, "" for none. Names that are one of the words are quoted.
func OverText(n int, set string, words ...string) string {
	switch {
	case set == "" && n == 0:
		return scheme.AllQueries
	case set == "":
		return strconv.Itoa(n)
	case n == 0:
		return table.QuoteAmong(set, words)
	}
	return strconv.Itoa(n) + " " + ofSet + " " + table.QuoteAmong(set, words)
}

// ParseOver reads the text of OverText: N, all, SET, or N of SET.
func ParseOver(text string) (n int, set string, err error) {
	p := &parser{line: text}
	if err := p.checkText(); err != nil {
		return 0, "", err
	}
	p.skip()
	n, set, err = p.over(len(text))
	if p.skip(); err == nil && !p.done() {
		err = p.fail(p.pos, "expected the end, found %s", p.next())
	}
	return n, set, err
}

// over reads N, all, SET or N of SET, up to end. 0 is all.
func (p *parser) over(end int) (n int, set string, err error) {
	if !startsNumber(p.line[p.pos:end]) {
		set, err = p.setName()
		if set == scheme.AllQueries {
			set = ""
		}
		return 0, set, err
	}
	if n, err = p.count("a number of queries", 1<<31-1); err != nil {
		return 0, "", err
	}
	if p.skip(); p.pos >= end {
		return n, "", nil
	}
	start := p.pos
	if word := p.until(isBlank); word != ofSet {
		p.pos = start
		return n, "", nil
	}
	if p.skip(); p.pos >= end {
		return 0, "", p.fail(p.pos, "expected a set of queries after of")
	}
	start = p.pos
	if set, err = p.setName(); set == scheme.AllQueries {
		return 0, "", p.fail(start, "all is no set of queries: leave %q away", "of all")
	}
	return n, set, err
}

// setName reads the name of a set of queries.
func (p *parser) setName() (string, error) {
	start := p.pos
	name, err := p.name("a number of queries, all, or a set of queries")
	if err == nil && name != scheme.AllQueries && !scheme.IsSetName(name) {
		err = p.fail(start, "%q is no number of queries, all, or the name of a set of queries", name)
	}
	return name, err
}

// startsNumber reports whether a text begins as a number does.
func startsNumber(text string) bool {
	return text != "" && strings.ContainsRune("0123456789+-", rune(text[0]))
}
