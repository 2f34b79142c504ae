package eval

import (
	"context"
	"math"

	"strata/engine/scheme"
	"strata/experiments/metric"
	"strata/experiments/stats"
)

// Mean says over what a mean is taken.
type Mean uint8

// The means.
const (
	Micro Mean = iota // over queries: every query counts alike
	Macro             // over classes, the values of the label: every class counts alike
)

// String returns the name of the mean.
func (m Mean) String() string { return [...]string{"micro", "macro"}[m] }

// Summary is a metric of one scheme under one label, over the queries that are
// judged.
type Summary struct {
	Scheme scheme.Scheme
	Label  string
	Metric metric.Metric
	K      int // that of Metric
	Mean   Mean

	Hits    int64   // of P: of all judged queries
	N       int     // judged queries; with none, the numbers below but the skips are NaN
	Classes int     // of a macro mean: values of judged queries; judgements have none, and Value is NaN
	Value   float64 // of P: Hits/(K·N), one division of exact integers
	// The 95 % percentile bootstrap interval of Value, over queries, or over
	// classes of a macro mean; NaN with a single class.
	Low, High float64

	Unknown, Lone, Unscored int // queries that are not judged, by reason

	Ceiling  float64 // what a perfect ranking gives; NaN where that depends on more than R
	Baseline float64 // what a random ranking gives; NaN where there is no closed form
}

// Coverage returns the part of the queries that are judged.
func (s Summary) Coverage() float64 {
	return float64(s.N) / float64(s.N+s.Unknown+s.Lone+s.Unscored)
}

// Summarise fills Summaries and Standings.
func (e *Evaluation) Summarise(ctx context.Context) error {
	e.Summaries = make([]Summary, e.SummaryAt(len(e.Schemes), 0, Micro, 0))
	e.Standings = blankStandings(len(e.Summaries))
	for l := range e.Labels {
		bounds := map[*Judge][]metric.Bound{}
		groups, judged := e.judgedAlike(l)
		for g, schemes := range groups {
			classes := e.classes(l, judged[g])
			for _, s := range schemes {
				judge := e.Judge.Of(e.Schemes[s])
				if bounds[judge] == nil {
					bounds[judge] = e.bounds(l, judge, e.relevant(e.Schemes[s]))
				}
				e.sumScheme(s, l, judged[g], classes, bounds[judge])
			}
			if err := e.resample(ctx, l, schemes, judged[g], classes); err != nil {
				return err
			}
		}
		if len(groups) > 1 {
			if err := e.standApart(ctx, l, judged); err != nil {
				return err
			}
		}
	}
	return nil
}

// resample sets the intervals of schemes that have the same judged queries, and their
// standings if they are all there are.
func (e *Evaluation) resample(ctx context.Context, label int, schemes, judged []int, classes classes) error {
	if len(judged) == 0 {
		return nil
	}
	all := len(schemes) == len(e.Schemes)
	sums, err := e.drawQueries(ctx, label, schemes, judged)
	if err != nil {
		return err
	}
	if all {
		e.stand(label, Micro, len(judged), sums)
	}
	for g, s := range schemes {
		for m, metric := range e.Metrics {
			_, one := metric.Scale(len(judged))
			e.setInterval(sums[g*len(e.Metrics)+m], e.SummaryAt(s, label, Micro, m), float64(one*int64(len(judged))))
		}
	}
	if !e.Macro || classes.len() < 2 {
		return nil
	}
	if sums, err = e.drawClasses(ctx, label, schemes, classes); err != nil {
		return err
	}
	if all {
		e.stand(label, Macro, len(judged), sums)
	}
	one := float64(metric.Fixed(classes.len()) * float64(classes.len()))
	for g, s := range schemes {
		for m := range e.Metrics {
			e.setInterval(sums[g*len(e.Metrics)+m], e.SummaryAt(s, label, Macro, m), one)
		}
	}
	return nil
}

// sumScheme sets the summaries of one scheme and label, but their intervals.
func (e *Evaluation) sumScheme(scheme, label int, judged []int, classes classes, bounds []metric.Bound) {
	blank := Summary{Scheme: e.Schemes[scheme], Label: e.Labels[label], N: len(judged), Low: math.NaN(), High: math.NaN()}
	for i := range e.Queries {
		switch e.Skip(i, scheme, label) {
		case Unknown:
			blank.Unknown++
		case Lone:
			blank.Lone++
		case Unscored:
			blank.Unscored++
		}
	}
	for m, me := range e.Metrics {
		sum := blank
		sum.Metric, sum.K = me, me.K
		values := func(i int) float64 { return e.value(i, scheme, label, m) }
		unit := max(me.Unit(), 1)
		sum.Value = mean(judged, values, unit)
		sum.Ceiling = mean(judged, bounds[m].Ceiling, unit)
		sum.Baseline = mean(judged, bounds[m].Baseline, 1)
		if me.Kind == metric.Precision {
			for _, i := range judged {
				sum.Hits += int64(values(i))
			}
		}
		e.Summaries[e.SummaryAt(scheme, label, Micro, m)] = sum
		if !e.Macro {
			continue
		}
		sum.Mean, sum.Classes = Macro, classes.len()
		sum.Value = classes.mean(values, unit)
		sum.Ceiling = classes.mean(bounds[m].Ceiling, unit)
		sum.Baseline = classes.mean(bounds[m].Baseline, 1)
		e.Summaries[e.SummaryAt(scheme, label, Macro, m)] = sum
	}
}

