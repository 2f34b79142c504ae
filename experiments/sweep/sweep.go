package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"strata/engine"
	"strata/engine/aside"
	"strata/engine/extract"
	"strata/engine/manifest"
	"strata/engine/native"
	"strata/engine/onnx"
	"strata/experiments/eval"
)

// K is the rank at which precision is measured.
const K = 10

// Sweep says what is measured.
type Sweep struct {
	Gallery *engine.Gallery // its items and pictures
	// Extract says which model and preprocessing, and how. Its gallery is that into which
	// layers are kept. Taps and folders are the sweep's.
	Extract  extract.Options
	Patterns []string       // of tensors, as Model.Matching takes them; none: the outputs of blocks
	Poolings []onnx.Pooling // none: cls and patches of tokens behind a class token, else gap
	Seed     uint64         // of the projections of cov and gram
	Plan     eval.Plan      // labels and queries; the layers are its schemes

	Keep      int      // layers that the gallery gets: those with the highest P@10 of the first label
	KeepNamed []string // or these
	Temp      string   // where the temporary folder is made; "": os.TempDir

	// Ready, unless nil, is told what the layers will take and where, before the first
	// picture is read. Note is told of labels that are left out.
	Ready func(points int, bytes int64, folder string)
	Note  func(text string)
}

// Swept is the outcome of a sweep.
type Swept struct {
	Points     []Point          // by depth, then pooling
	Poolings   []onnx.Pooling   // in the order of the points
	Features   []int            // of a row, by point
	Evaluation *eval.Evaluation // a scheme a point, in their order
	Bytes      int64            // of the layers
	Pass       *extract.Summary
	Record     manifest.Manifest // of the layers: model, preprocessing, software
	Kept       []Point
	KeptIn     *extract.Summary // nil: none is kept
}

// Summary returns the P@10 of a point under a label.
func (s *Swept) Summary(point, label int) eval.Summary {
	return s.Evaluation.Precisions(point, label)[0]
}

// Best returns the point with the highest P@10 under a label, of equal ones the first; -1
// if no query is judged.
func (s *Swept) Best(label int) int {
	if order := s.order(label); len(order) > 0 {
		return order[0]
	}
	return -1
}

// order returns the points by descending P@10 under a label, equal ones by depth.
func (s *Swept) order(label int) []int {
	var order []int
	for p := range s.Points {
		if s.Summary(p, label).N > 0 {
			order = append(order, p)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.Summary(b, label).Value, s.Summary(a, label).Value) })
	return order
}

// BestAt returns the point with the highest P@10 of a depth, -1 if no query is judged.
func (s *Swept) BestAt(depth, label int) int {
	best := -1
	for i, p := range s.Points {
		if p.Depth == depth && s.Summary(i, label).N > 0 && (best < 0 || s.Summary(i, label).Value > s.Summary(best, label).Value) {
			best = i
		}
	}
	return best
}

// Depths returns the number of tensors.
func (s *Swept) Depths() int { return s.Points[len(s.Points)-1].Depth }

// At returns the point of a depth and a pooling, -1 if there is none.
func (s *Swept) At(depth int, pooling onnx.Pooling) int {
	return slices.IndexFunc(s.Points, func(p Point) bool { return p.Depth == depth && p.Pooling == pooling })
}

// Do sweeps. use is told the outcome while the layers are there. Then layers are kept, if
// that is asked for. Whatever happens, the temporary folder is removed. progress is that of
// Plan.Evaluate.
func (s Sweep) Do(ctx context.Context, progress func(done, of int), use func(*Swept) error) (_ *Swept, err error) {
	if s.Plan.Labels, err = s.labels(); err != nil {
		return nil, err
	}
	if _, err = s.Plan.DrawQueries(s.Gallery); err != nil { // before hours of work, not after
		return nil, err
	}
	out := &Swept{}
	if out.Points, err = s.points(ctx); err != nil {
		return nil, err
	}
	for _, p := range out.Points {
		if !slices.Contains(out.Poolings, p.Pooling) {
			out.Poolings = append(out.Poolings, p.Pooling)
		}
	}
	s.Extract.Taps = taps(out.Points, s.Seed)
	if err := s.allows(ctx, out.Points); err != nil {
		return nil, err
	}
	temp, err := newFolder(cmp.Or(s.Temp, os.TempDir()))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, temp.remove()) }()
	if err := s.extract(ctx, out, temp.path); err != nil {
		return nil, err
	}
	if err := s.evaluate(ctx, out, temp.path, progress, use); err != nil {
		return nil, err
	}
	return out, s.keep(ctx, out, temp.path)
}

