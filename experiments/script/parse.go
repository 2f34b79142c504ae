package script

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"strata/engine/scheme"
	"strata/experiments/table"
)

// maxSchemes is the number of schemes that one step takes.
const maxSchemes = 256

// ParseStep parses one line, which must not be indented. An error is a
// *Error.
func ParseStep(line string) (Step, error) {
	p := &parser{line: line}
	if err := p.checkText(); err != nil {
		return nil, err
	}
	if line == "" || isBlank(line[0]) {
		return nil, p.fail(0, "expected a step at the start of the line")
	}
	keyword := p.until(isBlank)
	kind := kindOf(keyword)
	if kind == nil {
		var all []string
		for _, k := range Kinds {
			all = append(all, k.Keyword)
		}
		return nil, p.fail(0, "there is no step %q (steps: %s; in a file also include and set)", keyword, strings.Join(all, ", "))
	}
	p.skip()
	step, err := kind.parse(p)
	if err != nil {
		return nil, err
	}
	if p.skip(); !p.done() {
		return nil, p.fail(p.pos, "expected the end of the line, found %s; a name with blanks or commas stands in double quotes", p.next())
	}
	return step, nil
}

// parser reads one line, byte by byte.
type parser struct {
	line string
	pos  int
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// fail returns an error at a position in bytes.
func (p *parser) fail(pos int, format string, args ...any) *Error {
	return &Error{
		Column: 1 + utf8.RuneCountInString(p.line[:pos]), Text: p.line, Reason: fmt.Sprintf(format, args...),
	}
}

// checkText refuses what no step holds outside quotes, where it is escaped.
func (p *parser) checkText() error {
	for i, r := range p.line {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(p.line[i:]); size == 1 {
				return p.fail(i, "the line is not valid UTF-8: byte %#x", p.line[i])
			}
		}
		if unicode.IsControl(r) && r != '\t' {
			return p.fail(i, "control character %U; write it as an escape between double quotes", r)
		}
	}
	return nil
}

func (p *parser) done() bool { return p.pos >= len(p.line) }

func (p *parser) skip() {
	for !p.done() && isBlank(p.line[p.pos]) {
		p.pos++
	}
}

// next returns the next character for a message.
func (p *parser) next() string {
	for _, r := range p.line[p.pos:] {
		return strconv.QuoteRune(r)
	}
	return "the end of the line"
}

// until returns the text up to the first byte that ends it.
func (p *parser) until(ends func(byte) bool) string {
	start := p.pos
	for !p.done() && !ends(p.line[p.pos]) {
		p.pos++
	}
	return p.line[start:p.pos]
}

