package tui

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/adrg/xdg"

	"strata/engine/manifest"
	"strata/tui/pane"
	"strata/tui/picture"
	"strata/tui/prompt"
)

// stateHome lets the user's state be a new folder, and returns it.
func stateHome(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(xdg.Reload) // after the variable is what it was
	t.Setenv("XDG_STATE_HOME", dir)
	xdg.Reload()
	return dir
}

// flagPath returns the only file of flags below a folder.
func flagPath(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "strata", "galleries", "*", "flags.csv"))
	if err != nil || len(found) != 1 {
		t.Fatalf("files of flags: %q, %v", found, err)
	}
	return found[0]
}

// flagFile returns what that file holds.
func flagFile(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(flagPath(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestFlagKey flags the query and a hit, walks through what is flagged, evaluates over it, and takes a flag back; the log
// gives the same again.
func TestFlagKey(t *testing.T) {
	state := stateHome(t)
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	g := d.m.gallery
	query := g.ID(d.m.Shown.Query)
	d.press("F")
	d.wantScreen("enter flags " + query + " as wrong")
	d.press("enter")
	d.wantScreen("flagged " + query + " as wrong")
	d.wantScreen(pane.FlagMark + " wrong")
	hit := g.ID(d.m.Shown.Rankings[0].Hits[0].Row)
	d.press("enter F tab")
	d.wantScreen("enter flags " + hit + " as wrong")
	d.press("tab")
	d.wantScreen("enter flags " + hit + " as duplicate")
	d.press("enter esc")
	if mark := strings.Count(d.picture(), pane.FlagMark); mark < 2 {
		t.Errorf("%d flags are on the screen", mark)
	}
	if got := flagFile(t, state); got != "id,flag\n"+query+",wrong\n"+hit+",duplicate\n" {
		t.Errorf("the file holds %q", got)
	}
	d.press("n F text:own_word enter p / text:flag=wrong")
	d.wantScreen("1 of 1,248 queries")
	d.press("enter E")
	if want := "where flag=wrong over all seed 1\n    flag=wrong: 1 ids  sha256:"; !strings.Contains(d.log.String(), want) {
		t.Errorf("no %q in the log:\n%s", want, d.log)
	}
	d.press("esc F")
	d.wantScreen("enter takes the flag wrong of " + query + " back")
	d.press("enter")
	d.wantScreen("took the flag of " + query + " back")
	d.press("/ text:flag=own enter")
	if rows := d.m.Walk.Rows; len(rows) != 1 || rows[0] != 1 {
		t.Errorf("the queries with a part of a flag: %v", rows)
	}
	d.replays()
}

// TestQuerySetsOnTheScreen walks through a set of queries of gallery.yaml and evaluates over it.
func TestQuerySetsOnTheScreen(t *testing.T) {
	files := fstest.MapFS{
		"items.csv":       {Data: []byte("id,kind\na,cap\nb,cap\nc,knit cap\nd,bag\ne,bag\n")},
		"A.npy":           {Data: matrixFile([][]float32{{1, 0}, {.9, .1}, {0, 1}, {.5, .5}, {.4, .6}})},
		manifest.FileName: {Data: []byte("queries: {hard: [e, c], odd: [nobody]}\n")},
	}
	d := openGallery(t, files, nil, 120, 40, picture.GraphicsNone)
	d.press("/ text:queries=hard")
	d.wantScreen("2 of 5 queries")
	d.press("enter E")
	if want := "evaluate A on kind over hard seed 1\n    queries hard: 2 ids  sha256:"; !strings.Contains(d.log.String(), want) {
		t.Errorf("no %q in the log:\n%s", want, d.log)
	}
	if d.m.Shown.Query != 2 {
		t.Errorf("the query is row %d", d.m.Shown.Query)
	}
	d.press("esc / text:queries=odd")
	d.wantScreen(`queries: odd: 1 of 1 ids are of no item: "nobody"`)
	d.press("enter")
	d.wantScreen(`queries: odd: 1 of 1 ids are of no item: "nobody"`)
	d.press("esc / text:queries=")
	d.wantScreen("queries= needs the name of a set: there is hard, odd")
	d.press("enter")
	if d.m.prompt.Kind != prompt.Restrict {
		t.Error("a set without a name is taken")
	}
	d.press("esc / text:queries=h")
	d.wantScreen(`has no set of queries "h" (there is hard, odd)`)
	for _, c := range []struct {
		text string
		rows []int32
	}{
		{`kind="knit_cap"`, []int32{2}},
		{"kind=knit", []int32{2}},
		{"kind=CAP", []int32{0, 1, 2}},
		{"kind=cap", []int32{0, 1}},
		{"cap_queries=hard", []int32{2}},
		{"bag", []int32{3, 4}},
		{"size=bag", nil},
	} {
		d.press("esc / text:" + c.text)
		if got := d.m.Walk.Rows; !slices.Equal(got, c.rows) {
			t.Errorf("%s leaves %v, want %v", c.text, got, c.rows)
		}
	}
	for _, c := range []struct{ text, offers, tab string }{
		{"kind=", `5 of 5 queries  ·  bag 2  cap 2  "knit cap" 1`, "kind="},
		{"kind=k", `"knit cap" 1  tab continues`, `kind="knit cap"`},
		{`cap_kind=C`, `3 of 5 queries  ·  cap 2  tab continues`, "cap kind=cap"},
		{"kind=bag", "2 of 5 queries  ·  bag 2", "kind=bag"},
		{`kind="kn`, "", `kind="knit cap"`},
		{"queries=h", "", "queries=hard"},
		{"kind=x", "0 of 5 queries", "kind=x"},
		{"size=b", "0 of 5 queries", "size=b"},
	} {
		d.press("esc / text:" + c.text)
		d.wantScreen(c.offers)
		if d.press("tab"); d.m.prompt.Input.Value() != c.tab {
			t.Errorf("tab continues %s to %s", c.text, d.m.prompt.Input.Value())
		}
	}
	d.press("esc : text:evaluate_over_hrad enter")
	d.wantScreen(`has no set of queries "hrad"`)
}

// counting is a gallery's files, and how often one of them was opened.
type counting struct {
	fs.FS
	name   string
	opened *atomic.Int64
}

func (f counting) Open(name string) (fs.File, error) {
	if name == f.name {
		f.opened.Add(1)
	}
	return f.FS.Open(name)
}

// TestTypedSetIsNotRead: while a step is typed, no set of queries is read; enter reads it.
func TestTypedSetIsNotRead(t *testing.T) {
	files := counting{name: "hard.txt", opened: &atomic.Int64{}, FS: fstest.MapFS{
		"items.csv":       {Data: []byte("id,kind\na,cap\nb,cap\nc,cap\n")},
		"A.npy":           {Data: matrixFile([][]float32{{1, 0}, {.9, .1}, {0, 1}})},
		"hard.txt":        {Data: []byte("a\nnobody\n")},
		manifest.FileName: {Data: []byte("queries: {hard: {file: hard.txt}}\n")},
	}}
	d := openGallery(t, files, nil, 120, 40, picture.GraphicsNone)
	before := files.opened.Load()
	d.press(": text:evaluate_over_hrad")
	d.wantScreen(`has no set of queries "hrad"`)
	d.press("ctrl+u text:evaluate_over_hard_seed_2")
	if got := files.opened.Load(); got != before {
		t.Errorf("it is read %d times", got-before)
	}
	d.press("enter")
	d.wantScreen(`queries: hard: 1 of 2 ids are of no item: "nobody"`)
	if files.opened.Load() == before {
		t.Error("it is not read")
	}
}

// TestFlagsAreFollowed: what depends on flags is shown anew when an item is flagged, or when its flag is taken back.
func TestFlagsAreFollowed(t *testing.T) {
	stateHome(t)
	d := openGallery(t, fstest.MapFS{
		"items.csv":       {Data: []byte("id,kind\na,cap\nb,cap\nc,knit cap\nd,bag\ne,bag\n")},
		"A.npy":           {Data: matrixFile([][]float32{{1, 0}, {.9, .1}, {0, 1}, {.5, .5}, {.4, .6}})},
		manifest.FileName: {Data: []byte("queries: {odd: {where: {flag: wrong}}}\n")},
	}, nil, 120, 40, picture.GraphicsNone)
	walks := func(text string, want ...int32) {
		t.Helper()
		if w := d.m.Walk; w.Text != text || !slices.Equal(w.Rows, want) {
			t.Errorf("the keys walk through %q: %v, want %v", w.Text, w.Rows, want)
		}
	}
	d.press("F enter n F enter n")
	for _, text := range []string{"flag=wrong", "flag=wro", "queries=odd"} {
		d.press("/ ctrl+u text:" + text + " enter")
		walks(text, 0, 1)
		d.press("F enter")
		walks(text, 1)
		d.press("g text:a enter F enter")
		walks(text, 0, 1)
	}
	d.press("F enter g text:b enter F enter")
	walks("queries=odd")
	d.wantProblem("odd: flag=wrong: no item is flagged")
	d.press("esc / text:flag=wrong enter")
	d.wantScreen("no query is like this")
	d.press("esc F enter / text:flag=wrong enter esc n F enter u u")
	walks("flag=wrong", 1, 2)

	d.press("esc g text:d enter : text:filter_flag=wrong enter")
	hits := func(want ...int) {
		t.Helper()
		var got []int
		for _, h := range d.m.FocusedHits() {
			got = append(got, h.Row)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("the hits are %v, want %v", got, want)
		}
	}
	hits(1, 2)
	d.press("enter F enter")
	d.wantSteps("search  10")
	if len(d.m.FocusedHits()) != 1 {
		t.Error("a hit stays that is flagged no more")
	}
}

// TestTabContinuesValues: tab continues a value to where those that begin so part, in an open quote if need be.
func TestTabContinuesValues(t *testing.T) {
	stateHome(t)
	d := openGallery(t, fstest.MapFS{
		"items.csv": {Data: []byte("id,kind\na,knit cap\nb,knit top\nc,Cap\nd,cap\ne,cap\n")},
		"A.npy":     {Data: matrixFile([][]float32{{1, 0}, {.9, .1}, {0, 1}, {.5, .5}, {.4, .6}})},
	}, nil, 120, 40, picture.GraphicsNone)
	d.press("F enter /")
	for _, c := range []struct{ keys, want string }{
		{"text:kind=kn tab", `kind="knit `},
		{"text:t tab", `kind="knit top"`},
		{"text:_flag=W tab", `kind="knit top" flag=wrong`},
		{"ctrl+u text:kind=c", "kind=c"},
		{"tab", "kind=c"},
	} {
		if d.press(c.keys); d.m.prompt.Input.Value() != c.want {
			t.Errorf("after %s the text is %s, not %s", c.keys, d.m.prompt.Input.Value(), c.want)
		}
	}
	d.wantScreen("cap 2  Cap 1")
}
