package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"strata/engine"
	"strata/engine/manifest"
	"strata/engine/picture"
	"strata/experiments/table"
)

// Severity says what a finding means for results.
type Severity uint8

// The severities, from the worst.
const (
	SeverityError   Severity = iota // results cannot be believed
	SeverityWarning                 // they can, by those who know of it
	SeverityNote                    // what was found
)

// String returns the severity's name.
func (s Severity) String() string { return [...]string{"error", "warning", "note"}[s] }

// MarshalText returns the severity's name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is something that a check has found.
type Finding struct {
	Severity Severity `json:"severity"`
	Check    string   `json:"check"`           // what was checked, the same word for the same thing: rows.zero
	Place    string   `json:"place"`           // file, column or layer
	Text     string   `json:"text"`            // a sentence
	Count    int      `json:"count,omitempty"` // of what it is about
	Row      *int     `json:"row,omitempty"`   // the first, from 0
	Details  []string `json:"details,omitempty"`
}

// CheckedLayer is a layer that was read whole.
type CheckedLayer struct {
	Name     string  `json:"name"`
	File     string  `json:"file"`
	Type     string  `json:"type"`
	Rows     int     `json:"rows"`
	Features int     `json:"features"`
	Bytes    int64   `json:"bytes"`
	Scored   int     `json:"scored"` // rows that have a score
	Least    float64 `json:"shortest"`
	Median   float64 `json:"median_length"`
	Most     float64 `json:"longest"`
	Unit     bool    `json:"unit"` // all rows have length 1
}

// Report is what a Check has found.
type Report struct {
	Gallery    string           `json:"gallery"`
	Kind       string           `json:"kind,omitempty"` // what the folder is taken for
	Items      int              `json:"items"`
	Layers     []CheckedLayer   `json:"layers"`
	Pictures   *CheckedPictures `json:"pictures,omitempty"`
	Findings   []Finding        `json:"findings"` // the worst first, then in the order of the checks
	Errors     int              `json:"errors"`
	Warnings   int              `json:"warnings"`
	Notes      int              `json:"notes"`
	Believable bool             `json:"believable"` // no finding is an error

	Bytes   int64         `json:"-"` // of the matrices
	Reading time.Duration `json:"-"` // that reading them took
}

// Check reads everything of a gallery and says what is wrong with it.
type Check struct {
	Open func(ctx context.Context, name string) (*engine.Gallery, error)
	// OpenItems opens the items table and the pictures of a gallery that Open cannot open.
	OpenItems func(ctx context.Context, name string) (*engine.Gallery, error)
	// Extractor opens what computes features of the gallery's pictures again; nil: nothing does.
	Extractor func(ctx context.Context, g *engine.Gallery) (Extractor, error)
	Gallery   string
	Pictures  int // to decode: AllPictures, or so many, drawn with Seed; 0: none
	Queries   int // to rank under every layer, for the check of the order of rows; 0: none
	Seed      uint64
	Now       func() time.Time // must tell monotonic time

	// Progress, unless nil, is told what is being done and how much of it is done, one
	// call at a time.
	Progress func(what string, share float64)
}

// AllPictures is the Check.Pictures that decodes every one.
const AllPictures = -1

// derivedRows are the rows of every derived layer, and of all codes of a layer, that are
// computed again.
const derivedRows = 1024

// parityChecked is the number of pictures whose features are computed again.
const parityChecked = 32

// checkRun is a Check at work.
type checkRun struct {
	Check
	g   *engine.Gallery
	out Report
}

// Do checks. What is wrong with the gallery is in the report; an error says that it
// could not be checked.
func (c Check) Do(ctx context.Context) (_ *Report, err error) {
	r := &checkRun{Check: c, out: Report{Layers: []CheckedLayer{}, Findings: []Finding{}}}
	if r.Progress == nil {
		r.Progress = func(string, float64) {}
	}
	r.out.Gallery = c.Gallery
	whole := true
	if r.g, err = c.Open(ctx, c.Gallery); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		r.find(SeverityError, "open", c.Gallery, "it does not open: %v", err)
		if whole = false; c.OpenItems != nil {
			r.g, err = c.OpenItems(ctx, c.Gallery)
		}
		if r.g == nil || err != nil {
			r.finish() // and there is no more to be checked
			return &r.out, ctx.Err()
		}
		r.faults(r.out.Findings[0].Text)
	}
	defer func() { err = errors.Join(err, r.g.Close()) }()
	r.out.Gallery, r.out.Kind, r.out.Items = r.g.Path, r.g.Kind, r.g.Len()
	for _, said := range []struct {
		severity Severity
		lines    []string
	}{{SeverityWarning, r.g.Notes}, {SeverityNote, r.g.Remarks}} {
		for _, text := range said.lines {
			file, what, _ := strings.Cut(text, ": ")
			r.find(said.severity, "open", file, "%s", what)
		}
	}
	checks := []func(context.Context) error{r.items, r.pictures}
	if whole {
		checks = []func(context.Context) error{r.items, r.record, r.matrices, r.order, r.storedTypes, r.model, r.pictures, r.derived}
	}
	for _, check := range checks {
		if err := check(ctx); err != nil {
			return nil, err
		}
	}
	r.finish()
	return &r.out, nil
}

