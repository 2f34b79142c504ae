package experiments

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/experiments/internal/testgallery"
	"strata/experiments/script"
)

// leave writes a log and reads it.
func leave(t *testing.T, text string) *script.Script {
	t.Helper()
	path := filepath.Join(t.TempDir(), "left.strata")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	log, err := script.ReadLog(path)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// TestResume goes on where a log ends, without its studies, and writes a log that replays.
func TestResume(t *testing.T) {
	s, log := newSession(t, testgallery.Shirts(), Options{Dir: t.TempDir()})
	do(t, s, "query a\nschemes x, y\nsearch 3\nevaluate\nfilter category=shirt\nsearch 3\nquery b\nsearch 2\nexport rankings.csv\nschemes y\nundo\nsearch 4")
	left, gallery := leave(t, log.text()), s.Gallery().Path
	if got, err := LeftGallery(left); err != nil || got != gallery {
		t.Errorf("the gallery is %s, %v", got, err)
	}
	if err := os.Remove(filepath.Join(s.o.Dir, "rankings.csv")); err != nil {
		t.Fatal(err)
	}
	again := &writes{}
	next := NewSession(Options{Open: openFolder, Log: again, SkipContent: true, Dir: s.o.Dir})
	defer next.Close()
	moments, err := next.Resume(t.Context(), gallery, left)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := asked(next), asked(s); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if n := len(moments); n != 3 || moments[0].Query != "a" || moments[0].Filter != nil || moments[n-1].Query != "b" || len(moments[n-1].Schemes) != 2 {
		t.Errorf("the moments are %+v", moments)
	}
	if want := "\nquery   b\nschemes x, y\nfilter  category=shirt\n"; !strings.HasSuffix(again.text(), want) || strings.Contains(again.text(), "search") {
		t.Errorf("the log is\n%s\nwant …%s", again.text(), want)
	}
	if files := testgallery.Tree(t, s.o.Dir); files != "" {
		t.Errorf("it has written %s", files)
	}
	do(t, next, "search 3\nundo\nsearch 3")
	checked(t, again)
}

// TestResumeLast goes on in the last of two galleries, after a filter on flags that are gone; a filter on
// them that is left is named.
func TestResumeLast(t *testing.T) {
	first, last := t.TempDir(), t.TempDir()
	testgallery.Random(rand.New(rand.NewPCG(3, 4)), 60).Write(t, first)
	testgallery.Shirts().Write(t, last)
	log := &writes{}
	s := NewSession(Options{Open: openFolder, Log: log, SkipContent: true})
	defer s.Close()
	do(t, s, "gallery "+first+"\nschemes A\ngallery "+last+"\nquery a\nschemes x\nflag b wrong\nfilter flag=wrong\nsearch 2\nschemes y\nfilter none\nflag b none\nquery d")
	resume := func(text string) error {
		left := leave(t, text)
		gallery, err := LeftGallery(left)
		if err != nil || gallery != last {
			t.Fatalf("the gallery is %s, %v", gallery, err)
		}
		next := NewSession(Options{Open: openFolder, SkipContent: true})
		defer next.Close()
		if _, err := next.Resume(t.Context(), gallery, left); err != nil {
			return err
		}
		if got, want := asked(next), asked(s); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		return nil
	}
	text := log.text()
	if err := resume(text); err != nil {
		t.Error(err)
	}
	err := resume(text + "filter flag=wrong\nschemes x\n")
	var at *StepError
	if !errors.As(err, &at) || at.Line != strings.Count(text, "\n")+1 || !strings.Contains(err.Error(), "no item is flagged") {
		t.Errorf("a filter that no item meets: %v", err)
	}
}

// TestResumeRefuses names the line of a log that cannot be gone on from.
func TestResumeRefuses(t *testing.T) {
	s, log := newSession(t, testgallery.Shirts(), Options{})
	do(t, s, "query a\nschemes x")
	mine := s.Gallery().Path
	other := t.TempDir()
	changed := testgallery.Shirts()
	changed.Layers["x"][0] = []float32{.5, .5}
	changed.Write(t, other)
	for _, tc := range []struct {
		name, gallery, text string
		line                int
		want                string
	}{
		{"another gallery", other, log.text(), 2, "this is of another gallery, " + mine + " with "},
		{"no gallery", mine, "query a\n", 1, "no gallery is open"},
		{"nothing", mine, "# strata\n", 1, "no gallery is open"},
		{"an item that is not there", mine, "gallery " + mine + "\n\nquery z\n", 3, `no item "z"`},
		{"a layer that is not there", mine, "gallery " + mine + "\nschemes z\n", 2, `no layer "z"`},
		{"an item of a gallery elsewhere", mine, "gallery /nowhere/shop\nquery z\n", 2, `no item "z"; the log is of /nowhere/shop, and ` + mine + " is open"},
		{"a layer of a gallery elsewhere", mine, "gallery shop\nquery a\nschemes z\n", 3, "/shop, and " + mine + " is open"},
		{"nothing to undo", mine, "gallery " + mine + "\nundo\n", 2, "there is nothing to undo"},
	} {
		again := &writes{}
		next := NewSession(Options{Open: openFolder, Log: again, SkipContent: true})
		left := leave(t, tc.text)
		_, err := next.Resume(t.Context(), tc.gallery, left)
		var at *StepError
		if !errors.As(err, &at) || at.File != left.Name || at.Line != tc.line || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v", tc.name, err)
		}
		if again.text() != "" || next.Gallery() != nil {
			t.Errorf("%s: it is logged: %s", tc.name, again.text())
		}
		if err := next.Close(); err != nil {
			t.Error(err)
		}
	}
	// A log that was cut in or before the fingerprint, and the same gallery in another place.
	facts, _, _ := strings.Cut(log.text(), "\nquery")
	print := strings.LastIndex(facts, "    sha256:") + len("    ")
	for _, cut := range []int{0, 3, 7, 20, 71} {
		next := NewSession(Options{Open: openFolder, SkipContent: true})
		text := strings.Replace(facts[:print+cut], mine, "/nowhere/shop", 1)
		if _, err := next.Resume(t.Context(), mine, leave(t, text)); err != nil {
			t.Errorf("cut as %q: %v", text, err)
		}
		if err := next.Close(); err != nil {
			t.Error(err)
		}
	}
	// The same gallery in another place, and other features in the same place.
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.CopyFS(moved, os.DirFS(mine)); err != nil {
		t.Fatal(err)
	}
	left := leave(t, log.text())
	changed.Write(t, mine)
	for _, gallery := range []string{moved, mine} {
		next := NewSession(Options{Open: openFolder, SkipContent: true})
		if _, err := next.Resume(t.Context(), gallery, left); err != nil || next.State().Query != "a" {
			t.Errorf("%s: %v", gallery, err)
		}
		if err := next.Close(); err != nil {
			t.Error(err)
		}
	}
}
