package experiments

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"strata/experiments/history"
	"strata/experiments/internal/testgallery"
	"strata/experiments/script"
)

// asked returns what the session's state asks for, a line a step.
func asked(s *Session) string {
	t := s.snapshot()
	return fmt.Sprint(t.now().steps())
}

// checked replays a session's log, which must give the same again.
func checked(t *testing.T, log *writes) ReplayReport {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log.strata")
	if err := os.WriteFile(path, []byte(log.text()), 0o666); err != nil {
		t.Fatal(err)
	}
	_, report, err := replayFile(t, path, ReplayOptions{Check: true})
	if err != nil {
		t.Errorf("%v\n%s", err, log.text())
	}
	return report
}

func TestUndo(t *testing.T) {
	s, log := newSession(t, testgallery.Shirts(), Options{})
	start := len(log.text())
	for _, tc := range []struct{ do, want string }{
		{"query f", "[query   f filter  none]"},
		{"schemes x, y", "[query   f schemes x, y filter  none]"},
		{"search 2", "[query   f schemes x, y filter  none]"},
		{"filter category=shirt", "[query   f schemes x, y filter  category=shirt]"},
		{"query b\nschemes x", "[query   b schemes x filter  category=shirt]"},
		{"undo 2", "[query   f schemes x, y filter  category=shirt]"},
		{"undo", "[query   f schemes x, y filter  none]"},
		{"redo 3\nsearch 2", "[query   b schemes x filter  category=shirt]"},
		{"undo\nundo", "[query   f schemes x, y filter  category=shirt]"},
		{"evaluate", "[query   f schemes x, y filter  category=shirt]"},
		{"undo 2", "[query   f filter  none]"},
		{"schemes y", "[query   f schemes y filter  none]"},
	} {
		do(t, s, tc.do)
		if got := asked(s); got != tc.want {
			t.Errorf("after %q: got %s, want %s", tc.do, got, tc.want)
		}
	}
	for step, want := range map[string]string{
		"redo": "there is nothing to redo", "undo 7": "undo    7: it can be done 2 times", "redo 2": "there is nothing to redo",
	} {
		before := log.text()
		if _, err := s.Do(t.Context(), steps(t, step)...); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", step, err, want)
		}
		if log.text() != before {
			t.Errorf("%s is logged", step)
		}
	}
	do(t, s, "undo 2")
	if got := s.State(); got.Query != "" || got.Schemes != nil {
		t.Errorf("all undone leaves %+v", got)
	}
	if _, err := s.Do(t.Context(), steps(t, "undo")...); err == nil || err.Error() != "there is nothing to undo" {
		t.Errorf("at the start: %v", err)
	}
	for _, want := range []string{
		"undo    2\n    query   f\n    schemes x, y\nundo\n    filter  none\nredo    3\n    query   b\n    schemes x\n    filter  category=shirt\nsearch  2\n",
		"undo    2\n    filter  none\nschemes y\nundo    2\n",
	} {
		if !strings.Contains(log.text()[start:], want) {
			t.Errorf("the log does not have\n%s\nbut\n%s", want, log.text()[start:])
		}
	}
	checked(t, log)
}

// TestUndoRandom compares random steps with a list of states, and replays the log.
func TestUndoRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 0))
	s, log := newSession(t, testgallery.Shirts(), Options{})
	did := []string{asked(s)}
	at := 0
	for range 400 {
		by := rng.IntN(4) + 1
		var step string
		switch rng.IntN(6) {
		case 0:
			step = "query " + []string{"a", "b", "d", "e", "f"}[rng.IntN(5)]
		case 1:
			step = "schemes " + []string{"x", "y", "x, y", "x+y"}[rng.IntN(4)]
		case 2:
			step = "filter " + []string{"none", "category=shirt"}[rng.IntN(2)]
		case 3, 4:
			if by = min(by, at); by == 0 {
				continue
			}
			step, by = fmt.Sprintf("undo %d", by), -by
		case 5:
			if by = min(by, len(did)-1-at); by == 0 {
				continue
			}
			step = fmt.Sprintf("redo %d", by)
		}
		changed := len(do(t, s, step)) > 0
		switch {
		case strings.HasPrefix(step, "undo"), strings.HasPrefix(step, "redo"):
			at += by
		case changed:
			did = append(did[:at+1], asked(s))
			if len(did) > history.Limit+1 {
				did = did[1:]
			}
			at = len(did) - 1
		}
		if got := asked(s); got != did[at] {
			t.Fatalf("after %s: got %s, want %s", step, got, did[at])
		}
		if state := s.State(); state.Query != "" && len(state.Schemes) > 0 && rng.IntN(4) == 0 {
			do(t, s, "search 3")
		}
	}
	if report := checked(t, log); report.Compared < 200 {
		t.Errorf("%d lines compared", report.Compared)
	}
}

