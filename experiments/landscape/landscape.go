package landscape

import (
	"context"
	"slices"

	"strata/engine/scheme"
	"strata/experiments/live"
)

// Landscape is what is known of a grid. It is not changed.
type Landscape struct {
	Grid
	Here     scheme.Scheme // of any weights
	HereAt   Weights       // its weights
	HereNode int           // the node that has them; Len() where none has: the point after the nodes
	Widths   []int         // by layer: its numbers an item

	Labels  []string
	Queries int // of the gallery
	Over    int // the first of them, in a drawn order, over which all means are; 0: there are none yet
	Unknown int // of Over, the most that a point lacks because their rankings are not proven yet
	Counted int // nodes with a mean
	Step    int // the nodes of whole multiples of it all have means; 0: not even the coarse ones
	Reliefs []Relief

	sample *live.Sample
	order  []int          // points, in the order in which they are counted
	counts []*live.Counts // by point: a node, then Here unless a node is there; nil: not counted
	shown  []*live.Counts // those over Over queries
	round  int            // queries that are counted now
}

// New returns the landscape of a scheme's layers, of which nothing is known. widths are the
// numbers an item of each layer.
func New(sample *live.Sample, sc scheme.Scheme, widths []int) (*Landscape, error) {
	g, err := NewGrid(sc)
	if err != nil {
		return nil, err
	}
	l := &Landscape{Grid: g, Labels: sample.Labels(), Queries: sample.All(), Widths: widths, sample: sample}
	return l.With(sc), nil
}

// Serves reports whether the landscape is of the same sample and of the layers of a scheme.
func (l *Landscape) Serves(sample *live.Sample, sc scheme.Scheme) bool {
	return l.sample == sample && sc.Kind == scheme.Sum && sc.Products() &&
		slices.EqualFunc(l.Factors, sc.Terms, func(f scheme.Factor, t scheme.Term) bool { return f.Equal(t.Factor) })
}

// With returns the landscape with another scheme of the same layers as Here.
func (l *Landscape) With(sc scheme.Scheme) *Landscape {
	next, n := *l, l.Len()
	next.Here = sc
	next.HereAt, next.HereNode = l.WeightsOf(sc)
	points := n
	if next.HereNode < 0 {
		next.HereNode, points = n, n+1
	}
	next.counts = make([]*live.Counts, points)
	copy(next.counts[:n], l.counts)
	next.shown = nil
	next.order = make([]int, points)
	for i := range next.order {
		next.order[i] = i
	}
	slices.SortStableFunc(next.order, func(a, b int) int { return next.turn(a) - next.turn(b) })
	next.survey(nil)
	return &next
}

// turn orders points: the one that is held against others first, then coarse nodes.
func (l *Landscape) turn(point int) int {
	if point == l.HereNode {
		return -1
	}
	return l.level(point)
}

// Points returns the number of nodes, and one more where Here is no node.
func (l *Landscape) Points() int { return len(l.counts) }

// Scheme returns the scheme of a point: Here for the one after the nodes.
func (l *Landscape) Scheme(point int) scheme.Scheme {
	if point >= l.Len() {
		return l.Here
	}
	return l.Grid.Scheme(point)
}

// Weights returns the weights of a point.
func (l *Landscape) Weights(point int) Weights {
	if point >= l.Len() {
		return l.HereAt
	}
	return l.Grid.Weights(point)
}

// Row returns Here with the weights of a point: a layer of weight 0 stays a term. It has
// the same rankings as the point's scheme.
func (l *Landscape) Row(point int) scheme.Scheme {
	if point == l.HereNode {
		return l.Here
	}
	sc := l.Here
	sc.Terms = slices.Clone(sc.Terms)
	for i, n := range l.Steps(point) {
		if i < len(sc.Terms) {
			sc.Terms[i].Weight = float64(n) / float64(l.Parts)
		}
	}
	return sc
}

// Sharper returns a landscape of which more is known: at least one point, then as many as
// more allows; nil: one. It returns l when all is known that can be by now.
func (l *Landscape) Sharper(ctx context.Context, more func() bool) (*Landscape, error) {
	next := *l
	next.counts = slices.Clone(l.counts)
	done := false
	for {
		worked, err := next.work(ctx)
		if err != nil {
			return nil, err
		}
		done = done || worked
		if !worked || more == nil || !more() {
			break
		}
	}
	if !done {
		return l, nil
	}
	next.survey(l)
	return &next, nil
}

// work counts one point over more queries, or searches for its rankings that are not proven.
// It returns false when there is nothing to do by now.
func (l *Landscape) work(ctx context.Context) (bool, error) {
	if l.round == 0 || l.lagging() < 0 {
		if grown, err := l.begin(ctx); grown || err != nil {
			return grown, err
		}
	}
	if l.round == 0 {
		return false, nil
	}
	if point := l.lagging(); point >= 0 {
		c, err := l.sample.Extend(ctx, l.have(point))
		if err != nil {
			return false, err
		}
		l.round = min(l.round, c.Len()) // queries that did not fit were dropped meanwhile
		l.counts[point] = c
		return true, nil
	}
	if l.growing() {
		return false, nil
	}
	for _, point := range l.order {
		if c := l.counts[point]; c.Unproven > 0 {
			found, err := l.sample.Search(ctx, c)
			if err != nil {
				return false, err
			}
			l.counts[point] = found
			return true, nil
		}
	}
	return false, nil
}

// have returns what is counted of a point.
func (l *Landscape) have(point int) *live.Counts {
	if c := l.counts[point]; c != nil {
		return c
	}
	return &live.Counts{Scheme: l.Scheme(point)}
}

// lagging returns the first point that is not counted over the round's queries, or -1.
func (l *Landscape) lagging() int {
	for _, point := range l.order {
		if c := l.counts[point]; c == nil || c.Len() < l.round {
			return point
		}
	}
	return -1
}

// begin begins a round over the queries that are there, if they are twice as many as before
// or all that will be. A node with all layers says how many there are.
func (l *Landscape) begin(ctx context.Context) (bool, error) {
	if u := l.sample.Usage(); u.Done < 2*l.round && l.growing() {
		return false, nil
	}
	part := l.Parts / len(l.Factors)
	middle := l.Node(part, part, l.Parts-2*part)
	c, err := l.sample.Extend(ctx, l.have(middle))
	if err != nil {
		return false, err
	}
	n := c.Len()
	if u := l.sample.Usage(); u.Cut && u.Done > 0 {
		n = min(n, u.Done)
	}
	if n <= l.round {
		return false, nil
	}
	l.counts[middle], l.round = c, n
	return true, nil
}

// growing reports whether more queries are to come.
func (l *Landscape) growing() bool {
	u := l.sample.Usage()
	return u.Done < u.Queries && !u.Cut
}

// Complete reports whether all queries of the gallery are known for all points.
func (l *Landscape) Complete() bool {
	return l.Over == l.Queries && l.Unknown == 0 && l.Step == 1 && l.Over > 0
}

// Final reports whether a later Sharper finds nothing else.
func (l *Landscape) Final() bool {
	return l.round > 0 && l.Over == l.round && !l.growing() && l.Unknown == 0 && l.lagging() < 0 && l.sample.Usage().Done <= l.round
}
