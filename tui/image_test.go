package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/adrg/xdg"
	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	"strata/experiments"
	"strata/experiments/check"
	"strata/fixtures"
	"strata/fixtures/product"
	"strata/tui/cells"
	"strata/tui/pane"
	"strata/tui/picture"
	"strata/tui/prompt"
)

// lab computes features of new pictures from their bytes: those of an item, and a little more.
type lab struct {
	g     *engine.Gallery
	taken int
	fail  error  // of opening
	leave string // a layer without features
	take  func() // runs while a picture is read
}

func (l *lab) open(_ context.Context, g *engine.Gallery) (check.Extractor, error) {
	l.g = g
	return l, l.fail
}

func (l *lab) Check(_ context.Context, n int) (check.Parity, error) {
	return check.Parity{Pictures: n, Cosine: .99999982, Layer: "B", ID: "knit-cap-0007", Difference: 3.1e-7}, nil
}

func (l *lab) Features(_ context.Context, path string) (map[string][]float32, error) {
	l.taken++
	if l.take != nil {
		l.take()
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	h := fnv.New64a()
	h.Write(file)
	row := int(h.Sum64() % uint64(l.g.Len()))
	features := map[string][]float32{}
	for _, layer := range l.g.Layers {
		if layer.Name == l.leave {
			continue
		}
		wide := make([]float64, layer.Dim)
		layer.Widen(wide, row)
		v := make([]float32, layer.Dim)
		for i, x := range wide {
			v[i] = float32(x) + float32(i%7)/256
		}
		features[layer.Name] = v
	}
	return features, nil
}

func (l *lab) Recipe() string { return "lab" }
func (l *lab) Close() error   { return nil }

// openLab opens the built-in gallery on a screen of the size, with a new picture beside it, and moves to the folder of
// the picture, so that its path is short.
func openLab(t *testing.T, l *lab, cols, rows int, graphics picture.Graphics) *desktop {
	t.Helper()
	t.Cleanup(xdg.Reload) // after the variable is what it was
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	xdg.Reload()
	dir := t.TempDir()
	for name, seed := range map[string]uint64{"photo.jpg": 5, "photo-2.jpg": 6} {
		if err := os.WriteFile(filepath.Join(dir, name), product.JPEG(seed, 300, 400), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return openStudio(t, demo{fixtures.Demo()}, demoThumbs(graphics), cols, rows, graphics, l.open)
}

// here returns the absolute path of a file in the working folder.
func here(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestImageKeys(t *testing.T) {
	l := &lab{}
	d := openLab(t, l, 120, 40, picture.GraphicsSixel)
	path := here(t, "photo.jpg")
	d.press("n n n o text:" + path + " enter")
	if d.m.Shown.Image != path || d.m.Shown.Picture == nil || len(d.m.Shown.Rankings) != 4 {
		t.Fatalf("the query is %q, %v", d.m.Shown.Image, d.m.Shown.Picture)
	}
	d.wantSteps("query   "+d.m.gallery.ID(3), "search  10", "image   "+path, "search  10")
	for _, want := range []string{"photo.jpg", "new picture, not in the", "parity of 8 pictures:", "saved 14:02:11"} {
		d.wantScreen(want)
	}
	if got := d.picture(); strings.ContainsAny(got, "○◆◇") {
		t.Errorf("nothing is a hit or a miss of a picture without labels:\n%s", got)
	}

	// Sliding does not compute its features again.
	d.press("down down down left left")
	d.fire()
	d.wantSteps("schemes A, B, C, 0.9*A+B+C", "search  10")
	if l.taken != 1 {
		t.Errorf("the features were computed %d times", l.taken)
	}

	// The parts of a hit are those of the picture.
	d.press("enter")
	h, _ := d.m.CursorHit()
	var sum, weights float64
	for _, c := range d.m.Parts.Cosines {
		for _, term := range d.m.Focused().Terms {
			if term.Factor.String() == c.Layer {
				sum, weights = sum+term.Weight*c.Value, weights+term.Weight
			}
		}
	}
	if cells.Number(sum/weights, 9) != cells.Number(h.Score, 9) {
		t.Errorf("the parts add up to %g, the score is %g", sum/weights, h.Score)
	}
	d.wantScreen("query photo.jpg")
	d.press("esc")

	// Next goes on from the item before.
	d.press("n")
	if d.m.Shown.Image != "" || d.m.Shown.Query != 4 {
		t.Errorf("after the picture comes row %d, %q", d.m.Shown.Query, d.m.Shown.Image)
	}
	d.wantSteps("query   "+d.m.gallery.ID(4), "search  10")
	d.wantScreen("5/1,248")
	d.press(": text:image_photo.jpg enter p")
	if d.m.Shown.Image != "" || d.m.Shown.Query != 3 {
		t.Errorf("before the picture comes row %d, %q", d.m.Shown.Query, d.m.Shown.Image)
	}
	d.wantSteps("image   "+path, "search  10", "query   "+d.m.gallery.ID(3), "search  10")
	d.press("o text:photo-2.jpg enter g text:" + d.m.gallery.ID(3) + " enter")
	if d.m.Shown.Image != "" || d.m.Shown.Query != 3 {
		t.Errorf("going to the item before leads to row %d, %q", d.m.Shown.Query, d.m.Shown.Image)
	}
	if l.taken != 2 {
		t.Errorf("the features of two pictures were computed %d times", l.taken)
	}
}

// TestImageAndTheRest does everything else with a picture as the query, at many sizes.
func TestImageAndTheRest(t *testing.T) {
	d := openLab(t, &lab{}, 120, 40, picture.GraphicsSixel)
	d.press("o text:photo.jpg enter")
	for _, keys := range []string{
		"c", "c", "c", "l down space esc", "L down space esc", "E", ": text:filter_category=knit-cap enter", "enter", "right enter",
		"o text:photo.jpg enter", "space", "a text:pattern enter", "x", "/ text:cap enter", "o text:photo-2.jpg enter", "N text:fine enter",
		"X ctrl+u text:rankings.csv enter", "y", "?", "esc", "r", "o text:photo.jpg enter enter", "esc : text:filter_none enter",
	} {
		d.press(keys)
		d.fire()
		if p := d.m.status.Problem; p != "" {
			t.Errorf("%s: %s", keys, p)
		}
		for _, size := range []picture.Box{
			{Cols: 20, Rows: 4},
			{Cols: 40, Rows: 10},
			{Cols: 79, Rows: 23},
			{Cols: 80, Rows: 24},
			{Cols: 109, Rows: 30},
			{Cols: 110, Rows: 31},
			{Cols: 200, Rows: 60},
		} {
			next, _ := d.m.Update(tea.WindowSizeMsg{Width: size.Cols, Height: size.Rows})
			at := *d
			at.m = next.(Model)
			at.picture()
		}
	}
	if !strings.Contains(d.log.String(), "\nimage   "+here(t, "photo-2.jpg")+"\n") {
		t.Error("the second picture is not in the log")
	}
}

func TestImageFaults(t *testing.T) {
	l := &lab{fail: errors.New("gallery.yaml: the model is not there; name it by --model")}
	d := openLab(t, l, 120, 40, picture.GraphicsSixel)
	before := d.log.String()
	for _, c := range []struct{ text, want string }{
		{"photo.jpg", "the model is not there; name it by --model"},
		{"none.jpg", "none.jpg: there is no such picture"},
		{".", "a picture is a file, this is a folder"},
		{"notes.txt", "notes.txt: not a picture that can be read"},
	} {
		if err := os.WriteFile("notes.txt", []byte("no picture"), 0o666); err != nil {
			t.Fatal(err)
		}
		d.press("n o text:" + c.text + " enter")
		d.wantProblem(c.want)
		if d.m.Shown.Image != "" || d.m.Desk.Image != "" || d.m.Shown.Rankings == nil {
			t.Errorf("%s: the screen shows %q", c.text, d.m.Shown.Image)
		}
		d.press("esc p")
	}
	if strings.Contains(d.log.String()[len(before):], "image") {
		t.Errorf("the log holds what failed:\n%s", d.log)
	}
	l.fail, l.leave = nil, "C"
	d.press("o text:photo.jpg enter")
	d.wantProblem("has no vector for layer C, only for A, B, mixed8, pattern: leave the layer out of the scheme")
	d.press("esc x x x o text:photo.jpg enter")
	d.wantProblem("layer C")
	d.press("esc e ctrl+u text:B enter o text:photo.jpg enter enter")
	if d.m.Shown.Picture == nil {
		t.Error("the picture is no query for the layers that it has")
	}
	d.wantScreen("C 2048")
}

// TestImageTakesItsTime looks at the screen while the features are computed, and when that fails after the old answer
// had to give way.
func TestImageTakesItsTime(t *testing.T) {
	l := &lab{}
	d := openLab(t, l, 80, 24, picture.GraphicsSixel)
	var status string
	l.take = func() {
		d.fire()
		status = d.status()
		d.golden("80x24-image-computing")
	}
	d.press("n o text:photo.jpg enter")
	if !strings.HasPrefix(status, "computing the features of photo.jpg") {
		t.Errorf("the status was %q", status)
	}
	d.wantStatus("saved 14:02:11")
	d.fire() // the screen is not at it any more
	d.wantStatus("saved 14:02:11")

	d.press("n")
	row, schemes := d.m.Shown.Query, d.schemes()
	l.take = func() {
		if err := os.WriteFile("photo-2.jpg", flatPicture(t, 3, 3, color.White), 0o666); err != nil {
			t.Fatal(err)
		}
		d.fire()
	}
	d.press("o text:photo-2.jpg enter")
	d.wantProblem("photo-2.jpg: the file was changed while it was read")
	if d.m.Shown.Query != row || d.m.Shown.Image != "" || d.m.Shown.Rankings == nil || d.schemes() != schemes {
		t.Errorf("the screen shows %q, row %d", d.m.Shown.Image, d.m.Shown.Query)
	}
	d.press("esc n")
	if d.m.Shown.Query != row+1 {
		t.Errorf("next leads to row %d, want %d", d.m.Shown.Query, row+1)
	}
}

func TestImageWithoutExtractor(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	path := filepath.Join(t.TempDir(), "a.png")
	if err := os.WriteFile(path, flatPicture(t, 2, 2, color.White), 0o666); err != nil {
		t.Fatal(err)
	}
	d.press("o text:" + path + " enter")
	d.wantProblem(experiments.ErrNoExtractor.Error())
}

// TestImageOfSession opens the screen of a session whose query is a picture already.
func TestImageOfSession(t *testing.T) {
	d := openLab(t, &lab{}, 120, 40, picture.GraphicsSixel)
	d.press("n o text:photo.jpg enter")
	m, err := NewModel(t.Context(), d.m.c)
	if err != nil {
		t.Fatal(err)
	}
	d.m = m
	d.do(m.Init())
	if d.m.Shown.Image != here(t, "photo.jpg") || d.m.Shown.Picture == nil || d.m.Shown.Rankings == nil {
		t.Errorf("the screen shows %q", d.m.Shown.Image)
	}
}

func TestImageGolden(t *testing.T) {
	for _, tc := range []struct {
		name       string
		cols, rows int
		graphics   picture.Graphics
		keys       string
	}{
		{"80x24-image", 80, 24, picture.GraphicsSixel, ""},
		{"140x45-image", 140, 45, picture.GraphicsSixel, ""},
		{"140x45-image-hit", 140, 45, picture.GraphicsSixel, "down down down enter right"},
		{"140x45-image-evaluated", 140, 45, picture.GraphicsSixel, "E"},
		{"80x24-image-text", 80, 24, picture.GraphicsNone, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := openLab(t, &lab{}, tc.cols, tc.rows, tc.graphics)
			d.press("o text:photo.jpg enter " + tc.keys)
			d.golden(tc.name)
		})
	}
}

func TestPathPrompt(t *testing.T) {
	d := openLab(t, &lab{}, 80, 24, picture.GraphicsNone)
	if err := os.MkdirAll("pictures/of shirts", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("pictures/of shirts/é.PNG", flatPicture(t, 2, 2, color.White), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("pictures.txt", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	d.press("o text:ph tab")
	if got := d.m.prompt.Input.Value(); got != "photo" {
		t.Errorf("tab continues ph to %q", got)
	}
	d.wantScreen("photo-2.jpg  photo.jpg  tab continues")
	d.press("text:x")
	d.wantScreen("no folder or picture begins so")
	d.press("tab ctrl+u text:pi tab tab tab")
	want := filepath.Join("pictures", "of shirts", "é.PNG")
	if got := d.m.prompt.Input.Value(); got != want {
		t.Errorf("tab continues pi to %q", got)
	}
	d.press("enter")
	d.wantSteps(fmt.Sprintf("image   %q", here(t, want)), "search  10")
	d.press("o esc o enter")
	if d.m.prompt.Kind != prompt.None {
		t.Error("an empty path leaves the prompt open")
	}
}

// TestAddedPictures looks whether added pictures are kept apart from the items' and from one another.
func TestAddedPictures(t *testing.T) {
	g, err := engine.OpenFS(t.Context(), "demo", fstest.MapFS{
		"items.csv": {Data: []byte("id,image\none,a.png\n")},
		"A.npy":     {Data: matrixFile([][]float32{{1, 0}})},
		"a.png":     {Data: flatPicture(t, 4, 4, color.Black)},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	thumbs := picture.NewThumbs(itemPictures(g), 1, picture.Terminal{Graphics: picture.GraphicsSixel, CellW: 8, CellH: 17}, picture.Options{})
	dir := t.TempDir()
	s := experiments.NewSession(experiments.Options{Dir: dir})
	defer s.Close()
	box := picture.Box{Cols: 4, Rows: 2}
	seen := [][]byte{}
	for i, c := range []color.Color{color.Black, color.White, color.Gray{128}} {
		row := 0
		if i > 0 {
			name := fmt.Sprintf("%d.png", i)
			if err := os.WriteFile(filepath.Join(dir, name), flatPicture(t, 4, 4, c), 0o666); err != nil {
				t.Fatal(err)
			}
			row = withImage(pane.Desk{}, name, thumbs, s).Picture()
		}
		p, err := thumbs.Picture(t.Context(), row, box, picture.QualityLarge)
		if err != nil || p.Err != nil || p.Bytes == nil {
			t.Fatalf("%d: %v, %v", row, err, p.Err)
		}
		if slices.ContainsFunc(seen, func(b []byte) bool { return bytes.Equal(b, p.Bytes) }) {
			t.Errorf("picture %d is like another", row)
		}
		seen = append(seen, p.Bytes)
	}
	row := withImage(pane.Desk{}, "none.png", thumbs, s).Picture()
	if p, err := thumbs.Picture(t.Context(), row, box, picture.QualityLarge); err != nil || p.Err == nil {
		t.Errorf("a picture that is not there: %v, %v", err, p.Err)
	}
	if p, err := thumbs.Picture(t.Context(), row+1, box, picture.QualityLarge); err != nil || p.Err == nil {
		t.Errorf("a number without a picture: %v, %v", err, p.Err)
	}
}
