//go:build unix

package command

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"strata/engine/native"
	"strata/fixtures/need"
)

// sweptGallery makes a gallery g of 60 pictures in three kinds, and blocks.onnx, a network
// of five blocks.
func sweptGallery(t *testing.T, dir string) {
	t.Helper()
	sweptGalleryOf(t, dir, 60)
}

func sweptGalleryOf(t *testing.T, dir string, pictures int) {
	t.Helper()
	var table strings.Builder
	table.WriteString("id,image,kind,season\n")
	files := map[string][]byte{}
	for i := range pictures {
		m := image.NewNRGBA(image.Rect(0, 0, 24, 16))
		for k := range 24 * 16 {
			v := uint8(k * (i + 7))
			m.SetNRGBA(k%24, k/24, color.NRGBA{v, v/3 + uint8(60*(i%3)), uint8(k * k), 255})
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("p%03d.png", i)
		files["g/"+name] = b.Bytes()
		fmt.Fprintf(&table, "i%d,%s,%s,winter\n", i, name, string(rune('a'+i%3)))
	}
	files["g/items.csv"] = []byte(table.String())
	network, err := os.ReadFile(filepath.Join(need.Root(t), "fixtures", "models", "blocks.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	files["blocks.onnx"], files["relu.onnx"] = network, reluNetwork()
	if err := os.MkdirAll(filepath.Join(dir, "g"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// needRuntime needs ONNX Runtime.
func needRuntime(t *testing.T) {
	t.Helper()
	if _, err := native.FindLibrary("", os.Getenv); err != nil {
		need.Missing(t, err.Error())
	}
}

// sweptRun is a run of sweep, with a folder of its own for temporary files.
type sweptRun struct {
	dir  string
	args []string
}

func newSweptRun(t *testing.T, pictures int, args ...string) sweptRun {
	t.Helper()
	needRuntime(t)
	dir := t.TempDir()
	sweptGalleryOf(t, dir, pictures)
	if err := os.Mkdir(filepath.Join(dir, "tmp"), 0o777); err != nil {
		t.Fatal(err)
	}
	return sweptRun{dir, append([]string{"sweep", "blocks.onnx", "g", "--size", "16", "--range", "0,1"}, args...)}
}

// run runs the program, and returns its exit code and what it wrote.
func (r sweptRun) run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := program(t, r.dir, args...)
	cmd.Env = append(cmd.Env, "TMPDIR="+filepath.Join(r.dir, "tmp"))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // the exit code says it
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// temporary returns what is left in the folder for temporary files.
func (r sweptRun) temporary(t *testing.T) []os.DirEntry {
	t.Helper()
	left, err := os.ReadDir(filepath.Join(r.dir, "tmp"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// A sweep gives the same bytes twice, and without --out writes no file.
func TestSweepTwice(t *testing.T) {
	r := newSweptRun(t, 60, "--pool", "gap,max,gem")
	before := files(t, r.dir)
	code, plain, stderr := r.run(t, r.args...)
	if code != 0 || !strings.Contains(stderr, "strata: 15 layers of 60 pictures, ") || !strings.Contains(stderr, "left out, having one class only: season") {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	if !strings.Contains(plain, "P@10 kind  gap      max      gem(3)") || strings.Count(plain, "●") != 5 || !strings.Contains(plain, "; highest ") {
		t.Errorf("%s", plain)
	}
	if after := files(t, r.dir); !maps.Equal(before, after) {
		t.Errorf("there was %v and is %v", before, after)
	}
	made := map[string]map[string]string{}
	for _, out := range []string{"one", "two"} {
		code, stdout, stderr := r.run(t, append(r.args, "--out", out, "--report", "--threads", map[string]string{"one": "1", "two": "3"}[out])...)
		if code != 0 || stdout != plain {
			t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
		}
		made[out] = files(t, filepath.Join(r.dir, out))
		delete(made[out], sealFile) // it names its folder
	}
	if len(made["one"]) != 3 || !maps.Equal(made["one"], made["two"]) {
		t.Errorf("%v is not %v", made["one"], made["two"])
	}
	if left := r.temporary(t); len(left) > 0 {
		t.Errorf("%s is left", left)
	}
}

// Layers that are kept are those that extract makes, and their values are eval's.
func TestSweepKeep(t *testing.T) {
	r := newSweptRun(t, 60, "--pool", "gap,std", "--keep", "two-std,one-gap", "--out", "out", "--format", "csv")
	if code, stdout, stderr := r.run(t, r.args...); code != 0 || !strings.HasSuffix(stdout, "kept: two-std, one-gap\n") {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	other := newSweptRun(t, 60)
	if code, _, stderr := other.run(t, "extract", "blocks.onnx", "g", "--size", "16", "--range", "0,1", "--tap", "two-std=two:std", "--tap", "one-gap=one:gap"); code != 0 {
		t.Fatal(stderr)
	}
	got, want := files(t, filepath.Join(r.dir, "g")), files(t, filepath.Join(other.dir, "g"))
	if !maps.Equal(got, want) {
		t.Errorf("the gallery is %v, not %v", got, want)
	}
	if code, _, stderr := r.run(t, "eval", "g", "--scheme", "two-std", "--label", "kind", "--k", "10", "--out", "eval"); code != 0 {
		t.Fatal(stderr)
	}
	swept := sweptCell(t, filepath.Join(r.dir, "out", "sweep.csv"), "two-std", 6, 9)
	if of := sweptCell(t, filepath.Join(r.dir, "eval", "metrics.csv"), "micro", 4, 7); swept != of {
		t.Errorf("sweep has %s, eval %s", swept, of)
	}
	if code, _, stderr := r.run(t, r.args...); code != 1 || !strings.Contains(stderr, "two-std") || !strings.Contains(stderr, "--force replaces it") {
		t.Errorf("again: exit code %d, %s", code, stderr)
	}
}

// sweptRows reads a CSV file.
func sweptRows(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// sweptCell returns some cells of the row of a file that has a value.
func sweptCell(t *testing.T, path, value string, from, to int) string {
	t.Helper()
	for _, row := range sweptRows(t, path) {
		for _, cell := range row {
			if cell == value {
				return strings.Join(row[from:to], " ")
			}
		}
	}
	t.Fatalf("%s has no %s", path, value)
	return ""
}

// TestSweepEnds ends sweeps while their layers are there: by signals, which leave nothing,
// by a kill, after which the next sweep removes them, and by an error.
func TestSweepEnds(t *testing.T) {
	need.Long(t)
	r := newSweptRun(t, 3000, "--pool", "gap,max")
	for _, end := range []struct {
		signal syscall.Signal
		code   int
		left   int
	}{{syscall.SIGINT, 130, 0}, {syscall.SIGTERM, 143, 0}, {syscall.SIGKILL, -1, 1}, {syscall.SIGINT, 130, 0}} {
		cmd := program(t, r.dir, r.args...)
		cmd.Env = append(cmd.Env, "TMPDIR="+filepath.Join(r.dir, "tmp"))
		stderr, err := cmd.StderrPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stderr)
		for lines.Scan() && !strings.HasSuffix(lines.Text(), "until the end") {
		}
		if n := len(r.temporary(t)); n != 1 {
			t.Errorf("%d folders while it runs", n)
		}
		if err := cmd.Process.Signal(end.signal); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
		}
		_ = cmd.Wait() // the exit code says it
		if code := cmd.ProcessState.ExitCode(); code != end.code {
			t.Errorf("%v: exit code %d", end.signal, code)
		}
		if n := len(r.temporary(t)); n != end.left {
			t.Errorf("%v: %d folders are left", end.signal, n)
		}
	}
	for row := range 3000 {
		if err := os.Truncate(filepath.Join(r.dir, "g", fmt.Sprintf("p%03d.png", row)), 20); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, stderr := r.run(t, r.args...); code != 1 || !strings.Contains(stderr, "none of 3000 pictures could be extracted") || len(r.temporary(t)) > 0 {
		t.Errorf("exit code %d: %s", code, tail(stderr))
	}
}

// TestSweepMistakes: what cannot be swept is said before a picture is read.
func TestSweepMistakes(t *testing.T) {
	r := newSweptRun(t, 12)
	table := func(text string) func() { return func() { writeFile(t, filepath.Join(r.dir, "g", "items.csv"), text) } }
	sound, err := os.ReadFile(filepath.Join(r.dir, "g", "items.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, args string
		before     func()
		code       int
		want       string
	}{
		{"a chain", "relu.onnx g", nil, 1, "relu.onnx: its blocks cannot be told: "},
		{"no tensor", "blocks.onnx g --taps thre", nil, 2, `no tensor "thre"`},
		{"no match", "blocks.onnx g --taps x*", nil, 1, "strata taps lists the tensors"},
		{"a pooling that does not fit", "blocks.onnx g --pool cls", nil, 1, "no class token"},
		{"a pooling twice", "blocks.onnx g --pool gem,gem(3)", nil, 1, "asked for twice"},
		{"too many to keep", "blocks.onnx g --keep 6", nil, 1, "6 layers to keep, and the sweep has 5"},
		{"an unknown one to keep", "blocks.onnx g --keep five-gap", nil, 1, `layer "five-gap" to keep: no such layer in this sweep`},
		{"the demo", "blocks.onnx demo --keep 1", nil, 2, "--keep needs a folder"},
		{"a report nowhere", "blocks.onnx g --report", nil, 2, "--report needs --out"},
		{"one class asked for", "blocks.onnx g --label season", nil, 1, `label season has one class only, "winter"`},
		{"one class", "blocks.onnx g", table("id,image,season\na,p000.png,winter\nb,p001.png,winter\n"), 1, `label season has one class only, "winter"`},
		{"no label", "blocks.onnx g", table("id,image\na,p000.png\n"), 1, "no label column"},
		{"no picture", "blocks.onnx g", table("id,kind\na,x\nb,y\n"), 1, "no item has a picture"},
		{"no table", "blocks.onnx g", func() { os.Remove(filepath.Join(r.dir, "g", "items.csv")) }, 1, "strata items makes one"},
		{"no folder", "blocks.onnx nowhere", nil, 1, "nowhere: there is no such folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			writeFile(t, filepath.Join(r.dir, "g", "items.csv"), string(sound))
			if c.before != nil {
				c.before()
			}
			code, stdout, stderr := r.run(t, append([]string{"sweep", "--size", "16", "--range", "0,1"}, strings.Fields(c.args)...)...)
			if code != c.code || stdout != "" || !strings.Contains(stderr, c.want) || len(r.temporary(t)) > 0 {
				t.Errorf("exit code %d: %s%s", code, stdout, stderr)
			}
		})
	}
}

// TestSweepScript replays the sweep of the demo's network, and compares the table of the page
// with what it gives. On another processor the last bits of features may differ, and so
// may a few hits.
func TestSweepScript(t *testing.T) {
	need.Long(t)
	need.Network(t)
	needRuntime(t)
	dir := t.TempDir()
	cmd := program(t, dir)
	cmd.Path, cmd.Args = filepath.Join(need.Root(t), "experiments", "sweep.sh"), []string{"sweep.sh", "out"}
	cmd.Env = append(cmd.Env, "EVERY=6", "TMPDIR="+dir, "STRATA_INCEPTION="+filepath.Dir(need.Network(t)))
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "33 layers of 208 pictures") {
		t.Fatalf("%v: %s", err, out)
	}
	page, err := os.ReadFile(filepath.Join(need.Root(t), "experiments", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "| `mixed") || len(cells) != 7 {
			continue
		}
		rows++
		block := strings.Trim(cells[0], " `")
		for i, cell := range cells[1:] {
			layer, label := block+"-"+[]string{"gap", "max", "gem3"}[i%3], []string{"category", "pattern"}[i/3]
			got := sweptValue(t, filepath.Join(dir, "out", "sweep.csv"), layer, label)
			if want, err := strconv.ParseFloat(strings.TrimSpace(cell), 64); err != nil || math.Abs(got-want) > 0.01 {
				t.Errorf("%s of %s is %v, the page has %s", label, layer, got, cell)
			}
		}
	}
	if rows != 11 {
		t.Errorf("the page has %d blocks", rows)
	}
	left, err := filepath.Glob(filepath.Join(dir, "strata-sweep-*"))
	if err != nil || left != nil {
		t.Errorf("%s is left, %v", left, err)
	}
}

// sweptValue returns P@10 of a layer under a label.
func sweptValue(t *testing.T, path, layer, label string) float64 {
	t.Helper()
	for _, row := range sweptRows(t, path) {
		if row[3] == layer && row[5] == label {
			v, err := strconv.ParseFloat(row[6], 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("%s has no %s under %s", path, layer, label)
	return 0
}

// writeFile writes a file.
func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
