package cost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"strata/engine"
	"strata/engine/code"
	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/metric"
	"strata/experiments/run"
	"strata/experiments/table"
)

// Cost measures what approximate search costs. For every way to search under a scheme, it measures
// the share of the exact first k that the way finds, the loss of precision, the bytes held for each
// item, and the time.
//
// The ways are: exact search; matrices in types of fewer bytes; codes of 8, 4 and 1 bits without
// their proof; the first principal
// components of every layer; and a graph index. Each is measured in its own order and with exact
// scores of its best candidates.
type Cost struct {
	Gallery *engine.Gallery
	Schemes []scheme.Scheme    // sums and concatenations of the gallery's own layers
	Labels  []string           // nil means all of the gallery
	Filter  []scheme.Condition // what a candidate meets
	Where   []scheme.Condition // what a query meets
	Set     string             // a set of the gallery that holds the queries; "" means all
	Over    int                // number of queries to draw of those in Set that meet Where; 0 means all
	Seed    uint64             // of the draw and of the resampling; 0 means 1
	K       int
	Depths  []int         // candidates to rescore, above K
	Stored  []layer.DType // types that matrices are stored in: some of layer.Narrower
	Bits    []int         // of codes: some of rank.CodeBits
	PCA     []int         // components kept of every layer: see rank.PrefixSearch

	Graph    func(dim, rows int) (Graph, error) // makes an empty index; nil: no graph
	GraphHow string                             // how it is built
	Efs      []int                              // numbers of candidates that a search of the graph visits

	Codes code.Options // how codes are built; All and Build are set
	Timed int          // number of queries to time every way with, on one processor and on all; 0 means none
	Items int64        // number of items to extrapolate to; 0 means none

	Folder run.Folder // of the tables cost and timings, cost.svg, extrapolation.txt and the manifest
}

// Costs is the outcome of a Cost.
type Costs struct {
	Schemes []SchemeCost
	Labels  []string
	K       int
	Items   int      // of the gallery
	Queries int      // drawn
	Notes   []string // ways that were left out, and why

	Limits layer.Limits // of the machine; zero where nothing was timed
	Timed  int          // number of queries that every way was timed with
	Scale  int64        // Cost.Items
	Graph  string       // what the graph is; "" without
}

// SchemeCost is the cost of the ways under one scheme. The first way is the exact one; the others
// are compared with it.
type SchemeCost struct {
	Scheme scheme.Scheme
	Ways   []WayCost
}

// WayCost is the cost of one way.
type WayCost struct {
	Way
	Recall  Estimate // of the exact first k: the mean over queries
	Changed float64  // share of queries for which it finds others than the exact first k; NaN without a query
	Short   int      // queries for which it found fewer than k rows, though there are enough candidates
	Labels  []LabelCost
	Time    WayTime
}

// Estimate is a mean over queries, with its 95 % bootstrap interval.
type Estimate struct {
	Value, Low, High float64
	N                int // queries; with none, the numbers are NaN
}

// LabelCost is the precision of a way under a label, and its difference from the exact way's.
type LabelCost struct {
	Precision Estimate
	Loss      eval.Comparison // the way's P@k less the exact one's, paired; its schemes mean nothing; zero of the exact way
}

// check returns an error for a Cost that cannot be measured.
func (c *Cost) check() error {
	switch {
	case len(c.Schemes) == 0:
		return eval.ErrNoSchemes
	case c.K < 1 || c.K > metric.MaxK:
		return fmt.Errorf("k is from 1 to %d, not %d", metric.MaxK, c.K)
	case c.Timed < 0 || c.Items < 0:
		return fmt.Errorf("%d queries to time and %d items to extrapolate to: neither is below 0", c.Timed, c.Items)
	case c.Items > 0 && c.Timed == 0:
		return errors.New("to extrapolate, some queries must be timed")
	}
	for _, d := range c.Depths {
		if d <= c.K {
			return fmt.Errorf("rescoring the best %d changes nothing of the first %d: it takes more", d, c.K)
		}
	}
	for _, s := range c.Schemes {
		if !s.Products() {
			return fmt.Errorf("%s: cost takes sums and concatenations, whose scores are products of vectors; this one is neither", s)
		}
		for _, name := range s.Layers() {
			if strings.Contains(name, "|") {
				return fmt.Errorf("%s: cost takes the gallery's own layers, %s is a derived one", s, name)
			}
		}
	}
	return run.CheckReport(c.Folder.Page)
}

