package experiments

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"strata/engine"
	"strata/experiments/internal/testgallery"
	"strata/experiments/script"
)

// gathered waits until the neighbourhoods of a session's gallery are built.
func gathered(t *testing.T, s *Session) {
	t.Helper()
	w := s.snapshot().gallery.gathered.Load()
	if w == nil {
		t.Fatal("no neighbourhoods are built")
	}
	if err := w.n.Build(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// sampling opens a session with neighbourhoods on a gallery in a folder.
func sampling(t *testing.T, dir string, budget int64, log io.Writer) *Session {
	t.Helper()
	s := NewSession(Options{
		Open:   func(ctx context.Context, _ string) (*engine.Gallery, error) { return engine.Open(ctx, dir) },
		Budget: 64 << 20, Log: log, SkipContent: true, Neighbours: budget,
	})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Do(t.Context(), script.Gallery{Name: "g"}); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestMeansOfSession has the means of an evaluation, under the session's filter, also
// for a layer that is derived while the session runs; an evaluation gives the same lines
// with neighbourhoods and without.
func TestMeansOfSession(t *testing.T) {
	dir := t.TempDir()
	testgallery.Random(rand.New(rand.NewPCG(21, 22)), 150).Write(t, dir)
	other := t.TempDir() // without kept neighbourhoods
	testgallery.Random(rand.New(rand.NewPCG(21, 22)), 150).Write(t, other)
	s, plain := sampling(t, dir, 1<<28, nil), sampling(t, other, 0, nil)
	if rows, err := plain.Means(t.Context(), testgallery.Schemes(t, "A")); rows != nil || err != nil {
		t.Errorf("means without neighbourhoods: %v, %v", rows, err)
	}
	for _, text := range []string{"filter none", "filter colour=red"} {
		step, err := script.ParseStep(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Do(t.Context(), step); err != nil {
			t.Fatal(err)
		}
		if _, err := plain.Do(t.Context(), step); err != nil {
			t.Fatal(err)
		}
		evaluate := script.Evaluate{Schemes: testgallery.Schemes(t, "A", "B+C", "0.4*A|zscore+C")}
		want, err := plain.Do(t.Context(), evaluate)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Do(t.Context(), evaluate)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Join(got[0].Lines, "\n") != strings.Join(want[0].Lines, "\n") {
			t.Errorf("an evaluation with neighbourhoods is\n%s\nwant\n%s", strings.Join(got[0].Lines, "\n"), strings.Join(want[0].Lines, "\n"))
		}
		if _, err := s.Means(t.Context(), evaluate.Schemes); err != nil {
			t.Fatal(err) // it asks for the derived layer
		}
		gathered(t, s)
		rows, err := s.SharpenMeans(t.Context(), evaluate.Schemes)
		if err != nil {
			t.Fatal(err)
		}
		if !rows.Complete() || rows.Rough {
			t.Errorf("%s: %d of %d queries are known", text, rows.Known, rows.Queries)
		}
		e := want[0].Evaluation
		for _, sc := range evaluate.Schemes {
			for _, label := range e.Labels {
				sum, _ := e.Summary(sc, label, 10)
				if m, ok := rows.Mean(sc, label); ok != (sum.N > 0) || ok && math.Float64bits(m.Value) != math.Float64bits(sum.Value) {
					t.Errorf("%s: %s %s: %+v, evaluated %v of %d", text, sc, label, m, sum.Value, sum.N)
				}
			}
		}
	}
}

// TestNeighboursAreKept has them at once the next time, and ends the building when the
// session is closed.
func TestNeighboursAreKept(t *testing.T) {
	dir := t.TempDir()
	testgallery.Random(rand.New(rand.NewPCG(23, 24)), 150).Write(t, dir)
	var log strings.Builder
	s := sampling(t, dir, 1<<28, &log)
	gathered(t, s)
	w := s.snapshot().gallery.gathered.Load()
	if err := w.n.Save(t.Context()); err != nil { // that of the session may still be under way
		t.Fatal(err)
	}
	if u := w.n.Usage(); u.Done != u.Queries || u.Budget != 1<<28 {
		t.Errorf("usage %s", u)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := sampling(t, dir, 1<<28, nil)
	gathered(t, again)
	if note := again.snapshot().gallery.gathered.Load().n.Note(); note != "" {
		t.Error(note)
	}
	closed := sampling(t, dir, 1<<28, nil)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := closed.Means(t.Context(), testgallery.Schemes(t, "A")); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("means of a closed session: %v", err)
	}
}

// TestKeptNeighbours ranks in a session that builds none, from those that another has kept:
// the lines are the same, a changed layer is searched, and few queries are.
func TestKeptNeighbours(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	testgallery.Random(rand.New(rand.NewPCG(27, 28)), 150).Write(t, dir)
	s := sampling(t, dir, 1<<28, nil)
	gathered(t, s)
	if err := s.snapshot().gallery.gathered.Load().n.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{dir, other} {
		tab := testgallery.Random(rand.New(rand.NewPCG(27, 28)), 150)
		slices.Reverse(tab.Layers["C"])
		tab.Write(t, folder)
	}
	kept, plain := sampling(t, dir, 0, nil), sampling(t, other, 0, nil)
	lines := func(s *Session, text string) []string {
		t.Helper()
		r, err := s.Do(t.Context(), steps(t, text)...)
		if err != nil {
			t.Fatal(err)
		}
		return r[0].Lines
	}
	const few = "evaluate A, C over 5"
	if a, b := lines(kept, few), lines(plain, few); !slices.Equal(a, b) || kept.snapshot().gallery.lent.Load() != nil {
		t.Errorf("of few queries %q, want %q; neighbourhoods were read: %t", a, b, kept.snapshot().gallery.lent.Load() != nil)
	}
	for _, text := range []string{"evaluate A, A+B, B+C, rrf(A,B)", "compare A, concat(A,B)", "mine A, B"} {
		if a, b := lines(kept, text), lines(plain, text); !slices.Equal(a, b) {
			t.Errorf("%s: %q, want %q", text, a, b)
		}
	}
	n := kept.snapshot().gallery.lent.Load()
	if n == nil || plain.snapshot().gallery.lent.Load() != nil {
		t.Fatalf("neighbourhoods: %v", n)
	}
	if of := n.Layers(); !slices.Equal(of[:2], []string{"A", "B"}) {
		t.Errorf("layers %v, %s", of, n.Usage())
	}
}

// TestMeansEnd: there are no means to wait for once the building of neighbourhoods has
// failed, and the log says why.
func TestMeansEnd(t *testing.T) {
	dir := t.TempDir()
	testgallery.Random(rand.New(rand.NewPCG(25, 27)), 150).Write(t, dir)
	var log strings.Builder
	s := NewSession(Options{
		Open:   func(ctx context.Context, _ string) (*engine.Gallery, error) { return engine.Open(ctx, dir) },
		Budget: 64 << 20, Log: &log, SkipContent: true, Neighbours: 1 << 28, ContentWait: time.Hour,
	})
	if _, err := s.Do(t.Context(), script.Gallery{Name: "g"}); err != nil {
		t.Fatal(err)
	}
	h := s.snapshot().gallery
	if h.gathered.Load() == nil {
		t.Fatal("no neighbourhoods are built")
	}
	then := time.Now().Add(time.Hour) // the building begins a moment later
	if err := os.Chtimes(filepath.Join(dir, "C.npy"), then, then); err != nil {
		t.Fatal(err)
	}
	for end := time.After(time.Minute); h.gathered.Load() != nil; {
		select {
		case <-end:
			t.Fatal("means are waited for")
		case <-time.After(yielding):
		}
	}
	if rows, err := s.SharpenMeans(t.Context(), testgallery.Schemes(t, "A")); rows != nil || err != nil {
		t.Errorf("means %v, %v", rows, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "# neighbours: building neighbours: ") {
		t.Errorf("the log is\n%s", log.String())
	}
}

// TestPhases names what a step is at in the background, and counts only what it can.
func TestPhases(t *testing.T) {
	dir := t.TempDir()
	testgallery.Random(rand.New(rand.NewPCG(25, 26)), 60).Write(t, dir)
	s := sampling(t, dir, 0, nil)
	schemes := testgallery.Schemes(t, "A", "B")
	for _, tc := range []struct {
		step script.Step
		want string
	}{
		{script.Evaluate{Schemes: schemes}, "ranking resampling"},
		{script.Compare{Schemes: schemes}, "ranking resampling comparing"},
		{script.Mine{Schemes: schemes}, "ranking comparing classes and pictures looking for duplicates sorting"},
	} {
		var phases []string
		last := Progress{}
		_, err := s.Behind(t.Context(), tc.step, func(p Progress) {
			if p.Phase != last.Phase {
				phases = append(phases, p.Phase)
				if last.Done != last.Of {
					t.Errorf("%s: %s ends at %d of %d", tc.step, last.Phase, last.Done, last.Of)
				}
			}
			last = p
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(phases, " "); got != tc.want || last.Of != 0 {
			t.Errorf("%s: phases %q, want %q; the last is %+v", tc.step, got, tc.want, last)
		}
	}
}
