package tui

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"strata/engine"
	"strata/engine/manifest"
	"strata/experiments"
	"strata/experiments/check"
	"strata/experiments/script"
	"strata/fixtures"
	"strata/tui/cells"
	"strata/tui/picture"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// testdata is the folder of the golden files, whatever the working folder of a test.
var testdata = func() string {
	path, err := filepath.Abs("testdata")
	if err != nil {
		panic(err)
	}
	return path
}()

// desktop drives a Model without a program: commands run at once, and what would come later is kept until it is fired.
type desktop struct {
	t   *testing.T
	m   Model
	log *strings.Builder
	due *[]tea.Msg
}

// openDesktop opens the built-in gallery on a screen of the size.
func openDesktop(t *testing.T, cols, rows int, graphics picture.Graphics) *desktop {
	t.Helper()
	return openGallery(t, demo{fixtures.Demo()}, demoThumbs(graphics), cols, rows, graphics)
}

// demo is the built-in gallery without the schemes of its gallery.yaml: the screen begins with layers and their sum.
type demo struct{ fs.FS }

func (f demo) Open(name string) (fs.File, error) {
	if name != manifest.FileName {
		return f.FS.Open(name)
	}
	text, err := fs.ReadFile(f.FS, name)
	if err != nil {
		return nil, err
	}
	lines := strings.SplitAfter(string(text), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "schemes:") })
	return fstest.MapFS{name: {Data: []byte(strings.Join(lines, ""))}}.Open(name)
}

// demoThumbs are the built-in gallery's pictures for tests, by graphics; tests share what is made once.
var demoThumbs = func() func(picture.Graphics) *picture.Thumbs {
	var mu sync.Mutex
	made := map[picture.Graphics]*picture.Thumbs{}
	return func(graphics picture.Graphics) *picture.Thumbs {
		mu.Lock()
		defer mu.Unlock()
		if made[graphics] == nil {
			g, err := engine.OpenFS(context.Background(), "demo", fixtures.Demo())
			if err != nil {
				panic(err)
			}
			made[graphics] = picture.NewThumbs(itemPictures(g), g.Len(), picture.Terminal{Graphics: graphics, CellW: 8, CellH: 17}, picture.Options{})
		}
		return made[graphics]
	}
}()

// openGallery opens a gallery on a screen of the size. thumbs are its pictures, if they are shared.
func openGallery(t *testing.T, files fs.FS, thumbs *picture.Thumbs, cols, rows int, graphics picture.Graphics) *desktop {
	t.Helper()
	return openStudio(t, files, thumbs, cols, rows, graphics, nil)
}

// openStudio is openGallery with what computes the features of new pictures.
func openStudio(t *testing.T, files fs.FS, thumbs *picture.Thumbs, cols, rows int, graphics picture.Graphics,
	extractor func(context.Context, *engine.Gallery) (check.Extractor, error),
) *desktop {
	t.Helper()
	return openSession(t, experiments.Options{
		Open: func(ctx context.Context, name string) (*engine.Gallery, error) {
			return engine.OpenFS(ctx, name, files)
		},
		Extractor: extractor,
	}, thumbs, cols, rows, graphics)
}

// openSession is openStudio with other options of the session, the rest of which it sets.
func openSession(t *testing.T, o experiments.Options, thumbs *picture.Thumbs, cols, rows int, graphics picture.Graphics) *desktop {
	t.Helper()
	log := &strings.Builder{}
	d := &desktop{t: t, log: log, due: &[]tea.Msg{}}
	now := func() time.Time { return time.Date(2026, 1, 2, 14, 2, 11, 0, time.UTC) }
	o.Dir = t.TempDir()
	if o.Extractor != nil {
		o.Dir = "" // the working folder, to which paths are completed
	}
	o.Budget, o.Log, o.Now, o.SkipContent = 64<<20, log, now, true
	session := experiments.NewSession(o)
	t.Cleanup(func() {
		if err := session.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := session.Do(t.Context(), script.Gallery{Name: "demo"}); err != nil {
		t.Fatal(err)
	}
	m, err := NewModel(t.Context(), Config{
		Session:  session,
		Terminal: picture.Terminal{Graphics: graphics, CellW: 8, CellH: 17, Cols: cols, Rows: rows, Profile: termenv.Ascii},
		Now:      now, LogPath: "session.strata",
	})
	if err != nil {
		t.Fatal(err)
	}
	if thumbs != nil {
		m.thumbs = thumbs
	}
	m.styles = cells.NewStyles(termenv.Ascii, true, true)
	dress(&m)
	m.later = func(_ time.Duration, msg tea.Msg) tea.Cmd {
		*d.due = append(*d.due, msg)
		return nil
	}
	d.m = m
	d.do(m.Init())
	d.send(tea.WindowSizeMsg{Width: cols, Height: rows})
	return d
}

// send gives the model a message and runs what it asks for, until nothing is left.
func (d *desktop) send(msg tea.Msg) {
	next, cmd := d.m.Update(msg)
	d.m = next.(Model)
	d.do(cmd)
}

// do runs a command and sends its message.
func (d *desktop) do(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil, tea.QuitMsg, tea.SuspendMsg:
	case tea.BatchMsg:
		for _, c := range msg {
			d.do(c)
		}
	default:
		if v := reflect.ValueOf(msg); v.Type() == reflect.TypeOf(tea.Sequence(tea.Quit, tea.Quit)()) {
			for i := range v.Len() {
				d.do(v.Index(i).Interface().(tea.Cmd))
			}
			return
		}
		if fmt.Sprintf("%T", msg) != "tea.clearScreenMsg" {
			d.send(msg)
		}
	}
}

// fire sends what came due.
func (d *desktop) fire() {
	due := *d.due
	*d.due = nil
	for _, msg := range due {
		d.send(msg)
	}
}

// press presses keys: names parted by blanks, or text: and a text to type.
func (d *desktop) press(keys string) {
	d.t.Helper()
	for name := range strings.FieldsSeq(keys) {
		if text, ok := strings.CutPrefix(name, "text:"); ok {
			d.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(strings.ReplaceAll(text, "_", " "))})
			continue
		}
		d.send(keyNamed(d.t, name))
	}
}

