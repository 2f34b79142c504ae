package eval

import (
	"context"
	"slices"

	"strata/engine"
	"strata/engine/neighbour"
	"strata/engine/scheme"
	"strata/experiments/metric"
)

// Measurer measures targets of many schemes, without intervals.
type Measurer struct {
	Gallery  *engine.Gallery
	Filter   []scheme.Condition // what a candidate meets
	Without  map[int][]int32    // by query: further rows that are no candidates of it
	Targets  []metric.Target
	Progress func(done, of int) // of what Counts says; nil: none
	Memory   int                // that the hits of the queries ranked at a time may take, in bytes

	Neighbours *neighbour.Neighbours // of Plan
}

// Plan returns a plan that measures the targets.
func (m *Measurer) Plan() Plan {
	p := Plan{Filter: m.Filter, Without: m.Without, Neighbours: m.Neighbours}
	for _, t := range m.Targets {
		if t.Metric.K > 0 {
			p.Ks = append(p.Ks, t.Metric.K)
		}
		if t.Metric.Kind != metric.Precision {
			p.Metrics = append(p.Metrics, t.Metric)
		}
		if !slices.Contains(p.Labels, t.Label) {
			p.Labels = append(p.Labels, t.Label)
		}
	}
	return p
}

// TargetMemory is the memory of a measurer.
const TargetMemory = 64 << 20

// Measure returns the means of every target by scheme, and the number of queries
// that are judged. Queries are ranked some at a time, so memory does not grow with
// their number; values are added in the order of queries, whatever that is. NaN
// stands where no query is judged.
func (m *Measurer) Measure(ctx context.Context, schemes []scheme.Scheme, queries []int) (means [][]float64, judged [][]int, err error) {
	means, judged = make([][]float64, len(schemes)), make([][]int, len(schemes))
	for s := range schemes {
		means[s], judged[s] = make([]float64, len(m.Targets)), make([]int, len(m.Targets))
	}
	if m.countable() {
		err = m.measureHits(ctx, schemes, queries, means, judged)
	} else {
		err = m.searched(ctx, schemes, queries, means, judged, m.Progress)
	}
	if err != nil {
		return nil, nil, err
	}
	for s := range schemes {
		for n, t := range m.Targets {
			means[s][n] /= float64(max(t.Metric.Unit(), 1) * int64(judged[s][n]))
		}
	}
	return means, judged, nil
}

// searched adds the values of every scheme and target by ranking the queries.
func (m *Measurer) searched(ctx context.Context, schemes []scheme.Scheme, queries []int, means [][]float64, judged [][]int, told func(done, of int)) error {
	plan := m.Plan()
	plan.Schemes = schemes
	each := len(schemes) * len(plan.Labels) * (8*len(plan.Metrics) + 2*len(m.Targets))
	chunk := max(1, m.Memory/each)
	for lo := 0; lo < len(queries); lo += chunk {
		plan.Queries = queries[lo:min(lo+chunk, len(queries))]
		var progress func(done, of int)
		if told != nil {
			progress = func(done, _ int) { told(lo+done, len(queries)) }
		}
		e, err := plan.rank(ctx, m.Gallery, progress)
		if err != nil {
			return err
		}
		for s := range schemes {
			m.add(e, s, means[s], judged[s])
		}
	}
	return nil
}

// add adds the values of one scheme's queries, counts whole.
func (m *Measurer) add(e *Evaluation, scheme int, sums []float64, judged []int) {
	for n, t := range m.Targets {
		metric, label := slices.Index(e.Metrics, t.Metric), slices.Index(e.Labels, t.Label)
		for i := range e.Queries {
			if e.Skip(i, scheme, label) == Judged {
				sums[n] += e.value(i, scheme, label, metric)
				judged[n]++
			}
		}
	}
}