// Do measures, and writes all files or, on failure, none. progress may be nil; it gets the name of
// each measurement.
func (c Cost) Do(ctx context.Context, progress func(what string)) (*Costs, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	release, err := c.Folder.Claim()
	if err != nil {
		return nil, err
	}
	defer release()
	started := c.Folder.Clock()
	r := &costRun{Cost: c, progress: progress, out: &Costs{K: c.K, Items: c.Gallery.Len(), Timed: c.Timed, Scale: c.Items}}
	if progress == nil {
		r.progress = func(string) {}
	}
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	for i := range r.out.Schemes {
		if err := r.measure(ctx, &r.out.Schemes[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", r.out.Schemes[i].Scheme, err)
		}
	}
	if c.Timed > 0 {
		r.progress("limits")
		var err error
		if r.out.Limits, err = layer.MeasureLimits(ctx, c.Gallery.Layers); err != nil {
			return nil, err
		}
	}
	manifest, err := r.manifest(ctx, started)
	if err != nil {
		return nil, err
	}
	more, err := r.files()
	if err != nil {
		return nil, err
	}
	return r.out, c.Folder.Write(&manifest, r.out.tables(), more...)
}

// costRun is the state of a Cost.
type costRun struct {
	Cost
	progress func(string)
	out      *Costs

	among   *items.Candidates
	queries []int // rows
	timed   []int // rows
	built   map[string]time.Duration
	e       *eval.Evaluation // of the last scheme
	found   [][][]int32      // of the present scheme: by way, by query, the rows that the way ranks first
	exact   [][]rank.Hit
}

// prepare finds the queries, and takes the times that must be taken before there are codes.
func (r *costRun) prepare(ctx context.Context) (err error) {
	if r.among, err = r.Gallery.Candidates(r.Filter); err != nil {
		return err
	}
	if n := r.among.Count(-1); n <= r.K {
		return fmt.Errorf("the first %d of %d candidates are all of them, or nearly: choose a smaller k", r.K, n)
	}
	plan := r.plan(1)
	e, err := plan.Prepare(r.Gallery, r.among)
	if err != nil {
		return err
	}
	r.queries, r.out.Labels, r.out.Queries, r.built = e.Queries, e.Labels, len(e.Queries), map[string]time.Duration{}
	for _, place := range items.Sample(len(r.queries), r.Timed, e.Seed) {
		r.timed = append(r.timed, r.queries[place])
	}
	if r.Timed == 0 {
		r.timed = nil
	}
	for _, s := range r.Schemes {
		if slices.ContainsFunc(r.out.Schemes, func(o SchemeCost) bool { return o.Scheme.String() == s.String() }) {
			continue
		}
		bytes, err := matrixBytes(r.Gallery, s)
		if err != nil {
			return err
		}
		way := WayCost{Way: Way{Name: "exact", Family: exactFamily, Bytes: bytes}}
		if way.Time, err = r.time(ctx, exactMethod{r.Gallery, s, r.among}, s, way.Way); err != nil {
			return err
		}
		r.out.Schemes = append(r.out.Schemes, SchemeCost{Scheme: s, Ways: []WayCost{way}})
	}
	return r.prepareCodes(ctx)
}

// prepareCodes opens the codes of all layers, or builds them.
func (r *costRun) prepareCodes(ctx context.Context) error {
	if len(r.Bits) == 0 {
		return nil
	}
	r.progress("codes")
	o := r.Codes
	o.All, o.Build = true, true
	began, some := r.Folder.Clock(), false
	tell := o.Progress
	o.Progress = func(p code.Progress) {
		some = some || p.Rows > 0
		if tell != nil {
			tell(p)
		}
	}
	err := r.Gallery.PrepareCodes(ctx, o)
	if some {
		r.built[codesFamily] = r.Folder.Clock().Sub(began)
	}
	return err
}

// plan returns the plan of an evaluation with as many stand-in schemes as there are ways.
func (r *costRun) plan(ways int) eval.Plan {
	p := eval.Plan{Labels: r.Labels, Ks: []int{r.K}, Filter: r.Filter, Where: r.Where, Set: r.Set, Over: r.Over, Seed: r.Seed}
	for w := range ways {
		p.Schemes = append(p.Schemes, standIn(w))
	}
	return p
}

// standIn returns the scheme that stands for a way in an evaluation, whose columns are schemes.
func standIn(way int) scheme.Scheme {
	return scheme.Scheme{Terms: []scheme.Term{{Weight: 1, Factor: scheme.FactorNamed(fmt.Sprint("way", way))}}}
}

// costManifest is the manifest of a study.
type costManifest struct {
	run.Manifest
	Rescored []int  `json:"rescored"`
	Timed    int    `json:"timed"`
	Graph    string `json:"graph,omitempty"`
	Efs      []int  `json:"ef_search,omitempty"`
	Items    int64  `json:"extrapolated_to,omitempty"`
}

func (r *costRun) manifest(ctx context.Context, started time.Time) (costManifest, error) {
	of, err := r.e.Manifest(ctx, r.Folder, started)
	of.Schemes, of.Baseline = nil, "exact"
	for _, s := range r.out.Schemes {
		of.Schemes = append(of.Schemes, s.Scheme.String())
		of.Compared += (len(s.Ways) - 1) * len(r.out.Labels)
	}
	m := costManifest{Manifest: of, Rescored: r.Depths, Timed: len(r.timed), Graph: r.out.Graph, Items: r.Items}
	if r.Graph != nil {
		m.Efs = r.Efs
	}
	return m, err
}

// files returns the files besides the tables.
func (r *costRun) files() ([]table.File, error) {
	drawing, err := r.out.plot()
	files := []table.File{{Path: filepath.Join(r.Folder.Out, "cost.svg"), Write: func(w io.Writer) error { _, err := w.Write(drawing); return err }}}
	if r.Items > 0 {
		files = append(files, table.File{Path: filepath.Join(r.Folder.Out, "extrapolation.txt"), Write: r.out.WriteScale})
	}
	return files, err
}
