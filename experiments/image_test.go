package experiments

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/adrg/xdg"

	"strata/engine"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/check"
	"strata/experiments/internal/testgallery"
	"strata/experiments/script"
	"strata/experiments/table"
)

// lab makes extractors whose features follow from a picture's bytes, and counts
// what is asked of them.
type lab struct {
	mu                            sync.Mutex
	opened, checked, took, closed int

	recipe     string
	shift      float32                         // added to a feature: another processor
	openErr    error                           // of opening
	checkErr   error                           // of the parity check
	takeErr    error                           // of a picture
	leave      string                          // a layer without features
	long       string                          // a layer with one feature too many
	beforeTake func(ctx context.Context) error // runs while a picture is read
}

func (l *lab) count(n *int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*n++
}

// counts returns how often extractors were opened, checked, used and closed.
func (l *lab) counts() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%d opened, %d checked, %d taken, %d closed", l.opened, l.checked, l.took, l.closed)
}

func (l *lab) open(_ context.Context, g *engine.Gallery) (check.Extractor, error) {
	l.count(&l.opened)
	if l.openErr != nil {
		return nil, l.openErr
	}
	return &labExtractor{l, g}, nil
}

type labExtractor struct {
	*lab
	g *engine.Gallery
}

func (e *labExtractor) Check(ctx context.Context, n int) (check.Parity, error) {
	e.count(&e.checked)
	return check.Parity{Pictures: min(n, e.g.Len()), Cosine: 0.99999982, Layer: "y", ID: "c c", Difference: 3.1e-7}, e.checkErr
}

func (e *labExtractor) Features(ctx context.Context, path string) (map[string][]float32, error) {
	e.count(&e.took)
	file, err := os.ReadFile(path)
	if err != nil || e.takeErr != nil {
		return nil, errors.Join(err, e.takeErr)
	}
	if e.beforeTake != nil {
		if err := e.beforeTake(ctx); err != nil {
			return nil, err
		}
	}
	taken := features(e.g, file, e.shift, e.leave)
	if e.long != "" {
		taken[e.long] = append(taken[e.long], 0)
	}
	return taken, nil
}

func (e *labExtractor) Recipe() string { return e.recipe }

func (e *labExtractor) Close() error {
	e.count(&e.closed)
	return nil
}

// features are those of a picture's bytes, for each layer but one.
func features(g *engine.Gallery, file []byte, shift float32, leave string) map[string][]float32 {
	out := map[string][]float32{}
	for _, l := range g.Layers {
		if l.Name == leave {
			continue
		}
		sum := sha256.Sum256(append([]byte(l.Name), file...))
		v := make([]float32, l.Dim)
		for i := range v {
			v[i] = float32(sum[i%len(sum)])/255 + shift
		}
		out[l.Name] = v
	}
	return out
}

// photoBytes is a picture of one pixel, followed by a text that makes it another
// file.
func photoBytes(text string) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		panic(err)
	}
	return append(b.Bytes(), text...)
}

