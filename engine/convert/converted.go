package convert

import (
	"context"

	"strata/engine/code"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// To returns the layers of g with those that are named held in another type; see
// layer.Converted. They have no codes. A derived layer is converted as it is, not derived again.
func To(ctx context.Context, g rank.Layers, names []string, t layer.DType) (rank.Layers, error) {
	c := &converted{Layers: g, held: map[string]*layer.Layer{}}
	for _, name := range names {
		err := g.Reading([]string{name}, func() error {
			l, err := g.Ready(ctx, scheme.FactorNamed(name))
			if err == nil {
				c.held[name], err = l.Converted(ctx, t)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// converted is Layers of which some are others.
type converted struct {
	rank.Layers
	held map[string]*layer.Layer
}

func (c *converted) Layer(name string) (*layer.Layer, error) {
	if l := c.held[name]; l != nil {
		return l, nil
	}
	return c.Layers.Layer(name)
}

func (c *converted) Ready(ctx context.Context, f scheme.Factor) (*layer.Layer, error) {
	if l := c.held[f.String()]; l != nil {
		return l, nil
	}
	return c.Layers.Ready(ctx, f)
}

func (c *converted) CodesOf(l *layer.Layer) *code.Codes {
	if c.held[l.Name] == l {
		return nil
	}
	return c.Layers.CodesOf(l)
}