// labels returns the names of the labels that are judged by: those asked for, or all that
// have two values.
func (s Sweep) labels() ([]string, error) {
	found, err := s.Plan.FindLabels(s.Gallery)
	if err != nil {
		return nil, err
	}
	var names, single []string
	for _, l := range found {
		switch {
		case l.NumValues() > 1:
			names = append(names, l.Name)
		case s.Plan.Labels != nil || len(found) == 1:
			return nil, fmt.Errorf("%s: label %s has one class only%s: every layer would be as good as any", s.Gallery.Name, l.Name, oneOf(l.Values()))
		default:
			single = append(single, l.Name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: no label has two classes (%s)", s.Gallery.Name, strings.Join(single, ", "))
	}
	if len(single) > 0 && s.Note != nil {
		s.Note("left out, having one class only: " + strings.Join(single, ", "))
	}
	return names, nil
}

// oneOf names the value of a label that has one.
func oneOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return fmt.Sprintf(", %q", values[0])
}

// points finds the layers of the sweep.
func (s Sweep) points(ctx context.Context) ([]Point, error) {
	m, err := onnx.Read(s.Extract.Model)
	if err != nil {
		return nil, err
	}
	library, err := native.FindLibrary(s.Extract.Library, s.Extract.Env)
	if err != nil {
		return nil, err
	}
	runtime, err := onnx.Load(library)
	if err != nil {
		return nil, err
	}
	if m.Unclear() {
		if err := runtime.InferUnknown(ctx, m); err != nil {
			return nil, err
		}
	}
	var tensors []onnx.Tensor
	if len(s.Patterns) > 0 {
		tensors, err = m.Matching(s.Patterns)
	} else {
		tensors, err = m.Blocks()
	}
	if err != nil {
		return nil, err
	}
	return points(tensors, s.Poolings)
}

// allows checks that the layers to keep may be written.
func (s Sweep) allows(ctx context.Context, all []Point) error {
	o := s.Extract
	switch {
	case len(s.KeepNamed) > 0:
		kept, err := named(all, s.KeepNamed)
		if err != nil {
			return err
		}
		o.Taps = taps(kept, s.Seed)
	case s.Keep == 0:
		return nil
	case s.Keep > len(all):
		return fmt.Errorf("%d layers to keep, and the sweep has %d", s.Keep, len(all))
	}
	return extract.Allows(ctx, o)
}

// extract makes all layers, in a temporary folder.
func (s Sweep) extract(ctx context.Context, out *Swept, temp string) error {
	o := s.Extract
	o.Items, o.Into, o.Loaded = s.Gallery, temp, nil
	o.Ready = func(bytes int64) error {
		out.Bytes = bytes
		if s.Ready != nil {
			s.Ready(len(out.Points), bytes, temp)
		}
		if free, ok := aside.FreeBytes(temp); ok && free < bytes {
			return fmt.Errorf("the %d layers take %d bytes, and %s has %d free: TMPDIR names another folder", len(out.Points), bytes, temp, free)
		}
		return nil
	}
	var err error
	out.Pass, err = extract.Extract(ctx, o)
	var kept *extract.KeptError
	if errors.As(err, &kept) { // it is not kept here
		err = kept.Err
	}
	return err
}

// evaluate measures the layers in the temporary folder.
func (s Sweep) evaluate(ctx context.Context, out *Swept, temp string, progress func(done, of int), use func(*Swept) error) (err error) {
	g, err := s.Gallery.With(ctx, temp)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	out.Record = *g.Manifest()
	plan := s.Plan
	plan.Ks, plan.Schemes = []int{K}, nil
	for _, p := range out.Points {
		scheme, err := g.ParseScheme(p.Layer)
		if err != nil {
			return err
		}
		l, err := g.Layer(p.Layer)
		if err != nil {
			return err
		}
		plan.Schemes, out.Features = append(plan.Schemes, scheme), append(out.Features, l.Dim)
	}
	if out.Evaluation, err = plan.Evaluate(ctx, g, progress); err != nil {
		return err
	}
	if err := s.choose(out); err != nil || use == nil {
		return err
	}
	return use(out)
}

// choose sets the points that are kept.
func (s Sweep) choose(out *Swept) (err error) {
	if len(s.KeepNamed) > 0 {
		out.Kept, err = named(out.Points, s.KeepNamed)
		return err
	}
	if s.Keep == 0 {
		return nil
	}
	order := out.order(0)
	if len(order) < s.Keep {
		return fmt.Errorf("label %s judges no query, so no layer is the best", out.Evaluation.Labels[0])
	}
	for _, p := range order[:s.Keep] {
		out.Kept = append(out.Kept, out.Points[p])
	}
	return nil
}

// keep writes the layers that are kept into the gallery.
func (s Sweep) keep(ctx context.Context, out *Swept, temp string) (err error) {
	if len(out.Kept) == 0 {
		return nil
	}
	o := s.Extract
	o.Taps, o.From, o.Progress, o.Broken = taps(out.Kept, s.Seed), temp, nil, nil
	out.KeptIn, err = extract.Extract(ctx, o)
	return err
}
