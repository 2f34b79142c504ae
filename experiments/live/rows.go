package live

import (
	"context"
	"math"
	"slices"

	"strata/engine/neighbour"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/stats"
)

// Rows are the means of schemes at one moment. They are not changed.
type Rows struct {
	Schemes []scheme.Scheme
	Labels  []string
	Filter  []scheme.Condition // of the candidates
	Means   [][]Mean           // by scheme, then label
	Known   []int              // by scheme: queries whose ranking is known, with a score or without
	Open    []int              // by scheme: queries that are built and not proven
	Queries int                // of the gallery
	Rough   bool               // intervals and p are those of the normal approximation
	Usage   neighbour.Usage

	pairs [][]Difference // by pair, as pairAt says, then label: the first less the second
	alike []int          // by scheme: the first one whose known queries are the same
}

// Rows counts schemes, each once, and compares all pairs of them. One scheme that was
// not counted before takes a pass over the neighbourhoods; the others cost little.
func (s *Sample) Rows(ctx context.Context, schemes []scheme.Scheme) (*Rows, error) {
	r := &Rows{Labels: s.Labels(), Filter: s.filter, Queries: s.all, Rough: true, Usage: s.Usage()}
	for _, sc := range schemes {
		if r.Place(sc) < 0 {
			r.Schemes = append(r.Schemes, sc)
		}
	}
	counts, err := s.counts(ctx, r.Schemes)
	if err != nil {
		return nil, err
	}
	for i, c := range counts {
		r.Known, r.Open = append(r.Known, len(c.states)-c.Unproven), append(r.Open, c.Unproven)
		r.alike = append(r.alike, slices.IndexFunc(counts[:i+1], func(o *Counts) bool { return sameQueries(o, c) }))
		means := make([]Mean, len(s.labels))
		for l := range s.labels {
			means[l] = s.Mean(c, l)
		}
		r.Means = append(r.Means, means)
	}
	for b := range counts {
		for a := range b {
			of := make([]Difference, len(s.labels))
			for l := range s.labels {
				of[l] = s.Difference(counts[a], counts[b], l)
			}
			r.pairs = append(r.pairs, of)
		}
	}
	r.adjust()
	return r, ctx.Err()
}

// Empty reports whether no query is known of any scheme.
func (r *Rows) Empty() bool { return !slices.ContainsFunc(r.Known, func(n int) bool { return n > 0 }) }

// counts counts schemes over the same queries, as far as those are built for all of them:
// more may be built between two counts, and a budget that is exceeded takes some away.
func (s *Sample) counts(ctx context.Context, schemes []scheme.Scheme) ([]*Counts, error) {
	all := make([]*Counts, len(schemes))
	most := 0
	for range 2 {
		for i, sc := range schemes {
			if all[i] != nil && len(all[i].states) >= most {
				continue
			}
			c, err := s.Count(ctx, sc)
			if err != nil {
				return nil, err
			}
			all[i] = c
		}
		if most == 0 {
			for _, c := range all {
				most = max(most, len(c.states))
			}
		}
	}
	if u := s.Usage(); u.Cut && u.Done > 0 {
		most = min(most, u.Done)
	}
	for i, c := range all {
		if len(c.states) > most {
			all[i] = c.first(most, len(s.labels))
		}
	}
	return all, nil
}

// sameQueries reports whether the same queries count for two schemes.
func sameQueries(a, b *Counts) bool { return slices.Equal(a.states, b.states) }

// pairAt returns the place of a pair of schemes, a < b, in pairs.
func pairAt(a, b int) int { return b*(b-1)/2 + a }

// adjust sets Holm's p of all pairs, label by label.
func (r *Rows) adjust() {
	for l := range r.Labels {
		var ps []float64
		var places []int
		for i, of := range r.pairs {
			if !math.IsNaN(of[l].P) {
				ps, places = append(ps, of[l].P), append(places, i)
			}
		}
		for i, p := range stats.Holm(ps) {
			r.pairs[places[i]][l].Holm = p
		}
	}
}

// Place returns the place of a scheme, or -1.
func (r *Rows) Place(sc scheme.Scheme) int {
	return slices.IndexFunc(r.Schemes, sc.Equal)
}

