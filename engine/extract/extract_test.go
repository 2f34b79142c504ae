//go:build cgo

package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"strata/engine"
	"strata/engine/fence"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/native"
	"strata/engine/onnx"
	"strata/engine/picture"
	"strata/fixtures/need"
)

// photo is a picture of a seed, with smooth colours and a shape.
func photo(seed, w, h int) image.Image {
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	a, b, cx, cy := r.Float64(), r.Float64(), r.IntN(w), r.IntN(h)
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{uint8(a * 255 * float64(x) / float64(w)), uint8(b * 255 * float64(y) / float64(h)), uint8(x ^ y), 255}
			if (x-cx)*(x-cx)+(y-cy)*(y-cy) < w*h/9 {
				c.R, c.B = c.B, 255-c.R
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func encode(t testing.TB, name string, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	err := png.Encode(&b, m)
	if filepath.Ext(name) == ".jpg" {
		b.Reset()
		err = jpeg.Encode(&b, m, &jpeg.Options{Quality: 90})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pictureFolder writes n pictures and their items.csv into a folder.
func pictureFolder(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	table := "id,image,kind\n"
	for i := range n {
		name := fmt.Sprintf("p%03d%s", i, []string{".jpg", ".png"}[i%2])
		put(t, dir, name, encode(t, name, photo(i, 20+i%7, 16+i%5)))
		table += fmt.Sprintf("item %d,%s,%d\n", i, name, i%3)
	}
	put(t, dir, "items.csv", []byte(table))
	return dir
}

func put(t testing.TB, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// asked are the options of an extraction from the network of the tests.
func asked(t testing.TB, dir, model string) Options {
	t.Helper()
	o := Options{
		Gallery: dir, Model: model, Type: layer.Float16, Env: os.Getenv, Version: "test", every: 1,
		Preprocess: manifest.Preprocess{Size: 8, Range: []float64{0, 1}},
	}
	for _, text := range []string{"A=mixed:gap", "P=mixed:cov(20)", "L=logits"} {
		tap, err := onnx.ParseTap(text)
		if err != nil {
			t.Fatal(err)
		}
		tap.Seed = 3
		o.Taps = append(o.Taps, tap)
	}
	return o
}

// madeFiles returns all files of a gallery but those that it began with, by name.
func madeFiles(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		if ext := filepath.Ext(name); ext == ".jpg" || ext == ".png" || name == "items.csv" {
			return nil
		}
		data, err := os.ReadFile(path)
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// sameFiles compares what two extractions have made.
func sameFiles(t testing.TB, what, dir string, want map[string]string) {
	t.Helper()
	got := madeFiles(t, dir)
	for name, data := range want {
		if filepath.Ext(name) == ".yaml" { // the model's path depends on the folder
			data, got[name] = withoutPath(data), withoutPath(got[name])
		}
		if got[name] != data {
			t.Errorf("%s: %s differs", what, name)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s: %s is left over", what, name)
	}
}

func withoutPath(manifest string) string {
	var lines []string
	for line := range strings.Lines(manifest) {
		if !strings.HasPrefix(line, "  file: ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func extractAll(t testing.TB, o Options) *Summary {
	t.Helper()
	sum, err := Extract(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestExtract(t *testing.T) {
	model, dir := modelFile(t), pictureFolder(t, 23)
	o := asked(t, dir, model)
	sum := extractAll(t, o)
	if sum.Done != 23 || sum.Broken != 0 || !sum.Finished || !slices.Equal(sum.Layers, []string{"A", "P", "L"}) {
		t.Errorf("%+v", sum)
	}
	want := madeFiles(t, dir)
	for name, threads := range map[string]int{"one thread": 1, "five": 5} {
		again := asked(t, pictureFolder(t, 23), model)
		again.Threads = threads
		extractAll(t, again)
		sameFiles(t, name, again.Gallery, want)
	}

	g, err := engine.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	m := g.Manifest()
	if m.Layers["P"].Seed != 3 || m.Layers["P"].Pooling != "cov(20)" || m.Layers["L"].Pooling != "flat" || m.Layers["A"].Seed != 0 || m.Items.Rows != 23 {
		t.Errorf("%+v", m)
	}
	x, err := OpenExtractor(t.Context(), g, ExtractorOptions{Env: os.Getenv, Agree: agreed, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for row := range g.Len() {
		got, err := x.Features(t.Context(), filepath.Join(dir, g.Picture(row)))
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range g.Layers {
			stored := make([]float64, l.Dim)
			l.Widen(stored, row)
			for k, v := range stored {
				if float64(got[l.Name][k]) != v {
					t.Fatalf("row %d of %s: value %d is %v, extracted again %v", row, l.Name, k, v, got[l.Name][k])
				}
			}
		}
	}
	if p, err := x.Check(t.Context(), 5); err != nil || p.Pictures != 5 || p.Cosine < 0.9999999 || p.Difference != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	// Other pictures than those that made the gallery.
	for i := range 23 {
		name := g.Picture(i)
		put(t, dir, name, encode(t, name, photo(100+i, 20, 20)))
	}
	p, err := x.Check(t.Context(), 5)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("item %q, extracted again, has a cosine of", p.ID)) || p.Layer == "" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestExtractFloat32(t *testing.T) {
	model := modelFile(t)
	o := asked(t, pictureFolder(t, 4), model)
	o.Type = layer.Float32
	o.Preprocess.Range = []float64{-1e6, 1e6} // more than a float16 holds
	extractAll(t, o)
	g, err := engine.Open(t.Context(), o.Gallery)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if l, err := g.Layer("A"); err != nil || l.Type != layer.Float32 {
		t.Errorf("%+v, %v", l, err)
	}
	o.Force, o.Type = true, layer.Float16
	want := "none of 4 pictures could be extracted, and no layer is written: row 0, item"
	if _, err := Extract(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "more than a float16 holds") {
		t.Errorf("got %v", err)
	}
	m, err := manifest.Read(os.DirFS(o.Gallery), o.Gallery)
	if err != nil || len(m.Broken) != 0 || m.Layers["A"].Type != "float32" {
		t.Errorf("%+v, %v", m, err)
	}
}

// Without items.csv the pictures are the items.
func TestExtractFolder(t *testing.T) {
	model, dir := modelFile(t), t.TempDir()
	for _, sub := range []string{"knit", ".hidden"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"knit/b.png", "knit/a.jpg", "c.PNG", "same.png", "same.jpg", ".hidden/d.png"} {
		put(t, dir, name, encode(t, name, photo(len(name), 9, 9)))
	}
	put(t, dir, "notes.txt", []byte("no picture"))
	extractAll(t, asked(t, dir, model))
	got, err := os.ReadFile(filepath.Join(dir, "items.csv"))
	want := "id,image\nc,c.PNG\nknit/a,knit/a.jpg\nknit/b,knit/b.png\nsame.jpg,same.jpg\nsame.png,same.png\n"
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
	if _, err := Extract(t.Context(), asked(t, t.TempDir(), model)); err == nil || !strings.Contains(err.Error(), "neither an items table nor a picture") {
		t.Errorf("empty folder: %v", err)
	}
}

// Whatever write fails, as on a full disk, the next call ends in the same bytes.
func TestExtractFullDisk(t *testing.T) {
	need.Long(t)
	model := modelFile(t)
	whole := asked(t, pictureFolder(t, 6), model)
	extractAll(t, whole)
	want := madeFiles(t, whole.Gallery)
	dir := pictureFolder(t, 6)
	for fails := 0; ; fails++ {
		o := asked(t, dir, model)
		o.Threads = 2
		left := fails
		o.writeAt = func(f *os.File, b []byte, at int64) (int, error) {
			if left--; left < 0 {
				n, _ := f.WriteAt(b[:len(b)/2], at)
				return n, &fs.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
			}
			return f.WriteAt(b, at)
		}
		_, err := Extract(t.Context(), o)
		if err == nil {
			if fails < 3*6 {
				t.Errorf("only %d writes", fails)
			}
			break
		}
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no space left on device") {
			t.Fatalf("write %d: %v", fails, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "A.npy")); err == nil {
			t.Fatalf("write %d: a matrix is there that is not whole", fails)
		}
		extractAll(t, asked(t, dir, model))
		sameFiles(t, fmt.Sprintf("write %d", fails), dir, want)
		for name := range want {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// An interrupted extraction goes on with what it has, and only with its own recipe.
func TestExtractResume(t *testing.T) {
	model := modelFile(t)
	whole := asked(t, pictureFolder(t, 12), model)
	extractAll(t, whole)
	want := madeFiles(t, whole.Gallery)

	o := asked(t, pictureFolder(t, 12), model)
	ctx, cancel := context.WithCancel(t.Context())
	o.Threads = 1
	o.Progress = func(p Progress) {
		if p.Done == 5 {
			cancel()
		}
	}
	sum, err := Extract(ctx, o)
	var kept *KeptError
	if !errors.Is(err, context.Canceled) || !errors.As(err, &kept) || kept.Done < 5 || kept.Done > 11 || sum.Done != kept.Done {
		t.Fatalf("%+v, %v", sum, err)
	}
	o.Progress = nil
	for name, change := range map[string]func(*Options){
		"layer A was mixed:gap, seed 0, float16 and is mixed:max": func(o *Options) { o.Taps[0].Pooling.Op = onnx.Max },
		"preprocessing was":                 func(o *Options) { o.Preprocess.Filter = "nearest" },
		"layer L is missing":                func(o *Options) { o.Taps = o.Taps[:2] },
		"seed 3, float16 and is":            func(o *Options) { o.Taps[1].Seed = 4 },
		"layer B is new":                    func(o *Options) { o.Taps = append(o.Taps, onnx.Tap{Name: "B", Tensor: "mixed"}) },
		"and is mixed:gap, seed 0, float32": func(o *Options) { o.Type = layer.Float32 },
	} {
		other := o
		other.Taps = slices.Clone(o.Taps)
		change(&other)
		if _, err := Extract(t.Context(), other); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "--restart") {
			t.Errorf("%s: %v", name, err)
		}
	}
	rest := extractAll(t, o)
	if rest.Had != kept.Done {
		t.Errorf("went on with %d rows, %d were kept", rest.Had, kept.Done)
	}
	sameFiles(t, "resumed", o.Gallery, want)

	// --restart gives up another recipe.
	again := asked(t, pictureFolder(t, 12), model)
	again.Taps = again.Taps[:1]
	ctx, cancel = context.WithCancel(t.Context())
	again.Progress = func(Progress) { cancel() }
	if _, err := Extract(ctx, again); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	restart := asked(t, again.Gallery, model)
	restart.Restart = true
	extractAll(t, restart)
	sameFiles(t, "restarted", restart.Gallery, want)
}

// A part or a journal that is not what it should be is an error, and no crash.
func TestExtractDamage(t *testing.T) {
	model := modelFile(t)
	o := asked(t, pictureFolder(t, 8), model)
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(p Progress) {
		if p.Done >= 3 {
			cancel()
		}
	}
	if _, err := Extract(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	o.Progress = nil
	parts := filepath.Join(o.Gallery, ".strata", "extract")
	journal, err := os.ReadFile(filepath.Join(parts, journalName))
	if err != nil {
		t.Fatal(err)
	}
	part, err := os.ReadFile(filepath.Join(parts, "A.npy"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, file string
		data       []byte
		want       string
	}{
		{"short part", "A.npy", part[:len(part)-60], "it is not the part that the journal counts"},
		{"empty part", "A.npy", nil, "it is not the part"},
		{"other header", "A.npy", append([]byte("x"), part[1:]...), "it is not the part"},
		{"no line", journalName, []byte("{"), "it has no first line (--restart"},
		{"no JSON", journalName, append([]byte("x"), journal...), journalName + ":1: "},
	} {
		was, err := os.ReadFile(filepath.Join(parts, c.file))
		if err != nil {
			t.Fatal(err)
		}
		put(t, parts, c.file, c.data)
		if _, err := Extract(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, not %q", c.name, err, c.want)
		}
		put(t, parts, c.file, was)
	}
	put(t, parts, journalName, append(journal, []byte(`{"done":7,"bro`)...)) // the kill of a line
	extractAll(t, o)
	whole := asked(t, pictureFolder(t, 8), model)
	extractAll(t, whole)
	sameFiles(t, "torn line", o.Gallery, madeFiles(t, whole.Gallery))
}

// A kill while the finished layers are put into their places.
func TestExtractPublishAgain(t *testing.T) {
	model := modelFile(t)
	whole := asked(t, pictureFolder(t, 5), model)
	extractAll(t, whole)
	want := madeFiles(t, whole.Gallery)
	for moved := range 5 { // layers in their places, then gallery.yaml
		o := asked(t, pictureFolder(t, 5), model)
		x := &extraction{Options: o, dir: o.Gallery, files: os.DirFS(o.Gallery)}
		if err := os.Mkdir(filepath.Join(o.Gallery, ".strata"), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := x.prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		parts := fence.In(o.Gallery, partsFolder)
		p, err := x.openParts(t.Context(), parts)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.rows(t.Context(), p, &Summary{}); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(p.close(), x.pipeline.close(), x.items.Close()); err != nil {
			t.Fatal(err)
		}
		for _, l := range o.Taps[:min(moved, 3)] {
			if err := os.Rename(filepath.Join(parts.Path(), l.Name+".npy"), x.place(l.Name)); err != nil {
				t.Fatal(err)
			}
		}
		if moved == 4 {
			content, err := x.manifest(nil)
			if err != nil {
				t.Fatal(err)
			}
			put(t, o.Gallery, "gallery.yaml", content)
		}
		extractAll(t, o)
		sameFiles(t, fmt.Sprintf("%d in their places", moved), o.Gallery, want)
	}
}

// Kills at random moments end in the same bytes.
func TestExtractKill(t *testing.T) {
	need.Long(t)
	const kills, pictures = 10, 100
	model := modelFile(t)
	whole := asked(t, pictureFolder(t, pictures), model)
	extractAll(t, whole)
	want := madeFiles(t, whole.Gallery)
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1)) // any moment will do
	o, done := asked(t, pictureFolder(t, pictures), model), 0
	for n := range kills {
		killExtraction(t, o.Gallery, model, 1+random.IntN(pictures/4))
		had, lines, err := readJournal(fence.In(o.Gallery, partsFolder))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(o.Gallery, manifest.FileName)); had == nil && err == nil { // it was killed behind its last act
			t.Logf("kill %d: nothing was left to do", n)
			sameFiles(t, "killed at the end", o.Gallery, want)
			o, done = asked(t, pictureFolder(t, pictures), model), 0
			continue
		}
		if len(lines) == 0 || lines[len(lines)-1].Done < done {
			t.Fatalf("kill %d: %d rows were done, now %v", n, done, lines)
		}
		done = lines[len(lines)-1].Done
		t.Logf("kill %d: %d of %d rows are done", n, done, pictures)
	}
	if done == 0 {
		return
	}
	if sum := extractAll(t, o); sum.Had != done {
		t.Errorf("went on with %d rows, %d were done", sum.Had, done)
	}
	sameFiles(t, "after the kills", o.Gallery, want)
}

// killExtraction runs an extraction in a process of its own and kills it after so
// many rows, or soon after: it goes on meanwhile.
func killExtraction(t *testing.T, dir, model string, rows int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestExtractChild$")
	cmd.Env = append(os.Environ(), extractVariable+"="+dir, "STRATA_ONNX_MODEL="+model)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for b := make([]byte, 1); rows > 0; rows-- { // a byte a row
		if n, _ := out.Read(b); n == 0 {
			break // it has ended
		}
	}
	_ = cmd.Process.Kill() // fails if it has ended
	_ = cmd.Wait()         // says that it was killed
}

// An extraction writes nothing to the terminal and nothing outside the gallery's
// folder.
func TestExtractQuiet(t *testing.T) {
	model, dir, home := modelFile(t), pictureFolder(t, 4), t.TempDir()
	l, err := native.FindLibrary("", os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestExtractChild$")
	cmd.Env = []string{
		extractVariable + "=" + dir, "STRATA_ONNX_MODEL=" + model, native.LibraryVariable + "=" + l.Path,
		"HOME=" + home, "TMPDIR=" + home, "XDG_CACHE_HOME=" + home,
	}
	cmd.Dir = home
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Trim(string(out), ".") != "" {
		t.Errorf("%v, and it wrote %q", err, out)
	}
	if left, err := os.ReadDir(home); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	var names []string
	for name := range madeFiles(t, dir) {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{".strata/extract.lock", "A.npy", "L.npy", "P.npy", "gallery.yaml"}; !slices.Equal(names, want) {
		t.Errorf("it made %v, not %v", names, want)
	}
}

// extractChild extracts in a process of its own, and writes a byte a row.
func extractChild(dir string) int {
	o := Options{
		Gallery: dir, Model: os.Getenv("STRATA_ONNX_MODEL"), Type: layer.Float16, Env: os.Getenv, Version: "test", every: 1,
		Preprocess: manifest.Preprocess{Size: 8, Range: []float64{0, 1}},
		Told:       Told{Progress: func(Progress) { _, _ = os.Stdout.WriteString(".") }},
	}
	for _, text := range []string{"A=mixed:gap", "P=mixed:cov(20)", "L=logits"} {
		tap, err := onnx.ParseTap(text)
		if err != nil {
			return 2
		}
		tap.Seed = 3
		o.Taps = append(o.Taps, tap)
	}
	if _, err := Extract(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func TestExtractTwice(t *testing.T) {
	model, dir := modelFile(t), pictureFolder(t, 3)
	o := asked(t, dir, model)
	extractAll(t, o)
	if _, err := Extract(t.Context(), o); err == nil || !strings.Contains(err.Error(), "A.npy is there; --force replaces it") {
		t.Errorf("again: %v", err)
	}
	was := madeFiles(t, dir)
	o.Force = true
	extractAll(t, o)
	sameFiles(t, "replaced", dir, was)

	more := asked(t, dir, model)
	more.Taps = []onnx.Tap{{Name: "B", Tensor: "relu1"}}
	extractAll(t, more) // the records of the others stay
	m, err := manifest.Read(os.DirFS(dir), dir)
	if err != nil || len(m.Layers) != 4 || m.Layers["A"].Tap != "mixed" || m.Layers["B"].Tap != "relu1" {
		t.Errorf("%+v, %v", m, err)
	}
	more.Taps = []onnx.Tap{{Name: "D", Tensor: "relu1"}}
	more.Preprocess.Filter = "nearest"
	if _, err := Extract(t.Context(), more); err == nil || !strings.Contains(err.Error(), "of another model or preprocessing") {
		t.Errorf("another preprocessing: %v", err)
	}
	unlock, err := lockGallery(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, err := Extract(t.Context(), o); err == nil || !strings.Contains(err.Error(), "another extraction into this gallery is running") {
		t.Errorf("locked: %v", err)
	}
}

// shorten leaves only the first n items in a gallery's table, and returns the
// whole table.
func shorten(t *testing.T, dir string, n int) (whole []byte) {
	t.Helper()
	whole, err := os.ReadFile(filepath.Join(dir, "items.csv"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "items.csv", bytes.Join(bytes.SplitAfter(whole, []byte("\n"))[:n+1], nil))
	return whole
}

func TestExtractAppend(t *testing.T) {
	model := modelFile(t)
	whole := asked(t, pictureFolder(t, 14), model)
	extractAll(t, whole)
	want := madeFiles(t, whole.Gallery)

	dir := pictureFolder(t, 14)
	all := shorten(t, dir, 9)
	extractAll(t, asked(t, dir, model))
	added := Options{Gallery: dir, Append: true, Env: os.Getenv, Agree: agreed, Version: "test", every: 1}
	if sum := extractAll(t, added); sum.Done != 9 || sum.Had != 9 {
		t.Errorf("nothing to do: %+v", sum)
	}
	old := madeFiles(t, dir)
	marked := []byte(old["A.npy"])
	marked[len(marked)-3] ^= 1 // a bit of the last old row, which shows whether that is kept
	put(t, dir, "A.npy", marked)
	put(t, dir, "items.csv", all)

	ctx, cancel := context.WithCancel(t.Context())
	interrupted := added
	interrupted.Progress = func(p Progress) { cancel() }
	if _, err := Extract(ctx, interrupted); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if sum := extractAll(t, added); sum.Done != 14 || sum.Had < 10 {
		t.Errorf("%+v", sum)
	}
	got := madeFiles(t, dir)
	row := []byte(want["A.npy"])
	row[128+9*11*2-3] ^= 1
	want["A.npy"] = string(row)
	sameFiles(t, "extended", dir, want)
	if !strings.HasPrefix(got["A.npy"][128:], string(marked[128:])) {
		t.Error("the old rows are other bytes")
	}
}

func TestExtractAppendErrors(t *testing.T) {
	model, dir := modelFile(t), pictureFolder(t, 6)
	o := Options{Gallery: dir, Append: true, Env: os.Getenv, Agree: agreed, Version: "test"}
	fails := func(what, want string) {
		t.Helper()
		if _, err := Extract(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %q", what, err, want)
		}
	}
	fails("no record", "records no extraction that could be extended")
	all := shorten(t, dir, 4)
	extractAll(t, asked(t, dir, model))
	put(t, dir, "items.csv", bytes.Replace(all, []byte("item 2,"), []byte("item x,"), 1))
	fails("other ids", "the ids of its first 4 items are not those")
	put(t, dir, "items.csv", bytes.Join(bytes.SplitAfter(all, []byte("\n"))[:3], nil))
	fails("fewer items", "has 2 items, gallery.yaml records 4")
	put(t, dir, "items.csv", all)
	moved := filepath.Join(t.TempDir(), "moved.onnx")
	if err := os.Rename(model, moved); err != nil {
		t.Fatal(err)
	}
	fails("moved model", "the gallery's model is not there; name its file by --model or STRATA_MODEL")
	o.Model = saveModel(t, append(networkBytes(t), protoBytes(6, []byte("documentation"))...))
	fails("other model", "is another model than the gallery's: it has SHA-256")
	o.Model = moved
	matrix, err := os.ReadFile(filepath.Join(dir, "A.npy"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "A.npy", matrix[:len(matrix)-2])
	fails("cut matrix", "it is truncated")
	put(t, dir, "A.npy", matrix)
	if sum := extractAll(t, o); sum.Done != 6 || sum.Had != 4 {
		t.Errorf("%+v", sum)
	}
}

// TestExtractAppendLinks: of an extraction all files of the gallery are read inside its folder,
// unless links are followed.
func TestExtractAppendLinks(t *testing.T) {
	model := modelFile(t)
	for _, name := range []string{"A.npy", "gallery.yaml"} {
		dir, outside := pictureFolder(t, 6), filepath.Join(t.TempDir(), "outside")
		all := shorten(t, dir, 4)
		extractAll(t, asked(t, dir, model))
		put(t, dir, "items.csv", all)
		if err := errors.Join(os.Rename(filepath.Join(dir, name), outside), os.Symlink(outside, filepath.Join(dir, name))); err != nil {
			t.Fatal(err)
		}
		o := Options{Gallery: dir, Append: true, Env: os.Getenv, Agree: agreed, Version: "test"}
		if name == "gallery.yaml" { // what it says is not even parsed
			o.Agree = func(context.Context, NamedModel) error { return errors.New("it was read") }
		}
		want := filepath.Join(dir, name) + ": " + layer.ErrOutside.Error()
		if _, err := Extract(t.Context(), o); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
		o.FollowLinks, o.Agree = true, agreed
		if sum := extractAll(t, o); sum.Done != 6 || sum.Had != 4 {
			t.Errorf("%s: %+v", name, sum)
		}
	}
	dir, outside := pictureFolder(t, 3), filepath.Join(t.TempDir(), "outside")
	if err := errors.Join(os.WriteFile(outside, []byte("secret: 1\n"), 0o666), os.Symlink(outside, filepath.Join(dir, "gallery.yaml"))); err != nil {
		t.Fatal(err)
	}
	if _, err := Extract(t.Context(), asked(t, dir, model)); err == nil || strings.Contains(err.Error(), "secret") || !errors.Is(err, layer.ErrOutside) {
		t.Errorf("a new extraction: %v", err)
	}
}

// TestExtractSoftware: decoder and integers are those of the rows that are there, once no row
// of another extraction is.
func TestExtractSoftware(t *testing.T) {
	model, dir := modelFile(t), pictureFolder(t, 3)
	other := saveModel(t, append(networkBytes(t), protoBytes(6, []byte("documentation"))...))
	o := asked(t, dir, model)
	extractAll(t, o)
	record := func(decoder int) *manifest.SoftwareRecord {
		t.Helper()
		m, err := manifest.Read(os.DirFS(dir), dir)
		if err != nil {
			t.Fatal(err)
		}
		if decoder > 0 { // as another version records it
			m.Software.Decoder, m.Software.Integers = decoder, "exact"
			b, err := m.Encode()
			if err != nil {
				t.Fatal(err)
			}
			put(t, dir, "gallery.yaml", b)
		}
		return m.Software
	}
	const old = picture.Decoder + 7
	record(old)
	o.Force, o.Taps = true, o.Taps[:1]
	extractAll(t, o)
	if s := record(0); s.Decoder != old || s.Integers != "exact" {
		t.Errorf("with layers that stay: %+v", s)
	}
	o.Model = other
	extractAll(t, o)
	if s := record(0); s.Decoder != picture.Decoder || s.Integers != "" {
		t.Errorf("without: %+v", s)
	}
}

func BenchmarkExtract(b *testing.B) {
	extractRuntime(b)
	model, dir := need.Network(b), b.TempDir()
	const n = 48
	table := "id,image\n"
	for i := range n {
		name := fmt.Sprintf("p%d.jpg", i)
		put(b, dir, name, encode(b, name, photo(i, 400, 400)))
		table += fmt.Sprintf("%d,%s\n", i, name)
	}
	put(b, dir, "items.csv", []byte(table))
	for name, taps := range map[string][]string{"A": {"A=mixed0"}, "A+B+C": {"A=mixed0", "B=mixed7", "C=mixed10"}} {
		b.Run(name, func(b *testing.B) {
			o := Options{Gallery: dir, Model: model, Preset: "unit", Type: layer.Float16, Env: os.Getenv, Force: true}
			for _, text := range taps {
				tap, err := onnx.ParseTap(text)
				if err != nil {
					b.Fatal(err)
				}
				o.Taps = append(o.Taps, tap)
			}
			var wall, decode, infer time.Duration
			for b.Loop() {
				sum, err := Extract(b.Context(), o)
				if err != nil {
					b.Fatal(err)
				}
				wall, decode, infer = wall+sum.Wall, decode+sum.Decode, infer+sum.Inference
			}
			pictures := float64(b.N * n)
			b.ReportMetric(pictures/wall.Seconds(), "images/s")
			b.ReportMetric(decode.Seconds()*1e3/pictures, "ms-decode/image")
			b.ReportMetric(infer.Seconds()*1e3/pictures, "ms-inference/image")
			b.ReportMetric(wall.Seconds()*float64(runtime.GOMAXPROCS(0))/(decode+infer).Seconds(), "wall/ideal")
		})
	}
}
