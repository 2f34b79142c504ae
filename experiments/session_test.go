package experiments

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"strata/engine"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
	"strata/experiments/script"
	"strata/experiments/table"
)

// writes keeps every Write apart. Its zero value is ready.
type writes struct {
	mu   sync.Mutex
	all  []string
	fail error
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return 0, w.fail
	}
	w.all = append(w.all, string(p))
	return len(p), nil
}

func (w *writes) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.all, "")
}

func (w *writes) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.all)
}

// openFolder opens folders, and counts how many it opened.
func openFolder(ctx context.Context, name string) (*engine.Gallery, error) {
	return engine.Open(ctx, name)
}

// newSession opens the table in a session that logs into the result.
func newSession(t *testing.T, tab *testgallery.Table, o Options) (*Session, *writes) {
	t.Helper()
	dir := t.TempDir()
	tab.Write(t, dir)
	log := &writes{}
	o.Open, o.Log, o.SkipContent = openFolder, log, true
	s := NewSession(o)
	t.Cleanup(func() { s.Close() })
	if _, err := s.Do(t.Context(), script.Gallery{Name: dir}); err != nil {
		t.Fatal(err)
	}
	return s, log
}

// steps parses a step a line.
func steps(t *testing.T, text string) []script.Step {
	t.Helper()
	s, err := parseScript(t, "test", text)
	if err != nil {
		t.Fatal(err)
	}
	var out []script.Step
	for _, l := range s.Lines {
		out = append(out, l.Step)
	}
	return out
}

func TestSessionLog(t *testing.T) {
	s, log := newSession(t, testgallery.Shirts(), Options{})
	for _, text := range []string{
		"query f\nschemes x,  y\nsearch 2",
		"query f\nschemes x, y\nfilter none", // changes nothing
		"filter category=shirt\nsearch 10\nnote half way",
	} {
		if _, err := s.Do(t.Context(), steps(t, text)...); err != nil {
			t.Fatal(err)
		}
	}
	dir := s.Gallery().Path
	print, err := s.Gallery().Fingerprint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	score := func(i int) string {
		r, err := s.Preview(t.Context(), steps(t, "schemes x\nsearch 3")...)
		if err != nil {
			t.Fatal(err)
		}
		return table.Number(r[len(r)-1].Rankings[0].Hits[i].Score)
	}
	want := []string{
		"# strata 1  gallery " + print + "  seed 1\ngallery " + dir + "\n    6 items\n    layer x float32 6x2\n    layer y float32 6x2\n" +
			"    labels category, \"brand name\"\n    " + print + "\n",
		"query   f\nschemes x, y\nsearch  2\n    x\n    1  e  0.9848077610019035\n    2  d  0.9396926313123396  category\n    P@2  category 0.5  \"brand name\" lone\n" +
			"    y\n    1  a  -\n    2  b  -\n    P@2  category unscored  \"brand name\" lone\n" +
			"# " + filepath.Join(dir, "y.npy") + ": 1 of 6 rows are zero; the first is row 5\n",
		"filter  category=shirt\nsearch  10\n    x\n    1  d  " + score(0) + "  category\n    2  b  " + score(1) + "  category\n    3  a  " + score(2) + "  category\n" +
			"    P@10  category 0.3  \"brand name\" lone\n    y\n    1  a  -\n    2  b  -\n    3  d  -\n    P@10  category unscored  \"brand name\" lone\n" +
			"note    half way\n",
	}
	for i, got := range log.all {
		if i >= len(want) || got != want[i] {
			t.Errorf("write %d:\n%s\nwant\n%s", i, got, want[min(i, len(want)-1)])
		}
	}
	if len(log.all) != len(want) {
		t.Errorf("%d writes, want %d", len(log.all), len(want))
	}
	if got, want := s.Script(), "gallery "+dir+"\nquery   f\nschemes x, y\nfilter  category=shirt\nsearch  10\n"; got != want {
		t.Errorf("script\n%s\nwant\n%s", got, want)
	}
}

