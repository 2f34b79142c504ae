package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"strata/engine/convert"
	"strata/engine/layer"
	"strata/engine/rank"
)

// mostStored is how many bytes a layer may have in memory for the check of types.
const mostStored = 1 << 30

// storedTypes says of each layer how often the nearest items of a query would be others, if the matrix were stored in a
// type of fewer bytes or digits. It ranks the queries of the check of order. The order of equal sets does not count.
func (r *checkRun) storedTypes(ctx context.Context) error {
	queries, among, err := r.sampled()
	if err != nil || len(queries) == 0 || r.g.Len() <= orderDepth {
		return err
	}
	var large []string
	for i, l := range r.g.Layers {
		r.Progress("stored types", float64(i)/float64(len(r.g.Layers)))
		types := narrower(l)
		switch {
		case len(types) == 0 || 2*r.out.Layers[i].Scored < l.Rows:
			continue
		case int64(l.Rows)*int64(l.Dim)*types[0].Size() > mostStored:
			large = append(large, l.Name)
			continue
		}
		ranked := func(g rank.Layers) ([][]int, error) {
			sets := make([][]int, len(queries))
			err := rank.All(ctx, g, queries, alone(l.Name), orderDepth, among, func(i int, rankings []rank.Ranking) {
				for _, h := range rankings[0].Hits {
					if h.Scored() {
						sets[i] = append(sets[i], h.Row)
					}
				}
				slices.Sort(sets[i])
			})
			return sets, err
		}
		exact, err := ranked(r.g)
		if err != nil {
			return err
		}
		var shares []string
		for _, t := range types {
			held, err := convert.To(ctx, r.g, []string{l.Name}, t)
			if err != nil {
				return err
			}
			sets, err := ranked(held)
			if err != nil {
				return err
			}
			others := 0
			for q := range sets {
				if !slices.Equal(sets[q], exact[q]) {
					others++
				}
			}
			shares = append(shares, fmt.Sprintf("as %s, %.1f %%", t, 100*float64(others)/float64(len(sets))))
		}
		r.find(SeverityNote, "matrix.stored", placeOf(l), "the share of %d queries that would have other items among their %d nearest: stored %s",
			len(queries), orderDepth, strings.Join(shares, "; "))
	}
	if large != nil {
		r.find(SeverityNote, "matrix.stored", "layers", "what other types would change is not tried for %s, which take more than %d MB: strata cost measures it",
			strings.Join(large, ", "), mostStored>>20)
	}
	return nil
}

// narrower returns the types that would make a layer smaller or coarser.
func narrower(l *layer.Layer) (types []layer.DType) {
	for _, t := range layer.Narrower() {
		if l.Type.Size() > t.Size() || l.Type == layer.Float16 && t == layer.BFloat16 {
			types = append(types, t)
		}
	}
	return types
}
