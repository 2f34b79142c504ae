package rank

import (
	"context"
	"fmt"

	"strata/engine/derive"
	"strata/engine/hub"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// settle.go turns schemes whose weights depend on the query into sums.

// varies reports whether a scheme is another one for every query.
func varies(s scheme.Scheme) bool {
	for _, p := range s.Parts {
		if varies(p) {
			return true
		}
	}
	return s.Kind == scheme.ZNorm
}

// Study computes what schemes need to know of whole layers, and keeps it beside the gallery: the
// moments of the layers of a znorm, and the hubs of others. It makes a pass over each such layer the
// first time. It is called within Reading.
func Study(ctx context.Context, g Layers, schemes ...scheme.Scheme) error {
	for _, s := range schemes {
		if err := Study(ctx, g, s.Parts...); err != nil {
			return err
		}
		for _, t := range s.Terms {
			var err error
			switch {
			case t.Weight == 0 || t.Shared != nil:
			case s.Kind == scheme.ZNorm:
				_, err = MomentsOf(ctx, g, t.Factor)
			case t.Hub != 0:
				_, err = hub.Of(ctx, g, t.Factor, t.Hub)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// MomentsOf returns the moments of a factor's layer. It is called within Reading.
func MomentsOf(ctx context.Context, g Layers, f scheme.Factor) (*derive.Moments, error) {
	l, err := g.Ready(ctx, f)
	if err != nil {
		return nil, err
	}
	if err := l.Measure(ctx); err != nil {
		return nil, fmt.Errorf("measuring %s: %w", l.Name, err)
	}
	return derive.MomentsOf(ctx, g, l)
}

// plain studies a scheme, and settles it.
func plain(ctx context.Context, g Layers, s scheme.Scheme, q Asked) (scheme.Scheme, error) {
	var vector func(*layer.Layer) (layer.Vector, error)
	if q.vectors != nil {
		vector = func(l *layer.Layer) (layer.Vector, error) { return q.whole(ctx, l) }
	}
	s, err := hub.Summed(ctx, g, s, vector)
	if err != nil {
		return s, err
	}
	if err := Study(ctx, g, s); err != nil {
		return s, err
	}
	return settled(ctx, g, s, q)
}

// settled returns the scheme with every znorm in it replaced by the sum that it is for the query.
func settled(ctx context.Context, g Layers, s scheme.Scheme, q Asked) (scheme.Scheme, error) {
	if !varies(s) {
		return s, nil
	}
	out := scheme.Scheme{Kind: s.Kind, Terms: s.Terms}
	for _, p := range s.Parts {
		part, err := settled(ctx, g, p, q)
		if err != nil {
			return out, err
		}
		out.Parts = append(out.Parts, part)
	}
	if s.Kind != scheme.ZNorm {
		return out, nil
	}
	return divided(s, func(f scheme.Factor) (float64, error) {
		m, err := MomentsOf(ctx, g, f)
		if err != nil {
			return 0, err
		}
		if q.vectors == nil {
			return m.RowSpread(q.Row)
		}
		l, err := g.Layer(f.String())
		if err != nil {
			return 0, err
		}
		var v layer.Vector
		if v, err = q.whole(ctx, l); err != nil {
			return 0, err
		}
		_, spread, err := m.Spread(v, q.Row)
		return spread, err
	})
}
