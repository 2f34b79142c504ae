package mine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"strata/engine"
	"strata/engine/neighbour"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/stats"
)

// OverlapDepth is the number of hits that rank-biased overlap compares. Hits beyond it have 0.5 %
// of the weight.
const OverlapDepth = 50

// Mining looks for failures of two schemes, and for differences between them.
type Mining struct {
	Gallery *engine.Gallery
	A, B    scheme.Scheme      // the present scheme and a candidate
	Labels  []string           // nil means all of the gallery
	K       int                // 0 means 10
	Near    float64            // the least cosine of two rows that are nearly the same; 0 means DefaultNear
	Filter  []scheme.Condition // what a candidate meets
	Where   []scheme.Condition // what a query meets
	Set     string             // a set of the gallery that holds the queries; "" means all
	Over    int                // number of queries to draw of those in Set that meet Where; 0 means all
	Seed    uint64             // of the draw; 0 means 1

	Neighbours *neighbour.Neighbours // of the gallery; a ranking that they prove is not searched for; nil means none
}

// Mined is the outcome of a Mining.
type Mined struct {
	Evaluation    *eval.Evaluation // of A and B, by P@K
	K             int
	Classes       []eval.ClassDifference // by label, then falling difference, then name
	Losses        []Loss                 // by label, then descending loss, then row
	Mistakes      []Mistake              // by scheme, then label, then descending Z, then row
	Hubs          [2]Hubness             // of A and B
	Disagreements []Disagreement         // by ascending overlap, then row
	Duplicates    *eval.Duplicates
}

// Loss is the loss of one query under a label when B replaces A.
type Loss struct {
	Query        int // row
	Label        string
	Relevant     int // R
	HitsA, HitsB int
	Loss         int // HitsA less HitsB
}

// Mistake is a first hit that has a known value and is not relevant.
type Mistake struct {
	Scheme int // 0: A, 1: B
	Label  string
	Query  int
	Hit    int
	Score  float64
	Z      float64 // Score less the mean of the scheme's first scores, in their standard deviations: comparable between schemes
	Margin float64 // Score less that of the first relevant hit; NaN when there is none among those looked at
}

// Hubness describes how evenly a scheme's hits are spread over the candidates.
type Hubness struct {
	Items int     // candidates
	Mean  float64 // of the number of queries that have a candidate among their first K
	Skew  float64 // of the same: 0 where they are spread evenly; NaN where all have as many
	Never int     // candidates that are no hit of any query
	Hubs  []Hub   // by descending occurrences, then row
	Limit float64 // a hub has more occurrences: the mean and twice the standard deviation
}

// Hub is an item among the first K hits of many queries (Radovanović, Nanopoulos and Ivanović, Hubs
// in Space, JMLR 11, 2010).
type Hub struct {
	Item        int
	Occurrences int
	Z           float64
	Wrong       []int // by label: of queries that are judged and to which it is not relevant
	Queries     []int // the rows of those that have it, ascending
}

// Disagreement says how much two rankings of a query overlap.
type Disagreement struct {
	Query   int
	Overlap float64 // rank-biased
	Common  int     // number of rows among the first K of both
}

// miner is the state of a Mining.
type miner struct {
	*Mined
	ask   Mining
	first [][2]firstHit
	best  [][2][]float64 // by query, scheme and label: the score of the first relevant hit, or NaN
	top   [][2][]int32   // by query and scheme: the first K rows with a score
}

// firstHit is the first hit of a ranking.
type firstHit struct {
	row   int // -1: none with a score
	score float64
}