// TestSessionAllOrNothing: a Do that fails at its last step leaves nothing.
func TestSessionAllOrNothing(t *testing.T) {
	s, log := newSession(t, testgallery.Shirts(), Options{Dir: t.TempDir()})
	ok := steps(t, "query a\nschemes x\nsearch 1")
	if _, err := s.Do(t.Context(), ok...); err != nil {
		t.Fatal(err)
	}
	before, state := log.text(), fmt.Sprint(s.State())
	var name *scheme.NameError
	var scheme *scheme.SyntaxError
	for _, c := range []struct {
		text string
		as   any
		want string
	}{
		{"query b\nquery z", &name, `no item "z"`},
		{"query b\nschemes x, q+x", &scheme, `no layer "q"`},
		{"query b\nfilter category=sock", &name, `"sock"`},
		{"query b\nsearch 2\nexport rankings.csv\nexport table.csv", nil, "metrics, per_query, standings, comparisons, rankings"},
		{"compare x, y\nexport classes.csv", nil, "classes.csv: there is nothing to export yet: a mine step must come before"},
		{"evaluate x, y\nexport comparisons.csv", nil, "a compare step must come before"},
		{"compare", nil, "one scheme is chosen"},
		{"compare x, 1*x", nil, "the schemes are the same, x"},
		{"compare x, z", nil, `no layer "z"`},
		{"schemes x, y, x+y\nmine", nil, "mine takes two schemes, and 3 are chosen"},
		{"mine", nil, "mine takes two schemes, and 1 are chosen"},
		{"mine x, 1*x", nil, "the schemes are the same, x"},
		{"mine x, y on price", nil, `no label "price"`},
		{"query b\nexport metrics.csv", nil, "an evaluate step must come before"},
		{"query b\nevaluate on colour", &name, `no label "colour"`},
		{"query b\ngallery /nowhere", nil, "there is no such folder"},
	} {
		_, err := s.Do(t.Context(), steps(t, c.text)...)
		if err == nil || !strings.Contains(err.Error(), c.want) || c.as != nil && !errors.As(err, c.as) {
			t.Errorf("%q: got %v, want …%s…", c.text, err, c.want)
		}
	}
	if log.text() != before || fmt.Sprint(s.State()) != state {
		t.Errorf("now %v and\n%s", s.State(), log.text())
	}
	if files, err := os.ReadDir(s.o.Dir); err != nil || len(files) > 0 {
		t.Errorf("left %v, %v", files, err)
	}
}

func TestSessionNeeds(t *testing.T) {
	s := NewSession(Options{Open: openFolder})
	defer s.Close()
	for _, c := range []struct {
		text string
		want error
	}{
		{"query a", ErrNoGallery},
		{"schemes x", ErrNoGallery},
		{"search 3", ErrNoGallery},
		{"evaluate", ErrNoGallery},
		{"export rankings.csv", ErrNothingToExport},
	} {
		if _, err := s.Do(t.Context(), steps(t, c.text)...); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", c.text, err)
		}
	}
	opened, _ := newSession(t, testgallery.Shirts(), Options{})
	if _, err := opened.Do(t.Context(), steps(t, "schemes x\nsearch 2")...); !errors.Is(err, ErrNoQuery) {
		t.Errorf("got %v", err)
	}
	if _, err := opened.Do(t.Context(), steps(t, "query a\nsearch 2")...); !errors.Is(err, eval.ErrNoSchemes) {
		t.Errorf("got %v", err)
	}
}

func TestSessionPreviewLeavesNothing(t *testing.T) {
	s, log := newSession(t, testgallery.Shirts(), Options{Dir: t.TempDir()})
	if _, err := s.Do(t.Context(), steps(t, "query a\nschemes x")...); err != nil {
		t.Fatal(err)
	}
	before, state := log.text(), fmt.Sprint(s.State())
	r, err := s.Preview(t.Context(), steps(t, "schemes 0.5*x+y\nsearch 3\nexport rankings.csv")...)
	if err != nil {
		t.Fatal(err)
	}
	if len(r) != 3 || len(r[1].Rankings) != 1 || len(r[1].Rankings[0].Hits) != 3 {
		t.Errorf("got %+v", r)
	}
	if log.text() != before || fmt.Sprint(s.State()) != state {
		t.Error("a preview was logged or kept")
	}
	if files, err := os.ReadDir(s.o.Dir); err != nil || len(files) > 0 {
		t.Errorf("left %v, %v", files, err)
	}
}

