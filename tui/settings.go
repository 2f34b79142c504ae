package tui

import (
	"slices"

	"strata/engine/items"
	"strata/engine/manifest"
	"strata/engine/scheme"
	"strata/tui/pane"
)

// Settings are what a user wants of every gallery. gallery.yaml comes before them, and what a gallery does not have is
// left out.
type Settings struct {
	manifest.ScreenRecord
	Rows []scheme.Scheme
}

// settle marks the first labels, and takes the captions.
func settle(m *Model) error {
	var of *manifest.ScreenRecord
	if mf := m.gallery.Manifest(); mf != nil {
		of = mf.Screen
	}
	labels, err := m.gallery.FirstLabels()
	if err != nil {
		return err
	}
	if labels == nil {
		labels = slices.DeleteFunc(slices.Clone(m.c.Settings.Labels), func(name string) bool {
			return !slices.ContainsFunc(m.gallery.Labels(), func(l *items.Label) bool { return l.Name == name })
		})
	}
	if len(labels) == 0 {
		for _, l := range m.gallery.Labels()[:min(2, len(m.gallery.Labels()))] {
			labels = append(labels, l.Name)
		}
	}
	m.Rows.Marked = slices.Clone(labels)
	caption := m.c.Settings.Captions
	if of != nil && of.Captions != "" {
		caption = of.Captions
	}
	m.Rows.Caption = pane.Caption(max(slices.Index(manifest.Captions(), caption), 0))
	return nil
}

// firstSchemes returns the rows with which the screen begins: those of gallery.yaml, else those of the user that the
// gallery has the layers for, else its deepest layers and their sum.
func firstSchemes(m *Model) ([]scheme.Scheme, error) {
	schemes, err := m.gallery.FirstSchemes()
	if err != nil || len(schemes) > 0 {
		return schemes, err
	}
	for _, s := range m.c.Settings.Rows {
		if m.gallery.CheckScheme(s) == nil {
			schemes = append(schemes, s)
		}
	}
	if len(schemes) > 0 {
		return schemes, nil
	}
	return pane.FirstSchemes(m.gallery.Layers), nil
}
