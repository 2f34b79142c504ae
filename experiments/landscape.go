package experiments

import (
	"context"
	"time"

	"strata/engine"
	"strata/engine/scheme"
	"strata/experiments/landscape"
	"strata/experiments/live"
)

// landscape.go takes landscapes from the neighbourhoods that are built behind.

// landscapeStride is how long one call works on a landscape before it says what it found.
const landscapeStride = 120 * time.Millisecond

// Landscape returns a landscape of the weights of a sum of two or three layers, under all
// labels and the filter of the session, of which more is known than of had: some more points,
// unless had is final. had is nil at first, and may be of other layers or of another filter.
// It returns nil where no neighbourhoods are built. It gives way to steps that run.
func (s *Session) Landscape(ctx context.Context, sc scheme.Scheme, had *landscape.Landscape) (*landscape.Landscape, error) {
	var land *landscape.Landscape
	err := s.sampled(ctx, []scheme.Scheme{evenly(sc)}, func(ctx context.Context, g *engine.Gallery, sample *live.Sample) (err error) {
		switch land = had; {
		case had == nil || !had.Serves(sample, sc):
			land, err = landscape.New(sample, sc, widthsOf(g, sc))
		case !had.Here.Equal(sc):
			land = had.With(sc)
		}
		if err != nil {
			return err
		}
		began := time.Now()
		land, err = land.Sharper(ctx, func() bool { return time.Since(began) < landscapeStride && s.running.Load() == 0 })
		return err
	})
	return land, err
}

// evenly returns a scheme with all weights 1: it uses the layers of weight 0, too.
func evenly(sc scheme.Scheme) scheme.Scheme {
	out := scheme.Scheme{Kind: sc.Kind}
	for _, t := range sc.Terms {
		out.Terms = append(out.Terms, scheme.Term{Weight: 1, Factor: t.Factor, Hub: t.Hub})
	}
	return out
}

// widthsOf returns the numbers an item of a scheme's layers, by term; 0 for one that is not
// there.
func widthsOf(g *engine.Gallery, sc scheme.Scheme) []int {
	widths := make([]int, len(sc.Terms))
	for i, t := range sc.Terms {
		for _, l := range g.Layers {
			if l.Name != t.Factor.Layer {
				continue
			}
			if n, err := t.Factor.Dim(l.Dim, g.Len(), g.Beside()); err == nil {
				widths[i] = n
			}
		}
	}
	return widths
}