func TestSessionCancelled(t *testing.T) {
	s, log := newSession(t, testgallery.Shirts(), Options{})
	before := log.text()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Do(ctx, steps(t, "query a\nschemes x\nsearch 3")...); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if log.text() != before || s.State().Query != "" {
		t.Error("a cancelled step was logged or kept")
	}

	// Cancelled while the last step runs.
	ctx, cancel = context.WithCancel(t.Context())
	late := NewSession(Options{Log: log, Open: func(ctx context.Context, name string) (*engine.Gallery, error) {
		defer cancel()
		return engine.Open(ctx, name)
	}})
	defer late.Close()
	if _, err := late.Do(ctx, script.Gallery{Name: s.Gallery().Path}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if log.text() != before || late.Gallery() != nil {
		t.Error("a step that was cancelled late was logged or kept")
	}
}

func TestSessionExport(t *testing.T) {
	s, _ := newSession(t, testgallery.Shirts(), Options{Dir: t.TempDir()})
	r, err := s.Do(t.Context(), steps(t, "query a\nschemes x, y\nsearch 5\nevaluate\nexport my-rankings.csv\nexport metrics.csv\nexport per_query.csv")...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(s.o.Dir, "my-rankings.csv"))
	if err != nil {
		t.Fatal(err)
	}
	want := `scheme,query,rank,id,score,category,brand name
x,a,1,b,0.9848077521541908,1,0
x,a,2,c c,0.9396926168497417,0,1
`
	if !strings.HasPrefix(string(got), want) {
		t.Errorf("got\n%s", got)
	}
	if !strings.Contains(string(got), "y,a,5,f,,0,0\n") {
		t.Errorf("no empty score in\n%s", got)
	}
	step := r[4].Step.(script.Export)
	if !filepath.IsAbs(step.File) || !strings.HasPrefix(r[4].Lines[0], fmt.Sprintf("%d bytes  sha256:", len(got))) {
		t.Errorf("logged %s, %s", step, r[4].Lines)
	}
	files, err := os.ReadDir(s.o.Dir)
	if err != nil || len(files) != 3 {
		t.Errorf("left %v, %v", files, err)
	}
}

// TestSessionLogFails: what cannot be logged does not happen, then or later.
func TestSessionLogFails(t *testing.T) {
	s, log := newSession(t, testgallery.Shirts(), Options{})
	full := errors.New("no space left")
	log.fail = full
	if _, err := s.Do(t.Context(), script.Query{ID: "a"}); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	log.fail = nil
	if _, err := s.Do(t.Context(), script.Query{ID: "a"}); !errors.Is(err, full) {
		t.Errorf("later got %v", err)
	}
	if s.State().Query != "" {
		t.Error("the step was kept")
	}
	if err := s.Close(); !errors.Is(err, full) {
		t.Errorf("Close gives %v", err)
	}
}

// TestSessionEvaluateBeside changes the filter while an evaluation runs: the
// log must say under which filter it ran, and go on with the new one.
func TestSessionEvaluateBeside(t *testing.T) {
	s, log := newSession(t, testgallery.Random(rand.New(rand.NewPCG(5, 5)), 400), Options{})
	if _, err := s.Do(t.Context(), steps(t, "schemes A, B+C\nfilter colour=red")...); err != nil {
		t.Fatal(err)
	}
	running, changed := make(chan bool), make(chan bool)
	var once sync.Once
	done := make(chan Result)
	go func() {
		r, err := s.Behind(t.Context(), script.Evaluate{}, func(Progress) {
			once.Do(func() {
				close(running)
				<-changed
			})
		})
		if err != nil {
			t.Error(err)
		}
		done <- r
	}()
	<-running
	if _, err := s.Do(t.Context(), steps(t, "filter colour=blue\nschemes C\nnote meanwhile")...); err != nil {
		t.Fatal(err)
	}
	close(changed)
	r := <-done
	if r.Evaluation == nil || len(r.Evaluation.Schemes) != 2 {
		t.Fatalf("got %+v", r)
	}
	var got []string
	for line := range strings.Lines(log.text()) {
		if line[0] != ' ' && line[0] != '#' {
			got = append(got, strings.TrimSpace(line))
		}
	}
	want := []string{
		"schemes A, B+C", "filter  colour=red", "filter  colour=blue", "schemes C", "note    meanwhile",
		"filter  colour=red", "evaluate A, B+C on category, colour over all seed 1", "filter  colour=blue",
	}
	if !slices.Equal(got[1:], want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	if log.count() != 4 {
		t.Errorf("%d writes, want one for each Do", log.count())
	}
	replayLog(t, log.text())
}

// replayLog checks a log against running it again.
func replayLog(t *testing.T, text string) {
	t.Helper()
	script, err := parseScript(t, "log.strata", text)
	if err != nil {
		t.Fatal(err)
	}
	report, err := Replay(t.Context(), script, ReplayOptions{Open: openFolder, Check: true})
	if err != nil || report.Compared == 0 {
		t.Errorf("replay: %+v, %v", report, err)
	}
}

// TestSessionConcurrent runs everything at once and replays the log.
func TestSessionConcurrent(t *testing.T) {
	s, log := newSession(t, testgallery.Random(rand.New(rand.NewPCG(6, 6)), 200), Options{Budget: 1 << 14})
	if _, err := s.Do(t.Context(), steps(t, "query item-1\nschemes A")...); err != nil {
		t.Fatal(err)
	}
	var queries []string
	for row := range s.Gallery().Len() {
		if s.Gallery().IsQuery(row) {
			queries = append(queries, s.Gallery().ID(row))
		}
	}
	var wg sync.WaitGroup
	try := func(err error) {
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	for i := range 8 {
		wg.Go(func() {
			for j := range 12 {
				query := script.Query{ID: queries[(i*31+j*7)%len(queries)]}
				ctx, cancel := context.WithCancel(t.Context())
				if j%4 == 3 {
					cancel()
				}
				var err error
				switch i {
				case 0:
					_, err = s.Behind(ctx, script.Evaluate{Over: 20, Seed: uint64(j + 1)}, nil)
				case 7:
					_, err = s.Behind(ctx, script.Mine{Schemes: testgallery.Schemes(t, "A", "B"), Over: 20, Seed: uint64(j + 1)}, nil)
				case 1:
					s.Warm(ctx, query.ID, testgallery.Schemes(t, "B", "C"))
					_, err = s.Cosines(ctx, 1, 2)
				case 2, 3:
					_, err = s.Preview(ctx, query, script.Schemes{Schemes: testgallery.Schemes(t, fmt.Sprintf("A+0.%d*B", j+1))}, script.Search{K: 5})
				case 4:
					_, err = s.Do(ctx, script.Filter{Conditions: []scheme.Condition{{Label: "colour", Value: []string{"red", "blue"}[j%2]}}})
				default:
					_, err = s.Do(ctx, query, script.Schemes{Schemes: testgallery.Schemes(t, "A", "rrf(B,C)")}, script.Search{K: 3})
				}
				cancel()
				try(err)
				_, _, _ = s.State(), s.Usage(), s.Script()
			}
		})
	}
	wg.Wait()
	replayLog(t, log.text())
}

// TestSessionClose cancels what runs, waits for it, and refuses what comes later.
func TestSessionClose(t *testing.T) {
	s, _ := newSession(t, testgallery.Random(rand.New(rand.NewPCG(5, 5)), 1500), Options{})
	running, ended := make(chan bool), make(chan error, 1)
	var once sync.Once
	go func() {
		_, err := s.Behind(t.Context(), script.Evaluate{Schemes: testgallery.Schemes(t, "rrf(A,rrf(B,C))")}, func(p Progress) {
			if p.Of == 0 {
				return
			}
			once.Do(func() { close(running) })
		})
		ended <- err
	}()
	<-running
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the evaluation gave %v", err)
	}
	if _, err := s.Do(t.Context(), script.Note{Text: "x"}); !errors.Is(err, scheme.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

// TestSessionNotes: with a clock, a log says on comment lines when and how long.
func TestSessionNotes(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	s, log := newSession(t, testgallery.Shirts(), Options{Version: "1.2", Now: func() time.Time {
		now = now.Add(3 * time.Millisecond)
		return now
	}})
	r, err := s.Do(t.Context(), steps(t, "query a\nschemes x\nsearch 1")...)
	if err != nil {
		t.Fatal(err)
	}
	if r[2].Took != 3*time.Millisecond || !strings.HasSuffix(log.text(), "\n# 3ms\n") {
		t.Errorf("took %v\n%s", r[2].Took, log.text())
	}
	if !strings.Contains(log.text(), "\n# strata 1.2  ") || !strings.Contains(log.text(), "2030-01-02T03:04:05Z\n") {
		t.Errorf("no version in\n%s", log.text())
	}
}

// TestSessionFaults: what is wrong with a layer is noted once, by the first
// search that is not cancelled.
func TestSessionFaults(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var when func()
	s, log := newSession(t, testgallery.Shirts(), Options{Now: func() time.Time {
		if when != nil {
			when()
		}
		return time.Time{}
	}})
	if _, err := s.Do(t.Context(), steps(t, "query a\nschemes y")...); err != nil {
		t.Fatal(err)
	}
	looks := 0
	when = func() {
		if looks++; looks == 2 { // the search has ended, and was not committed
			cancel()
		}
	}
	if _, err := s.Do(ctx, script.Search{K: 1}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	for range 2 {
		if _, err := s.Do(t.Context(), script.Search{K: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.text(), "y.npy: 1 of 6 rows are zero; the first is row 5"); n != 1 {
		t.Errorf("noted %d times in\n%s", n, log.text())
	}
}

// TestSessionContent: the content hash is computed behind and noted.
func TestSessionContent(t *testing.T) {
	dir := t.TempDir()
	testgallery.Shirts().Write(t, dir)
	g, err := engine.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	want, err := g.ContentHash(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g.Close()
	noted := make(chan string, 1)
	s := NewSession(Options{Open: openFolder, Log: writerFunc(func(p []byte) (int, error) {
		if strings.HasPrefix(string(p), "# content") {
			noted <- string(p)
		}
		return len(p), nil
	})})
	defer s.Close()
	if _, err := s.Do(t.Context(), script.Gallery{Name: dir}); err != nil {
		t.Fatal(err)
	}
	if got := <-noted; got != "# content "+want+"\n" {
		t.Errorf("got %s", got)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestSessionReopen: a gallery step begins anew, on the gallery that is open.
func TestSessionReopen(t *testing.T) {
	dir := t.TempDir()
	testgallery.Shirts().Write(t, dir)
	opened := 0
	s := NewSession(Options{Open: func(ctx context.Context, name string) (*engine.Gallery, error) {
		opened++
		return engine.Open(ctx, name)
	}})
	defer s.Close()
	for range 3 {
		if _, err := s.Do(t.Context(), append([]script.Step{script.Gallery{Name: dir}}, steps(t, "query a\nschemes x\nfilter category=cap\nsearch 1")...)...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Do(t.Context(), script.Gallery{Name: dir}); err != nil {
		t.Fatal(err)
	}
	if st := s.State(); st.Query != "" || st.Schemes != nil || st.Filter != nil || opened != 1 {
		t.Errorf("got %+v, opened %d times", st, opened)
	}
}

// parseScript reads a script from a file of that name.
func parseScript(t testing.TB, name, text string) (*script.Script, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return script.ReadScript(path, script.Reading{})
}
