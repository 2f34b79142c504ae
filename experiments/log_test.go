package experiments

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
	"strata/experiments/report"
	"strata/experiments/run"
	"strata/experiments/script"
)

// TestOpenLog: what is appended begins on a line of its own.
func TestOpenLog(t *testing.T) {
	for before, want := range map[string]string{"": "new\n", "old\n": "old\nnew\n", "half": "half\nnew\n", "old\n\x00\x00": "old\nnew\n", "\x00": "new\n"} {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, []byte(before), 0o666); err != nil {
			t.Fatal(err)
		}
		f, err := OpenLog(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("new\n"); err != nil {
			t.Fatal(err)
		}
		if err := CloseLog(f); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%q: got %q, %v", before, got, err)
		}
	}
}

// TestCreateLog: two sessions of one second have two logs, named after their
// gallery; one that stays empty does not stay.
func TestCreateLog(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 3, 1, 14, 2, 11, 0, time.UTC)
	for _, want := range []string{"2026-03-01T14-02-11-my-shop.strata", "2026-03-01T14-02-11-my-shop-1.strata"} {
		f, err := CreateLog(dir, filepath.Join("galleries", "my shop"), now)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(f.Name()) != want {
			t.Errorf("got %s, want %s", f.Name(), want)
		}
		if _, err := f.WriteString("gallery demo\n"); err != nil {
			t.Fatal(err)
		}
		if err := CloseLog(f); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(f.Name()); err != nil {
			t.Error(err)
		}
	}
	empty, err := CreateLog(dir, "demo", now)
	if err != nil {
		t.Fatal(err)
	}
	if err := CloseLog(empty); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(empty.Name()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty log stays: %v", err)
	}
}

// TestOpenLogTwice: a second session does not write into the log of another.
func TestOpenLogTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	first, err := OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := OpenLog(path); err == nil || err.Error() != path+": another session writes its log into this file" {
		t.Errorf("got %v, %v", f, err)
	}
	if err := CloseLog(first); err != nil {
		t.Fatal(err)
	}
	again, err := OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := CloseLog(again); err != nil {
		t.Error(err)
	}
}

// fullLog is a log on a disk with some room.
type fullLog struct {
	text strings.Builder
	room int
}

func (l *fullLog) Write(p []byte) (int, error) {
	n := min(len(p), l.room)
	l.text.Write(p[:n])
	l.room -= n
	if n < len(p) {
		return n, errors.New("no space left on device")
	}
	return n, nil
}

// TestLogLater: steps go on while the log's disk is full, and when it has room
// again the log is as if it always had.
func TestLogLater(t *testing.T) {
	run := func(log *fullLog, each func(s *Session, n int)) {
		s := NewSession(Options{Open: testgallery.OpenDemo, Log: log, LogLater: true, SkipContent: true})
		for n, text := range []string{"gallery demo", "query knit-0001", "schemes A, B", "search 10", "note one", "query knit-0002", "search 10"} {
			step, err := script.ParseStep(text)
			if err != nil {
				t.Fatal(err)
			}
			each(s, n)
			if _, err := s.Do(t.Context(), step); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
		each(s, -1)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	want := &fullLog{room: 1 << 20}
	run(want, func(*Session, int) {})
	log := &fullLog{room: 200}
	run(log, func(s *Session, n int) {
		switch n {
		case 4:
			if err := s.Unlogged(); err == nil || err.Error() != "writing the log: no space left on device" {
				t.Errorf("unlogged: %v", err)
			}
		case 5:
			log.room = 1 << 20
		case 6:
			if err := s.Unlogged(); err != nil {
				t.Errorf("there is room again: %v", err)
			}
			log.room = 10
		case -1:
			log.room = 1 << 20
		}
	})
	if got := log.text.String(); got != want.text.String() {
		t.Errorf("got\n%s\nwant\n%s", got, want.text.String())
	}
}

// TestClockJumps: a clock that goes back makes no durations below zero.
func TestClockJumps(t *testing.T) {
	now := time.Date(2026, 3, 1, 14, 2, 11, 0, time.UTC)
	back := func() time.Time {
		now = now.Add(-time.Hour)
		return now
	}
	log := &fullLog{room: 1 << 20}
	s := NewSession(Options{Open: testgallery.OpenDemo, Log: log, SkipContent: true, Now: back})
	for _, text := range []string{"gallery demo", "query knit-0001", "schemes A, B", "search 10", "evaluate over 50"} {
		step, err := script.ParseStep(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Do(t.Context(), step); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if text := log.text.String(); regexp.MustCompile(`(?m)^\s*# .*-\d+(\.\d+)?(h|m|s)`).MatchString(text) {
		t.Errorf("the log has a duration below zero:\n%s", text)
	}
	g, err := testgallery.OpenDemo(t.Context(), Builtin)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	sc, err := scheme.ParseScheme("A")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := report.Run{Gallery: g, Plan: eval.Plan{Schemes: []scheme.Scheme{sc}, Ks: []int{10}, Seed: 1, Over: 20}, Folder: run.Folder{Out: dir, Now: back}}
	if _, err := r.Do(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	var m run.Manifest
	if err := json.Unmarshal([]byte(testgallery.ReadFolder(t, dir)["manifest.json"]), &m); err != nil || m.Seconds < 0 || m.Version != r.Folder.Version {
		t.Errorf("an evaluation took %v s, %v", m.Seconds, err)
	}
}
