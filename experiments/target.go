package experiments

import (
	"context"
	"slices"

	"strata/engine"
)

// measurer measures targets of many schemes, without intervals.
type measurer struct {
	g        *engine.Gallery
	filter   []engine.Condition // what a candidate meets
	without  map[int][]int32    // by query: further rows that are no candidates of it
	targets  []Target
	progress func(done, of int) // nil: none
	memory   int                // that the hits of the queries ranked at a time may take, in bytes

	neighbours *engine.Neighbours // of Plan
}

// plan returns a plan that measures the targets.
func (m *measurer) plan() Plan {
	p := Plan{Filter: m.filter, Without: m.without, Neighbours: m.neighbours}
	for _, t := range m.targets {
		if t.Metric.K > 0 {
			p.Ks = append(p.Ks, t.Metric.K)
		}
		if t.Metric.Kind != Precision {
			p.Metrics = append(p.Metrics, t.Metric)
		}
		if !slices.Contains(p.Labels, t.Label) {
			p.Labels = append(p.Labels, t.Label)
		}
	}
	return p
}

// targetMemory is the memory of a measurer.
const targetMemory = 64 << 20

// measure returns the means of every target by scheme, and the number of queries
// that are judged. Queries are ranked some at a time, so memory does not grow with
// their number; values are added in the order of queries, whatever that is. NaN
// stands where no query is judged.
func (m *measurer) measure(ctx context.Context, schemes []engine.Scheme, queries []int) (means [][]float64, judged [][]int, err error) {
	means, judged = make([][]float64, len(schemes)), make([][]int, len(schemes))
	for s := range schemes {
		means[s], judged[s] = make([]float64, len(m.targets)), make([]int, len(m.targets))
	}
	plan := m.plan()
	plan.Schemes = schemes
	each := len(schemes) * len(plan.Labels) * (8*len(plan.Metrics) + 2*len(m.targets))
	chunk := max(1, m.memory/each)
	for lo := 0; lo < len(queries); lo += chunk {
		plan.Queries = queries[lo:min(lo+chunk, len(queries))]
		var progress func(done, of int)
		if m.progress != nil {
			progress = func(done, _ int) { m.progress(lo+done, len(queries)) }
		}
		e, err := plan.rank(ctx, m.g, progress)
		if err != nil {
			return nil, nil, err
		}
		for s := range schemes {
			m.add(e, s, means[s], judged[s])
		}
	}
	for s := range schemes {
		for n, t := range m.targets {
			means[s][n] /= float64(max(t.Metric.unit(), 1) * int64(judged[s][n]))
		}
	}
	return means, judged, nil
}

// add adds the values of one scheme's queries, counts whole.
func (m *measurer) add(e *Evaluation, scheme int, sums []float64, judged []int) {
	for n, t := range m.targets {
		metric, label := slices.Index(e.Metrics, t.Metric), slices.Index(e.Labels, t.Label)
		for i := range e.Queries {
			if e.skip(i, scheme, label) == Judged {
				sums[n] += e.value(i, scheme, label, metric)
				judged[n]++
			}
		}
	}
}
