package tui

import (
	"math"
	"slices"

	"strata/engine"
	"strata/experiments"
)

// desk is what the keys have set. What the screen shows may be older: see frame. A desk is never changed in place.
type desk struct {
	query   int    // row
	image   string // path of a picture from outside the gallery that is the query instead; "": none
	photo   int    // the number of that picture among the thumbs
	schemes []engine.Scheme
}

// frame is what the screen shows: a desk with its answer. rankings is nil while the answer is awaited.
type frame struct {
	desk
	rankings []experiments.Ranking
	picture  *experiments.Picture // the query, when it is no item and its features are known
}

// equal reports whether two desks ask for the same.
func (d desk) equal(o desk) bool {
	return d.query == o.query && d.image == o.image && slices.EqualFunc(d.schemes, o.schemes, sameScheme)
}

func sameScheme(a, b engine.Scheme) bool { return a.String() == b.String() }

// with returns the desk with scheme i replaced.
func (d desk) with(i int, s engine.Scheme) desk {
	d.schemes = slices.Clone(d.schemes)
	d.schemes[i] = s
	return d
}

// insert returns the desk with a scheme more, at place i.
func (d desk) insert(i int, s engine.Scheme) desk {
	d.schemes = slices.Insert(slices.Clone(d.schemes), i, s)
	return d
}

// remove returns the desk without scheme i.
func (d desk) remove(i int) desk {
	d.schemes = slices.Delete(slices.Clone(d.schemes), i, i+1)
	return d
}

// move returns the desk with scheme i moved to place j.
func (d desk) move(i, j int) desk {
	s := d.schemes[i]
	return d.remove(i).insert(j, s)
}

// firstSchemes are the schemes of a new session where gallery.yaml names none: up to three layers by themselves, and
// their sum.
func firstSchemes(layers []*engine.Layer) []engine.Scheme {
	var schemes []engine.Scheme
	var sum engine.Scheme
	for _, l := range layers[:min(3, len(layers))] {
		t := engine.Term{Weight: 1, Layer: l.Name}
		schemes = append(schemes, engine.Scheme{Terms: []engine.Term{t}})
		sum.Terms = append(sum.Terms, t)
	}
	if len(sum.Terms) > 1 {
		schemes = append(schemes, sum)
	}
	return schemes
}

// cloneScheme returns a copy that shares nothing with s.
func cloneScheme(s engine.Scheme) engine.Scheme {
	s.Terms = slices.Clone(s.Terms)
	s.Parts = slices.Clone(s.Parts)
	for i := range s.Parts {
		s.Parts[i] = cloneScheme(s.Parts[i])
	}
	return s
}

// knobs returns the terms whose weights matter, in written order: pointers into s. A sum of one layer has the same
// ranking whatever its weight, so it counts only where it stands alone, to be shown.
func knobs(s *engine.Scheme) []*engine.Term {
	var terms []*engine.Term
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

// withWeight returns s with the weight of its i-th knob set, rounded to hundredths.
func withWeight(s engine.Scheme, i int, weight float64) engine.Scheme {
	s = cloneScheme(s)
	terms := knobs(&s)
	terms[i].Weight = math.Round(max(weight, 0)*100) / 100
	if !allZero(s) {
		return s
	}
	terms[i].Weight = leastWeight
	return s
}

// allZero reports whether a sum or concatenation of s has no weight above 0.
func allZero(s engine.Scheme) bool {
	if slices.ContainsFunc(s.Parts, allZero) {
		return true
	}
	return s.Kind != engine.RRF && !slices.ContainsFunc(s.Terms, func(t engine.Term) bool { return t.Weight > 0 })
}

// holds reports whether the layer is a term of s, or for a fusion one of its schemes.
func holds(s engine.Scheme, layer string) bool {
	if s.Kind == engine.RRF {
		return slices.ContainsFunc(s.Parts, func(p engine.Scheme) bool { return alone(p, layer) })
	}
	return slices.ContainsFunc(s.Terms, func(t engine.Term) bool { return t.Layer == layer })
}

// alone reports whether s is just the layer.
func alone(s engine.Scheme, layer string) bool {
	return s.Kind == engine.Sum && len(s.Terms) == 1 && s.Terms[0].Layer == layer
}

// toggled returns s with the layer added, weight 1, or taken out; false when nothing would be left of it.
func toggled(s engine.Scheme, layer string) (engine.Scheme, bool) {
	s = cloneScheme(s)
	one := engine.Term{Weight: 1, Layer: layer}
	switch {
	case s.Kind == engine.RRF && holds(s, layer):
		s.Parts = slices.DeleteFunc(s.Parts, func(p engine.Scheme) bool { return alone(p, layer) })
		return s, len(s.Parts) > 1
	case s.Kind == engine.RRF:
		s.Parts = append(s.Parts, engine.Scheme{Terms: []engine.Term{one}})
		return s, true
	case holds(s, layer):
		s.Terms = slices.DeleteFunc(s.Terms, func(t engine.Term) bool { return t.Layer == layer })
		return s, len(s.Terms) > 0 && !allZero(s)
	}
	s.Terms = append(s.Terms, one)
	return s, true
}

// isNew is the move of a hit that the reference ranking does not have.
const isNew = math.MinInt

// moves returns for every hit of a ranking how many places it stands above its place in the reference: 0 the same,
// negative lower, isNew not there.
func moves(hits, reference []engine.Hit) []int {
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

// picture returns the number under which the query's picture is made.
func (d desk) picture() int {
	if d.image != "" {
		return d.photo
	}
	return d.query
}

// steps returns what brings a session to the desk and ranks.
func (d desk) steps(g *engine.Gallery) []experiments.Step {
	var query experiments.Step = experiments.Query{ID: g.ID(d.query)}
	if d.image != "" {
		query = experiments.Image{Path: d.image}
	}
	return []experiments.Step{
		query, experiments.Schemes{Schemes: d.schemes}, experiments.Search{K: shownHits},
	}
}
