package experiments

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"time"

	"strata/engine"
	"strata/engine/inert"
)

// Manifest says how the files beside it came to be. It is the one file of an
// evaluation that differs from run to run.
type Manifest struct {
	Version   string          `json:"version"`
	Command   []string        `json:"command"`
	Gallery   ManifestGallery `json:"gallery"`
	Schemes   []string        `json:"schemes"`
	Labels    []string        `json:"labels"`
	Ks        []int           `json:"ks"`
	Metrics   []string        `json:"metrics"`
	Depth     int             `json:"depth"` // hits of a ranking that were looked at
	Where     []string        `json:"where"`
	Filter    []string        `json:"filter"`
	Over      int             `json:"over"`    // queries asked for; 0: all
	Queries   int             `json:"queries"` // queries evaluated
	Seed      uint64          `json:"seed"`
	Resamples int             `json:"resamples"`
	Baseline  string          `json:"baseline,omitempty"` // that the others are compared with; none: every pair is
	Compared  int             `json:"compared"`           // rows of comparisons.csv
	Kept      int             `json:"kept"`               // queries in trec
	Near      float64         `json:"near,omitempty"`     // the cosine from which on candidates were left out as duplicates of a query; none: they were not
	LeftOut   int             `json:"left_out,omitempty"` // pairs of duplicates
	Machine   Machine         `json:"machine"`
	Started   time.Time       `json:"started"`
	Seconds   float64         `json:"seconds"` // of the evaluation, without writing the files
}

// manifestName is the file of a Manifest. It is removed before other files of its
// folder are replaced, and written last: where it is, they belong together.
const manifestName = "manifest.json"

// ManifestGallery says which gallery was evaluated.
type ManifestGallery struct {
	Name        string   `json:"name"`
	Path        string   `json:"path"`
	Fingerprint string   `json:"fingerprint"`
	Items       int      `json:"items"`
	Layers      []string `json:"layers"`
	Derived     []string `json:"derived"` // the derived layers of the schemes, with their hashes
	Faults      []string `json:"faults"`  // rows without a score, a line a layer and kind
}

// Machine says what an evaluation ran on.
type Machine struct {
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	CPUs       int    `json:"cpus"`
	Processors int    `json:"processors"` // that were used
	Go         string `json:"go"`
}

// Run is one evaluation of a plan on a gallery, whose tables go into a folder.
type Run struct {
	Gallery  *engine.Gallery
	Plan     Plan
	Baseline *engine.Scheme // compared with all others; nil: every pair is compared
	Near     float64        // above 0: duplicates of a query, found as FindDuplicates does, are no candidates of it
	Formats  []Format       // of the tables; nil: CSV
	CSVSafe  bool           // cells of CSV that a spreadsheet would compute get a ' before them
	Out      string         // the folder of metrics.csv, per_query.csv, comparisons.csv, manifest.json and trec
	Page     *Page          // the report to write, too; nil: none
	Version  string
	Command  []string
	Now      func() time.Time
}

// Outcome is what a Run gave.
type Outcome struct {
	*Evaluation
	Comparisons []Comparison
	Duplicates  *Duplicates // that were left out; nil: they were not looked for
}

