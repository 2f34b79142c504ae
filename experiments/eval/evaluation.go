package eval

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"strata/engine"
	"strata/engine/items"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/metric"
)

// Evaluation holds the hits of every query of a Plan, and what they add up to.
// It is read-only once made.
type Evaluation struct {
	Schemes   []scheme.Scheme
	Labels    []string
	Ks        []int           // ascending
	Metrics   []metric.Metric // P at every k first
	Depth     int             // hits of a ranking that were looked at
	Queries   []int           // rows, ascending
	Filter    []scheme.Condition
	Where     []scheme.Condition
	Set       string // as planned; "": all
	SetText   string // the name, number and hash of what Set held; "" without one
	Over      int    // as planned; 0: all
	From      int    // queries in Set that met Where, of which Over were drawn
	Seed      uint64
	Macro     bool
	Summaries []Summary  // by scheme, then label, then mean, then metric
	Standings []Standing // of each summary

	Gallery *engine.Gallery
	Among   *items.Candidates
	Judge   *Judge
	// By query; a query takes len(Schemes)·len(Labels)·len(Ks) places of hits, as
	// many for each metric beside P of values, len(Schemes) of scored, and
	// len(Labels) of relevant.
	hits     []uint16
	values   []float64 // counts whole, without their division by the metric's unit
	Scored   []bool
	Relevant []int32 // R, or unknownR

	tied []atomic.Int64 // by scheme, then k: queries with equal scores on both sides of the cut

	without bool  // further rows are no candidates of some queries
	all     []int // the places of all schemes

	kept     []int     // places in Queries, ascending
	rankings [][]int32 // by place in kept, then scheme: rows with a score, best first

	log2   []float64 // by rank: log2(rank+1); nil without nDCG
	graded bool      // a metric needs grades
	passes sync.Pool // of *pass
}

// unknownR stands for R where the query's value is unknown.
const unknownR = -1

// pass is the memory of one goroutine that counts.
type pass struct {
	tally  *metric.Tally
	gains  []int8
	levels []int
}

// setDepth finds out how deep rankings must be, and computes the discounts of as
// many ranks if a metric has any.
func (e *Evaluation) setDepth() {
	e.Depth = e.Ks[len(e.Ks)-1]
	for _, m := range e.Metrics {
		switch {
		case !m.Deep():
		case m.Kind == metric.RPrecision || m.Kind == metric.AveragePrecisionAtR:
			for l := range e.Judge.Labels {
				for _, q := range e.Queries {
					e.Depth = max(e.Depth, int(e.Judge.count(l, q)))
				}
			}
		default:
			e.Depth = max(e.Depth, e.Gallery.Len())
		}
	}
	if slices.ContainsFunc(e.Metrics, func(m metric.Metric) bool { return m.Kind == metric.NDCG }) {
		e.log2 = metric.Discounts(e.Depth)
	}
	e.graded = slices.ContainsFunc(e.Metrics, metric.Metric.Graded)
	e.passes.New = func() any { return &pass{tally: metric.NewTally(e.Ks, e.log2)} }
}

// makeRoom takes the memory for the counts, and draws the queries whose rankings
// are kept.
func (e *Evaluation) makeRoom(keep int) {
	n := len(e.Queries)
	e.all = make([]int, len(e.Schemes))
	for s := range e.all {
		e.all[s] = s
	}
	judgings := n * len(e.Schemes) * len(e.Labels)
	e.hits = make([]uint16, judgings*len(e.Ks))
	e.values = make([]float64, judgings*(len(e.Metrics)-len(e.Ks)))
	e.Scored = make([]bool, n*len(e.Schemes))
	e.Relevant = make([]int32, n*len(e.Labels))
	e.tied = make([]atomic.Int64, len(e.Schemes)*len(e.Ks))
	if keep < 0 {
		keep = n
	}
	if keep > 0 {
		e.kept = items.Sample(n, keep, e.Seed)
		e.rankings = make([][]int32, len(e.kept)*len(e.Schemes))
	}
}

// Summary returns the micro mean of P@k of a scheme and a label.
func (e *Evaluation) Summary(scheme scheme.Scheme, label string, k int) (Summary, bool) {
	i, j, n := e.find(scheme, label, k)
	if n < 0 {
		return Summary{}, false
	}
	return e.Precisions(i, j)[n], true
}

// QueryHits is what one query has under a scheme and a label.
type QueryHits struct {
	Query    int // row
	Relevant int // R
	Hits     int
}

// QueryHits returns the judged queries of a scheme and a label with their hits
// among the first k, the fewest hits first, then by row; none for a k that was
// not evaluated.
func (e *Evaluation) QueryHits(scheme scheme.Scheme, label string, k int) []QueryHits {
	i, j, n := e.find(scheme, label, k)
	if n < 0 {
		return nil
	}
	var all []QueryHits
	for _, at := range e.Judged(i, j) {
		all = append(all, QueryHits{e.Queries[at], int(e.Relevant[at*len(e.Labels)+j]), int(e.HitsOf(at, i, j)[n])})
	}
	slices.SortStableFunc(all, func(a, b QueryHits) int { return cmp.Compare(a.Hits, b.Hits) })
	return all
}

