package cost

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"strata/engine/scheme"
)

// WayTime is the time of a way on this machine.
type WayTime struct {
	One, All []time.Duration // of a query, with one processor and with all; ascending
	Build    time.Duration   // 0: it was built before, or there is no index to build
}

// time times a way with every timed query, after one query that does not count. It changes the
// number of processors that Go may use, so nothing else may run meanwhile.
func (r *costRun) time(ctx context.Context, m method, s scheme.Scheme, way Way) (WayTime, error) {
	var t WayTime
	if len(r.timed) == 0 {
		return t, nil
	}
	if g, ok := m.(graphMethod); ok {
		if err := g.graph.SetEf(g.ef); err != nil {
			return t, err
		}
	}
	all := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(all)
	for _, round := range []struct {
		processors int
		to         *[]time.Duration
	}{{1, &t.One}, {all, &t.All}} {
		runtime.GOMAXPROCS(round.processors)
		for i, q := range append(r.timed[:1:1], r.timed...) {
			began := r.Folder.Clock()
			rows, err := m.search(ctx, q, max(r.K, way.Depth))
			if err == nil {
				_, err = r.rescored(ctx, s, q, rows, way.Depth)
			}
			if err != nil {
				return t, fmt.Errorf("%s: %w", way, err)
			}
			if i > 0 {
				*round.to = append(*round.to, r.Folder.Clock().Sub(began))
			}
		}
		slices.Sort(*round.to)
	}
	return t, nil
}