// Do evaluates and compares, and writes all files or, on failure, none. Plan.Keep
// makes the files in trec. progress is that of Plan.Evaluate.
func (r Run) Do(ctx context.Context, progress func(done, of int)) (*Outcome, error) {
	release, err := claim(r.Out)
	if err != nil {
		return nil, err
	}
	defer release()
	if r.Page != nil {
		if _, err := r.Page.check(r.Gallery); err != nil {
			return nil, err
		}
	}
	started := r.Now()
	duplicates, err := r.leaveOut(ctx, progress)
	if err != nil {
		return nil, err
	}
	e, err := r.Plan.Evaluate(ctx, r.Gallery, progress)
	if err != nil {
		return nil, err
	}
	comparisons, err := e.Compare(ctx, r.Baseline)
	if err != nil {
		return nil, err
	}
	manifest, err := r.manifest(ctx, e, started)
	if err != nil {
		return nil, err
	}
	manifest.Compared, manifest.Near = len(comparisons), r.Near
	if duplicates != nil {
		manifest.LeftOut = len(duplicates.Pairs)
	}
	files := tableFiles(r.Out, r.Formats,
		namedTable{"metrics", e.metricsTable()}, namedTable{"per_query", e.perQueryTable()}, namedTable{"comparisons", comparisonsTable(comparisons)})
	if len(e.kept) > 0 {
		files = append(files, e.trecFiles(filepath.Join(r.Out, "trec"))...)
	}
	outcome := &Outcome{e, comparisons, duplicates}
	if r.Page != nil {
		write, err := outcome.page(ctx, r.Page, manifest)
		if err != nil {
			return nil, err
		}
		files = append(files, outputFile{r.Page.Path, write})
	}
	return outcome, writeRun(csvSafe(r.CSVSafe, append(files, outputFile{filepath.Join(r.Out, manifestName), manifest.write}))...)
}

// leaveOut leaves duplicates out of the plan, if that is asked for.
func (r *Run) leaveOut(ctx context.Context, progress func(done, of int)) (*Duplicates, error) {
	if r.Near == 0 {
		return nil, nil
	}
	if len(r.Plan.Schemes) == 0 {
		return nil, ErrNoSchemes
	}
	queries, err := r.Plan.queries(r.Gallery)
	if err != nil {
		return nil, err
	}
	d, err := FindDuplicates(ctx, r.Gallery, queries, r.Plan.Filter, layersOf(r.Plan.Schemes), r.Near, progress)
	if err == nil {
		r.Plan.Without = d.Without()
	}
	return d, err
}

func (m Manifest) write(w io.Writer) error { return writeJSON(w, m) }

// writeJSON writes a document as people read it.
func writeJSON(w io.Writer, m any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(m); err != nil {
		return err
	}
	_, err := w.Write(inert.JSON(b.Bytes()))
	return err
}

func (r Run) manifest(ctx context.Context, e *Evaluation, started time.Time) (Manifest, error) {
	g := r.Gallery
	print, err := g.Fingerprint(ctx)
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{
		Version: r.Version, Command: r.Command,
		Gallery: ManifestGallery{Name: g.Name, Path: g.Path, Fingerprint: print, Items: g.Len(), Derived: []string{}, Faults: []string{}},
		Schemes: []string{}, Labels: e.Labels, Ks: e.Ks,
		Where: texts(e.Where), Filter: texts(e.Filter), Over: e.Over, Queries: len(e.Queries),
		Seed: e.Seed, Resamples: Resamples, Depth: e.Depth, Kept: len(e.kept),
		Machine: Machine{runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.GOMAXPROCS(0), runtime.Version()},
		Started: started, Seconds: max(0, r.Now().Sub(started).Seconds()), // the clock may go back
	}
	for _, s := range e.Schemes {
		m.Schemes = append(m.Schemes, s.String())
	}
	for _, metric := range e.Metrics {
		m.Metrics = append(m.Metrics, metric.String())
	}
	if r.Baseline != nil {
		m.Baseline = r.Baseline.String()
	}
	for _, l := range g.AllLayers() {
		if l.Recipe == nil {
			m.Gallery.Layers = append(m.Gallery.Layers, fmt.Sprintf("%s %s %dx%d", l.Name, l.Type, l.Rows, l.Dim))
		} else {
			m.Gallery.Derived = append(m.Gallery.Derived, derivedLine(l))
		}
		m.Gallery.Faults = append(m.Gallery.Faults, l.Faults()...)
	}
	return m, nil
}

func texts(conditions []engine.Condition) []string {
	out := []string{}
	for _, c := range conditions {
		out = append(out, c.String())
	}
	return out
}
