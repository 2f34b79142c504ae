package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"
)

// TestSettingsPath lies where the other folders of the user are looked for: a relative one counts for nothing.
func TestSettingsPath(t *testing.T) {
	t.Cleanup(xdg.Reload) // after the variables are what they were
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, folder := range []string{filepath.Join(home, "own"), "relative"} {
		t.Setenv("XDG_CONFIG_HOME", folder)
		xdg.Reload()
		got := settingsPath()
		if !strings.HasPrefix(got, home) || strings.HasPrefix(got, folder) != filepath.IsAbs(folder) {
			t.Errorf("with %s they lie in %s", folder, got)
		}
	}
}

func TestSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	if s, err := readSettings(path); err != nil || s.Rows != nil || s.Captions != "" {
		t.Errorf("without a file: %+v, %v", s, err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("rows: [B, B+0.5*pattern]\nlabels: [category, brand]\ncaptions: ids\n")
	s, err := readSettings(path)
	if err != nil || len(s.Rows) != 2 || s.Rows[1].String() != "B+0.5*pattern" || strings.Join(s.Labels, " ") != "category brand" || s.Captions != "ids" {
		t.Errorf("%+v, %v", s, err)
	}
	for text, want := range map[string]string{
		"colour: blue\n":               path + `: line 1: key "colour" is not known (rows, labels and captions are)`,
		"captions: prices\n":           `captions: "prices" is none of scores, moves, labels, ids`,
		"rows: [A, B+]\n":              `rows: scheme "B+": column 3: `,
		"labels: [a, b, c, d, e]\n":    "5 labels are more than the 4",
		"rows: {a: b}\n":               "cannot unmarshal",
		"rows: [\n":                    "line 1",
		strings.Repeat("[", 10000):     "",
		"# nothing but a remark\n\n\n": "",
	} {
		write(text)
		if _, err := readSettings(path); strings.HasPrefix(text, "#") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %s", text, err, want)
		}
	}
}
