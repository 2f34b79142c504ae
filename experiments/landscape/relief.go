package landscape

import (
	"math"
	"slices"

	"strata/experiments/eval"
	"strata/experiments/live"
)

// Relief is a landscape under one label.
type Relief struct {
	Label string
	Means []live.Mean       // by point; with N 0 where there is none
	Best  int               // the node with the highest mean: of equal ones that of fewer layers, then the first; -1: none
	Lead  []live.Difference // by point: the best less it; with N 0 where there is none
	Level int               // nodes with a mean that the best is not shown to be ahead of, with itself
}

// survey sets what is said of the points, over the same queries of all of them. What was
// said in old of equal counts is taken over.
func (l *Landscape) survey(old *Landscape) {
	if l.lagging() < 0 || l.Over == 0 || l.Over > l.round {
		l.Over = l.round
	}
	n := l.Len()
	was := l.shown
	l.shown = make([]*live.Counts, len(l.counts))
	l.Unknown, l.Counted = 0, 0
	for point, c := range l.counts {
		if c == nil || c.Len() < l.Over || l.Over == 0 {
			continue
		}
		same := old != nil && point < len(was) && was[point] != nil && old.counts[point] == c && old.Over == l.Over
		if same {
			l.shown[point] = was[point]
		} else {
			l.shown[point] = l.sample.First(c, l.Over)
		}
		l.Unknown = max(l.Unknown, l.shown[point].Unproven)
		if point < n {
			l.Counted++
		}
	}
	l.setStep()
	reliefs := make([]Relief, len(l.Labels))
	for i := range l.Labels {
		reliefs[i] = l.relief(i, old, was)
	}
	l.Reliefs = reliefs
}

// setStep finds the finest level of which all nodes have means.
func (l *Landscape) setStep() {
	l.Step = 0
	missing := len(l.levels())
	for node := range l.Len() {
		if l.shown[node] == nil {
			missing = min(missing, l.level(node))
		}
	}
	if missing > 0 {
		l.Step = l.levels()[missing-1]
	}
}

// relief surveys one label.
func (l *Landscape) relief(label int, old *Landscape, was []*live.Counts) Relief {
	r := Relief{Label: l.Labels[label], Best: -1, Means: make([]live.Mean, len(l.shown)), Lead: make([]live.Difference, len(l.shown))}
	kept := func(point int) bool { return old != nil && point < len(was) && was[point] == l.shown[point] }
	for point, c := range l.shown {
		switch {
		case c == nil:
			r.Means[point].Value, r.Means[point].Half = math.NaN(), math.NaN()
		case kept(point):
			r.Means[point] = old.Reliefs[label].Means[point]
		default:
			r.Means[point] = l.sample.Mean(c, label)
		}
		if point < l.Len() && r.Means[point].N > 0 && (r.Best < 0 || l.better(&r, point, r.Best)) {
			r.Best = point
		}
	}
	if r.Best < 0 {
		return r
	}
	best := l.shown[r.Best]
	for point, c := range l.shown {
		if r.Means[point].N == 0 {
			continue
		}
		if kept(point) && old.Reliefs[label].Best == r.Best && kept(r.Best) {
			r.Lead[point] = old.Reliefs[label].Lead[point]
		} else {
			r.Lead[point] = l.sample.Difference(best, c, label)
		}
		if point < l.Len() && !r.Behind(point) {
			r.Level++
		}
	}
	return r
}

// better reports whether node a has a higher mean than node b; of equal ones, fewer layers.
func (l *Landscape) better(r *Relief, a, b int) bool {
	if x, y := r.Means[a].Value, r.Means[b].Value; x != y {
		return x > y
	}
	return l.Used(a) < l.Used(b)
}

// Behind reports whether the best is shown to be ahead of a point, by itself, without regard
// to the others.
func (r *Relief) Behind(point int) bool {
	d := r.Lead[point]
	return d.N > 0 && d.Diff > 0 && d.P < eval.Significant
}

// mostLead is where Ahead stops.
const mostLead = 8

// Ahead returns how far the best is ahead of a point: the quantile of the normal distribution
// that has the difference's p, in units of the one at which it is shown. Above 1 it is. NaN:
// it is not known.
func (r *Relief) Ahead(point int) float64 {
	d := r.Lead[point]
	switch {
	case d.N == 0:
		return math.NaN()
	case d.Diff <= 0 || math.IsNaN(d.P):
		return 0
	}
	return min(math.Erfcinv(d.P)/math.Erfcinv(eval.Significant), mostLead)
}

// Span returns the lowest and the highest mean of the nodes; false without any.
func (l *Landscape) Span(label int) (low, high float64, ok bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, m := range l.Reliefs[label].Means[:l.Len()] {
		if m.N > 0 {
			low, high = min(low, m.Value), max(high, m.Value)
		}
	}
	return low, high, low <= high
}

