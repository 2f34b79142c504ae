package scheme

import (
	"fmt"
	"strconv"
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
	Best               // listings, by the largest score of their photos under the one of Parts
	Mean               // listings, by the mean score of their photos under the one of Parts
	HubSum             // 2·S − r(q) − r(x), where S is the Sum of the terms and r the mean of the N largest S in a bank
)

// combinations are the words before the brackets of a scheme, by kind.
var combinations = []string{Concat: "concat", RRF: "rrf", QE: "qe", ZNorm: "znorm", KRecip: "krecip", Best: "best", Mean: "mean"}

// Term is a factor with its weight. With a weight of 0 the factor stays in the scheme's spelling,
// but its layer is not used.
type Term struct {
	Weight float64
	Factor Factor
	Hub    int // in a Sum: the cosine is corrected for hubs, by the mean of so many nearest; 0: it is not

	// Shared is what a term takes of the correction of a HubSum, in the Sum that package hub makes of
	// it. It is nil in other schemes.
	Shared any
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

// Scheme combines layers into one score. Sum, ZNorm, HubSum and Concat have Terms with distinct names; RRF
// has Parts, and QE, KRecip, Best and Mean have one. The zero Scheme is not valid; ParseScheme makes valid ones.
type Scheme struct {
	Kind  Kind
	Terms []Term
	Parts []Scheme

	N     int     // of QE: the number of hits that expand the query, at least 1; of HubSum: that of nearest rows
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