// photo writes a picture, which ends with its name, and returns its path.
func photo(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, photoBytes(name), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// newStudio opens the table of shirts in a session that takes pictures.
func newStudio(t *testing.T, l *lab, o Options) (*Session, *writes) {
	t.Helper()
	o.Extractor = l.open
	return newSession(t, testgallery.Shirts(), o)
}

// do executes steps that must succeed.
func do(t *testing.T, s *Session, text string) []Result {
	t.Helper()
	results, err := s.Do(t.Context(), steps(t, text)...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return results
}

func TestImageLog(t *testing.T) {
	dir := t.TempDir()
	l := &lab{recipe: "r1"}
	s, log := newStudio(t, l, Options{Dir: dir})
	path := photo(t, dir, "new one.jpg")
	do(t, s, "image \"new one.jpg\"\nschemes x, y\nsearch 2")
	g := s.Gallery()
	q, err := g.NewVectors(features(g, photoBytes("new one.jpg"), 0, ""))
	if err != nil {
		t.Fatal(err)
	}
	all, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	var schemes []scheme.Scheme
	for _, text := range []string{"x", "y"} {
		scheme, err := g.ParseScheme(text)
		if err != nil {
			t.Fatal(err)
		}
		schemes = append(schemes, scheme)
	}
	want := fmt.Sprintf("image   %q\n    picture sha256:%x\n    features %s\n", path, sha256.Sum256(photoBytes("new one.jpg")), q.Hash()) +
		"# parity 6 pictures: cosine ≥ 0.9999998 (layer y, item \"c c\"), largest difference 3.1e-07\n" +
		"schemes x, y\nsearch  2\n"
	rankings, err := rank.NewSearcher(g, 1<<20).SearchVectors(t.Context(), q, schemes, 2, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rankings {
		want += "    " + r.Scheme.String() + "\n"
		for i, h := range r.Hits {
			want += fmt.Sprintf("    %d  %s  %s\n", i+1, table.Quote(g.ID(h.Row)), table.Number(h.Score))
		}
	}
	want += "# " + filepath.Join(g.Path, "y.npy") + ": 1 of 6 rows are zero; the first is row 5\n"
	if got := log.all[len(log.all)-1]; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	// The same picture again changes nothing; another one is not checked for again.
	if r := do(t, s, "image \"new one.jpg\"\nimage "+fmt.Sprintf("%q", path)); len(r) != 0 {
		t.Errorf("the same picture gave %v", r)
	}
	photo(t, dir, "b.jpg")
	r := do(t, s, "image b.jpg")
	if len(r) != 1 || len(r[0].Notes) != 0 || l.counts() != "1 opened, 1 checked, 2 taken, 0 closed" {
		t.Errorf("another picture gave %+v; %s", r, l.counts())
	}
	// Back to the first one, after an item: nothing is computed again.
	if r := do(t, s, "query a\nimage \"new one.jpg\"\nsearch 1"); len(r) != 3 || l.counts() != "1 opened, 1 checked, 2 taken, 0 closed" {
		t.Errorf("back again gave %+v; %s", r, l.counts())
	}
	if err := s.Close(); err != nil || l.counts() != "1 opened, 1 checked, 2 taken, 1 closed" {
		t.Errorf("%v; %s", err, l.counts())
	}
}

func TestImageState(t *testing.T) {
	dir := t.TempDir()
	s, _ := newStudio(t, &lab{}, Options{Dir: dir})
	path := photo(t, dir, "a.jpg")
	do(t, s, "query b\nschemes x\nfilter category=shirt\nimage a.jpg\nsearch 3")
	state := s.State()
	if p := state.Picture; state.Query != "" || p == nil || p.Path != path || p.Parity == nil || !strings.HasPrefix(p.Features, "sha256:") {
		t.Fatalf("got %+v", state)
	}
	script := s.Script()
	if want := "image   " + path + "\nschemes x\nfilter  category=shirt\nsearch  3\n"; !strings.HasSuffix(script, want) {
		t.Errorf("got %swant …%s", script, want)
	}
	cosines, err := s.PictureCosines(t.Context(), state.Picture, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := do(t, s, "filter none\nsearch 6")
	for _, h := range r[1].Rankings[0].Hits {
		if h.Row == 0 && h.Score != cosines[0].Value {
			t.Errorf("row 0 has the score %v, its cosine is %v", h.Score, cosines[0])
		}
	}
	if n := len(r[1].Rankings[0].Hits); n != 6 {
		t.Errorf("%d of 6 items are candidates for a picture", n)
	}
	f, err := s.OpenPicture("a.jpg")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); err != nil || !bytes.Equal(b, photoBytes("a.jpg")) {
		t.Errorf("the picture holds %q, %v", b, err)
	}
	do(t, s, "query b")
	if state := s.State(); state.Query != "b" || state.Picture != nil {
		t.Errorf("after a query step: %+v", state)
	}
	do(t, s, "image a.jpg\nquery b") // b was the query before, but not just before
	if state := s.State(); state.Query != "b" || state.Picture != nil {
		t.Errorf("after image and query: %+v", state)
	}
}

// TestImageEvaluates looks whether steps that are not about the query go on.
func TestImageEvaluates(t *testing.T) {
	dir := t.TempDir()
	s, _ := newStudio(t, &lab{}, Options{Dir: dir})
	path := photo(t, dir, "a.jpg")
	r := do(t, s, "image a.jpg\nschemes x\nsearch 2\nevaluate\nnote a\nexport metrics.csv\nexport rankings.csv")
	if r[3].Evaluation == nil {
		t.Error("no evaluation")
	}
	ta, err := os.ReadFile(filepath.Join(dir, "rankings.csv"))
	if err != nil {
		t.Fatal(err)
	}
	hits := r[2].Rankings[0].Hits
	want := "scheme,query,rank,id,score,category,brand name\n"
	for i, h := range hits {
		want += fmt.Sprintf("x,a.jpg,%d,%s,%s,,\n", i+1, s.Gallery().ID(h.Row), table.Number(h.Score))
	}
	if string(ta) != want {
		t.Errorf("got\n%s\nwant\n%s", ta, want)
	}
	var doc map[string]any
	var out bytes.Buffer
	if err := r[2].WriteSearchJSON(&out); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	photo, _ := doc["image"].(map[string]any)
	if _, has := doc["query"]; has || photo["path"] != path || photo["features"] != s.State().Picture.Features {
		t.Errorf("got %s", out.String())
	}
}

// TestImageKept searches again in other sessions on the same folder.
func TestImageKept(t *testing.T) {
	dir := t.TempDir()
	gallery := filepath.Join(dir, "g")
	testgallery.Shirts().Write(t, gallery)
	path := photo(t, dir, "a.jpg")
	text := "gallery " + gallery + "\nimage " + path + "\nschemes x, rrf(x,y)\nsearch 6"
	run := func(l *lab, recipe string) (*Picture, []Result, error) {
		o := Options{Open: openFolder, Extractor: l.open, SkipContent: true}
		if recipe != "" {
			o.Recipe = func(*engine.Gallery) (string, error) { return recipe, nil }
		}
		s := NewSession(o)
		defer s.Close()
		results, err := s.Do(t.Context(), steps(t, text)...)
		return s.State().Picture, results, err
	}
	lines := func(results []Result) string {
		return strings.Join(append(results[1].Lines, results[3].Lines...), "\n")
	}
	first, results, err := run(&lab{recipe: "r1"}, "")
	if err != nil {
		t.Fatal(err)
	}
	want := lines(results)

	other := &lab{recipe: "r1", shift: 1e-7, openErr: errors.New("there is no model")}
	p, results, err := run(other, "r1")
	if err != nil {
		t.Fatal(err)
	}
	if lines(results) != want || p.Kept == "" || *p.Parity != *first.Parity || other.counts() != "0 opened, 0 checked, 0 taken, 0 closed" {
		t.Errorf("with the recipe: %+v, %s\n%s\nwant\n%s", p, other.counts(), lines(results), want)
	}
	if len(results[1].Notes) != 1 || results[1].Notes[0] != "features kept in "+p.Kept {
		t.Errorf("notes %q", results[1].Notes)
	}
	other.openErr = nil
	p, results, err = run(other, "")
	if err != nil {
		t.Fatal(err)
	}
	if lines(results) != want || p.Kept == "" || other.counts() != "1 opened, 0 checked, 0 taken, 1 closed" {
		t.Errorf("without the recipe: %+v, %s", p, other.counts())
	}

	another := &lab{recipe: "r2", shift: 1e-7}
	p, results, err = run(another, "r2")
	if err != nil {
		t.Fatal(err)
	}
	if lines(results) == want || p.Kept != "" || another.counts() != "1 opened, 1 checked, 1 taken, 1 closed" {
		t.Errorf("with another recipe: %+v, %s", p, another.counts())
	}
}

// TestKeptDamaged damages the file of kept features at every byte, and cuts it.
func TestKeptDamaged(t *testing.T) {
	dir := t.TempDir()
	gallery := filepath.Join(dir, "g")
	testgallery.Shirts().Write(t, gallery)
	g, err := openFolder(t.Context(), gallery)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	values := features(g, []byte("a"), 0, "")
	vectors, err := g.NewVectors(values)
	if err != nil {
		t.Fatal(err)
	}
	p := &Picture{Hash: "sha256:" + strings.Repeat("0", 64), Features: vectors.Hash(), Parity: &check.Parity{Pictures: 3, Cosine: 1}}
	if err := p.keep(g, "r1", values); err != nil {
		t.Fatal(err)
	}
	folder, err := g.FindDerived(keptName(p.Hash, "r1"))
	if err != nil {
		t.Fatal(err)
	}
	path := folder.File(keptName(p.Hash, "r1"))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again := func(file []byte) (*Picture, bool) {
		if err := os.WriteFile(path, file, 0o666); err != nil {
			t.Fatal(err)
		}
		q := &Picture{Hash: p.Hash}
		return q, q.recall(g, "r1")
	}
	if q, ok := again(whole); !ok || q.Features != p.Features || len(q.notes) != 0 {
		t.Fatalf("the whole file: %+v", q)
	}
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 0x10
		if q, ok := again(damaged); ok && q.Features != p.Features {
			t.Errorf("byte %d changed: %+v", i, q)
		} else if !ok && len(q.notes) != 1 {
			t.Errorf("byte %d changed: notes %q", i, q.notes)
		}
		if q, ok := again(whole[:i]); ok || len(q.notes) != 1 {
			t.Errorf("cut at %d: %+v", i, q)
		}
	}
	if q, ok := again(append(whole, 0)); ok {
		t.Errorf("a byte more: %+v", q)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o777); err != nil {
		t.Fatal(err)
	}
	q := &Picture{Hash: p.Hash}
	if q.recall(g, "r1") {
		t.Error("a folder is taken for kept features")
	}
}

// TestImageCannotBeKept takes a picture where its features cannot be written.
func TestImageCannotBeKept(t *testing.T) {
	dir := t.TempDir()
	s, _ := newStudio(t, &lab{}, Options{Dir: dir})
	derived, err := s.Gallery().Derived()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(xdg.Reload) // after the variable is what it was
	t.Setenv("XDG_CACHE_HOME", filepath.Join(derived, imagesFolder))
	xdg.Reload()
	if err := os.WriteFile(filepath.Join(derived, imagesFolder), nil, 0o666); err != nil { // in the way of both folders
		t.Fatal(err)
	}
	photo(t, dir, "a.jpg")
	r := do(t, s, "image a.jpg\nschemes x\nsearch 1")
	if notes := strings.Join(r[0].Notes, "\n"); !strings.Contains(notes, "the features are not kept: ") || !strings.Contains(notes, "parity 6") {
		t.Errorf("notes %q", notes)
	}
}

// TestImageFaults tries what must fail; nothing may have happened then.
func TestImageFaults(t *testing.T) {
	dir := t.TempDir()
	path := photo(t, dir, "a.jpg")
	for name, text := range map[string]string{"text.jpg": "some text", "empty.jpg": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		lab  *lab
		text string
		want string
	}{
		{"no file", &lab{}, "image none.jpg", filepath.Join(dir, "none.jpg") + ": there is no such picture"},
		{"folder", &lab{}, "image .", dir + ": a picture is a file, this is a folder"},
		{"device", &lab{}, "image /dev/null", "/dev/null: it is not a regular file"},
		{"no picture", &lab{openErr: errors.New("the model was loaded")}, "image text.jpg", filepath.Join(dir, "text.jpg") + ": not a picture that can be read"},
		{"empty", &lab{openErr: errors.New("the model was loaded")}, "image empty.jpg", filepath.Join(dir, "empty.jpg") + ": the file is empty"},
		{"no model", &lab{openErr: errors.New("no model")}, "image a.jpg", "no model"},
		{"disagrees", &lab{checkErr: errors.New("item a: cosine 0.7")}, "image a.jpg", "item a: cosine 0.7"},
		{"broken picture", &lab{takeErr: errors.New("a.jpg: unknown format")}, "image a.jpg", "a.jpg: unknown format"},
		{"other length", &lab{long: "y"}, "image a.jpg", "the features of " + path + ": layer y has 2 features, the query's vector has 3"},
		{"layer without features", &lab{leave: "y"}, "image a.jpg\nschemes x, x+y\nsearch 1", "has no vector for layer y, only for x: leave the layer out of the scheme"},
		{"changed while read", &lab{beforeTake: func(context.Context) error {
			return os.WriteFile(path, []byte("other"), 0o666)
		}}, "image a.jpg", path + ": the file was changed while it was read"},
		{"cancelled", &lab{beforeTake: func(context.Context) error { return context.Canceled }}, "image a.jpg", "context canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			photo(t, dir, "a.jpg")
			s, log := newStudio(t, c.lab, Options{Dir: dir})
			do(t, s, "query a\nschemes x\nsearch 1")
			before, state := log.text(), fmt.Sprint(s.State())
			_, err := s.Do(t.Context(), steps(t, c.text)...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
			if log.text() != before || fmt.Sprint(s.State()) != state {
				t.Errorf("now %v and\n%s", s.State(), log.text())
			}
			if a := s.Activity(); a != "" {
				t.Errorf("after all it is at %q", a)
			}
		})
	}
	s, _ := newSession(t, testgallery.Shirts(), Options{Dir: dir})
	if _, err := s.Do(t.Context(), script.Image{Path: "a.jpg"}); !errors.Is(err, ErrNoExtractor) {
		t.Errorf("without an extractor: %v", err)
	}
}

// TestImageOfFailedGallery looks whether an extractor is closed with the gallery
// that was not taken.
func TestImageOfFailedGallery(t *testing.T) {
	dir := t.TempDir()
	testgallery.Shirts().Write(t, filepath.Join(dir, "g"))
	path := photo(t, dir, "a.jpg")
	l := &lab{}
	s := NewSession(Options{Open: openFolder, Extractor: l.open})
	defer s.Close()
	if _, err := s.Do(t.Context(), script.Gallery{Name: filepath.Join(dir, "g")}, script.Image{Path: path}, script.Query{ID: "nope"}); err == nil {
		t.Fatal("no error")
	}
	if l.counts() != "1 opened, 1 checked, 1 taken, 1 closed" {
		t.Error(l.counts())
	}
}

// TestActivity looks at what a session says it does while it does it.
func TestActivity(t *testing.T) {
	dir := t.TempDir()
	var s *Session
	var said []string
	l := &lab{beforeTake: func(context.Context) error {
		said = append(said, s.Activity())
		return nil
	}}
	s, _ = newStudio(t, l, Options{Dir: dir})
	photo(t, dir, "a.jpg")
	do(t, s, "image a.jpg")
	if want := "computing the features of a.jpg"; len(said) != 1 || said[0] != want || s.Activity() != "" {
		t.Errorf("said %q, then %q", said, s.Activity())
	}
}

// TestImageWaitsCancelled waits for a picture that another step is at, and is
// cancelled meanwhile.
func TestImageWaitsCancelled(t *testing.T) {
	dir := t.TempDir()
	began, leave := make(chan bool), make(chan bool)
	l := &lab{beforeTake: func(context.Context) error {
		began <- true
		<-leave
		return nil
	}}
	s, _ := newStudio(t, l, Options{Dir: dir})
	photo(t, dir, "a.jpg")
	done := make(chan error)
	go func() {
		_, err := s.Do(t.Context(), script.Image{Path: "a.jpg"})
		done <- err
	}()
	<-began
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, err := s.Preview(ctx, script.Image{Path: "a.jpg"})
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the one that waited: %v", err)
	}
	close(leave)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if r, err := s.Preview(t.Context(), script.Image{Path: "a.jpg"}); err != nil || len(r) != 0 {
		t.Errorf("%v, %v", r, err)
	}
}

func TestImageReplays(t *testing.T) {
	dir := t.TempDir()
	testgallery.Shirts().Write(t, filepath.Join(dir, "shirts"))
	if err := os.Mkdir(filepath.Join(dir, "photos"), 0o777); err != nil {
		t.Fatal(err)
	}
	photo(t, filepath.Join(dir, "photos"), "a.jpg")
	script := filepath.Join(dir, "s.strata")
	text := "gallery shirts\nimage photos/a.jpg\nschemes x, concat(x,2*y)\nsearch 4\nexport rankings.csv\n"
	if err := os.WriteFile(script, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	here := &lab{recipe: "r1"}
	out := filepath.Join(dir, "out")
	log, _, err := replayFile(t, script, ReplayOptions{Extractor: here.open, Out: out})
	if err != nil || !strings.Contains(log, "\nimage   "+filepath.Join(dir, "photos", "a.jpg")+"\n    picture sha256:") {
		t.Fatalf("%v\n%s", err, log)
	}
	check := func(l *lab) error {
		before := testgallery.Tree(t, dir)
		_, _, err := replayFile(t, filepath.Join(out, "s.strata"), ReplayOptions{Extractor: l.open, Check: true})
		if after := testgallery.Tree(t, dir); after != before {
			t.Errorf("a check made %s of %s", after, before)
		}
		return err
	}
	// The kept features are taken, although this machine would compute others.
	there := &lab{recipe: "r1", shift: 1e-7}
	if err := check(there); err != nil || there.took != 0 {
		t.Errorf("%v; %s", err, there.counts())
	}
	if err := os.RemoveAll(filepath.Join(dir, "shirts", ".strata")); err != nil {
		t.Fatal(err)
	}
	if err := check(here); err != nil {
		t.Errorf("computed anew: %v", err)
	}
	var d *Difference
	err = check(there)
	if !errors.As(err, &d) || !strings.HasPrefix(d.Got, featuresLine) || !strings.Contains(err.Error(), "may differ in the last bits") {
		t.Errorf("computed anew elsewhere: %v", err)
	}
	photo(t, filepath.Join(dir, "photos"), "b.jpg")
	if err := os.Rename(filepath.Join(dir, "photos", "b.jpg"), filepath.Join(dir, "photos", "a.jpg")); err != nil {
		t.Fatal(err)
	}
	err = check(here)
	if !errors.As(err, &d) || !strings.HasPrefix(d.Got, "picture ") || d.Hint != "" {
		t.Errorf("another picture: %v", err)
	}
}

func TestParityString(t *testing.T) {
	p := check.Parity{Pictures: 8, Cosine: 1, Layer: "C", ID: "15970", Difference: 0}
	if got, want := p.String(), "parity 8 pictures: cosine ≥ 1 (layer C, item 15970), largest difference 0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	p.Cosine, p.Difference = math.Nextafter(1, 0), 1.2345e-5
	if got := p.String(); !strings.Contains(got, "cosine ≥ 0.9999999 ") || !strings.Contains(got, "1.2e-05") {
		t.Errorf("got %s", got)
	}
}
