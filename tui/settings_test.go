package tui

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"strata/engine"
	"strata/engine/manifest"
	"strata/engine/scheme"
	"strata/experiments"
	"strata/experiments/script"
	"strata/tui/pane"
)

// begun returns the screen of a small gallery with a gallery.yaml, or why there is none.
func begun(t *testing.T, text string, of Settings) (Model, error) {
	t.Helper()
	files := fstest.MapFS{
		"items.csv":       {Data: []byte("id,kind,colour,size\none,a,red,s\ntwo,b,blue,m\n")},
		"A.npy":           {Data: matrixFile([][]float32{{1, 0}, {0, 1}})},
		"B.npy":           {Data: matrixFile([][]float32{{1, 0}, {0, 1}})},
		manifest.FileName: {Data: []byte(text)},
	}
	session := experiments.NewSession(experiments.Options{Open: func(ctx context.Context, name string) (*engine.Gallery, error) {
		return engine.OpenFS(ctx, name, files)
	}})
	t.Cleanup(func() { _ = session.Close() })
	if _, err := session.Do(t.Context(), script.Gallery{Name: "shop"}); err != nil {
		t.Fatal(err)
	}
	return NewModel(t.Context(), Config{Session: session, Settings: of})
}

// TestSettings begins with what gallery.yaml says, then with what the user wants and the gallery has.
func TestSettings(t *testing.T) {
	var rows []scheme.Scheme
	for _, text := range []string{"B", "nope", "A+B"} {
		s, err := scheme.ParseScheme(text)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, s)
	}
	own := Settings{Rows: rows, ScreenRecord: manifest.ScreenRecord{Labels: []string{"size", "brand"}, Captions: "ids"}}
	for _, c := range []struct {
		text                  string
		of                    Settings
		schemes, marked, what string
	}{
		{"", Settings{}, "A B A+B", "kind colour", "scores"},
		{"", own, "B A+B", "size", "ids"},
		{"screen: {labels: [colour, size, kind], captions: labels}", own, "B A+B", "colour size kind", "labels"},
		{"schemes: [A]\nscreen: {captions: moves}", own, "A", "size", "moves"},
	} {
		m, err := begun(t, c.text, c.of)
		if err != nil {
			t.Fatal(err)
		}
		var schemes []string
		for _, s := range m.Desk.Schemes {
			schemes = append(schemes, s.String())
		}
		if got := strings.Join(schemes, " "); got != c.schemes || strings.Join(m.Rows.Marked, " ") != c.marked || m.Rows.Caption.String() != c.what {
			t.Errorf("%q: %s, %q, %s", c.text, got, m.Rows.Marked, m.Rows.Caption)
		}
	}
	if _, err := begun(t, "screen: {labels: [brand]}", own); err == nil || !strings.Contains(err.Error(), `gallery.yaml: screen: labels: shop has no label "brand"`) {
		t.Errorf("a label that is not there: %v", err)
	}
	var names []string
	for c := range pane.Captions {
		names = append(names, c.String())
	}
	if !slices.Equal(names, manifest.Captions()) || len(pane.Marks) != manifest.MaxMarked {
		t.Errorf("captions %q, %d marks", names, len(pane.Marks))
	}
}