// Mean returns the mean of a scheme under a label; false when there is none yet.
func (r *Rows) Mean(sc scheme.Scheme, label string) (Mean, bool) {
	if r == nil {
		return Mean{}, false
	}
	i, l := r.Place(sc), slices.Index(r.Labels, label)
	if min(i, l) < 0 || r.Means[i][l].N == 0 {
		return Mean{}, false
	}
	return r.Means[i][l], true
}

// Against returns the paired difference of two schemes under a label, a less b; false
// when there is none yet, or when they are the same.
func (r *Rows) Against(a, b scheme.Scheme, label string) (Difference, bool) {
	if r == nil {
		return Difference{}, false
	}
	i, j, l := r.Place(a), r.Place(b), slices.Index(r.Labels, label)
	if min(i, j, l) < 0 || i == j {
		return Difference{}, false
	}
	d := r.between(i, j, l)
	return d, d.N > 0
}

// between returns the difference of scheme i to scheme j.
func (r *Rows) between(i, j, label int) Difference {
	if i < j {
		return r.pairs[pairAt(i, j)][label]
	}
	return r.pairs[pairAt(j, i)][label].Turned()
}

// Served reports whether neighbourhoods can serve the scheme at a place. All that are not
// built yet may.
func (r *Rows) Served(place int) bool {
	return r.Known[place]+r.Open[place] > 0 || r.Usage.Done < r.Usage.Queries
}

// Complete reports whether all queries of the gallery are known for all schemes that
// neighbourhoods can serve, of which there is one at least.
func (r *Rows) Complete() bool {
	served := false
	for i, n := range r.Known {
		if !r.Served(i) {
			continue
		}
		if served = true; n < r.Queries {
			return false
		}
	}
	return served
}

// Alike reports whether the means of two schemes are over the same queries.
func (r *Rows) Alike(a, b scheme.Scheme) bool {
	i, j := r.Place(a), r.Place(b)
	return min(i, j) >= 0 && r.alike[i] == r.alike[j]
}

// Verdict says which scheme is ahead under a label.
type Verdict struct {
	Label string
	Best  scheme.Scheme
	Value float64
	Over  []Standing      // the others, best first
	Apart []scheme.Scheme // those with which it has no query in common
}

// Standing is a scheme that another is ahead of.
type Standing struct {
	Scheme scheme.Scheme
	Difference
}

// Shown reports whether the difference holds after Holm's adjustment.
func (d Difference) Shown() bool { return d.N > 0 && d.Holm < eval.Significant }

// Verdict compares the scheme with the highest mean under a label with all others; of
// equal means the first. It returns false while fewer than two schemes have a mean.
func (r *Rows) Verdict(label string) (Verdict, bool) {
	l := slices.Index(r.Labels, label)
	if l < 0 {
		return Verdict{}, false
	}
	best, n := -1, 0
	for i := range r.Schemes {
		if r.Means[i][l].N == 0 {
			continue
		}
		n++
		if best < 0 || r.Means[i][l].Value > r.Means[best][l].Value {
			best = i
		}
	}
	if n < 2 {
		return Verdict{}, false
	}
	v := Verdict{Label: label, Best: r.Schemes[best], Value: r.Means[best][l].Value}
	for i, sc := range r.Schemes {
		if i == best {
			continue
		}
		if d := r.between(best, i, l); d.N > 0 {
			v.Over = append(v.Over, Standing{sc, d})
		} else {
			v.Apart = append(v.Apart, sc)
		}
	}
	slices.SortStableFunc(v.Over, func(a, b Standing) int {
		switch {
		case a.Diff < b.Diff:
			return -1
		case a.Diff > b.Diff:
			return 1
		}
		return 0
	})
	return v, true
}

// Final reports whether a later count gives nothing else: no query is to be built, none
// is open, and what is complete is settled.
func (r *Rows) Final() bool {
	if r.Usage.Done < r.Usage.Queries && !r.Usage.Cut || slices.ContainsFunc(r.Open, func(n int) bool { return n > 0 }) {
		return false
	}
	return !r.Rough || !r.Complete()
}