// find returns the places of a scheme, a label and a k; all -1 when one is not there.
func (e *Evaluation) find(sc scheme.Scheme, label string, k int) (i, j, n int) {
	name := sc.String()
	i = slices.IndexFunc(e.Schemes, func(s scheme.Scheme) bool { return s.String() == name })
	j = slices.Index(e.Labels, label)
	n = slices.Index(e.Ks, k)
	if min(i, j, n) < 0 {
		return -1, -1, -1
	}
	return i, j, n
}

// Precisions returns the micro means of P of one scheme and one label, by k.
func (e *Evaluation) Precisions(scheme, label int) []Summary {
	at := e.SummaryAt(scheme, label, Micro, 0)
	return e.Summaries[at : at+len(e.Ks)]
}

// SummaryAt returns the place of a summary.
func (e *Evaluation) SummaryAt(scheme, label int, mean Mean, metric int) int {
	means := 1
	if e.Macro {
		means = 2
	}
	return ((scheme*len(e.Labels)+label)*means+int(mean))*len(e.Metrics) + metric
}

// HitsOf returns the hits of query i, a place in Queries, by k.
func (e *Evaluation) HitsOf(i, scheme, label int) []uint16 {
	n := len(e.Ks)
	at := ((i*len(e.Schemes)+scheme)*len(e.Labels) + label) * n
	return e.hits[at : at+n]
}

// valuesOf returns the values of the metrics beside P of query i.
func (e *Evaluation) valuesOf(i, scheme, label int) []float64 {
	n := len(e.Metrics) - len(e.Ks)
	at := ((i*len(e.Schemes)+scheme)*len(e.Labels) + label) * n
	return e.values[at : at+n]
}

// value returns a metric of query i; a count whole.
func (e *Evaluation) value(i, scheme, label, metric int) float64 {
	if metric < len(e.Ks) {
		return float64(e.HitsOf(i, scheme, label)[metric])
	}
	return e.valuesOf(i, scheme, label)[metric-len(e.Ks)]
}

// Skip returns why query i, a place in Queries, is not judged.
func (e *Evaluation) Skip(i, scheme, label int) Skip {
	return skipOf(e.Relevant[i*len(e.Labels)+label], e.Scored[i*len(e.Schemes)+scheme])
}

// Judged returns the places in Queries that are judged.
func (e *Evaluation) Judged(scheme, label int) []int {
	var judged []int
	for i := range e.Queries {
		if e.Skip(i, scheme, label) == Judged {
			judged = append(judged, i)
		}
	}
	return judged
}

// judgedAlike parts the schemes by the queries that are judged under a label.
func (e *Evaluation) judgedAlike(label int) (groups [][]int, judged [][]int) {
	for s := range e.Schemes {
		of := e.Judged(s, label)
		g := slices.IndexFunc(judged, func(other []int) bool { return slices.Equal(of, other) })
		if g < 0 {
			g = len(groups)
			groups, judged = append(groups, nil), append(judged, of)
		}
		groups[g] = append(groups[g], s)
	}
	return groups, judged
}

// count is Count of rankings of some schemes, given by their places.
func (e *Evaluation) count(i int, schemes []int, rankings []rank.Ranking) {
	p := e.passes.Get().(*pass)
	defer e.passes.Put(p)
	q := e.Queries[i]
	for n, ranking := range rankings {
		e.Scored[i*len(e.Schemes)+schemes[n]] = ranking.Scored()
		e.countTies(schemes[n], ranking.Hits)
	}
	for l, relevance := range e.Judge.Labels {
		r := e.Judge.count(l, q)
		e.Relevant[i*len(e.Labels)+l] = r
		if r <= 0 {
			continue
		}
		if e.log2 != nil || e.graded {
			p.levels = e.Judge.counts(p.levels[:0], l, q)
		}
		if e.log2 != nil {
			p.tally.SetIdeal(p.levels, e.Depth)
		}
		if e.graded {
			p.tally.SetGrades(p.levels, relevance.Label.LargestGain(), e.nonrelevant(l, q, int(r)))
		}
		for n, ranking := range rankings {
			if !ranking.Scored() {
				continue
			}
			p.gains = metric.Gains(p.gains, relevance.Label, q, ranking.Hits[:min(e.Depth, len(ranking.Hits))])
			p.tally.Count(p.gains, int(r))
			hits, values := e.HitsOf(i, schemes[n], l), e.valuesOf(i, schemes[n], l)
			for m := range hits {
				hits[m] = uint16(p.tally.Value(e.Metrics[m]))
			}
			for m := range values {
				values[m] = p.tally.Value(e.Metrics[len(hits)+m])
			}
		}
	}
	if place, ok := slices.BinarySearch(e.kept, i); ok {
		for n, ranking := range rankings {
			ranking.Hits = ranking.Hits[:min(e.Depth, len(ranking.Hits))]
			e.rankings[place*len(e.Schemes)+schemes[n]] = RowsOf(ranking)
		}
	}
}

// RowsOf returns the rows of a ranking that have a score.
func RowsOf(r rank.Ranking) []int32 {
	var rows []int32
	for _, h := range r.Hits {
		if h.Scored() {
			rows = append(rows, int32(h.Row))
		}
	}
	return rows
}
