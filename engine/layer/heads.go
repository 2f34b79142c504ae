package layer

import (
	"bytes"
	"context"
	"fmt"

	"strata/engine/format"
)

// CheckHeads reads what stands before every row in files that repeat the dimension
// there (.fvecs and its like), of which opening reads a few. It returns an error that
// names the file and the first row that differs; layers of other files pass. It is
// called within a Guard.
func (l *Layer) CheckHeads(ctx context.Context) error {
	for i, s := range l.Segments {
		if !format.RepeatsDim(s.From.Path) || i > 0 && l.Segments[i-1].From == s.From {
			continue
		}
		r := bytes.NewReader(s.From.Data)
		found, err := format.Read(ctx, s.From.Path, r, r.Size())
		if err == nil {
			err = format.CheckVecs(ctx, r, found[0])
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.From.Path, err)
		}
	}
	return nil
}