// accept moves over c if it is next.
func (p *parser) accept(c byte) bool {
	if !p.done() && p.line[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// name reads a name, bare or between double quotes. what says in an error what
// was expected.
func (p *parser) name(what string) (string, error) {
	return p.nameUntil(what, func(c byte) bool { return isBlank(c) || c == ',' || c == '"' })
}

func (p *parser) nameUntil(what string, ends func(byte) bool) (string, error) {
	start := p.pos
	if !p.done() && p.line[p.pos] == '"' {
		return p.quoted()
	}
	name := p.until(ends)
	if name == "" {
		return "", p.fail(start, "expected %s, found %s", what, p.next())
	}
	if !p.done() && p.line[p.pos] == '"' {
		return "", p.fail(p.pos, "a name with a double quote stands in double quotes, with \\\" for each")
	}
	return name, nil
}

// quoted reads a Go string literal in double quotes.
func (p *parser) quoted() (string, error) {
	literal, err := strconv.QuotedPrefix(p.line[p.pos:])
	if err != nil {
		return "", p.fail(p.pos, "the double quote is not closed, or an escape in it is not known")
	}
	text, err := strconv.Unquote(literal)
	if err != nil {
		return "", p.fail(p.pos, "%s is not a quoted text", literal)
	}
	p.pos += len(literal)
	if !p.done() && !isBlank(p.line[p.pos]) && p.line[p.pos] != ',' && p.line[p.pos] != '=' {
		return "", p.fail(p.pos, "expected a blank after the double quote, found %s", p.next())
	}
	return text, nil
}

// text reads the rest of the line, bare or between double quotes.
func (p *parser) text() (string, error) {
	if p.done() {
		return "", p.fail(p.pos, "expected a text, found the end of the line")
	}
	if p.line[p.pos] == '"' {
		return p.quoted()
	}
	text := strings.TrimSpace(p.line[p.pos:])
	p.pos = len(p.line)
	return text, nil
}

// count reads a whole number from 1 to most.
func (p *parser) count(what string, most uint64) (int, error) {
	n, err := p.whole(what, most)
	return int(n), err
}

func (p *parser) whole(what string, most uint64) (uint64, error) {
	start := p.pos
	word := p.until(isBlank)
	if word == "" {
		return 0, p.fail(start, "expected %s, found %s", what, p.next())
	}
	n, err := strconv.ParseUint(word, 10, 64)
	if err != nil || n < 1 || n > most {
		return 0, p.fail(start, "%q is not %s: a whole number from 1 to %d", word, what, most)
	}
	return n, nil
}

// schemes reads a list of schemes that ends before end, a position in bytes.
func (p *parser) schemes(end int) ([]scheme.Scheme, error) {
	var schemes []scheme.Scheme
	for {
		p.skip()
		start := p.pos
		stop := p.item(end)
		s, err := p.scheme(start, stop)
		if err != nil {
			return nil, err
		}
		if len(schemes) == maxSchemes {
			return nil, p.fail(start, "a step takes at most %d schemes", maxSchemes)
		}
		schemes = append(schemes, s)
		p.pos = stop
		if stop == end || !p.accept(',') {
			return schemes, nil
		}
	}
}

// scheme parses the scheme between two positions, which may be quoted.
func (p *parser) scheme(start, stop int) (scheme.Scheme, error) {
	text, offset := p.line[start:stop], start
	if strings.HasPrefix(text, `"`) {
		unquoted, err := strconv.Unquote(strings.TrimRight(text, " \t"))
		if err != nil {
			return scheme.Scheme{}, p.fail(start, "the double quote is not closed, or an escape in it is not known")
		}
		text, offset = unquoted, start+1
	}
	s, err := scheme.ParseScheme(text)
	var se *scheme.SyntaxError
	if errors.As(err, &se) {
		e := p.fail(offset, "%s", se.Reason)
		e.Column += se.Column - 1
		return scheme.Scheme{}, e
	}
	return s, err
}

// item returns the end of the item at the position: the next comma outside
// parentheses and quotes, or end.
func (p *parser) item(end int) int {
	depth := 0
	for i := p.pos; i < end; i++ {
		switch p.line[i] {
		case '"':
			i = closing(p.line[:end], i)
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth <= 0 {
				return i
			}
		}
	}
	return end
}

// closing returns the position of the quote that closes the one at open, or the
// last position when there is none.
func closing(line string, open int) int {
	for i := open + 1; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(line) - 1
}

// conditions reads COLUMN=VALUE, parted by blanks, up to end.
func (p *parser) conditions(end int) ([]scheme.Condition, error) {
	var conditions []scheme.Condition
	for {
		if p.skip(); p.pos >= end && len(conditions) > 0 {
			return conditions, nil
		}
		label, err := p.nameUntil("COLUMN=VALUE", func(c byte) bool { return isBlank(c) || c == ',' || c == '"' || c == '=' })
		if err != nil {
			return nil, err
		}
		if !p.accept('=') {
			return nil, p.fail(p.pos, "expected = and a value after the label %q, found %s", label, p.next())
		}
		value, err := p.name("a value")
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, scheme.Condition{Label: label, Value: value})
	}
}

// labels reads names, parted by commas, up to end.
func (p *parser) labels(end int) ([]string, error) {
	var labels []string
	for {
		p.skip()
		if p.pos >= end {
			return nil, p.fail(p.pos, "expected a label")
		}
		name, err := p.name("a label")
		if err != nil {
			return nil, err
		}
		labels = append(labels, name)
		if p.skip(); !p.accept(',') {
			return labels, nil
		}
	}
}

// evaluate reads [S, …] [on LABEL, …] [where COLUMN=VALUE …] [over N|all]
// [seed N], the clauses in any order.
func (p *parser) evaluate() (Evaluate, error) {
	step := Evaluate{Seed: 1}
	end, word := p.clause(table.EvaluateWords, true)
	if p.pos < end {
		schemes, err := p.schemes(end)
		if err != nil {
			return step, err
		}
		step.Schemes = schemes
	}
	err := p.clauses(table.EvaluateWords, end, word, func(clause string, end int) error { return p.evaluateClause(&step, clause, end) })
	return step, err
}

// clauses reads the clauses of a step, in any order and each once, from the one at
// end on, whose word is given. read reads what follows a clause's word, up to end.
func (p *parser) clauses(words []string, end int, word string, read func(clause string, end int) error) error {
	seen := map[string]bool{}
	for word != "" {
		if p.pos = end; seen[word] {
			return p.fail(p.pos, "%s stands twice", word)
		}
		seen[word] = true
		clause := word
		p.pos += len(clause)
		p.skip()
		end, word = p.clause(words, false)
		if p.pos >= end {
			return p.fail(p.pos, "nothing follows %s", clause)
		}
		if err := read(clause, end); err != nil {
			return err
		}
		if p.skip(); p.pos < end {
			return p.fail(p.pos, "expected the end of the line or one of %s, found %s", strings.Join(words, ", "), p.next())
		}
	}
	return nil
}

// evaluateClause reads what follows a clause's word, up to end.
func (p *parser) evaluateClause(step *Evaluate, clause string, end int) (err error) {
	switch clause {
	case "on":
		step.Labels, err = p.labels(end)
	case "where":
		step.Where, err = p.conditions(end)
	case "seed":
		step.Seed, err = p.whole("a seed", 1<<64-1)
	case "over":
		step.Over, step.Set, err = p.over(end)
	}
	return err
}

// clause returns where the next clause of a step begins, and its word, one of
// words; the end of the line and "" when there is none. Parentheses count among
// schemes only: elsewhere they are characters of names.
func (p *parser) clause(words []string, schemes bool) (int, string) {
	depth := 0
	for i := p.pos; i < len(p.line); i++ {
		switch c := p.line[i]; {
		case c == '"':
			i = closing(p.line, i)
		case c == '(' && schemes:
			depth++
		case c == ')' && schemes:
			depth--
		case depth <= 0 && !isBlank(c) && (i == p.pos || isBlank(p.line[i-1])):
			rest := p.line[i:]
			if j := strings.IndexAny(rest, " \t"); j >= 0 {
				rest = rest[:j]
			}
			if slices.Contains(words, rest) {
				return i, rest
			}
		}
	}
	return len(p.line), ""
}
