package report

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"path/filepath"
	"strconv"
	"time"

	"strata/engine/manifest"
	"strata/experiments/eval"
	"strata/experiments/run"
	"strata/experiments/sweep"
	"strata/experiments/table"
)

// sweepManifest describes the origin of the files of a Sweep.
type sweepManifest struct {
	run.Manifest
	Model      *manifest.ModelRecord    `json:"model"`
	Preprocess *manifest.Preprocess     `json:"preprocess"`
	Software   *manifest.SoftwareRecord `json:"software"`
	Taps       []string                 `json:"taps"`
	Bytes      int64                    `json:"bytes"` // of the layers that were made
	Broken     int                      `json:"broken"`
	KeptLayers []string                 `json:"kept_layers"`
}

// RunSweep runs a Sweep. It writes its table, its picture, its report and the manifest into a
// folder or, on failure, nothing. progress is that of Sweep.Do.
func RunSweep(ctx context.Context, ask sweep.Sweep, f run.Folder, progress func(done, of int)) (*sweep.Swept, error) {
	release, err := f.Claim()
	if err != nil {
		return nil, err
	}
	defer release()
	started := f.Clock()
	return ask.Do(ctx, progress, func(s *sweep.Swept) error {
		if f.Out == "" && f.Page == "" {
			return nil
		}
		return writeSweep(ctx, s, f, started)
	})
}

func writeSweep(ctx context.Context, s *sweep.Swept, f run.Folder, started time.Time) error {
	of, err := s.Evaluation.Manifest(ctx, f, started)
	if err != nil {
		return err
	}
	m := sweepManifest{
		Manifest: of, Model: s.Record.Model, Preprocess: s.Record.Preprocess, Software: s.Record.Software, Bytes: s.Bytes, Broken: s.Pass.Broken,
		Taps: []string{}, KeptLayers: []string{},
	}
	for _, p := range s.Points {
		m.Taps = append(m.Taps, fmt.Sprintf("%s=%s:%s", p.Layer, p.Tensor, s.Record.Layers[p.Layer].Pooling))
	}
	for _, p := range s.Kept {
		m.KeptLayers = append(m.KeptLayers, p.Layer)
	}
	var more []table.File
	if f.Out != "" {
		more = append(more, table.File{Path: filepath.Join(f.Out, "sweep.svg"), Write: func(w io.Writer) error { return writeSweepSVG(w, s) }})
	}
	if f.Page != "" {
		view, err := sweepView(s, m)
		if err != nil {
			return err
		}
		more = append(more, table.File{Path: f.Page, Write: view.write})
	}
	return f.Write(&m, s.Tables(), more...)
}

// sweepView returns the view of the report.
func sweepView(s *sweep.Swept, m sweepManifest) (*studyView, error) {
	v := &studyView{
		Gallery: m.Gallery.Name, Subject: "layers by depth", Fingerprint: m.Gallery.Fingerprint, Facts: sweepFacts(s, m), Caveats: sweepCaveats(s, m),
		Footer: "All numbers, unrounded, are in the table sweep of the same run; the same gallery, model and command give the same page, byte for byte.",
	}
	for l, label := range s.Evaluation.Labels {
		v.Verdicts = append(v.Verdicts, sweepVerdict(s, l))
		part := pagePart{Table: sweepTable(s, l)}
		p, alt, err := sweepPanel(s, l)
		if err != nil {
			return nil, err
		}
		if p != nil {
			element, err := svgSized(p, sweepWidth, sweepHeight, alt)
			if err != nil {
				return nil, err
			}
			part.Panels = []template.HTML{element}
			part.PlotNote = "Bars are 95 % intervals. The dotted line, where it is within the plot, is what a random ranking has."
		}
		v.add(pageSection{Title: label, Parts: []pagePart{part}})
	}
	return v, nil
}

func sweepFacts(s *sweep.Swept, m sweepManifest) []pageFact {
	return append([]pageFact{
		{"Model", filepath.Base(m.Model.File)},
		{"Model's SHA-256", m.Model.SHA256[:min(len(m.Model.SHA256), 16)] + "…"},
		{"Items", strconv.Itoa(m.Gallery.Items)},
		{"Queries", strconv.Itoa(m.Queries)},
		{"Tensors", strconv.Itoa(s.Depths())},
		{"Layers", strconv.Itoa(len(s.Points))},
		{"Seed", strconv.FormatUint(m.Seed, 10)},
		{"Resamples", strconv.Itoa(m.Resamples)},
		{"Strata", m.Version},
	}, conditionFacts(m.Manifest)...)
}

// sweepVerdict says which layer is the highest under a label, and how sure that is.
func sweepVerdict(s *sweep.Swept, label int) pageVerdict {
	card := pageVerdict{Label: s.Evaluation.Labels[label], Quiet: true, Text: "No query is judged."}
	best := s.Best(label)
	if best < 0 {
		return card
	}
	sum := s.Summary(best, label)
	first := s.Evaluation.Standings[s.Evaluation.SummaryAt(best, label, eval.Micro, 0)].First
	card.Best, card.Value, card.Quiet = s.Points[best].Layer, threeDigits(sum.Value), first < 0.95
	card.Text = fmt.Sprintf("highest of %s by %s over %s, 95 %% interval %s. It is the highest in %s of the resamples.",
		plural(len(s.Points), "layer"), sum.Metric, plural(sum.N, "query"), interval3(sum.Low, sum.High), threeDigits(first))
	return card
}

func sweepCaveats(s *sweep.Swept, m sweepManifest) []string {
	out := []string{
		"Intervals are 95 % percentile bootstraps over queries, of each layer alone. The highest of many layers is flattered by the choice: compare a few that are kept by eval --compare, or choose by tune, which reports on other queries.",
	}
	for l, label := range s.Evaluation.Labels {
		out = append(out, fmt.Sprintf("%s: %s.", label, eval.Skips(s.Summary(0, l))))
	}
	if m.Broken > 0 {
		out = append(out, fmt.Sprintf("%s could not be read: no query, and never a hit.", plural(m.Broken, "picture")))
	}
	return out
}
