package experiments

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"strata/engine"
	"strata/engine/neighbour"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/live"
)

// means.go builds the neighbourhoods of a gallery's queries behind other work, and takes
// means from those that are there.

const (
	// neighbourFile is the name under which neighbourhoods are kept.
	neighbourFile = "screen"
	// mostPairs of queries and rows are ranked to build them, but leastSampled queries at
	// least: of larger galleries they are drawn.
	mostPairs    = 4_000_000_000
	leastSampled = 2000
	// firstScreen is how long the building is put off at most, for the first screen's sake.
	firstScreen = 250 * time.Millisecond
	// mostMeasured is the largest k of means: neighbourhoods prove little of more.
	mostMeasured = 20
	// yielding is how often the building looks whether a step still runs.
	yielding = 5 * time.Millisecond
)

// gathering is the neighbourhoods of a gallery's queries, and what counts on them.
type gathering struct {
	g    *engine.Gallery
	all  int // queries of the gallery
	n    *neighbour.Neighbours
	more chan struct{} // layers were added

	mu     sync.Mutex
	filter string // of sample
	sample *live.Sample
}

// gatherBehind builds the neighbourhoods of a gallery while other work goes on, and notes
// in the log what it did. It gives way to steps that run.
func (s *Session) gatherBehind(ctx context.Context, h *handle) {
	if s.o.Neighbours <= 0 || len(h.g.Labels()) == 0 {
		return
	}
	queries, all := sampledQueries(h.g)
	if all == 0 {
		return
	}
	var layers []string
	for _, l := range h.g.Layers {
		layers = append(layers, l.Name)
	}
	n, err := neighbour.NewNeighbours(h.g, neighbour.Plan{Name: neighbourFile, Layers: layers, Queries: queries, M: s.o.Nearest, Budget: s.o.Neighbours})
	if err != nil {
		_ = s.append("# " + oneLine(err) + "\n") // Close returns the error
		return
	}
	ctx, end, err := s.begin(context.WithoutCancel(ctx))
	if err != nil {
		return
	}
	w := &gathering{g: h.g, all: all, n: n, more: make(chan struct{}, 1)}
	h.gathered.Store(w)
	go func() {
		defer end()
		if err := s.gather(ctx, w); err != nil && ctx.Err() == nil {
			_ = s.append("# neighbours: " + oneLine(err) + "\n") // Close returns the error
			h.gathered.CompareAndSwap(w, nil)                    // no more will be built: there are no means to wait for
		}
	}()
}

// sampledQueries returns the queries whose neighbourhoods are built, all or as many as do
// not take long, and the number of all. A gallery may have none.
func sampledQueries(g *engine.Gallery) (sampled []int, all int) {
	queries, err := eval.Plan{}.DrawQueries(g)
	most := max(mostPairs/max(g.Len(), 1), leastSampled)
	if err != nil || len(queries) <= most {
		return queries, len(queries)
	}
	sampled, _ = eval.Plan{Over: most}.DrawQueries(g) // it only fails where there is none
	return sampled, len(queries)
}

