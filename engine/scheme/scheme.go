package scheme

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Limits of a scheme's text. Real schemes are far below them; a hostile script may not be.
const (
	maxSchemeLength = 4096
	maxSchemeDepth  = 8
)

// The range of weights. Within it no square, product or sum of a score overflows or underflows in
// float64, whatever float32 values a layer holds.
const (
	minWeight = 1e-30
	maxWeight = 1e30
)

// Kind is how a scheme combines its terms.
type Kind uint8

// The kinds of a scheme.
const (
	Sum    Kind = iota // Σ w·cos / Σ w
	Concat             // cosine of the concatenation of the weighted raw vectors
	RRF                // reciprocal rank fusion, Σ 1/(60+rank)
	QE                 // the one of Parts, with the query expanded by its own first N hits
	ZNorm              // Sum with weights w/σ, where σ is the spread of a layer's cosines with the query
	KRecip             // the first 100 hits of the one of Parts, ranked again by shared neighbours
)

// combinations are the words before the brackets of a scheme, by kind.
var combinations = []string{Concat: "concat", RRF: "rrf", QE: "qe", ZNorm: "znorm", KRecip: "krecip"}

// Term is a factor with its weight. With a weight of 0 the factor stays in the scheme's spelling,
// but its layer is not used.
type Term struct {
	Weight float64
	Factor Factor
	Hub    int // in a Sum: the cosine is corrected for hubs, by the mean of so many nearest; 0: it is not
}

// The number of nearest rows that a hub correction takes, and its largest.
const (
	DefaultHub = 10
	maxHub     = 100
)

// Name returns the spelling of the term without its weight.
func (t Term) Name() string {
	switch t.Hub {
	case 0:
		return t.Factor.String()
	case DefaultHub:
		return "hub(" + t.Factor.String() + ")"
	}
	return "hub(" + t.Factor.String() + "," + strconv.Itoa(t.Hub) + ")"
}

// Scheme combines layers into one score. Sum, ZNorm and Concat have Terms with distinct names; RRF
// has Parts, and QE and KRecip have one. The zero Scheme is not valid; ParseScheme makes valid ones.
type Scheme struct {
	Kind  Kind
	Terms []Term
	Parts []Scheme

	N     int     // of QE: the number of hits that expand the query, at least 1
	Alpha float64 // of QE: the power of their scores
}

// SyntaxError says what is wrong with a scheme's text, and where.
type SyntaxError struct {
	Text   string
	Column int // in characters, from 1
	Reason string
}

// Error returns the text, cut after 80 characters, the column and the reason.
func (e *SyntaxError) Error() string {
	text := e.Text
	if r := []rune(text); len(r) > 80 {
		text = string(r[:80]) + "…"
	}
	return fmt.Sprintf("scheme %q: column %d: %s", text, e.Column, e.Reason)
}

// ParseScheme parses a scheme in the language of the package comment. It does not check that layers
// exist; engine.Gallery.ParseScheme does. An error is a *SyntaxError.
func ParseScheme(text string) (Scheme, error) {
	return ParseChecked(text, nil)
}

// ParseChecked parses text. If check is not nil, it returns the reason why a factor is refused, and
// the position of the fault: 0 for the layer, from 1 on for the transforms. The reason is "" if the
// factor is valid.
func ParseChecked(text string, check func(Factor) (place int, reason string)) (Scheme, error) {
	if len(text) > maxSchemeLength {
		return Scheme{}, &SyntaxError{text, maxSchemeLength, fmt.Sprintf("a scheme has at most %d characters, this one %d", maxSchemeLength, len(text))}
	}
	p := schemeParser{text: text, check: check}
	s, err := p.scheme(1)
	if err == nil && p.space() < len(text) {
		err = p.fail(p.pos, "expected + or the end, found %q", p.next())
	}
	if err != nil {
		return Scheme{}, err
	}
	return s, nil
}

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
		case KRecip:
			return p.reciprocal(start, depth)
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
	p.pos, p.kind = start, Sum
	terms, err := p.terms('+')
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
		return s, p.fail(start, alone)
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

// aloneToo says where a re-ranking stands.
const aloneToo = "krecip( stands alone, in no other scheme"

// reciprocal parses the text behind "krecip(", which is at the given position.
func (p *schemeParser) reciprocal(start, depth int) (s Scheme, err error) {
	if depth > 1 {
		return s, p.fail(start, aloneToo)
	}
	at := p.space()
	part, err := p.scheme(depth + 1)
	if err != nil {
		return s, err
	}
	if reason := rerankable(part); reason != "" {
		return s, p.fail(at, "%s", reason)
	}
	if !p.accept(')') {
		return s, p.fail(p.space(), "expected + or ), found %q", p.next())
	}
	return Scheme{Kind: KRecip, Parts: []Scheme{part}}, nil
}

// alone says where a query expansion stands.
const alone = "qe( stands alone, in no other scheme"

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
	t.Hub = DefaultHub
	if p.accept(',') {
		at = p.space()
		text := p.decimal()
		if t.Hub, err = strconv.Atoi(text); err != nil || t.Hub < 1 || t.Hub > maxHub {
			return t, p.fail(at, "hub takes a number of nearest rows from 1 to %d, not %q", maxHub, text)
		}
	}
	if !p.accept(')') {
		return t, p.fail(p.space(), "expected , or ), found %q", p.next())
	}
	return t, nil
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
