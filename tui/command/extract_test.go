package command

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine"
	"strata/engine/layer"
	"strata/engine/native"
	"strata/fixtures/need"
)

// extraction needs the network and a library to run it, and returns a folder of
// n pictures and the arguments that extract them.
func extraction(t *testing.T, n int) (dir string, args []string) {
	t.Helper()
	model := need.Network(t)
	if _, err := native.FindLibrary("", os.Getenv); err != nil {
		need.Missing(t, err.Error())
	}
	dir = t.TempDir()
	for i := range n {
		m := image.NewRGBA(image.Rect(0, 0, 120, 90))
		for k := range 120 * 90 {
			m.Set(k%120, k/120, color.RGBA{uint8(k * i), uint8(k / 120 * 2), uint8(k % (i + 2) * 90), 255})
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("p%02d.jpg", i)), b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir, []string{"extract", model, dir, "--preset", "unit", "--tap", "A=mixed0:gap", "--tap", "pattern=mixed0:cov(64)"}
}

// strata runs the program.
func strata(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "strata", args...)
	var out, screen bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &screen
	_ = cmd.Run() // the exit code says it
	return out.String(), screen.String(), cmd.ProcessState.ExitCode()
}

// TestExtractCommand makes a gallery of pictures, searches it and extends it.
func TestExtractCommand(t *testing.T) {
	dir, args := extraction(t, 7)
	out, screen, code := strata(t, args...)
	if want := "A  7 rows  A.npy\npattern  7 rows  pattern.npy\n"; code != 0 || out != want {
		t.Fatalf("exit code %d, %q, %s", code, out, screen)
	}
	for _, want := range []string{"7 pictures in ", " a second", " ms to decode and resize, ", " ms in the model"} {
		if !strings.Contains(screen, want) {
			t.Errorf("the standard error lacks %q: %s", want, screen)
		}
	}
	out, screen, code = strata(t, "search", dir, "--query", "p03", "--scheme", "A+pattern", "-k", "3", "--json")
	if code != 0 || !json.Valid([]byte(out)) {
		t.Errorf("search: %d, %s, %s", code, out, screen)
	}
	if _, screen, code = strata(t, args...); code != 1 || !strings.Contains(screen, "A.npy is there; --force replaces it") {
		t.Errorf("again: %d, %s", code, screen)
	}

	if err := os.WriteFile(filepath.Join(dir, "broken.jpg"), []byte("no picture"), 0o666); err != nil {
		t.Fatal(err)
	}
	table, err := os.OpenFile(filepath.Join(dir, "items.csv"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = table.WriteString("broken,broken.jpg\nagain,p00.jpg\n")
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, screen, code = strata(t, "extract", dir, "--append")
	if code != 1 || !strings.Contains(screen, "strata: warning: broken.jpg: not a picture that can be read (JPEG, PNG, GIF, WebP, BMP and TIFF can) (row 7, item broken)\n") ||
		!strings.Contains(screen, "strata: 1 of 9 pictures could not be read: their rows are zero, and gallery.yaml lists them\n") {
		t.Errorf("append: %d, %s, %s", code, out, screen)
	}
	g, err := engine.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if l := g.Layers[0]; g.Len() != 9 || l.Rows != 9 || l.Type != layer.Float16 || g.Manifest().Broken[0].ID != "broken" {
		t.Errorf("%d items, %+v, %+v", g.Len(), l, g.Manifest())
	}
	if out, screen, code = strata(t, "extract", dir, "--append"); code != 0 || out != "9 rows, nothing was left to do\n" {
		t.Errorf("append again: %d, %s, %s", code, out, screen)
	}
}

// TestExtractInterrupt interrupts an extraction when its first picture is read. The
// same command goes on.
func TestExtractInterrupt(t *testing.T) {
	need.Long(t)
	dir, args := extraction(t, 30)
	if err := os.WriteFile(filepath.Join(dir, "broken.jpg"), nil, 0o666); err != nil { // the first: a line says so when it is read
		t.Fatal(err)
	}
	args = append(args, "--threads", "1")
	cmd := exec.CommandContext(t.Context(), "strata", args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	var screen []string
	for lines.Scan() {
		if screen = append(screen, lines.Text()); len(screen) == 1 {
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // the exit code says it
	text := strings.Join(screen, "\n")
	if cmd.ProcessState.ExitCode() != exitInterrupted || !strings.Contains(text, "of 31 rows are done and kept: the same command goes on with them\nstrata: interrupted") {
		t.Errorf("exit code %d, %s", cmd.ProcessState.ExitCode(), text)
	}
	if _, err := os.Stat(filepath.Join(dir, "A.npy")); err == nil {
		t.Error("a matrix is there that is not whole")
	}
	if _, screen, code := strata(t, args...); code != 1 || !strings.Contains(screen, "1 of 31 pictures could not be read") || strings.Contains(screen, "31 pictures in") {
		t.Errorf("went on: %d, %s", code, screen)
	}
	left, err := fs.Glob(os.DirFS(dir), ".strata/*")
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