// faults says what is wrong with further matrices than the one at which opening ended.
func (r *checkRun) faults(opening string) {
	for _, text := range engine.MatrixFaults(r.g, r.Gallery) {
		if file, what, _ := strings.Cut(text, ": "); !strings.Contains(opening, file+": ") {
			r.find(SeverityError, "open", file, "%s", what)
		}
	}
}

// find adds a finding and returns it, to be completed. A place in the gallery's folder
// is named from there.
func (r *checkRun) find(s Severity, check, place, format string, args ...any) *Finding {
	if r.g != nil {
		if rel, err := filepath.Rel(r.g.Path, place); filepath.IsAbs(place) && err == nil && filepath.IsLocal(rel) {
			place = rel
		} else if rel, err := filepath.Rel(r.Gallery, place); err == nil && filepath.IsLocal(rel) {
			place = rel
		}
	}
	r.out.Findings = append(r.out.Findings, Finding{Severity: s, Check: check, Place: place, Text: fmt.Sprintf(format, args...)})
	return &r.out.Findings[len(r.out.Findings)-1]
}

// of sets how many the finding is about, and the row of the first.
func (f *Finding) of(count, row int) *Finding {
	f.Count = count
	if row >= 0 {
		f.Row = &row
	}
	return f
}

// finish orders the findings and counts them.
func (r *checkRun) finish() {
	slices.SortStableFunc(r.out.Findings, func(a, b Finding) int { return cmp.Compare(a.Severity, b.Severity) })
	for _, f := range r.out.Findings {
		switch f.Severity {
		case SeverityError:
			r.out.Errors++
		case SeverityWarning:
			r.out.Warnings++
		case SeverityNote:
			r.out.Notes++
		}
	}
	r.out.Believable = r.out.Errors == 0
}

// record compares what gallery.yaml records of the items with the items.
func (r *checkRun) record(context.Context) error {
	m := r.g.Manifest()
	if m == nil {
		return nil
	}
	if i := m.Items; i != nil && (i.Rows > 0 || i.SHA256 != "") { // otherwise it names the table only
		switch n := r.g.Len(); {
		case i.Rows > n:
			r.find(SeverityError, "record.items", manifest.FileName, "its layers were made of %d items, there are %d", i.Rows, n).of(i.Rows-n, -1)
		case i.SHA256 != "" && r.g.HashIDs(i.Rows) != i.SHA256:
			r.find(SeverityError, "record.items", manifest.FileName, "its layers were made of %d items with other ids, or in another order", i.Rows).of(i.Rows, -1)
		case i.Rows < n:
			r.find(SeverityNote, "record.items", manifest.FileName, "its layers were made of the first %d of %d items", i.Rows, n).of(n-i.Rows, i.Rows)
		}
	}
	for _, b := range m.Broken {
		switch {
		case b.Row < 0 || b.Row >= r.g.Len():
			r.find(SeverityError, "record.broken", manifest.FileName, "row %d, of the broken picture of %s, is none of %d", b.Row, table.Quote(b.ID), r.g.Len())
			return nil
		case r.g.ID(b.Row) != b.ID:
			r.find(SeverityError, "record.broken", manifest.FileName, "row %d, of the broken picture of %s, is %s: the items are in another order", b.Row, table.Quote(b.ID), rowText(r.g, b.Row)).of(1, b.Row)
			return nil
		}
	}
	return nil
}

// model computes features of some of the gallery's own pictures again, which shows
// whether the rows are in the order of the items.
func (r *checkRun) model(ctx context.Context) error {
	m := r.g.Manifest()
	if m != nil && m.Model != nil {
		r.decoder(m)
	}
	if m == nil || m.Model == nil || r.Extractor == nil {
		r.find(SeverityNote, "model.unknown", manifest.FileName, "no model is recorded: rows cannot be computed again and compared")
		return nil
	}
	r.Progress("the model", 0)
	x, err := r.Extractor(ctx, r.g)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		r.find(SeverityNote, "model.unchecked", manifest.FileName, "rows cannot be computed again and compared: %v", err)
		return nil
	}
	p, err := x.Check(ctx, parityChecked)
	err = errors.Join(err, x.Close())
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && p.Pictures > 0 && p.Layer != "" && !(p.Cosine >= leastParity):
		r.find(SeverityError, "model.parity", p.Layer, "%v", err).of(p.Pictures, -1)
	case err != nil:
		r.find(SeverityNote, "model.unchecked", manifest.FileName, "rows cannot be computed again and compared: %v", err)
	default:
		r.find(SeverityNote, "model.parity", manifest.FileName, "%d pictures, extracted again, agree with their rows: cosine ≥ %.7g", p.Pictures, math.Floor(p.Cosine*1e7)/1e7).of(p.Pictures, -1)
	}
	return nil
}

// decoder looks for pictures that the gallery's layers were made of by another decoder.
func (r *checkRun) decoder(m *manifest.Manifest) {
	if m.Software != nil && m.Software.Decoder >= picture.Decoder {
		return
	}
	webp := 0
	for row := range r.g.Len() {
		if strings.EqualFold(path.Ext(r.g.Picture(row)), ".webp") {
			webp++
		}
	}
	if webp > 0 {
		r.find(SeverityWarning, "model.decoder", manifest.FileName,
			"the layers were made when lossy WebP was decoded without its limited range (white was 235): rows of %s may differ from those that are made now; extract them again", table.Counted(webp, "picture")).of(webp, -1)
	}
}

// leastParity is the least cosine at which engine/onnx takes two vectors for the same.
const leastParity = 0.9999
