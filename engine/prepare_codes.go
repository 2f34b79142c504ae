package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

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
// A build takes one pass over the matrix and holds one chunk of rows. It keeps what
// it has in NAME.codes.part, from which the next one goes on, and the file appears
// whole. One process builds at a time, others wait for it.
//
// It may run beside searches, and must have returned before Close.
func (g *Gallery) PrepareCodes(ctx context.Context, o code.Options) error {
	var errs []error
	var folder *fence.Folder
	for _, l := range g.Layers {
		if g.CodesOf(l) != nil || !code.Codable(l) || !o.All && !code.WorthCodes(l) {
			continue
		}
		if folder == nil {
			dir, err := g.DerivedFolder(".")
			if err != nil {
				return fmt.Errorf("a folder for codes: %w", err)
			}
			folder = &dir
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := code.PrepareCodes(ctx, l, *folder, o)
		if err != nil {
			errs = append(errs, g.explain(err))
			continue
		}
		if c != nil {
			c.Measure()
			g.coded.codes.Store(l, c)
		}
	}
	return errors.Join(errs...)
}

// CodesOf returns the codes of a layer, or nil when it has none. It takes no lock.
func (g *Gallery) CodesOf(l *layer.Layer) *code.Codes { return g.coded.of(l) }

// coded are the codes of the layers that have some.
type coded struct{ codes sync.Map } // *code.Codes by *layer.Layer

// of returns the codes of a layer, or nil.
func (c *coded) of(l *layer.Layer) *code.Codes {
	own, _ := c.codes.Load(l)
	codes, _ := own.(*code.Codes)
	return codes
}

// close unmaps the codes of layers.
func (c *coded) close(layers []*layer.Layer) error {
	var errs []error
	for _, l := range layers {
		errs = append(errs, c.of(l).Close())
	}
	c.codes.Clear()
	return errors.Join(errs...)
}
