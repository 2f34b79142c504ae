//go:build unix

package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/fixtures"
)

// demoModel is the SHA-256 that the demo's gallery.yaml records.
const demoModel = "0911400631e0891f7ca7f5450e55689ad01c6d12f7b14c3d04ed72b4264af4ed"

// foreign makes a folder with a gallery g that names a model, which is none: who reads it
// says so. There is a picture, too.
func foreign(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "g"), fixtures.Demo()); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("g/inception_v3.onnx", "no model")
	write("look.strata", "gallery g\nimage new.jpg\nschemes A\nsearch 3\n")
	picture, err := filepath.Glob(filepath.Join(dir, "g", "images", "*.jpg"))
	if err != nil || len(picture) == 0 {
		t.Fatal(picture, err)
	}
	text, err := os.ReadFile(picture[0])
	if err != nil {
		t.Fatal(err)
	}
	write("new.jpg", string(append(text, 0))) // not one that the demo has
	return dir
}

// failing runs the program and returns its exit code and what it says of errors.
func failing(t *testing.T, dir string, args ...string) (int, string) {
	t.Helper()
	cmd := program(t, dir, args...)
	cmd.Env = append(cmd.Env, "STRATA_MODEL=")
	var screen bytes.Buffer
	cmd.Stderr = &screen
	_ = cmd.Run() // the exit code says it
	return cmd.ProcessState.ExitCode(), screen.String()
}

// TestForeignModel: no command reads a model that only a gallery names. The line that is
// printed does, and the agreement is remembered by the model's hash.
func TestForeignModel(t *testing.T) {
	dir := foreign(t)
	model := filepath.Join(dir, "g", "inception_v3.onnx")
	search := []string{"search", "g", "--image", "new.jpg", "--scheme", "A"}
	for line, args := range map[string][]string{
		"strata search g --image new.jpg --scheme A --model " + model: search,
		"strata replay look.strata --model " + model:                  {"replay", "look.strata"},
	} {
		code, screen := failing(t, dir, args...)
		if code != exitUsage || !strings.Contains(screen, "is the model that the gallery names: it is not loaded before you agree to it; to agree, run: "+line+"\n") {
			t.Errorf("%v: exit code %d, %s", args, code, screen)
		}
		code, screen = failing(t, dir, append(args, "--model", model)...)
		if code != exitFailed || !strings.Contains(screen, "not an ONNX file") {
			t.Errorf("%v, agreed: exit code %d, %s", args, code, screen)
		}
	}
	out, err := program(t, dir, "check", "g", "--pictures", "none", "--queries", "0").Output()
	if text := string(out); err != nil || strings.Count(text, "is not loaded before you agree to it") != 1 || strings.Contains(text, "not an ONNX file") {
		t.Errorf("check: %v, %s", err, text)
	}
	if _, err := os.Stat(filepath.Join(dir, "state", "strata", "models")); !os.IsNotExist(err) {
		t.Errorf("a model that was not loaded is agreed to: %v", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "state", "strata", "models"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "state", "strata", "models", demoModel), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if code, screen := failing(t, dir, search...); code != exitFailed || !strings.Contains(screen, "not an ONNX file") {
		t.Errorf("remembered: exit code %d, %s", code, screen)
	}
}

// TestAskForModel asks on a terminal, once.
func TestAskForModel(t *testing.T) {
	dir := foreign(t)
	search, check := []string{"search", "g", "--image", "new.jpg", "--scheme", "A"}, []string{"check", "g", "--pictures", "none", "--queries", "0"}
	for _, c := range []struct {
		args         []string
		answer, want string
		asks         bool
	}{
		{check, "n\n", "is not loaded before you agree to it", true},
		{search, "\n", "is not loaded before you agree to it", true},
		{search, "n\n", "is not loaded before you agree to it", true},
		{search, "y\n", "not an ONNX file", true},
		{search, "\n", "not an ONNX file", false},
		{check, "\n", "not an ONNX file", false},
	} {
		cmd := program(t, dir, c.args...)
		cmd.Env = append(cmd.Env, "STRATA_MODEL=")
		p := inTerminal(t, cmd)
		go p.read()
		if _, err := p.master.WriteString(c.answer); err != nil {
			t.Fatal(err)
		}
		p.wait()
		out := p.output()
		asked := strings.Contains(out, "Run this model, now and later? [y/N]") && strings.Contains(out, "8 bytes, SHA-256 "+demoModel)
		if asked != c.asks || !strings.Contains(out, c.want) {
			t.Errorf("%v, answer %q: %q", c.args, c.answer, out)
		}
	}
	kept, err := os.ReadFile(filepath.Join(dir, "state", "strata", "models", demoModel))
	if want := filepath.Join(dir, "g", "inception_v3.onnx") + "\n"; err != nil || string(kept) != want {
		t.Errorf("remembered is %q, %v", kept, err)
	}
}
