package experiments

import "strata/engine"

// Skip says why a query is not judged under a label.
type Skip uint8

// The reasons, in the order in which they are looked for.
const (
	Judged   Skip = iota
	Unknown       // the query's value is unknown
	Lone          // no candidate is relevant
	Unscored      // the query has no score in the scheme
)

// String returns the reason's name; that of Judged is empty.
func (s Skip) String() string {
	return [...]string{"", "unknown", "lone", "unscored"}[s]
}

// Ranking is a ranking of one query, judged by labels.
type Ranking struct {
	engine.Ranking
	Labels []LabelHits
}

// LabelHits says how a ranking fares under one label.
type LabelHits struct {
	Label    string
	Relevant []bool // by hit: it has a score and shares the query's value
	Hits     int    // the number of those
	R        int    // relevant candidates
	Skip     Skip   // why the label does not count for this query
}

// judge knows the relevant candidates of every query, by label.
type judge struct {
	labels []*engine.Relevance
}

func newJudge(among *engine.Candidates, labels []*engine.Label) *judge {
	j := &judge{}
	for _, l := range labels {
		j.labels = append(j.labels, among.Relevance(l))
	}
	return j
}

// ranking judges a ranking of the query in row q.
func (j *judge) ranking(q int, r engine.Ranking) Ranking {
	out := Ranking{Ranking: r}
	for _, relevance := range j.labels {
		l := LabelHits{Label: relevance.Label.Name, Relevant: make([]bool, len(r.Hits)), R: relevance.Count(q)}
		for i, h := range r.Hits {
			if h.Scored() && relevance.Label.Relevant(q, h.Row) {
				l.Relevant[i] = true
				l.Hits++
			}
		}
		switch {
		case !relevance.Label.Known(q):
			l.Skip = Unknown
		case l.R == 0:
			l.Skip = Lone
		case !r.Scored():
			l.Skip = Unscored
		}
		out.Labels = append(out.Labels, l)
	}
	return out
}