// mean returns the mean over queries, in their order: of counts one division of
// exact integers.
func mean(queries []int, value func(i int) float64, unit int64) float64 {
	var sum float64
	for _, i := range queries {
		sum += value(i)
	}
	return sum / float64(unit*int64(len(queries)))
}

// classes are judged queries by the values of their label, in the order of the
// values' codes. A query with several values is of several classes; values
// without a judged query are left out.
type classes struct {
	queries []int
	starts  []int // by class, and the end
}

func (c classes) len() int { return len(c.starts) - 1 }

// classes parts judged queries.
func (e *Evaluation) classes(label int, judged []int) classes {
	l := e.Judge.Labels[label].Label
	counts := make([]int, l.NumValues()+1)
	for _, i := range judged {
		for _, v := range l.ValueCodes(e.Queries[i]) {
			counts[v+1]++
		}
	}
	for v := range l.NumValues() {
		counts[v+1] += counts[v]
	}
	c := classes{queries: make([]int, counts[len(counts)-1]), starts: []int{0}}
	at := append([]int(nil), counts...)
	for _, i := range judged {
		for _, v := range l.ValueCodes(e.Queries[i]) {
			c.queries[at[v]] = i
			at[v]++
		}
	}
	for v := range l.NumValues() {
		if counts[v+1] > counts[v] {
			c.starts = append(c.starts, counts[v+1])
		}
	}
	return c
}

// mean returns the mean of the classes' means.
func (c classes) mean(value func(i int) float64, unit int64) float64 {
	var sum float64
	for n := range c.len() {
		sum += c.meanOf(n, value, unit)
	}
	return sum / float64(c.len())
}

func (c classes) meanOf(class int, value func(i int) float64, unit int64) float64 {
	return mean(c.queries[c.starts[class]:c.starts[class+1]], value, unit)
}

// place returns what tells the random numbers of one label from those of
// another: the place of a column, or a number from the name of another label.
func (e *Evaluation) place(label int) uint64 {
	for i, l := range e.Gallery.Labels() {
		if l.Name == e.Labels[label] {
			return uint64(i)
		}
	}
	return namePlace(e.Labels[label])
}

// drawQueries resamples queries that are judged under some schemes, which share the
// resamples, and returns the sums by scheme, metric and resample. Values that are no
// counts are rounded to multiples of 2⁻⁴⁰ there.
func (e *Evaluation) drawQueries(ctx context.Context, label int, schemes, judged []int) ([][]int64, error) {
	b := stats.NewBootstrap(len(judged))
	for _, s := range schemes {
		for m, metric := range e.Metrics {
			by, one := metric.Scale(len(judged))
			column := b.Add(uint64(one))
			for j, i := range judged {
				column.Set(j, uint64(math.Round(float64(by*e.value(i, s, label, m)))))
			}
		}
	}
	return b.Run(ctx, stats.Stream{Seed: e.Seed, Place: e.place(label), Of: stats.DrawQueries}, stats.Draw)
}

// setInterval sets the interval of a summary from sums, of which one is a value of 1.
func (e *Evaluation) setInterval(sums []int64, summary int, one float64) {
	low, high := stats.Interval(sums)
	e.Summaries[summary].Low, e.Summaries[summary].High = float64(low)/one, float64(high)/one
}

// drawClasses is drawQueries of classes, with their means.
func (e *Evaluation) drawClasses(ctx context.Context, label int, schemes []int, classes classes) ([][]int64, error) {
	n := classes.len()
	b := stats.NewBootstrap(n)
	one := metric.Fixed(n)
	for _, s := range schemes {
		for m, metric := range e.Metrics {
			column := b.Add(uint64(one))
			values := func(i int) float64 { return e.value(i, s, label, m) }
			for c := range n {
				column.Set(c, uint64(math.Round(float64(one*classes.meanOf(c, values, max(metric.Unit(), 1))))))
			}
		}
	}
	return b.Run(ctx, stats.Stream{Seed: e.Seed, Place: e.place(label), Of: stats.DrawClasses}, stats.Draw)
}
