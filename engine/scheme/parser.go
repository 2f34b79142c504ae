package scheme

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// schemeParser is a recursive-descent parser over the bytes of text.
type schemeParser struct {
	text  string
	pos   int
	kind  Kind // of the scheme whose terms are read
	check func(Factor) (place int, reason string)
}

func (p *schemeParser) fail(pos int, format string, args ...any) error {
	column := 1 + len([]rune(p.text[:pos]))
	return &SyntaxError{p.text, column, fmt.Sprintf(format, args...)}
}

// space skips blanks and returns the new position.
func (p *schemeParser) space() int {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t') {
		p.pos++
	}
	return p.pos
}

// next returns the rune at the position, or "the end", for a message.
func (p *schemeParser) next() string {
	for _, r := range p.text[p.pos:] {
		return string(r)
	}
	return "the end"
}

func (p *schemeParser) accept(c byte) bool {
	if p.space() < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// word reads a layer's name, or returns "".
func (p *schemeParser) word() string {
	start := p.space()
	if start < len(p.text) && isLetter(p.text[start]) {
		for p.pos < len(p.text) && IsNameByte(p.text[p.pos]) {
			p.pos++
		}
	}
	return p.text[start:p.pos]
}

// IsNameByte reports whether a byte can stand in a layer's name: an ASCII letter, a digit,
// _, . or -.
func IsNameByte(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '_' || c == '.' || c == '-'
}

func (p *schemeParser) scheme(depth int) (Scheme, error) {
	start := p.space()
	if depth > maxSchemeDepth {
		return Scheme{}, p.fail(start, "schemes nest at most %d deep", maxSchemeDepth)
	}
	word := p.word()
	if at := slices.Index(combinations, word); at >= 0 && p.accept('(') {
		kind, sep := Kind(at), byte(',')
		switch kind {
		case RRF:
			return p.rrf(depth)
		case QE:
			return p.expansion(start, depth)
		case KRecip, Best, Mean:
			return p.whole(start, kind, depth)
		default:
		}
		if kind == ZNorm {
			sep = '+'
		}
		p.kind = kind
		terms, err := p.terms(sep)
		if err != nil {
			return Scheme{}, err
		}
		if !p.accept(')') {
			return Scheme{}, p.fail(p.space(), "expected %c or ), found %q", sep, p.next())
		}
		return p.merged(start, kind, terms)
	}
	if word == "hub" && p.accept('(') && p.sumWithin() {
		return p.hubSum(start)
	}
	p.pos = start
	terms, err := p.sum()
	if err != nil {
		return Scheme{}, err
	}
	return p.merged(start, Sum, terms)
}

// The limits of a query expansion.
const (
	maxExpansion = 100
	maxAlpha     = 10
)

// expandable says what is wrong with the part of a QE, or returns "".
func expandable(part Scheme) string {
	switch {
	case part.Kind != Sum && part.Kind != ZNorm:
		return "qe takes a sum or znorm"
	case slices.ContainsFunc(part.Terms, func(t Term) bool { return t.Hub != 0 }):
		return "qe takes layers without hub("
	}
	return ""
}

// expansionFault says what is wrong with the numbers of a QE, or returns "".
func expansionFault(n int, alpha float64) string {
	switch {
	case n < 1 || n > maxExpansion:
		return fmt.Sprintf("qe takes a number of hits from 1 to %d", maxExpansion)
	case !(alpha >= 0 && alpha <= maxAlpha):
		return fmt.Sprintf("qe takes a power from 0 to %d", maxAlpha)
	}
	return ""
}

// expansion parses the text behind "qe(", which is at the given position: scheme "," n "," alpha ")".
func (p *schemeParser) expansion(start, depth int) (s Scheme, err error) {
	if depth > 1 {
		return s, p.fail(start, "%s", QE.alone())
	}
	at := p.space()
	part, err := p.scheme(depth + 1)
	if err != nil {
		return s, err
	}
	if reason := expandable(part); reason != "" {
		return s, p.fail(at, "%s", reason)
	}
	s = Scheme{Kind: QE, Parts: []Scheme{part}}
	if !p.accept(',') {
		return s, p.fail(p.space(), "expected , and the number of hits, found %q", p.next())
	}
	at = p.space()
	if s.N, err = strconv.Atoi(p.decimal()); err != nil {
		s.N = 0
	}
	if reason := expansionFault(s.N, 0); reason != "" {
		return s, p.fail(at, "%s", reason)
	}
	if !p.accept(',') {
		return s, p.fail(p.space(), "expected , and the power, found %q", p.next())
	}
	at = p.space()
	if s.Alpha, err = strconv.ParseFloat(p.decimal(), 64); err != nil {
		s.Alpha = math.NaN()
	}
	if reason := expansionFault(s.N, s.Alpha); reason != "" {
		return s, p.fail(at, "%s", reason)
	}
	s.Alpha += 0 // not -0
	if !p.accept(')') {
		return s, p.fail(p.space(), "expected ), found %q", p.next())
	}
	return s, nil
}

// rerankable says what is wrong with the part of a KRecip, or returns "".
func rerankable(part Scheme) string {
	if part.Kind != Sum || !part.Products() {
		return "krecip takes a sum without hub("
	}
	return ""
}

// whole parses the text behind the bracket of a KRecip, a Best or a Mean, which is at the given
// position.
func (p *schemeParser) whole(start int, kind Kind, depth int) (s Scheme, err error) {
	if depth > 1 {
		return s, p.fail(start, "%s", kind.alone())
	}
	at := p.space()
	part, err := p.scheme(depth + 1)
	if err != nil {
		return s, err
	}
	if reason := kind.unfit(part); reason != "" {
		return s, p.fail(at, "%s", reason)
	}
	if !p.accept(')') {
		return s, p.fail(p.space(), "expected + or ), found %q", p.next())
	}
	return Scheme{Kind: kind, Parts: []Scheme{part}}, nil
}

// alone says where a scheme of the kind stands.
func (k Kind) alone() string { return combinations[k] + "( stands alone, in no other scheme" }

// unfit says what is wrong with the part of a scheme that stands alone, or returns "".
func (k Kind) unfit(part Scheme) string {
	switch k {
	case QE:
		return expandable(part)
	case KRecip:
		return rerankable(part)
	default:
		return ""
	}
}

// rrf parses the text behind "rrf(".
func (p *schemeParser) rrf(depth int) (Scheme, error) {
	s := Scheme{Kind: RRF}
	for {
		part, err := p.scheme(depth + 1)
		if err != nil {
			return Scheme{}, err
		}
		s.Parts = append(s.Parts, part)
		if p.accept(',') {
			continue
		}
		if !p.accept(')') {
			return Scheme{}, p.fail(p.space(), "expected , or ), found %q", p.next())
		}
		if len(s.Parts) < 2 {
			return Scheme{}, p.fail(p.pos-1, "rrf takes two schemes or more")
		}
		return s, nil
	}
}

// terms parses term { sep term }.
func (p *schemeParser) terms(sep byte) ([]Term, error) {
	var terms []Term
	for {
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
		if !p.accept(sep) {
			return terms, nil
		}
	}
}

func (p *schemeParser) term() (Term, error) {
	t := Term{Weight: 1}
	start := p.space()
	if start < len(p.text) && (isDigit(p.text[start]) || strings.IndexByte(".-+", p.text[start]) >= 0) {
		w, err := p.weight()
		if err != nil {
			return Term{}, err
		}
		t.Weight = w
		if !p.accept('*') {
			return Term{}, p.fail(p.space(), "expected * after the weight, found %q", p.next())
		}
	}
	at := p.space()
	if p.word() == "hub" && p.accept('(') {
		return p.hub(at, t)
	}
	p.pos = at
	var err error
	t.Factor, err = p.factor()
	return t, err
}

// hubMisplaced says where a hub correction stands.
const hubMisplaced = "hub( stands in a sum only"

// hub parses the text behind "hub(", which is at the given position.
func (p *schemeParser) hub(at int, t Term) (Term, error) {
	if p.kind != Sum {
		return t, p.fail(at, hubMisplaced)
	}
	var err error
	if t.Factor, err = p.factor(); err != nil {
		return t, err
	}
	if p.space() < len(p.text) && p.text[p.pos] == '+' {
		return t, p.fail(at, hubNoTerm)
	}
	t.Hub, err = p.nearest()
	return t, err
}

// hubNoTerm says where the correction of a whole sum stands.
const hubNoTerm = "hub( of a sum is no term of another: it stands by itself, or in rrf(, best( or mean("

// nearest parses [ "," n ] ")" behind what is corrected for hubs.
func (p *schemeParser) nearest() (n int, err error) {
	n = DefaultHub
	if p.accept(',') {
		at := p.space()
		text := p.decimal()
		if n, err = strconv.Atoi(text); err != nil || nearestFault(n) != "" {
			return n, p.fail(at, "hub takes a number of nearest rows from 1 to %d, not %q", maxHub, text)
		}
	}
	if !p.accept(')') {
		return n, p.fail(p.space(), "expected , or ), found %q", p.next())
	}
	return n, nil
}

// nearestFault says what is wrong with the number of a HubSum, or returns "".
func nearestFault(n int) string {
	if n < 1 || n > maxHub {
		return fmt.Sprintf("hub takes a number of nearest rows from 1 to %d, not %q", maxHub, strconv.Itoa(n))
	}
	return ""
}

// sumWithin reports whether the brackets at the position hold a + or a *.
func (p *schemeParser) sumWithin() bool {
	depth := 0
	for _, c := range p.text[p.pos:] {
		switch {
		case c == '(':
			depth++
		case c == ')' && depth == 0:
			return false
		case c == ')':
			depth--
		case depth == 0 && (c == '+' || c == '*'):
			return true
		}
	}
	return false
}

// hubSum parses the text behind "hub(", which is at the given position, of a sum. A layer alone is a
// term of a Sum.
func (p *schemeParser) hubSum(start int) (Scheme, error) {
	p.kind = HubSum
	terms, err := p.terms('+')
	if err != nil {
		return Scheme{}, err
	}
	n, err := p.nearest()
	if err != nil {
		return Scheme{}, err
	}
	s, err := p.merged(start, HubSum, terms)
	if s.N = n; err != nil {
		return s, err
	}
	if len(s.Terms) == 1 && s.Terms[0].Weight == 1 { // a + in a power
		s.Terms[0].Hub = n
		if p.accept('+') {
			more, err := p.sum()
			if err != nil {
				return s, err
			}
			return p.merged(start, Sum, append(s.Terms, more...))
		}
		return Scheme{Terms: s.Terms}, nil
	}
	if p.space() < len(p.text) && p.text[p.pos] == '+' {
		return s, p.fail(start, hubNoTerm)
	}
	return s, nil
}

// sum parses the terms of a Sum.
func (p *schemeParser) sum() ([]Term, error) {
	p.kind = Sum
	return p.terms('+')
}

// decimal reads digits with points, with or without a sign, and an optional exponent. It accepts
// more than a number, so that a message can quote the whole.
func (p *schemeParser) decimal() string {
	start := p.pos
	if p.pos < len(p.text) && (p.text[p.pos] == '-' || p.text[p.pos] == '+') {
		p.pos++
	}
	for p.pos < len(p.text) && (isDigit(p.text[p.pos]) || p.text[p.pos] == '.') {
		p.pos++
	}
	if p.pos < len(p.text) && p.text[p.pos]|0x20 == 'e' {
		p.pos++
		if p.pos < len(p.text) && (p.text[p.pos] == '-' || p.text[p.pos] == '+') {
			p.pos++
		}
		for p.pos < len(p.text) && isDigit(p.text[p.pos]) {
			p.pos++
		}
	}
	return p.text[start:p.pos]
}

// weight reads a decimal number: digits with at most one point, then an
// optional exponent.
func (p *schemeParser) weight() (float64, error) {
	start := p.pos
	text := p.decimal()
	w, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(w, 0) { // infinity is a range error of ParseFloat
		return 0, p.fail(start, "%q is not a number", text)
	}
	if reason := weightFault(w, text); reason != "" {
		return 0, p.fail(start, "%s", reason)
	}
	return w, nil
}

// weightFault says what is wrong with a weight of the given spelling, or returns "".
func weightFault(w float64, text string) string {
	switch {
	case math.IsInf(w, 0) || math.IsNaN(w):
		return fmt.Sprintf("weight %s is not finite", text)
	case w < 0 || text[0] == '-':
		return fmt.Sprintf("weight %s is negative", text)
	case w != 0 && (w < minWeight || w > maxWeight):
		return fmt.Sprintf("weight %s is neither 0 nor between %g and %g", text, minWeight, maxWeight)
	}
	return ""
}

// merged builds a scheme from terms as written. Terms with equal names become one term at the
// first position, with the same score. In a sum and in znorm their weights add. In a concatenation a weight acts
// squared, so their squares add.
func (p *schemeParser) merged(start int, kind Kind, terms []Term) (Scheme, error) {
	s := Scheme{Kind: kind}
	var total float64
	for _, t := range terms {
		total += t.Weight
		i := slices.IndexFunc(s.Terms, func(u Term) bool { return u.Factor.Equal(t.Factor) && u.Hub == t.Hub })
		switch {
		case i < 0:
			s.Terms = append(s.Terms, t)
		case kind != Concat:
			s.Terms[i].Weight += t.Weight
		default:
			v := s.Terms[i].Weight
			s.Terms[i].Weight = math.Sqrt(float64(v*v) + float64(t.Weight*t.Weight))
		}
		if i >= 0 && s.Terms[i].Weight > maxWeight {
			return Scheme{}, p.fail(start, "the weights of %s add to more than %g", t.Name(), maxWeight)
		}
	}
	if total == 0 {
		return Scheme{}, p.fail(start, "every weight is 0")
	}
	return s, nil
}
