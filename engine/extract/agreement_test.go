//go:build cgo

package extract

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine/manifest"
	"strata/engine/onnx"
)

// agreed agrees to every model.
func agreed(context.Context, NamedModel) error { return nil }

// TestAgreement reads a model that only the gallery names after the agreement to it, and
// one that the user names without.
func TestAgreement(t *testing.T) {
	ours := saveModel(t, networkBytes(t))
	other := saveModel(t, append(networkBytes(t), protoBytes(6, []byte("documentation"))...))
	theirs := saveModel(t, networkBytes(t))
	m, err := onnx.Read(ours)
	if err != nil {
		t.Fatal(err)
	}
	gallery := filepath.Dir(theirs)
	record, err := recordModel(t.Context(), m, gallery)
	if err != nil {
		t.Fatal(err)
	}
	record.File = filepath.Base(theirs)
	missing := *record
	missing.File = "gone.onnx"
	no := errors.New("no")
	for _, c := range []struct {
		name       string
		record     *manifest.ModelRecord
		asked, env string
		agree      Agree
		path, want string // the model that is read, or the error
		calls      int    // of agree
	}{
		{"nobody can agree", record, "", "", nil, "", "is the model that the gallery names: it is not loaded before you agree to it", 0},
		{"agreed", record, "", "", agreed, theirs, "", 1},
		{"refused", record, "", "", func(context.Context, NamedModel) error { return no }, "", "no", 1},
		{"named", record, ours, "", agreed, ours, "", 0},
		{"another is named", record, other, "", agreed, "", "is another model than the gallery's", 0},
		{"by the environment", record, "", ours, agreed, ours, "", 0},
		{"the environment has another", record, "", other, agreed, theirs, "", 1},
		{"the environment has another, refused", record, "", other, nil, "", "is not loaded before you agree to it", 0},
		{"missing, by the environment", &missing, "", ours, agreed, ours, "", 0},
		{"missing, the environment has another", &missing, "", other, agreed, "", "is another model than the gallery's", 0},
		{"missing", &missing, "", "", agreed, "", "is not there; name its file by --model or STRATA_MODEL", 0},
	} {
		calls := 0
		f := modelFinder{gallery: gallery, record: c.record, asked: c.asked, env: func(string) string { return c.env }}
		if c.agree != nil {
			f.agree = func(ctx context.Context, m NamedModel) error {
				calls++
				if want := (NamedModel{gallery, theirs, record.Bytes, record.SHA256}); m != want {
					t.Errorf("%s: asked about %+v, not %+v", c.name, m, want)
				}
				return c.agree(ctx, m)
			}
		}
		got, kept, err := f.find(t.Context())
		switch {
		case calls != c.calls:
			t.Errorf("%s: asked %d times, not %d", c.name, calls, c.calls)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, not %q", c.name, err, c.want)
		case c.want == "" && (err != nil || got.Path != c.path || kept.SHA256 != record.SHA256):
			t.Errorf("%s: %+v, %+v, %v", c.name, got, kept, err)
		}
	}
}

// TestAgreementComesFirst: without it, not a byte of the model is read, whatever it is.
func TestAgreementComesFirst(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "net.onnx"), []byte("no model"), 0o666); err != nil {
		t.Fatal(err)
	}
	record := &manifest.ModelRecord{File: "net.onnx", SHA256: strings.Repeat("0", 64), Bytes: 3}
	none := func(string) string { return "" }
	var refused *AgreementError
	if _, _, err := (modelFinder{gallery: dir, record: record, env: none}).find(t.Context()); !errors.As(err, &refused) || refused.Bytes != 8 {
		t.Errorf("without an agreement: %v", err)
	}
	if _, _, err := (modelFinder{dir, record, "", none, agreed}).find(t.Context()); err == nil || !strings.Contains(err.Error(), "not an ONNX file") {
		t.Errorf("with it: %v", err)
	}
}
