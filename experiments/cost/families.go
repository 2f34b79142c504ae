package cost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"strata/engine"
	"strata/engine/convert"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// measure measures all ways under a scheme.
func (r *costRun) measure(ctx context.Context, s *SchemeCost) error {
	r.progress(fmt.Sprintf("%s: exact", s.Scheme))
	if err := r.rank(ctx, s.Scheme); err != nil {
		return err
	}
	for _, family := range []func(context.Context, *SchemeCost) error{r.certified, r.stored, r.codes, r.pca, r.graph} {
		if err := family(ctx, s); err != nil {
			return err
		}
	}
	if err := r.recall(ctx, s); err != nil {
		return err
	}
	return r.judge(ctx, s)
}

// rank finds the exact rankings.
func (r *costRun) rank(ctx context.Context, s scheme.Scheme) error {
	r.exact = make([][]rank.Hit, len(r.queries))
	rows := make([][]int32, len(r.queries))
	err := r.Gallery.RankAll(ctx, r.queries, []scheme.Scheme{s}, r.K, r.among, func(i int, rankings []rank.Ranking) {
		for _, h := range rankings[0].Hits {
			if h.Scored() {
				r.exact[i] = append(r.exact[i], h)
				rows[i] = append(rows[i], int32(h.Row))
			}
		}
	})
	r.found = [][][]int32{rows}
	return err
}

// certified adds the exact search by codes and their bounds.
func (r *costRun) certified(ctx context.Context, s *SchemeCost) error {
	if len(r.Bits) == 0 {
		return nil
	}
	var bytes int64
	for _, bits := range []int{8, 4} {
		codes, err := rank.NewCodeSearch(ctx, r.Gallery, s.Scheme, bits)
		if errors.Is(err, scheme.ErrNoCodes) {
			r.note("%s: nothing by codes: %v", s.Scheme, err)
			return nil
		}
		if err != nil {
			return err
		}
		bytes += codes.Bytes()
	}
	return r.add(ctx, s, Way{Name: "certified", Family: exactFamily, Bytes: bytes, Beside: s.Ways[0].Bytes},
		exactMethod{r.Gallery, s.Scheme, r.among}, nil, r.built[codesFamily])
}

// mostStored is how many bytes matrices in another type may take, in memory.
const mostStored = 4 << 30

// stored adds the searches of matrices in types of fewer bytes a value, or fewer digits.
func (r *costRun) stored(ctx context.Context, s *SchemeCost) error {
	var nothing []string
	for _, t := range r.Stored {
		names, bytes, made, err := r.narrowed(s.Scheme, t)
		switch {
		case err != nil:
			return err
		case names == nil:
			nothing = append(nothing, t.String())
			continue
		case made > mostStored:
			r.note("%s: nothing as %s: that takes %.1f GB of memory, and at most %.1f are taken", s.Scheme, t, float64(made)/1e9, float64(mostStored)/1e9)
			continue
		}
		r.progress(fmt.Sprintf("%s: %s", s.Scheme, t))
		began := r.Folder.Clock()
		held, err := convert.To(ctx, r.Gallery, names, t)
		if err != nil {
			return err
		}
		built := r.Folder.Clock().Sub(began)
		way := Way{Name: t.String(), Family: storedFamily, Bytes: bytes}
		if err := r.add(ctx, s, way, exactMethod{held, s.Scheme, r.among}, r.Depths, built); err != nil {
			return err
		}
	}
	if nothing != nil {
		r.note("%s: nothing as %s: no layer has more bytes a value", s.Scheme, strings.Join(nothing, ", "))
	}
	return nil
}

// narrowed returns the layers of a scheme that another type makes smaller, or coarser. bytes is the
// size of all its matrices then, and made that of the converted ones.
func (r *costRun) narrowed(s scheme.Scheme, t layer.DType) (names []string, bytes, made int64, err error) {
	for _, name := range s.Layers() {
		l, err := r.Gallery.Layer(name)
		if err != nil {
			return nil, 0, 0, err
		}
		values := int64(l.Rows) * int64(l.Dim)
		if l.Type.Size() > t.Size() || l.Type == layer.Float16 && t == layer.BFloat16 {
			names, made = append(names, name), made+values*t.Size()
			bytes += values * t.Size()
			continue
		}
		bytes += values * l.Type.Size()
	}
	return names, bytes, made, nil
}

