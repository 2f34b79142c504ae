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
		if l.codes.Load() != nil || !l.codable() || !o.All && !l.worthCodes() {
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
			c.attach()
		}
	}
	return errors.Join(errs...)
}
