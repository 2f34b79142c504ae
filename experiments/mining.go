package experiments

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	"strata/engine"
)

// overlapDepth is the number of hits that rank-biased overlap looks at; what lies
// behind has 0.5 % of its weight.
const overlapDepth = 50

// Mining looks for where two schemes fail, and where they differ.
type Mining struct {
	Gallery *engine.Gallery
	A, B    engine.Scheme      // what is, and what might be instead
	Labels  []string           // nil: all of the gallery
	K       int                // 0: 10
	Near    float64            // the cosine from which on two rows are nearly the same; 0: DefaultNear
	Filter  []engine.Condition // what a candidate meets
	Where   []engine.Condition // what a query meets
	Over    int                // queries to draw of those that meet Where; 0: all
	Seed    uint64             // of the draw; 0: 1

	Out     string   // the folder of the files; "": none are written
	Formats []Format // of the tables; nil: CSV
	CSVSafe bool     // of Run
	Page    string   // the file of the report, with Out; "": none
	Version string
	Command []string
	Now     func() time.Time
}

// Mined is what a Mining found.
type Mined struct {
	*Evaluation   // of A and B, by P@K
	K             int
	Classes       []ClassDifference // by label, then falling difference, then name
	Losses        []Loss            // by label, then falling loss, then row
	Mistakes      []Mistake         // by scheme, then label, then falling Z, then row
	Hubs          [2]Hubness        // of A and B
	Disagreements []Disagreement    // by rising overlap, then row
	Duplicates    *Duplicates
}

// ClassDifference compares A with B over the queries with a value of a label that
// are judged under both.
type ClassDifference struct {
	Label, Class   string
	Queries        int
	HitsA, HitsB   int     // among the first K, of all queries
	A, B, Diff     float64 // P@K; Diff is A's less B's
	Win, Tie, Loss int     // queries for which A has more hits, as many, fewer
	P              float64 // two-sided, of the exact permutation test over queries; NaN where that takes too long
}

// Loss is what one query loses under a label when B takes the place of A.
type Loss struct {
	Query        int // row
	Label        string
	Relevant     int // R
	HitsA, HitsB int
	Loss         int // HitsA less HitsB
}

// Mistake is a first hit that is not relevant and whose value is known.
type Mistake struct {
	Scheme int // 0: A, 1: B
	Label  string
	Query  int
	Hit    int
	Score  float64
	Z      float64 // Score less the mean of the scheme's first scores, in their standard deviations: comparable between schemes
	Margin float64 // Score less that of the first relevant hit; NaN when there is none among those looked at
}

// Hubness says how evenly a scheme's hits are spread over the candidates.
type Hubness struct {
	Items int     // candidates
	Mean  float64 // of the number of queries that have a candidate among their first K
	Skew  float64 // of the same: 0 where they are spread evenly; NaN where all have as many
	Never int     // candidates that no query has
	Hubs  []Hub   // by falling occurrences, then row
	Limit float64 // a hub has more occurrences: the mean and twice the standard deviation
}

// Hub is an item that is among the first K of many queries (Radovanović, Nanopoulos
// and Ivanović, Hubs in Space, JMLR 11, 2010).
type Hub struct {
	Item        int
	Occurrences int
	Z           float64
	Wrong       []int // by label: of queries that are judged and to which it is not relevant
	Queries     []int // the rows of those that have it, ascending
}