// codes adds the searches by codes.
func (r *costRun) codes(ctx context.Context, s *SchemeCost) error {
	for _, bits := range r.Bits {
		began := r.Folder.Clock()
		codes, err := rank.NewCodeSearch(ctx, r.Gallery, s.Scheme, bits)
		if errors.Is(err, scheme.ErrNoCodes) {
			return nil // certified has said so
		}
		if err != nil {
			return err
		}
		built := r.built[codesFamily]
		if built > 0 {
			built += r.Folder.Clock().Sub(began)
		}
		way := Way{Name: fmt.Sprint("codes", bits), Family: codesFamily, Bytes: codes.Bytes()}
		if err := r.add(ctx, s, way, scoringMethod{codes, r.among}, r.Depths, built); err != nil {
			return err
		}
	}
	return nil
}

// pca adds the searches by the first principal components.
func (r *costRun) pca(ctx context.Context, s *SchemeCost) error {
	for _, n := range r.PCA {
		name := fmt.Sprint("pca", n)
		r.progress(fmt.Sprintf("%s: %s", s.Scheme, name))
		built, err := r.derive(ctx, s.Scheme, n)
		var short *rank.PrefixSearch
		if err == nil {
			short, err = rank.NewPrefixSearch(ctx, r.Gallery, s.Scheme, n)
		}
		if e := (*scheme.DimError)(nil); errors.As(err, &e) {
			r.note("%s: no %s: %s", s.Scheme, name, e.Reason)
			continue
		}
		if err != nil {
			return err
		}
		if !short.Short() {
			r.note("%s: no %s: no layer has more than %d features", s.Scheme, name, n)
			continue
		}
		way := Way{Name: name, Family: pcaFamily, Bytes: short.Bytes()}
		if err := r.add(ctx, s, way, scoringMethod{short, r.among}, r.Depths, built); err != nil {
			return err
		}
	}
	return nil
}

// derive makes the derived layers with the given number of components. It returns the time, or 0 if
// all layers existed before.
func (r *costRun) derive(ctx context.Context, s scheme.Scheme, components int) (time.Duration, error) {
	var all time.Duration
	for _, name := range s.Layers() {
		if l, err := r.Gallery.Layer(name); err != nil || l.Dim <= components {
			continue // the search says what is wrong
		}
		f := scheme.Factor{Layer: name, Transforms: []scheme.Transform{{Kind: scheme.PCA, N: components}}}
		_, open := r.Gallery.Layer(f.String())
		began := r.Folder.Clock()
		l, err := r.Gallery.Derive(ctx, f, engine.DeriveOptions{})
		if err != nil {
			return 0, err
		}
		if open != nil && r.Gallery.Recipe(l.Name).Made {
			r.built[l.Name] = r.Folder.Clock().Sub(began)
		}
		all += r.built[l.Name]
	}
	return all, nil
}

// graph adds the searches of a graph.
func (r *costRun) graph(ctx context.Context, s *SchemeCost) (err error) {
	if r.Graph == nil {
		return nil
	}
	r.progress(fmt.Sprintf("%s: building a graph", s.Scheme))
	began := r.Folder.Clock()
	joined, index, err := r.buildGraph(ctx, s.Scheme)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, index.Close()) }()
	built := r.Folder.Clock().Sub(began)
	r.out.Graph = fmt.Sprintf("USearch %s, %s", index.Version(), r.GraphHow)
	for _, ef := range r.Efs {
		way := Way{Name: fmt.Sprint("graph-ef", ef), Family: graphFamily, Bytes: index.Bytes()}
		depths := slices.DeleteFunc(slices.Clone(r.Depths), func(depth int) bool { return depth > ef }) // the graph has no more
		if err := r.add(ctx, s, way, graphMethod{index, joined, r.among, ef}, depths, built); err != nil {
			return err
		}
	}
	return nil
}

// buildGraph makes a graph of the rows that have a score and are candidates of any query. It adds
// them in order, one after another.
func (r *costRun) buildGraph(ctx context.Context, s scheme.Scheme) (*convert.Joined, Graph, error) {
	joined, err := convert.Join(ctx, r.Gallery, s)
	if err != nil {
		return nil, nil, err
	}
	index, err := r.Graph(joined.Dim(), r.among.Count(-1))
	if err != nil {
		return nil, nil, err
	}
	vector := make([]float32, joined.Dim())
	for row := range r.Gallery.Len() {
		if !r.among.Has(row) {
			continue
		}
		scored, err := joined.Row(vector, row)
		if err == nil && scored {
			err = index.Add(row, vector)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, nil, errors.Join(err, index.Close())
		}
		if row%1000 == 0 {
			r.progress(fmt.Sprintf("%s: building a graph  %d of %d", s, row, r.Gallery.Len()))
		}
	}
	return joined, index, nil
}

func (r *costRun) note(format string, args ...any) {
	r.out.Notes = append(r.out.Notes, fmt.Sprintf(format, args...))
}