// Do ranks, and computes all findings. progress is that of Plan.Evaluate, for each of two passes.
func (m Mining) Do(ctx context.Context, progress func(done, of int)) (*Mined, error) {
	m.Seed = max(m.Seed, 1)
	if m.K == 0 {
		m.K = 10
	}
	if m.Near == 0 {
		m.Near = eval.DefaultNear
	}
	if m.A.String() == m.B.String() {
		return nil, fmt.Errorf("the schemes are the same, %s: there is no difference to look for", m.A)
	}
	if s, ok := scheme.AnyListed([]scheme.Scheme{m.A, m.B}); ok {
		return nil, fmt.Errorf("%s ranks listings, and mine looks for items: mine %s", s, s.Parts[0])
	}
	u := &miner{Mined: &Mined{K: m.K}, ask: m}
	if err := u.rank(ctx, progress); err != nil {
		return nil, err
	}
	u.compareClasses()
	u.findLosses()
	u.findMistakes()
	u.findHubs()
	slices.SortStableFunc(u.Disagreements, func(a, b Disagreement) int { return cmp.Compare(a.Overlap, b.Overlap) })
	var err error
	u.Duplicates, err = eval.FindDuplicates(ctx, m.Gallery, u.Evaluation.Queries, m.Filter, scheme.Names(scheme.FactorsOf([]scheme.Scheme{m.A, m.B})), m.Near, progress)
	return u.Mined, err
}

// rank ranks all queries under both schemes, and keeps the data for the findings.
func (u *miner) rank(ctx context.Context, progress func(done, of int)) error {
	m := u.ask
	among, err := m.Gallery.Candidates(m.Filter)
	if err != nil {
		return err
	}
	plan := eval.Plan{
		Schemes: []scheme.Scheme{m.A, m.B}, Labels: m.Labels, Ks: []int{m.K}, Filter: m.Filter, Where: m.Where, Set: m.Set, Over: m.Over, Seed: m.Seed,
	}
	if u.Evaluation, err = plan.Prepare(m.Gallery, among); err != nil {
		return err
	}
	n := len(u.Evaluation.Queries)
	u.first, u.best, u.top = make([][2]firstHit, n), make([][2][]float64, n), make([][2][]int32, n)
	u.Disagreements = make([]Disagreement, n)
	report := eval.Reporter(n, progress)
	rankAll := m.Gallery.RankAll
	if m.Neighbours != nil {
		rankAll = m.Neighbours.RankAll
	}
	return rankAll(ctx, u.Evaluation.Queries, u.Evaluation.Schemes, max(OverlapDepth, m.K), among, func(i int, rankings []rank.Ranking) {
		u.Evaluation.Count(i, rankings)
		u.keep(i, rankings)
		report()
	})
}

// keep keeps the data of query i's rankings.
func (u *miner) keep(i int, rankings []rank.Ranking) {
	q := u.Evaluation.Queries[i]
	var rows [2][]int32
	for s, r := range rankings {
		rows[s] = eval.RowsOf(r)
		u.top[i][s] = slices.Clone(rows[s][:min(u.K, len(rows[s]))])
		u.first[i][s] = firstHit{row: -1}
		if r.Scored() {
			u.first[i][s] = firstHit{r.Hits[0].Row, r.Hits[0].Score}
		}
		for _, relevance := range u.Evaluation.Judge.Labels {
			best := math.NaN()
			for _, h := range r.Hits[:len(rows[s])] {
				if relevance.Label.Relevant(q, h.Row) {
					best = h.Score
					break
				}
			}
			u.best[i][s] = append(u.best[i][s], best)
		}
	}
	var o stats.Overlaps
	u.Disagreements[i] = Disagreement{q, o.RankBiased(rows[0], rows[1]), o.Common(rows[0], rows[1], u.K)}
}

// both returns the indexes in Queries of the queries that are judged under both schemes.
func (u *miner) both(label int) []int {
	return eval.Common(u.Evaluation.Judged(0, label), u.Evaluation.Judged(1, label))
}

// compareClasses sets Classes.
func (u *miner) compareClasses() {
	for l := range u.Evaluation.Labels {
		u.Classes = append(u.Classes, u.Evaluation.ClassDifferences(l, 0, 1)...)
	}
}

// findLosses sets Losses.
func (u *miner) findLosses() {
	for l, name := range u.Evaluation.Labels {
		var of []Loss
		for _, i := range u.both(l) {
			a, b := int(u.Evaluation.HitsOf(i, 0, l)[0]), int(u.Evaluation.HitsOf(i, 1, l)[0])
			of = append(of, Loss{u.Evaluation.Queries[i], name, int(u.Evaluation.Relevant[i*len(u.Evaluation.Labels)+l]), a, b, a - b})
		}
		slices.SortStableFunc(of, func(a, b Loss) int { return cmp.Compare(b.Loss, a.Loss) })
		u.Losses = append(u.Losses, of...)
	}
}

