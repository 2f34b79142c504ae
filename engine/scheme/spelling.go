package scheme

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// String returns the canonical spelling, which ParseScheme reads back to an equal scheme: no
// spaces, weights in their shortest form, a weight of 1 left out.
func (s Scheme) String() string {
	var w speller
	w.scheme(s, 1)
	return w.text.String()
}

// Check checks a scheme that was not parsed, or whose layers may be missing. It returns a
// *SyntaxError about the scheme's spelling. For check see ParseChecked.
func (s Scheme) Check(check func(Factor) (place int, reason string)) error {
	w := speller{check: check}
	w.scheme(s, 1)
	text := w.text.String()
	switch {
	case len(text) > maxSchemeLength:
		return &SyntaxError{text, maxSchemeLength, fmt.Sprintf("a scheme has at most %d characters, this one %d", maxSchemeLength, len(text))}
	case w.fault != nil:
		w.fault.Text = text
		return w.fault
	}
	return nil
}

// speller spells a scheme. With check, it also finds the first fault in it. A spelling is ASCII.
type speller struct {
	text  strings.Builder
	check func(Factor) (place int, reason string)
	fault *SyntaxError
}

// fail keeps the first reason.
func (w *speller) fail(at int, reason string) {
	if w.check != nil && w.fault == nil && reason != "" {
		w.fault = &SyntaxError{Column: 1 + at, Reason: reason}
	}
}

// scheme spells a scheme at the given depth, from 1.
func (w *speller) scheme(s Scheme, depth int) {
	start, sep := w.text.Len(), "+"
	if depth > maxSchemeDepth {
		w.fail(start, fmt.Sprintf("schemes nest at most %d deep", maxSchemeDepth))
	}
	switch s.Kind {
	case Sum:
	case QE:
		w.expansion(s, depth)
		return
	case KRecip, Best, Mean:
		w.whole(s, depth)
		w.text.WriteByte(')')
		return
	case HubSum:
		w.text.WriteString("hub(")
	case ZNorm:
		w.text.WriteString("znorm(")
	case Concat:
		w.text.WriteString("concat(")
		sep = ","
	case RRF:
		w.text.WriteString("rrf(")
		for i, part := range s.Parts {
			if i > 0 {
				w.text.WriteByte(',')
			}
			w.scheme(part, depth+1)
		}
		if len(s.Parts) < 2 {
			w.fail(w.text.Len(), "rrf takes two schemes or more")
		}
	}
	var total float64
	for i, t := range s.Terms {
		if i > 0 {
			w.text.WriteString(sep)
		}
		w.term(t, s.Kind)
		total += t.Weight
	}
	if s.Kind == HubSum {
		if s.N != DefaultHub {
			w.text.WriteByte(',')
			w.fail(w.text.Len(), nearestFault(s.N))
			w.text.WriteString(strconv.Itoa(s.N))
		}
	}
	if s.Kind != Sum {
		w.text.WriteByte(')')
	}
	if s.Kind != RRF && total == 0 {
		w.fail(start, "every weight is 0")
	}
}

// whole spells the beginning of a scheme that stands alone, up to its part.
func (w *speller) whole(s Scheme, depth int) {
	if depth > 1 {
		w.fail(w.text.Len(), s.Kind.alone())
	}
	w.text.WriteString(combinations[s.Kind] + "(")
	at := w.text.Len()
	for _, part := range s.Parts {
		w.scheme(part, depth+1)
		w.fail(at, s.Kind.unfit(part))
	}
}

// expansion spells a query expansion.
func (w *speller) expansion(s Scheme, depth int) {
	w.whole(s, depth)
	w.text.WriteByte(',')
	at := w.text.Len()
	w.text.WriteString(strconv.Itoa(s.N))
	w.fail(at, expansionFault(s.N, 0))
	w.text.WriteByte(',')
	at = w.text.Len()
	w.text.WriteString(strconv.FormatFloat(s.Alpha, 'g', -1, 64))
	w.fail(at, expansionFault(s.N, s.Alpha))
	w.text.WriteByte(')')
}

// term spells a term of a scheme of the given kind.
func (w *speller) term(t Term, kind Kind) {
	if t.Weight != 1 {
		weight := strconv.FormatFloat(t.Weight, 'g', -1, 64)
		w.fail(w.text.Len(), weightFault(t.Weight, weight))
		w.text.WriteString(weight + "*")
	}
	at := w.text.Len()
	w.text.WriteString(t.Name())
	if t.Hub != 0 {
		if kind != Sum {
			w.fail(at, hubMisplaced)
		}
		at += len("hub(")
	}
	if w.check == nil || w.fault != nil {
		return
	}
	if place, reason := w.check(t.Factor); reason != "" {
		if place > 0 { // behind the text before the transform, and a bar
			at += len(Factor{t.Factor.Layer, t.Factor.Transforms[:place-1]}.String()) + 1
		}
		w.fail(at, reason)
	}
}

// Equal reports whether two schemes are the same.
func (s Scheme) Equal(o Scheme) bool {
	return s.Kind == o.Kind && s.N == o.N && s.Alpha == o.Alpha && slices.EqualFunc(s.Parts, o.Parts, Scheme.Equal) &&
		slices.EqualFunc(s.Terms, o.Terms, func(a, b Term) bool {
			return a.Weight == b.Weight && a.Hub == b.Hub && a.Shared == b.Shared && a.Factor.Equal(b.Factor)
		})
}

// Listed reports whether the hits of the scheme are listings, each shown by one of its photos.
func (s Scheme) Listed() bool { return s.Kind == Best || s.Kind == Mean }

// Whole reports whether the scheme stands alone, in no other scheme, and has one part.
func (s Scheme) Whole() bool { return s.Kind == QE || s.Kind == KRecip || s.Listed() }

// HubSums reports whether there is a HubSum in the scheme.
func (s Scheme) HubSums() bool {
	return s.Kind == HubSum || slices.ContainsFunc(s.Parts, Scheme.HubSums)
}

// AnyListed returns the first scheme whose hits are listings.
func AnyListed(schemes []Scheme) (s Scheme, ok bool) {
	at := slices.IndexFunc(schemes, Scheme.Listed)
	if at < 0 {
		return s, false
	}
	return schemes[at], true
}

// Products reports whether the scheme is a sum or a concatenation of layers, without a correction for
// hubs: its scores are products of vectors.
func (s Scheme) Products() bool {
	return (s.Kind == Sum || s.Kind == Concat) && !slices.ContainsFunc(s.Terms, func(t Term) bool { return t.Hub != 0 })
}

// Layers returns the names of the layers with a weight above 0, without repetition, in the order of
// their first use.
func (s Scheme) Layers() []string { return Names(s.Factors()) }

// Factors returns the factors of the layers in Layers, in the same order.
func (s Scheme) Factors() []Factor { return s.factors(nil) }

func (s Scheme) factors(found []Factor) []Factor {
	for _, t := range s.Terms {
		if t.Weight > 0 && !slices.ContainsFunc(found, t.Factor.Equal) {
			found = append(found, t.Factor)
		}
	}
	for _, p := range s.Parts {
		found = p.factors(found)
	}
	return found
}

// FactorsOf returns the factors of all schemes, without repetition.
func FactorsOf(schemes []Scheme) []Factor {
	var found []Factor
	for _, s := range schemes {
		found = s.factors(found)
	}
	return found
}

// Names returns the names of the factors' layers.
func Names(factors []Factor) []string {
	all := make([]string, len(factors))
	for i, f := range factors {
		all[i] = f.String()
	}
	return all
}
