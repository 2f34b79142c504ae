package engine

import (
	"context"
	"errors"
	"fmt"
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
func (g *Gallery) PrepareCodes(ctx context.Context, o CodeOptions) error {
	var errs []error
	folder := ""
	for _, l := range g.Layers {
		if g.codesOf(l) != nil || !codable(l) || !o.All && !worthCodes(l) {
			continue
		}
		if folder == "" {
			var err error
			if folder, err = g.Derived(); err != nil {
				return fmt.Errorf("a folder for codes: %w", err)
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := prepareCodes(ctx, l, codesPath(folder, l), o)
		if err != nil {
			errs = append(errs, g.explain(err))
			continue
		}
		if c != nil {
			c.measure()
			g.coded.Store(l, c)
		}
	}
	return errors.Join(errs...)
}

// codesOf returns the codes of a layer, or nil when it has none. It takes no lock.
func (g *Gallery) codesOf(l *Layer) *codes {
	c, _ := g.coded.Load(l)
	own, _ := c.(*codes)
	return own
}

// closeCodes unmaps all codes.
func (g *Gallery) closeCodes() error {
	var errs []error
	for _, l := range g.Layers {
		errs = append(errs, g.codesOf(l).close())
	}
	g.coded.Clear()
	return errors.Join(errs...)
}