// findMistakes sets Mistakes.
func (u *miner) findMistakes() {
	for s := range u.Evaluation.Schemes {
		mean, deviation := u.firstScores(s)
		for l, relevance := range u.Evaluation.Judge.Labels {
			var of []Mistake
			for _, i := range u.Evaluation.Judged(s, l) {
				q, first := u.Evaluation.Queries[i], u.first[i][s]
				if first.row < 0 || !relevance.Label.Judges(q, first.row) || relevance.Label.Relevant(q, first.row) {
					continue
				}
				z := 0.0
				if deviation > 0 {
					z = (first.score - mean) / deviation
				}
				of = append(of, Mistake{s, u.Evaluation.Labels[l], q, first.row, first.score, z, first.score - u.best[i][s][l]})
			}
			slices.SortStableFunc(of, func(a, b Mistake) int { return cmp.Compare(b.Z, a.Z) })
			u.Mistakes = append(u.Mistakes, of...)
		}
	}
}

// firstScores returns the mean and the standard deviation of the scores of first hits.
func (u *miner) firstScores(scheme int) (mean, deviation float64) {
	n := 0
	for i := range u.first {
		if f := u.first[i][scheme]; f.row >= 0 {
			mean += f.score
			n++
		}
	}
	mean /= float64(n)
	for i := range u.first {
		if f := u.first[i][scheme]; f.row >= 0 {
			d := f.score - mean
			deviation += float64(d * d)
		}
	}
	return mean, math.Sqrt(deviation / float64(n))
}

// findHubs sets Hubs.
func (u *miner) findHubs() {
	for s := range u.Evaluation.Schemes {
		counts := make([]int, u.Evaluation.Gallery.Len())
		for i := range u.top {
			for _, row := range u.top[i][s] {
				counts[row]++
			}
		}
		h, deviation := u.spread(counts)
		at := map[int]int{}
		for row, n := range counts {
			if float64(n) > h.Limit && deviation > 0 {
				h.Hubs = append(h.Hubs, Hub{row, n, (float64(n) - h.Mean) / deviation, make([]int, len(u.Evaluation.Labels)), make([]int, 0, n)})
			}
		}
		slices.SortStableFunc(h.Hubs, func(a, b Hub) int { return cmp.Compare(b.Occurrences, a.Occurrences) })
		for n, hub := range h.Hubs {
			at[hub.Item] = n
		}
		for i, q := range u.Evaluation.Queries {
			for _, row := range u.top[i][s] {
				n, ok := at[int(row)]
				if !ok {
					continue
				}
				h.Hubs[n].Queries = append(h.Hubs[n].Queries, q)
				for l, relevance := range u.Evaluation.Judge.Labels {
					if u.Evaluation.Skip(i, s, l) == eval.Judged && !relevance.Label.Relevant(q, int(row)) {
						h.Hubs[n].Wrong[l]++
					}
				}
			}
		}
		u.Hubs[s] = h
	}
}

// spread computes the distribution of occurrences over the candidates.
func (u *miner) spread(counts []int) (h Hubness, deviation float64) {
	total := 0
	for row, n := range counts {
		if u.Evaluation.Among.Has(row) {
			h.Items++
			total += n
			if n == 0 {
				h.Never++
			}
		}
	}
	h.Mean = float64(total) / float64(h.Items)
	var second, third float64
	for row, n := range counts {
		if u.Evaluation.Among.Has(row) {
			d := float64(n) - h.Mean
			square := float64(d * d)
			second += square
			third += float64(square * d)
		}
	}
	second, third = second/float64(h.Items), third/float64(h.Items)
	deviation = math.Sqrt(second)
	h.Limit = h.Mean + 2*deviation
	h.Skew = third / float64(second*deviation)
	return h, deviation
}
