package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"strata/engine/code"
	"strata/engine/fence"
	"strata/engine/layer"
)

// PrepareCodes makes searches use codes: of every large layer it opens those in
// the derived folder, checks all of them, and builds or extends them where they are
// missing, damaged or of another matrix. Codes change no ranking, only the time it
// takes. What fails for one layer is returned, and the layer is searched without
// codes; the others have theirs.
//
// If early, the codes that are there are used before all of them is checked: the
// search that reads a part first checks it in the same pass. With Build the rest is
// checked before PrepareCodes returns, and damaged codes are built again. Without it
// the rest stays unchecked until it is read; a search that finds damage scans the
// matrix, and TellDamage says so.
//
// A build takes one pass over the matrix and holds one chunk of rows. It keeps what
// it has in NAME.codes.part, from which the next one goes on, and the file appears
// whole. One process builds at a time, others wait for it.
//
// It may run beside searches, and must have returned before Close.
func (g *Gallery) PrepareCodes(ctx context.Context, o code.Options) error {
	var layers []*layer.Layer
	for _, l := range g.Layers {
		if code.Codable(l) && (o.All || code.WorthCodes(l)) && (o.Early || g.CodesOf(l) == nil) {
			layers = append(layers, l)
		}
	}
	if len(layers) == 0 {
		return nil
	}
	folder, err := g.DerivedFolder(".")
	if err != nil {
		return fmt.Errorf("a folder for codes: %w", err)
	}
	if o.Early {
		g.coded.open(ctx, layers, folder)
	}
	var errs []error
	for _, l := range layers {
		if err := ctx.Err(); err != nil {
			return err
		}
		if c := g.CodesOf(l); c != nil {
			if !o.Build || c.Complete(ctx, o.Workers) == nil {
				continue
			}
		}
		c, err := code.PrepareCodes(ctx, l, folder, o)
		if err != nil {
			errs = append(errs, g.explain(err))
			continue
		}
		if c != nil {
			g.coded.keep(l, c)
		}
	}
	return errors.Join(errs...)
}

// TellDamage returns what searches found wrong with codes, once for each layer.
func (g *Gallery) TellDamage() (notes []string) {
	for _, l := range g.Layers {
		if c := g.coded.any(l); c != nil {
			if err := c.Tell(); err != nil {
				notes = append(notes, fmt.Sprintf("%s %v", c.Path, err))
			}
		}
	}
	return notes
}

// CodesOf returns the codes of a layer, or nil when it has none, or damaged ones. It
// takes no lock.
func (g *Gallery) CodesOf(l *layer.Layer) *code.Codes { return g.coded.of(l) }

// coded are the codes of the layers that have some.
type coded struct {
	codes sync.Map // *code.Codes by *layer.Layer

	mu  sync.Mutex
	old []*code.Codes // damaged ones, which a search may still read
}

// open opens the codes that the layers have, side by side, and leaves them to searches to check.
// Those that cannot be used, and those of fewer rows, are left alone.
func (c *coded) open(ctx context.Context, layers []*layer.Layer, folder fence.Folder) {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, l := range layers {
		if c.of(l) != nil {
			continue
		}
		group.Go(func() error {
			early, err := code.OpenEarly(ctx, l, folder)
			switch {
			case err != nil:
			case early.Rows < l.Rows:
				return early.Close()
			default:
				c.keep(l, early)
			}
			return nil
		})
	}
	_ = group.Wait() // what failed is opened again, and says why
}

// keep makes searches use the codes of a layer.
func (c *coded) keep(l *layer.Layer, codes *code.Codes) {
	codes.Measure()
	if old, ok := c.codes.Swap(l, codes); ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.old = append(c.old, old.(*code.Codes))
	}
}

// any returns the codes of a layer, damaged ones too, or nil.
func (c *coded) any(l *layer.Layer) *code.Codes {
	own, _ := c.codes.Load(l)
	codes, _ := own.(*code.Codes)
	return codes
}

// of returns the codes of a layer that are not damaged, or nil.
func (c *coded) of(l *layer.Layer) *code.Codes {
	codes := c.any(l)
	if codes == nil || codes.Damage() != nil {
		return nil
	}
	return codes
}

// close unmaps the codes of layers.
func (c *coded) close(layers []*layer.Layer) error {
	var errs []error
	for _, l := range layers {
		errs = append(errs, c.any(l).Close())
	}
	for _, old := range c.old {
		errs = append(errs, old.Close())
	}
	c.old = nil
	c.codes.Clear()
	return errors.Join(errs...)
}