// TestUndoForgets: no more than so many changes are kept.
func TestUndoForgets(t *testing.T) {
	s, log := newSession(t, testgallery.Shirts(), Options{})
	do(t, s, "schemes x")
	for i := range history.Limit + 20 {
		do(t, s, "query "+[]string{"a", "b"}[i%2])
	}
	do(t, s, fmt.Sprintf("undo %d", history.Limit))
	if _, err := s.Do(t.Context(), steps(t, "undo")...); err == nil {
		t.Error("more is kept")
	}
	checked(t, log)
}

// TestUndoAfterBehind: a study that ends under another filter is logged under its own, and
// undo goes where it goes when the log is replayed.
func TestUndoAfterBehind(t *testing.T) {
	s, log := newSession(t, testgallery.Shirts(), Options{})
	do(t, s, "query f\nschemes x, y")
	changed := false
	_, err := s.Behind(t.Context(), script.Evaluate{}, func(Progress) {
		if !changed {
			changed = true
			do(t, s, "filter category=shirt")
		}
	})
	if err != nil || !changed {
		t.Fatal(err)
	}
	do(t, s, "undo")
	if got := s.State().Filter; len(got) != 0 {
		t.Errorf("the filter is %v", got)
	}
	do(t, s, "search 2\nundo\nsearch 3\nundo\nsearch 4")
	checked(t, log)
}

// TestBack: what leads to a kept moment is logged as an undo, or as a redo, and what does not
// as it is.
func TestBack(t *testing.T) {
	s, log := newSession(t, testgallery.Shirts(), Options{})
	do(t, s, "query a\nschemes x\nsearch 2\nquery b\nschemes y\nsearch 2\nquery a\nschemes x\nfilter category=shirt")
	for _, tc := range []struct {
		forth    bool
		to, want string
	}{
		{false, "query a\nschemes x\nfilter none\nsearch 1", "undo search  1"},
		{false, "query b\nschemes y\nsearch 1", "undo    2 search  1"},
		{true, "query a\nschemes x\nsearch 1", "redo    2 search  1"},
		{false, "query a\nschemes x\nsearch 1", "search  1"},
		{false, "query a\nschemes x\nfilter category=shirt", "redo"},
		{false, "query d\nschemes x\nsearch 1", "query   d search  1"},
	} {
		back := s.Back
		if tc.forth {
			back = s.Forth
		}
		results, err := back(t.Context(), steps(t, tc.to)...)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range results {
			got = append(got, r.Step.String())
		}
		if text := strings.Join(got, " "); text != tc.want {
			t.Errorf("%q: got %s, want %s", tc.to, text, tc.want)
		}
	}
	checked(t, log)
	var queries []string
	for _, m := range s.Moments() {
		queries = append(queries, m.Query)
	}
	if want := []string{"a", "b", "b", "a", "a", "a", "d"}; !slices.Equal(queries, want) {
		t.Errorf("the moments are %v, want %v", queries, want)
	}
}

// TestUndoPicture: a picture that was the query is it again, even if its file is gone.
func TestUndoPicture(t *testing.T) {
	dir := t.TempDir()
	s, log := newStudio(t, &lab{}, Options{Dir: dir})
	path := photo(t, dir, "a.jpg")
	do(t, s, "query b\nschemes x\nimage a.jpg\nsearch 3")
	first := s.State().Picture
	do(t, s, "query a\nsearch 3")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Back(t.Context(), steps(t, "image a.jpg\nschemes x\nsearch 3")...); err != nil {
		t.Fatal(err)
	}
	if got := s.State(); got.Picture != first || got.Query != "" {
		t.Errorf("got %+v", got)
	}
	if want := "\nundo\n    picture " + first.Hash + "\nsearch  3\n"; !strings.Contains(log.text(), want) {
		t.Errorf("the log does not have %s:\n%s", want, log.text())
	}
}