// keyNamed returns the message of a key that is named as in bindings.
func keyNamed(t *testing.T, name string) tea.KeyMsg {
	t.Helper()
	if name == " " || name == "space" {
		return tea.KeyMsg{Type: tea.KeySpace, Runes: []rune(" ")}
	}
	if len([]rune(name)) == 1 {
		return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
	}
	for k := tea.KeyType(-100); k < 128; k++ {
		if msg := (tea.KeyMsg{Type: k}); msg.String() == name && k != tea.KeyRunes {
			return msg
		}
	}
	t.Fatalf("there is no key %q", name)
	return tea.KeyMsg{}
}

// picture returns the screen as text, with the cells of pictures that go by themselves hatched. Such cells must be blank
// in the text and inside the screen, above its last line.
func (d *desktop) picture() string {
	d.t.Helper()
	lines, placements := d.m.compose()
	if len(lines) != d.m.layout.Size.Rows {
		d.t.Fatalf("the screen has %d lines of %d", len(lines), d.m.layout.Size.Rows)
	}
	cells := make([][]rune, len(lines))
	for y, line := range lines {
		for _, r := range ansi.Strip(line) { // of pictures that are text
			cells[y] = append(cells[y], r)
			for range ansi.StringWidth(string(r)) - 1 {
				cells[y] = append(cells[y], ' ') // the other half of a wide character
			}
		}
		if len(cells[y]) != d.m.layout.Size.Cols {
			d.t.Errorf("line %d is %d cells wide: %q", y, len(cells[y]), line)
		}
	}
	for _, p := range placements {
		if p.Row < 0 || p.Col < 0 || p.Row+p.Box.Rows >= len(lines) || p.Col+p.Box.Cols > d.m.layout.Size.Cols {
			d.t.Errorf("a picture at %d,%d of %v leaves the screen", p.Col, p.Row, p.Box)
			continue
		}
		for y := p.Row; y < p.Row+p.Box.Rows; y++ {
			for x := p.Col; x < p.Col+p.Box.Cols; x++ {
				if cells[y][x] != ' ' {
					d.t.Errorf("cell %d,%d under a picture holds %q", x, y, cells[y][x])
				}
				cells[y][x] = '▒'
			}
		}
	}
	var b strings.Builder
	for _, line := range cells {
		b.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	return b.String()
}

// golden compares the screen with a file under testdata.
func (d *desktop) golden(name string) {
	d.t.Helper()
	got := d.picture()
	path := filepath.Join(testdata, name+".golden")
	if *update {
		if err := os.MkdirAll(testdata, 0o755); err != nil {
			d.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			d.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		d.t.Fatal(err)
	}
	if got != string(want) {
		d.t.Errorf("the screen differs from %s (go test ./tui -update rewrites it):\n%s", path, got)
	}
}

// status is the line over the help.
func (d *desktop) status() string {
	lines, _ := d.m.compose()
	return strings.TrimSpace(lines[d.m.layout.Status])
}

func (d *desktop) wantStatus(part string) {
	d.t.Helper()
	if got := d.status(); !strings.Contains(got, part) {
		d.t.Errorf("status %q does not say %q", got, part)
	}
}

func (d *desktop) wantScreen(part string) {
	d.t.Helper()
	if got := d.picture(); !strings.Contains(got, part) {
		d.t.Errorf("the screen does not show %q:\n%s", part, got)
	}
}

// schemes returns the schemes shown.
func (d *desktop) schemes() string {
	names := make([]string, len(d.m.Shown.Schemes))
	for i, s := range d.m.Shown.Schemes {
		names[i] = s.String()
	}
	return strings.Join(names, " ")
}

func (d *desktop) wantSchemes(want string) {
	d.t.Helper()
	if got := d.schemes(); got != want {
		d.t.Errorf("schemes %q, want %q", got, want)
	}
}

// steps returns the last n steps of the log.
func (d *desktop) steps(n int) []string {
	var steps []string
	for line := range strings.Lines(d.log.String()) {
		if line = strings.TrimRight(line, "\n"); line != "" && line[0] != ' ' && line[0] != '#' {
			steps = append(steps, line)
		}
	}
	return steps[max(0, len(steps)-n):]
}

func (d *desktop) wantSteps(want ...string) {
	d.t.Helper()
	if got := d.steps(len(want)); !slices.Equal(got, want) {
		d.t.Errorf("the log ends with %q, want %q", got, want)
	}
}

func TestGoldenFrames(t *testing.T) {
	for _, tc := range []struct {
		name       string
		cols, rows int
		graphics   picture.Graphics
		keys       string
	}{
		{"80x24", 80, 24, picture.GraphicsSixel, ""},
		{"120x40", 120, 40, picture.GraphicsSixel, ""},
		{"200x60", 200, 60, picture.GraphicsSixel, ""},
		{"120x40-evaluated", 120, 40, picture.GraphicsSixel, "n E"},
		{"200x60-evaluated", 200, 60, picture.GraphicsSixel, "down down down left left tab left E"},
		{"80x24-hit", 80, 24, picture.GraphicsSixel, "down enter right right"},
		{"120x40-hit", 120, 40, picture.GraphicsSixel, "down down down enter right"},
		{"120x40-help", 120, 40, picture.GraphicsSixel, "?"},
		{"80x24-layers", 80, 24, picture.GraphicsSixel, "L down space"},
		{"80x24-edit", 80, 24, picture.GraphicsSixel, "e text:*edge"},
		{"120x40-twenty", 120, 40, picture.GraphicsSixel, "down +"},
		{"200x60-five", 200, 60, picture.GraphicsSixel, "-"},
		{"120x40-pinned", 120, 40, picture.GraphicsSixel, "down down space c"},
		{"120x40-text", 120, 40, picture.GraphicsNone, "E"},
		{"80x24-text", 80, 24, picture.GraphicsNone, "enter"},
		{"60x20", 60, 20, picture.GraphicsSixel, ""},
		{"30x8", 30, 8, picture.GraphicsSixel, ""},
		{"120x40-difference", 120, 40, picture.GraphicsSixel, "down down down d enter right"},
		{"200x60-difference", 200, 60, picture.GraphicsSixel, "down down down d"},
		{"80x24-difference", 80, 24, picture.GraphicsSixel, "down down down d"},
		{"120x40-halfblock", 120, 40, picture.GraphicsHalfBlock, "down down down d"},
		{"19x3", 19, 3, picture.GraphicsSixel, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := openDesktop(t, tc.cols, tc.rows, tc.graphics)
			d.press(tc.keys)
			d.golden(tc.name)
		})
	}
}

func TestEverySizeFits(t *testing.T) {
	d := openDesktop(t, 80, 24, picture.GraphicsSixel)
	d.press("E")
	for _, keys := range []string{
		"", "enter", "esc ?", "esc L", "esc e", "esc", "t", "enter", "esc down M", "b", "esc tab tab", "tab", "enter", "esc tab enter", "enter",
	} {
		d.press(keys)
		for _, cols := range []int{1, 19, 20, 39, 40, 60, 79, 80, 81, 100, 109, 110, 119, 137, 200, 317} {
			for _, rows := range []int{1, 3, 4, 9, 10, 16, 23, 24, 25, 31, 40, 60, 90} {
				next, _ := d.m.Update(tea.WindowSizeMsg{Width: cols, Height: rows})
				at := *d
				at.m = next.(Model)
				at.picture()
			}
		}
	}
}

// TestFirstSchemes begins with what gallery.yaml says, and refuses a layer that is not there.
func TestFirstSchemes(t *testing.T) {
	d := openGallery(t, fixtures.Demo(), demoThumbs(picture.GraphicsNone), 120, 40, picture.GraphicsNone)
	d.wantSchemes("A B C B+pattern")
	files := fstest.MapFS{
		"items.csv":       {Data: []byte("id,kind\none,a\ntwo,b\n")},
		"A.npy":           {Data: matrixFile([][]float32{{1, 0}, {0, 1}})},
		manifest.FileName: {Data: []byte("schemes: [A, 'A+nope']\n")},
	}
	session := experiments.NewSession(experiments.Options{Open: func(ctx context.Context, name string) (*engine.Gallery, error) {
		return engine.OpenFS(ctx, name, files)
	}})
	defer session.Close()
	if _, err := session.Do(t.Context(), script.Gallery{Name: "shop"}); err != nil {
		t.Fatal(err)
	}
	_, err := NewModel(t.Context(), Config{Session: session})
	if err == nil || !strings.Contains(err.Error(), `gallery.yaml: schemes: scheme "A+nope": column 3`) {
		t.Errorf("a scheme of a layer that is not there: %v", err)
	}
}
