package experiments

import (
	"cmp"
	"context"
	"math"
	"slices"

	"strata/engine"
)

// Evaluation holds the hits of every query of a Plan, and what they add up to.
// It is read-only once made.
type Evaluation struct {
	Schemes   []engine.Scheme
	Labels    []string
	Ks        []int // ascending
	Queries   []int // rows, ascending
	Filter    []engine.Condition
	Where     []engine.Condition
	Over      int // as planned; 0: all
	Seed      uint64
	Summaries []Summary // by scheme, then label, then k

	g      *engine.Gallery
	judges *judge
	// By query; a query takes len(Schemes)·len(Labels)·len(Ks) places of hits,
	// len(Schemes) of scored, and len(Labels) of relevant.
	hits     []uint16
	scored   []bool
	relevant []int32 // R, or unknownR
}

// unknownR stands for R where the query's value is unknown.
const unknownR = -1

// Summary is the precision at k of one scheme under one label, over the queries
// that are judged.
type Summary struct {
	Scheme engine.Scheme
	Label  string
	K      int

	Hits  int64   // of all judged queries
	N     int     // judged queries; with none, the numbers below but the skips are NaN
	Value float64 // Hits/(K·N), one division of exact integers
	// The 95 % percentile bootstrap interval of Value, over queries.
	Low, High float64

	Unknown, Lone, Unscored int // queries that are not judged, by reason

	Ceiling  float64 // the mean of min(R, K)/K: what a perfect ranking gives
	Baseline float64 // the mean of R/M, M candidates: what a random ranking gives
}

// Summary returns the summary of a scheme, a label and a k.
func (e *Evaluation) Summary(scheme engine.Scheme, label string, k int) (Summary, bool) {
	name := scheme.String()
	i := slices.IndexFunc(e.Schemes, func(s engine.Scheme) bool { return s.String() == name })
	j := slices.Index(e.Labels, label)
	n := slices.Index(e.Ks, k)
	if i < 0 || j < 0 || n < 0 {
		return Summary{}, false
	}
	return e.of(i, j)[n], true
}

// of returns the summaries of one scheme and one label, by k.
func (e *Evaluation) of(scheme, label int) []Summary {
	n := len(e.Ks)
	at := (scheme*len(e.Labels) + label) * n
	return e.Summaries[at : at+n]
}

// hitsOf returns the hits of query i, a place in Queries, by k.
func (e *Evaluation) hitsOf(i, scheme, label int) []uint16 {
	n := len(e.Ks)
	at := ((i*len(e.Schemes)+scheme)*len(e.Labels) + label) * n
	return e.hits[at : at+n]
}

// skip returns why query i, a place in Queries, is not judged.
func (e *Evaluation) skip(i, scheme, label int) Skip {
	switch r := e.relevant[i*len(e.Labels)+label]; {
	case r == unknownR:
		return Unknown
	case r == 0:
		return Lone
	case !e.scored[i*len(e.Schemes)+scheme]:
		return Unscored
	}
	return Judged
}

// count stores the hits of query i's rankings. It may be called concurrently
// for different i.
func (e *Evaluation) count(i int, rankings []engine.Ranking) {
	q := e.Queries[i]
	for l, relevance := range e.judges.labels {
		r := int32(unknownR)
		if relevance.Label.Known(q) {
			r = int32(relevance.Count(q))
		}
		e.relevant[i*len(e.Labels)+l] = r
	}
	for s, ranking := range rankings {
		e.scored[i*len(e.Schemes)+s] = ranking.Scored()
		for l, relevance := range e.judges.labels {
			hits := e.hitsOf(i, s, l)
			for rank, h := range ranking.Hits {
				if !h.Scored() || !relevance.Label.Relevant(q, h.Row) {
					continue
				}
				for n := len(e.Ks) - 1; n >= 0 && rank < e.Ks[n]; n-- {
					hits[n]++
				}
			}
		}
	}
}

// summarise fills Summaries.
func (e *Evaluation) summarise(ctx context.Context, among *engine.Candidates) error {
	e.Summaries = make([]Summary, 0, len(e.Schemes)*len(e.Labels)*len(e.Ks))
	for s, scheme := range e.Schemes {
		for l, label := range e.Labels {
			for n, k := range e.Ks {
				sum := Summary{Scheme: scheme, Label: label, K: k}
				e.sum(&sum, s, l, n, among)
				e.Summaries = append(e.Summaries, sum)
			}
		}
	}
	places := map[string]int{}
	for i, l := range e.g.Labels() {
		places[l.Name] = i
	}
	for l, label := range e.Labels {
		if err := e.resampleLabel(ctx, l, places[label]); err != nil {
			return err
		}
	}
	return nil
}

// sum adds up one summary but its interval.
func (e *Evaluation) sum(sum *Summary, scheme, label, k int, among *engine.Candidates) {
	var reachable int64
	var random float64
	for i, q := range e.Queries {
		switch e.skip(i, scheme, label) {
		case Unknown:
			sum.Unknown++
		case Lone:
			sum.Lone++
		case Unscored:
			sum.Unscored++
		case Judged:
			r := e.relevant[i*len(e.Labels)+label]
			sum.N++
			sum.Hits += int64(e.hitsOf(i, scheme, label)[k])
			reachable += int64(min(int(r), sum.K))
			random += float64(r) / float64(among.Count(q))
		}
	}
	places := float64(int64(sum.K) * int64(sum.N))
	sum.Value, sum.Low, sum.High = float64(sum.Hits)/places, math.NaN(), math.NaN()
	sum.Ceiling, sum.Baseline = float64(reachable)/places, random/float64(sum.N)
}

// resampleLabel sets the intervals of one label's summaries. Schemes with the
// same judged queries share their resamples, so that their sums are paired.
func (e *Evaluation) resampleLabel(ctx context.Context, label, place int) error {
	left := make([]int, len(e.Schemes))
	for s := range left {
		left[s] = s
	}
	for len(left) > 0 {
		judged := e.judged(left[0], label)
		var group, rest []int
		for _, s := range left {
			if slices.Equal(e.judged(s, label), judged) {
				group = append(group, s)
			} else {
				rest = append(rest, s)
			}
		}
		if len(judged) > 0 {
			if err := e.resampleGroup(ctx, label, place, group, judged); err != nil {
				return err
			}
		}
		left = rest
	}
	return nil
}

// judged returns the places in Queries that are judged.
func (e *Evaluation) judged(scheme, label int) []int {
	var judged []int
	for i := range e.Queries {
		if e.skip(i, scheme, label) == Judged {
			judged = append(judged, i)
		}
	}
	return judged
}

// resampleGroup sets the intervals of schemes that have the same judged queries.
func (e *Evaluation) resampleGroup(ctx context.Context, label, place int, schemes, judged []int) error {
	b := newBootstrap(len(judged))
	for _, s := range schemes {
		for n, k := range e.Ks {
			column := b.add(k)
			for j, i := range judged {
				column.set(j, e.hitsOf(i, s, label)[n])
			}
		}
	}
	sums, err := b.run(ctx, e.Seed, place)
	if err != nil {
		return err
	}
	for g, s := range schemes {
		for n := range e.Ks {
			sum := &e.of(s, label)[n]
			places := float64(int64(sum.K) * int64(sum.N))
			low, high := interval(sums[g*len(e.Ks)+n])
			sum.Low, sum.High = low/places, high/places
		}
	}
	return nil
}

// sortedKs returns ks ascending, without repetition.
func sortedKs(ks []int) []int {
	ks = slices.Clone(ks)
	slices.SortFunc(ks, cmp.Compare[int])
	return slices.Compact(ks)
}
