package pane

import (
	"cmp"
	"math"
	"slices"

	"strata/engine"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments"
	"strata/experiments/eval"
	"strata/experiments/live"
	"strata/experiments/script"
)

// Desk is what the keys have set. What the screen shows may be older: see frame. A desk is never changed in place.
type Desk struct {
	Query   int    // row
	Image   string // path of a picture from outside the gallery that is the query instead; "": none
	Photo   int    // the number of that picture among the thumbs
	Schemes []scheme.Scheme
	Hits    int // that are ranked of each scheme; 0: ShownHits
}

// K returns the number of hits that are ranked of each scheme.
func (d Desk) K() int { return cmp.Or(d.Hits, ShownHits) }

// Frame is what the screen shows: a desk with its answer. rankings is nil while the answer is awaited.
type Frame struct {
	Desk
	Rankings []eval.Ranking
	Picture  *experiments.Picture // the query, when it is no item and its features are known
	Means    *live.Rows           // of the schemes, over the queries that are known; nil: of none
}

// Equal reports whether two desks ask for the same.
func (d Desk) Equal(o Desk) bool {
	return d.Query == o.Query && d.Image == o.Image && d.K() == o.K() && slices.EqualFunc(d.Schemes, o.Schemes, SameScheme)
}

// SameScheme reports whether two schemes are the same.
func SameScheme(a, b scheme.Scheme) bool { return a.Equal(b) }

// With returns the desk with scheme i replaced.
func (d Desk) With(i int, s scheme.Scheme) Desk {
	d.Schemes = slices.Clone(d.Schemes)
	d.Schemes[i] = s
	return d
}

// Insert returns the desk with a scheme more, at place i.
func (d Desk) Insert(i int, s scheme.Scheme) Desk {
	d.Schemes = slices.Insert(slices.Clone(d.Schemes), i, s)
	return d
}

// Remove returns the desk without scheme i.
func (d Desk) Remove(i int) Desk {
	d.Schemes = slices.Delete(slices.Clone(d.Schemes), i, i+1)
	return d
}

// Move returns the desk with scheme i moved to place j.
func (d Desk) Move(i, j int) Desk {
	s := d.Schemes[i]
	return d.Remove(i).Insert(j, s)
}

// cloneScheme returns a copy that shares nothing with s.
func cloneScheme(s scheme.Scheme) scheme.Scheme {
	s.Terms = slices.Clone(s.Terms)
	s.Parts = slices.Clone(s.Parts)
	for i := range s.Parts {
		s.Parts[i] = cloneScheme(s.Parts[i])
	}
	return s
}

// knobs returns the terms whose weights matter, in written order: pointers into s. A sum of one layer has the same
// ranking whatever its weight, so it counts only where it stands alone, to be shown.
func knobs(s *scheme.Scheme) []*scheme.Term {
	var terms []*scheme.Term
	for i := range s.Terms {
		terms = append(terms, &s.Terms[i])
	}
	for i := range s.Parts {
		if part := knobs(&s.Parts[i]); len(part) > 1 {
			terms = append(terms, part...)
		}
	}
	return terms
}

// leastWeight is what the last weight above 0 stops at, because a scheme needs one.
const leastWeight = .01

// WithWeight returns s with the weight of its i-th knob set, rounded to hundredths.
func WithWeight(s scheme.Scheme, i int, weight float64) scheme.Scheme {
	s = cloneScheme(s)
	terms := knobs(&s)
	terms[i].Weight = math.Round(max(weight, 0)*100) / 100
	if !AllZero(s) {
		return s
	}
	terms[i].Weight = leastWeight
	return s
}

// AllZero reports whether a sum or concatenation of s has no weight above 0.
func AllZero(s scheme.Scheme) bool {
	if slices.ContainsFunc(s.Parts, AllZero) {
		return true
	}
	return len(s.Parts) == 0 && !slices.ContainsFunc(s.Terms, func(t scheme.Term) bool { return t.Weight > 0 })
}

// Holds reports whether the layer is a term of s, or for a fusion one of its schemes.
func Holds(s scheme.Scheme, layer string) bool {
	switch {
	case s.Whole():
		return Holds(s.Parts[0], layer)
	case s.Kind == scheme.RRF:
		return slices.ContainsFunc(s.Parts, func(p scheme.Scheme) bool { return alone(p, layer) })
	}
	return slices.ContainsFunc(s.Terms, func(t scheme.Term) bool { return t.Name() == layer })
}

// alone reports whether s is just the layer.
func alone(s scheme.Scheme, layer string) bool {
	return s.Kind == scheme.Sum && len(s.Terms) == 1 && s.Terms[0].Name() == layer
}

// Toggled returns s with the layer added, weight 1, or taken out; false when nothing would be left of it.
func Toggled(s scheme.Scheme, layer string) (scheme.Scheme, bool) {
	s = cloneScheme(s)
	one := scheme.Term{Weight: 1, Factor: scheme.FactorNamed(layer)}
	switch {
	case s.Whole():
		var left bool
		s.Parts[0], left = Toggled(s.Parts[0], layer)
		return s, left
	case s.Kind == scheme.RRF && Holds(s, layer):
		s.Parts = slices.DeleteFunc(s.Parts, func(p scheme.Scheme) bool { return alone(p, layer) })
		return s, len(s.Parts) > 1
	case s.Kind == scheme.RRF:
		s.Parts = append(s.Parts, scheme.Scheme{Terms: []scheme.Term{one}})
		return s, true
	case Holds(s, layer):
		s.Terms = slices.DeleteFunc(s.Terms, func(t scheme.Term) bool { return t.Name() == layer })
		return s, len(s.Terms) > 0 && !AllZero(s)
	}
	s.Terms = append(s.Terms, one)
	return s, true
}

// isNew is the move of a hit that the reference ranking does not have.
const isNew = math.MinInt

// moves returns for every hit of a ranking how many places it stands above its place in the reference: 0 the same,
// negative lower, isNew not there.
func moves(hits, reference []rank.Hit) []int {
	at := make(map[int]int, len(reference))
	for i, h := range reference {
		at[h.Row] = i
	}
	out := make([]int, len(hits))
	for i, h := range hits {
		if was, ok := at[h.Row]; ok {
			out[i] = was - i
		} else {
			out[i] = isNew
		}
	}
	return out
}

// Picture returns the number under which the query's picture is made.
func (d Desk) Picture() int {
	if d.Image != "" {
		return d.Photo
	}
	return d.Query
}

// Steps returns what brings a session to the desk and ranks.
func (d Desk) Steps(g *engine.Gallery) []script.Step {
	var query script.Step = script.Query{ID: g.ID(d.Query)}
	if d.Image != "" {
		query = script.Image{Path: d.Image}
	}
	return []script.Step{
		query, script.Schemes{Schemes: d.Schemes}, script.Search{K: d.K()},
	}
}
