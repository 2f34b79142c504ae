package eval

import (
	"sync"

	"strata/engine/items"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/metric"
)

// Skip says why a query is not judged under a label.
type Skip uint8

// The reasons, in the order in which they are looked for.
const (
	Judged   Skip = iota
	Unknown       // the query's value is unknown, or nothing is judged for it
	Lone          // no candidate is relevant
	Unscored      // the query has no score in the scheme
)

// String returns the reason's name; that of Judged is empty.
func (s Skip) String() string {
	return [...]string{"", "unknown", "lone", "unscored"}[s]
}

// Ranking is a ranking of one query, judged by labels.
type Ranking struct {
	rank.Ranking
	Labels []LabelHits
}

// LabelHits says how a ranking fares under one label.
type LabelHits struct {
	Label    string
	Relevant []bool // by hit: it has a score and shares the query's value, or is judged relevant
	Hits     int    // the number of those
	R        int    // relevant candidates
	Skip     Skip   // why the label does not count for this query
}

// Judge knows the relevant candidates of every query, by label.
type Judge struct {
	Labels []*items.Relevance
	levels [][]*items.Relevance // by label: of its levels, from the first; the label itself without levels

	listings func() *Judge // of listings in place of items
}

// NewJudge returns the judge of labels, with the candidates to count.
func NewJudge(among *items.Candidates, labels []*items.Label) *Judge {
	j := newJudge(labels, among.Relevance)
	j.listings = sync.OnceValue(func() *Judge { return newJudge(labels, among.ListingRelevance) })
	return j
}

// Of returns the judge of the hits of a scheme: j, or for a scheme that ranks listings that of these.
func (j *Judge) Of(s scheme.Scheme) *Judge {
	if s.Listed() && j.listings != nil {
		return j.listings()
	}
	return j
}

func newJudge(labels []*items.Label, of func(*items.Label) *items.Relevance) *Judge {
	j := &Judge{}
	for _, l := range labels {
		relevance := of(l)
		levels := []*items.Relevance{relevance}
		for i, level := range l.Levels() {
			if i > 0 && i < metric.MaxGain {
				levels = append(levels, of(level))
			}
		}
		j.Labels, j.levels = append(j.Labels, relevance), append(j.levels, levels)
	}
	return j
}

// count returns R of the query in row q under a label, or unknownR.
func (j *Judge) count(label, q int) int32 {
	if relevance := j.Labels[label]; relevance.Label.Known(q) {
		return int32(relevance.Count(q))
	}
	return unknownR
}

// counts appends by level the number of candidates that share it with row q, and by grade
// from 0 the number of those that have a larger one.
func (j *Judge) counts(dst []int, label, q int) []int {
	if relevance := j.Labels[label]; relevance.Label.Judged() {
		return relevance.Above(dst, q)
	}
	for _, level := range j.levels[label] {
		dst = append(dst, level.Count(q))
	}
	return dst
}

// Ranking judges a ranking of the query in row q. The hits of a scheme that ranks listings are those.
func (j *Judge) Ranking(q int, r rank.Ranking) Ranking {
	j = j.Of(r.Scheme)
	out := Ranking{Ranking: r}
	tally := metric.NewTally(nil, nil)
	var gains []int8
	for n, relevance := range j.Labels {
		l := LabelHits{Label: relevance.Label.Name, Relevant: make([]bool, len(r.Hits)), R: relevance.Count(q)}
		gains = metric.Gains(gains, relevance, q, r.Hits)
		tally.Count(gains, l.R)
		for i, gain := range gains {
			l.Relevant[i] = gain > 0
		}
		l.Hits, l.Skip = tally.Hits(), skipOf(j.count(n, q), r.Scored())
		out.Labels = append(out.Labels, l)
	}
	return out
}

// skipOf returns why a query with r relevant candidates, or unknownR, is not judged.
func skipOf(r int32, scored bool) Skip {
	switch {
	case r == unknownR:
		return Unknown
	case r == 0:
		return Lone
	case !scored:
		return Unscored
	}
	return Judged
}