// Value returns the mean of any weights, interpolated between the nodes of whole multiples
// of Step. NaN: it is not known.
func (l *Landscape) Value(label int, w Weights) float64 {
	means := l.Reliefs[label].Means
	return l.Between(w, func(node int) float64 { return means[node].Value })
}

// Between returns what nodes have at any weights, interpolated between those of whole
// multiples of Step. NaN: it is not known.
func (l *Landscape) Between(w Weights, of func(node int) float64) float64 {
	if l.Step == 0 {
		return math.NaN()
	}
	nodes, shares := l.around(w)
	sum := 0.0
	for i, node := range nodes {
		if shares[i] > 0 {
			sum += shares[i] * of(node)
		}
	}
	return sum
}

// around returns the nodes about weights, and the share of each.
func (l *Landscape) around(w Weights) (nodes [3]int, shares [3]float64) {
	most := l.Parts / l.Step
	part := func(x float64) (int, float64) {
		x = min(max(x/float64(l.Step), 0), float64(most))
		i := min(int(x), most-1)
		return i, x - float64(i)
	}
	i, f := part(w[1])
	j, g := part(w[2])
	at := func(i, j int) int { return l.Node((most-i-j)*l.Step, i*l.Step, j*l.Step) }
	if len(l.Factors) == 2 {
		return [3]int{at(i, 0), at(i+1, 0), 0}, [3]float64{1 - f, f, 0}
	}
	if i+j >= most { // a node on the side opposite to the first layer's corner
		i, f = i-1, 1
	}
	if f+g <= 1 || i+j+2 > most {
		f = min(f, 1)
		g = min(g, 1-f)
		return [3]int{at(i, j), at(i+1, j), at(i, j+1)}, [3]float64{1 - f - g, f, g}
	}
	return [3]int{at(i+1, j+1), at(i, j+1), at(i+1, j)}, [3]float64{f + g - 1, 1 - f, 1 - g}
}

// Contour returns the line outside of which the best is shown to be ahead of what lies
// there: pairs of ends for three layers, single points, twice, for two. It is linear between
// the nodes of whole multiples of Step.
func (l *Landscape) Contour(label int) [][2]Weights {
	if l.Step == 0 || l.Reliefs[label].Best < 0 {
		return nil
	}
	r := &l.Reliefs[label]
	var lines [][2]Weights
	l.cells(l.Step, func(nodes []int) {
		var ends []Weights
		for i, a := range nodes {
			b := nodes[(i+1)%len(nodes)]
			if len(nodes) == 2 && i == 1 {
				break
			}
			x, y := r.Ahead(a), r.Ahead(b)
			if math.IsNaN(x) || math.IsNaN(y) || (x > 1) == (y > 1) {
				continue
			}
			ends = append(ends, between(l.Grid.Weights(a), l.Grid.Weights(b), (1-x)/(y-x)))
		}
		switch len(ends) {
		case 1:
			lines = append(lines, [2]Weights{ends[0], ends[0]})
		case 2:
			lines = append(lines, [2]Weights{ends[0], ends[1]})
		}
	})
	return lines
}

// between returns the weights on the way from a to b.
func between(a, b Weights, share float64) Weights {
	var w Weights
	for i := range w {
		w[i] = a[i] + share*(b[i]-a[i])
	}
	return w
}

// Width returns the numbers an item of the layers that a point uses.
func (l *Landscape) Width(point int) int {
	sum := 0
	for i, w := range l.Weights(point) {
		if w > 0 {
			sum += l.Widths[i]
		}
	}
	return sum
}

// Front returns the nodes that no other exceeds in the mean under x, in that under y, or in
// having fewer numbers an item, without falling behind in another: by the mean under x, the
// highest first. Of equal ones it is the first. y below 0 does not count.
func (l *Landscape) Front(x, y int) []int {
	if x < 0 || x >= len(l.Reliefs) {
		return nil
	}
	value := func(label, node int) float64 {
		if label < 0 {
			return 0
		}
		return l.Reliefs[label].Means[node].Value
	}
	exceeds := func(a, b int) bool {
		if !(value(x, a) >= value(x, b) && value(y, a) >= value(y, b)) || l.Width(a) > l.Width(b) {
			return false
		}
		equal := value(x, a) == value(x, b) && value(y, a) == value(y, b) && l.Width(a) == l.Width(b)
		return !equal || a < b
	}
	var nodes, front []int
	for node := range l.Len() {
		if !math.IsNaN(value(x, node)) && !math.IsNaN(value(y, node)) {
			nodes = append(nodes, node)
		}
	}
	for _, b := range nodes {
		if !slices.ContainsFunc(nodes, func(a int) bool { return a != b && exceeds(a, b) }) {
			front = append(front, b)
		}
	}
	slices.SortStableFunc(front, func(a, b int) int {
		switch p, q := value(x, a), value(x, b); {
		case p > q:
			return -1
		case p < q:
			return 1
		}
		return l.Width(a) - l.Width(b)
	})
	return front
}
