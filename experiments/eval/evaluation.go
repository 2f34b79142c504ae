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
	Counts
	Summaries []Summary  // by scheme, then label, then mean, then metric
	Standings []Standing // of each summary

	Gallery *engine.Gallery
	Among   *items.Candidates
	Judge   *Judge

	without bool  // further rows are no candidates of some queries
	all     []int // the places of all schemes

	log2   []float64 // by rank: log2(rank+1); nil without nDCG
	graded bool      // a metric needs grades
	passes sync.Pool // of *pass
}

// Asked is what an evaluation measures, and of which queries.
type Asked struct {
	Schemes []scheme.Scheme
	Labels  []string
	Ks      []int           // ascending
	Metrics []metric.Metric // P at every k first
	Depth   int             // hits of a ranking that were looked at
	Queries []int           // rows, ascending
	Filter  []scheme.Condition
	Where   []scheme.Condition
	Set     string // as planned; "": all
	SetText string // the name, number and hash of what Set held; "" without one
	Over    int    // as planned; 0: all
	From    int    // queries in Set that met Where, of which Over were drawn
	Seed    uint64
	Macro   bool
}

// Counts are what the rankings gave, by query.
type Counts struct {
	Asked
	// A query takes len(Schemes)·len(Labels)·len(Ks) places of hits, as many for each
	// metric beside P of values, len(Schemes) of scored, and len(Labels) of relevant.
	hits     []uint16
	values   []float64 // counts whole, without their division by the metric's unit
	Scored   []bool
	Relevant []int32 // R, or unknownR
	listings []int32 // like Relevant: the number of relevant listings; nil where no scheme ranks listings

	tied []atomic.Int64 // by scheme, then k: queries with equal scores on both sides of the cut

	kept     []int     // places in Queries, ascending
	rankings [][]int32 // by place in kept, then scheme: rows with a score, best first
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
	if _, ok := scheme.AnyListed(e.Schemes); ok {
		e.listings = make([]int32, len(e.Relevant))
	}
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
		all = append(all, QueryHits{e.Queries[at], e.R(at, i, j), int(e.HitsOf(at, i, j)[n])})
	}
	slices.SortStableFunc(all, func(a, b QueryHits) int { return cmp.Compare(a.Hits, b.Hits) })
	return all
}

// find returns the places of a scheme, a label and a k; all -1 when one is not there.
func (a *Asked) find(sc scheme.Scheme, label string, k int) (i, j, n int) {
	name := sc.String()
	i = slices.IndexFunc(a.Schemes, func(s scheme.Scheme) bool { return s.String() == name })
	j = slices.Index(a.Labels, label)
	n = slices.Index(a.Ks, k)
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
func (a *Asked) SummaryAt(scheme, label int, mean Mean, metric int) int {
	means := 1
	if a.Macro {
		means = 2
	}
	return ((scheme*len(a.Labels)+label)*means+int(mean))*len(a.Metrics) + metric
}

// relevant returns what Relevant is for the hits of a scheme.
func (c *Counts) relevant(s scheme.Scheme) []int32 {
	if s.Listed() {
		return c.listings
	}
	return c.Relevant
}

// R returns the number of relevant candidates of query i, a place in Queries, or of listings among them
// for a scheme that ranks those.
func (c *Counts) R(i, scheme, label int) int {
	return int(c.relevant(c.Schemes[scheme])[i*len(c.Labels)+label])
}

// HitsOf returns the hits of query i, a place in Queries, by k.
func (c *Counts) HitsOf(i, scheme, label int) []uint16 {
	n := len(c.Ks)
	at := ((i*len(c.Schemes)+scheme)*len(c.Labels) + label) * n
	return c.hits[at : at+n]
}

// valuesOf returns the values of the metrics beside P of query i.
func (c *Counts) valuesOf(i, scheme, label int) []float64 {
	n := len(c.Metrics) - len(c.Ks)
	at := ((i*len(c.Schemes)+scheme)*len(c.Labels) + label) * n
	return c.values[at : at+n]
}

// value returns a metric of query i; a count whole.
func (c *Counts) value(i, scheme, label, metric int) float64 {
	if metric < len(c.Ks) {
		return float64(c.HitsOf(i, scheme, label)[metric])
	}
	return c.valuesOf(i, scheme, label)[metric-len(c.Ks)]
}

// Skip returns why query i, a place in Queries, is not judged.
func (c *Counts) Skip(i, scheme, label int) Skip {
	return skipOf(c.Relevant[i*len(c.Labels)+label], c.Scored[i*len(c.Schemes)+scheme])
}

// Judged returns the places in Queries that are judged.
func (c *Counts) Judged(scheme, label int) []int {
	var judged []int
	for i := range c.Queries {
		if c.Skip(i, scheme, label) == Judged {
			judged = append(judged, i)
		}
	}
	return judged
}

// judgedAlike parts the schemes by the queries that are judged under a label.
func (c *Counts) judgedAlike(label int) (groups [][]int, judged [][]int) {
	for s := range c.Schemes {
		of := c.Judged(s, label)
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
	for l := range e.Labels {
		var last *Judge
		e.setR(i, l, e.Judge, e.Relevant)
		if e.listings != nil {
			e.setR(i, l, e.Judge.listings(), e.listings)
		}
		if e.Relevant[i*len(e.Labels)+l] <= 0 {
			continue
		}
		for n, ranking := range rankings {
			if !ranking.Scored() {
				continue
			}
			judge, r := e.Judge.Of(e.Schemes[schemes[n]]), e.R(i, schemes[n], l)
			if judge != last {
				e.begin(p, judge, l, q, r)
				last = judge
			}
			p.gains = metric.Gains(p.gains, judge.Labels[l], q, ranking.Hits[:min(e.Depth, len(ranking.Hits))])
			p.tally.Count(p.gains, r)
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

// setR sets R of query i under a label.
func (e *Evaluation) setR(i, label int, judge *Judge, relevant []int32) {
	relevant[i*len(e.Labels)+label] = judge.count(label, e.Queries[i])
}

// begin gives a tally what metrics need of the query in row q, with r relevant candidates.
func (e *Evaluation) begin(p *pass, judge *Judge, label, q, r int) {
	if e.log2 != nil || e.graded {
		p.levels = judge.counts(p.levels[:0], label, q)
	}
	if e.log2 != nil {
		p.tally.SetIdeal(p.levels, e.Depth)
	}
	if e.graded {
		p.tally.SetGrades(p.levels, judge.Labels[label].Label.LargestGain(), e.nonrelevant(judge, label, q, r))
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
