package run

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"strata/experiments/table"
)

// TestSeconds: the seconds of a manifest include the writing of the files before it, of a
// study that embeds one, too.
func TestSeconds(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	f := Folder{Out: t.TempDir(), Now: func() time.Time { return now }}
	m := Manifest{Started: now}
	now = now.Add(time.Second)
	m.took(now)
	study := struct {
		Manifest
		More int `json:"more"`
	}{m, 1}
	slow := table.File{Path: filepath.Join(f.Out, "trec", "01.run"), Write: func(io.Writer) error {
		now = now.Add(3 * time.Second)
		return nil
	}}
	for name, manifest := range map[string]any{"plain": &m, "embedded": &study} {
		start := now
		if err := f.Write(manifest, nil, slow); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(f.Out, ManifestName))
		if err != nil {
			t.Fatal(err)
		}
		var got Manifest
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if want := start.Add(3 * time.Second).Sub(m.Started).Seconds(); got.Seconds != want {
			t.Errorf("%s: %v seconds, want %v", name, got.Seconds, want)
		}
	}
}