// oneLine is an error on one line.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// gather loads what is kept, builds what is missing, keeps it, and goes on when layers
// are added.
func (s *Session) gather(ctx context.Context, w *gathering) error {
	select {
	case <-time.After(min(s.o.ContentWait, firstScreen)):
	case <-ctx.Done():
		return ctx.Err()
	}
	if _, err := w.n.Load(ctx); err != nil {
		return err
	}
	if note := w.n.Note(); note != "" {
		_ = s.append("# neighbours: " + note + ": building others\n") // Close returns the error
	}
	for {
		had := w.n.Usage()
		if err := w.n.Build(ctx, func(neighbour.Usage) { s.giveWay(ctx) }); err != nil {
			return err
		}
		if now := w.n.Usage(); now != had {
			text := fmt.Sprintf("# built %s\n", now)
			if err := w.n.Save(ctx); err != nil && ctx.Err() == nil {
				text += "# neighbours are not kept: " + oneLine(err) + "\n"
			}
			_ = s.append(text) // Close returns the error
		}
		select {
		case <-w.more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Neighbours says how many neighbourhoods of the gallery are built; false where none are wanted.
func (s *Session) Neighbours() (neighbour.Usage, bool) {
	t := s.snapshot()
	if t.gallery == nil {
		return neighbour.Usage{}, false
	}
	w := t.gallery.gathered.Load()
	if w == nil {
		return neighbour.Usage{}, false
	}
	return w.n.Usage(), true
}

// giveWay waits while a step runs.
func (s *Session) giveWay(ctx context.Context) {
	for s.running.Load() > 0 {
		select {
		case <-time.After(yielding):
		case <-ctx.Done():
			return
		}
	}
}

// runs counts a step that runs, and returns the function that ends it.
func (s *Session) runs() func() {
	s.running.Add(1)
	return func() { s.running.Add(-1) }
}

// sampleUnder returns the sample under a filter.
func (w *gathering) sampleUnder(filter []scheme.Condition) (*live.Sample, error) {
	var text strings.Builder
	for _, c := range filter {
		text.WriteString(c.String() + "\n")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sample != nil && w.filter == text.String() {
		return w.sample, nil
	}
	sample, err := live.NewSample(w.g, w.n, w.all, filter, w.g.Labels())
	if err == nil {
		w.sample, w.filter = sample, text.String()
	}
	return sample, err
}

// want adds the layers of schemes that are there and that no neighbourhood has.
func (w *gathering) want(schemes []scheme.Scheme) {
	missing, had := w.g.Missing(schemes...), w.n.Layers()
	var more []string
	for _, sc := range schemes {
		for _, name := range sc.Layers() {
			if !slices.Contains(missing, name) && !slices.Contains(had, name) {
				more = append(more, name)
			}
		}
	}
	if more == nil {
		return
	}
	w.n.AddLayers(more...)
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// Means returns the means of schemes over the queries whose neighbourhoods are built, under
// all labels and the filter of the session: of P at the k of its last search. They are nil where
// none are built, and where k is above 20: neighbourhoods prove few rankings then. It takes some ms
// for each scheme that it was not asked for before.
func (s *Session) Means(ctx context.Context, schemes []scheme.Scheme) (*live.Rows, error) {
	return s.means(ctx, schemes, (*live.Sample).Rows)
}

// SharpenMeans is Means that searches for the rankings that neighbourhoods do not prove,
// and resamples when all queries are known.
func (s *Session) SharpenMeans(ctx context.Context, schemes []scheme.Scheme) (*live.Rows, error) {
	return s.means(ctx, schemes, func(sample *live.Sample, ctx context.Context, schemes []scheme.Scheme) (*live.Rows, error) {
		if u := sample.Usage(); u.Done == u.Queries || u.Cut {
			for _, sc := range schemes {
				if err := sample.Resolve(ctx, sc); err != nil {
					return nil, err
				}
			}
		}
		rows, err := sample.Rows(ctx, schemes)
		if err != nil {
			return nil, err
		}
		return sample.Settle(ctx, rows)
	})
}

// means takes means from the sample under the filter of the session.
func (s *Session) means(ctx context.Context, schemes []scheme.Scheme, take func(*live.Sample, context.Context, []scheme.Scheme) (*live.Rows, error)) (*live.Rows, error) {
	k := cmp.Or(s.snapshot().k, live.K)
	if k > mostMeasured {
		return nil, nil
	}
	var rows *live.Rows
	err := s.sampled(ctx, schemes, func(ctx context.Context, _ *engine.Gallery, sample *live.Sample) (err error) {
		rows, err = take(sample.At(k), ctx, schemes)
		return err
	})
	return rows, err
}

// sampled calls take with the sample under the filter of the session, unless no neighbourhoods are
// built. They will be of the schemes' layers, too. A scheme with a layer that is fitted on labels has
// no means: half of the queries were told.
func (s *Session) sampled(ctx context.Context, schemes []scheme.Scheme, take func(context.Context, *engine.Gallery, *live.Sample) error) error {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	t := s.snapshot()
	if t.gallery == nil || slices.ContainsFunc(scheme.FactorsOf(schemes), scheme.Factor.Supervised) {
		return nil
	}
	w := t.gallery.gathered.Load()
	if w == nil {
		return nil
	}
	w.want(schemes)
	sample, err := w.sampleUnder(t.filter)
	if err != nil {
		return err
	}
	return take(ctx, t.gallery.g, sample)
}

// known returns neighbourhoods that serve a tune step over these layers, each of which
// may be several with slashes: they hold all queries of the gallery. Nil: there are none.
func (h *handle) known(places []string) *neighbour.Neighbours {
	w := h.gathered.Load()
	if w == nil {
		return nil
	}
	for _, place := range places {
		for layer := range strings.SplitSeq(place, "/") {
			if !slices.Contains(w.n.Layers(), layer) {
				return nil
			}
		}
	}
	if w.n.Usage().Done < w.all {
		return nil
	}
	return w.n
}

// KeptNeighbours returns the neighbourhoods of a gallery's queries that the workbench has kept, in
// those of the layers that have not changed since; nil if there are none, or if so few queries are
// asked that reading the file would take longer. 0 stands for all queries. What is ranked with
// neighbourhoods is the same as without.
func KeptNeighbours(ctx context.Context, g *engine.Gallery, layers []string, asked int) (*neighbour.Neighbours, error) {
	queries, all := sampledQueries(g)
	if all == 0 || len(layers) == 0 || asked > 0 && asked < len(queries)/fewAsked {
		return nil, nil
	}
	n, err := neighbour.NewNeighbours(g, neighbour.Plan{Name: neighbourFile, Layers: layers, Queries: queries})
	if err != nil {
		return nil, err
	}
	found, err := n.Load(ctx)
	if !found || err != nil {
		return nil, err
	}
	return n, nil
}

// fewAsked is the part of the queries below which neighbourhoods are not read.
const fewAsked = 10

// LayersOf returns the layers of schemes, each once.
func LayersOf(schemes []scheme.Scheme) []string {
	layers := scheme.Names(scheme.FactorsOf(schemes))
	slices.Sort(layers)
	return layers
}

// prove gives a plan neighbourhoods, which change no number: those that are built behind, or those
// of the last tune step, or those that the workbench has kept.
func (h *handle) prove(ctx context.Context, plan *eval.Plan) error {
	if w := h.gathered.Load(); w != nil && w.n.Usage().Done > 0 {
		plan.Neighbours = w.n
		return nil
	}
	plan.Neighbours = h.lent.Load()
	if plan.Neighbours != nil || h.looked.Load() {
		return nil
	}
	var layers []string
	for _, l := range h.g.Layers {
		layers = append(layers, l.Name)
	}
	n, err := KeptNeighbours(ctx, h.g, layers, plan.Over)
	if n != nil {
		h.lent.CompareAndSwap(nil, n)
		plan.Neighbours = n
	}
	h.looked.Store(err == nil && plan.Over == 0)
	return err
}