// Disagreement says how far two rankings of a query are the same.
type Disagreement struct {
	Query   int
	Overlap float64 // rank-biased
	Common  int     // rows that both have among their first K
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

// Do ranks, looks for what there is to find, and writes all files or, on failure,
// none. progress is that of Plan.Evaluate, for each of two passes.
func (m Mining) Do(ctx context.Context, progress func(done, of int)) (*Mined, error) {
	release, err := claim(m.Out)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := checkReport(m.Page); err != nil {
		return nil, err
	}
	if m.Now == nil {
		m.Now = time.Now
	}
	started := m.Now()
	m.Seed = max(m.Seed, 1)
	if m.K == 0 {
		m.K = 10
	}
	if m.Near == 0 {
		m.Near = DefaultNear
	}
	if m.A.String() == m.B.String() {
		return nil, fmt.Errorf("the schemes are the same, %s: there is no difference to look for", m.A)
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
	u.Duplicates, err = FindDuplicates(ctx, m.Gallery, u.Queries, m.Filter, layersOf([]engine.Scheme{m.A, m.B}), m.Near, progress)
	if err != nil || m.Out == "" {
		return u.Mined, err
	}
	return u.Mined, u.write(ctx, started)
}

// rank ranks all queries under both schemes and keeps what the searches need.
func (u *miner) rank(ctx context.Context, progress func(done, of int)) error {
	m := u.ask
	among, err := m.Gallery.Candidates(m.Filter)
	if err != nil {
		return err
	}
	plan := Plan{
		Schemes: []engine.Scheme{m.A, m.B}, Labels: m.Labels, Ks: []int{m.K}, Filter: m.Filter, Where: m.Where, Over: m.Over, Seed: m.Seed,
	}
	if u.Evaluation, err = plan.prepare(m.Gallery, among); err != nil {
		return err
	}
	n := len(u.Queries)
	u.first, u.best, u.top = make([][2]firstHit, n), make([][2][]float64, n), make([][2][]int32, n)
	u.Disagreements = make([]Disagreement, n)
	report := reporter(n, progress)
	return m.Gallery.RankAll(ctx, u.Queries, u.Schemes, max(overlapDepth, m.K), among, func(i int, rankings []engine.Ranking) {
		u.count(i, rankings)
		u.keep(i, rankings)
		report()
	})
}

// keep keeps what there is to know of query i's rankings.
func (u *miner) keep(i int, rankings []engine.Ranking) {
	q := u.Queries[i]
	var rows [2][]int32
	for s, r := range rankings {
		rows[s] = rowsOf(r)
		u.top[i][s] = slices.Clone(rows[s][:min(u.K, len(rows[s]))])
		u.first[i][s] = firstHit{row: -1}
		if r.Scored() {
			u.first[i][s] = firstHit{r.Hits[0].Row, r.Hits[0].Score}
		}
		for _, relevance := range u.judges.labels {
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
	var o overlaps
	u.Disagreements[i] = Disagreement{q, o.rankBiased(rows[0], rows[1]), o.common(rows[0], rows[1], u.K)}
}

// both returns the places in Queries that are judged under both schemes.
func (u *miner) both(label int) []int { return common(u.judged(0, label), u.judged(1, label)) }

// compareClasses sets Classes.
func (u *miner) compareClasses() {
	for l := range u.Labels {
		u.Classes = append(u.Classes, u.classDifferences(l, 0, 1)...)
	}
}

// classDifferences compares two schemes, a with b, at the largest k, over the
// queries with each value of a label: the largest difference first, then by name.
func (e *Evaluation) classDifferences(label, a, b int) []ClassDifference {
	values := e.judges.labels[label].Label
	of := make([][]int, values.NumValues())
	for _, i := range common(e.judged(a, label), e.judged(b, label)) {
		for _, v := range values.ValueCodes(e.Queries[i]) {
			of[v] = append(of[v], i)
		}
	}
	var classes []ClassDifference
	for v, queries := range of {
		if len(queries) > 0 {
			classes = append(classes, e.compareClass(label, a, b, values.ValueName(v), queries))
		}
	}
	slices.SortFunc(classes, func(a, b ClassDifference) int {
		return cmp.Or(cmp.Compare(b.Diff, a.Diff), cmp.Compare(a.Class, b.Class))
	})
	return classes
}

func (e *Evaluation) compareClass(label, first, second int, name string, queries []int) ClassDifference {
	c := ClassDifference{Label: e.Labels[label], Class: name, Queries: len(queries), P: math.NaN()}
	last := len(e.Ks) - 1
	differences := make([]int64, len(queries))
	for n, i := range queries {
		a, b := int(e.hitsOf(i, first, label)[last]), int(e.hitsOf(i, second, label)[last])
		c.HitsA, c.HitsB = c.HitsA+a, c.HitsB+b
		differences[n] = int64(a - b)
		switch {
		case a > b:
			c.Win++
		case a < b:
			c.Loss++
		default:
			c.Tie++
		}
	}
	all := float64(e.Ks[last] * len(queries))
	c.A, c.B, c.Diff = float64(c.HitsA)/all, float64(c.HitsB)/all, float64(c.HitsA-c.HitsB)/all
	if p, ok := exactP(differences); ok {
		c.P = p
	}
	return c
}

// findLosses sets Losses.
func (u *miner) findLosses() {
	for l, name := range u.Labels {
		var of []Loss
		for _, i := range u.both(l) {
			a, b := int(u.hitsOf(i, 0, l)[0]), int(u.hitsOf(i, 1, l)[0])
			of = append(of, Loss{u.Queries[i], name, int(u.relevant[i*len(u.Labels)+l]), a, b, a - b})
		}
		slices.SortStableFunc(of, func(a, b Loss) int { return cmp.Compare(b.Loss, a.Loss) })
		u.Losses = append(u.Losses, of...)
	}
}

// findMistakes sets Mistakes.
func (u *miner) findMistakes() {
	for s := range u.Schemes {
		mean, deviation := u.firstScores(s)
		for l, relevance := range u.judges.labels {
			var of []Mistake
			for _, i := range u.judged(s, l) {
				q, first := u.Queries[i], u.first[i][s]
				if first.row < 0 || !relevance.Label.Known(first.row) || relevance.Label.Relevant(q, first.row) {
					continue
				}
				z := 0.0
				if deviation > 0 {
					z = (first.score - mean) / deviation
				}
				of = append(of, Mistake{s, u.Labels[l], q, first.row, first.score, z, first.score - u.best[i][s][l]})
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
	for s := range u.Schemes {
		counts := make([]int, u.g.Len())
		for i := range u.top {
			for _, row := range u.top[i][s] {
				counts[row]++
			}
		}
		h, deviation := u.spread(counts)
		at := map[int]int{}
		for row, n := range counts {
			if float64(n) > h.Limit && deviation > 0 {
				h.Hubs = append(h.Hubs, Hub{row, n, (float64(n) - h.Mean) / deviation, make([]int, len(u.Labels)), make([]int, 0, n)})
			}
		}
		slices.SortStableFunc(h.Hubs, func(a, b Hub) int { return cmp.Compare(b.Occurrences, a.Occurrences) })
		for n, hub := range h.Hubs {
			at[hub.Item] = n
		}
		for i, q := range u.Queries {
			for _, row := range u.top[i][s] {
				n, ok := at[int(row)]
				if !ok {
					continue
				}
				h.Hubs[n].Queries = append(h.Hubs[n].Queries, q)
				for l, relevance := range u.judges.labels {
					if u.skip(i, s, l) == Judged && !relevance.Label.Relevant(q, int(row)) {
						h.Hubs[n].Wrong[l]++
					}
				}
			}
		}
		u.Hubs[s] = h
	}
}

// spread describes occurrences over the candidates.
func (u *miner) spread(counts []int) (h Hubness, deviation float64) {
	total := 0
	for row, n := range counts {
		if u.among.Has(row) {
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
		if u.among.Has(row) {
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

// write writes the files.
func (u *miner) write(ctx context.Context, started time.Time) error {
	run := Run{Gallery: u.ask.Gallery, Version: u.ask.Version, Command: u.ask.Command, Now: u.ask.Now}
	of, err := run.manifest(ctx, u.Evaluation, started)
	if err != nil {
		return err
	}
	of.Resamples, of.Depth = 0, max(overlapDepth, u.K)
	manifest := miningManifest{of, u.Duplicates.Near, u.Duplicates.Scheme.String(), overlapDepth, persistence, u.Duplicates.Unread}
	files := tableFiles(u.ask.Out, u.ask.Formats, u.tables()...)
	if u.ask.Page != "" {
		view, err := u.page(ctx, manifest)
		if err != nil {
			return err
		}
		files = append(files, outputFile{u.ask.Page, view.write})
	}
	return writeRun(csvSafe(u.ask.CSVSafe, append(files, outputFile{filepath.Join(u.ask.Out, manifestName), manifest.write}))...)
}
