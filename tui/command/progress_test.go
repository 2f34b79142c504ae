package command

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"strata/engine/extract"
)

// line is what a terminal shows after what was written.
func line(written string) string {
	return strings.TrimSuffix(written[strings.LastIndex(written, "\r")+1:], "\x1b[K")
}

// watched returns a progress on a terminal whose clock goes on by a second with
// every look at it.
func watched(phases ...phase) (*progress, *bytes.Buffer) {
	var out bytes.Buffer
	var clock time.Time
	now := func() time.Time { clock = clock.Add(time.Second); return clock }
	return &progress{out: &out, terminal: true, now: now, phases: phases, began: clock, last: clock}, &out
}

// TestProgressPhases counts through two phases and begins a third, which counts
// nothing.
func TestProgressPhases(t *testing.T) {
	p, out := watched(phase{"looking for duplicates", "queries", 10}, phase{"ranking", "queries", 30}, phase{name: "comparing and writing", weight: 10})
	for _, c := range []struct {
		done int
		want string
	}{
		{50, "looking for duplicates  50 of 100 queries  10 %  about 9s left"},
		{100, "ranking  20 %  about 8s left"},
		{10, "ranking  10 of 100 queries  26 %  about 9s left"},
		{50, "ranking  50 of 100 queries  50 %  about 4s left"},
		{100, "comparing and writing  80 %  about 1s left"},
	} {
		p.count(c.done, 100)
		if got := line(out.String()); got != c.want {
			t.Errorf("after %d: %q, want %q", c.done, got, c.want)
		}
	}
	p.end()
	p.end()
	if got := out.String(); !strings.HasSuffix(got, "\r\x1b[K") || strings.Count(got, "\r\x1b[K") != 1 {
		t.Errorf("the line is not taken away once: %q", got)
	}
}

// TestProgressPasses counts passes of which nobody knows how many there are.
func TestProgressPasses(t *testing.T) {
	p, out := watched(phase{name: "trying weights", unit: "queries"})
	for _, c := range []struct {
		done int
		want string
	}{
		{5, "trying weights, pass 1  5 of 10 queries  1s"},
		{10, "trying weights, pass 2  2s"},
		{3, "trying weights, pass 2  3 of 10 queries  3s"},
		{1, "trying weights, pass 3  1 of 10 queries  4s"},
	} {
		p.count(c.done, 10)
		if got := line(out.String()); got != c.want {
			t.Errorf("after %d: %q, want %q", c.done, got, c.want)
		}
	}
}

// TestProgressShares tells shares of phases in any order; a line that has ended
// starts the clock again.
func TestProgressShares(t *testing.T) {
	p, out := watched(phase{name: "layer ", weight: 30}, phase{name: "pictures", weight: 70})
	share := p.sharer()
	for _, c := range []struct {
		what  string
		share float64
		want  string
	}{
		{"layer A", 0.5, "layer A  15 %  about 6s left"},
		{"pictures", 1, "pictures  99 %  about 0s left"},
	} {
		share(c.what, c.share)
		if got := line(out.String()); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	p.end()
	share("layer \x1b[2J", 0.5)
	if got := line(out.String()); strings.Contains(got, "\x1b") || !strings.HasSuffix(got, "15 %  about 6s left") {
		t.Errorf("after the end: %q", got)
	}
	p.namer()("codes")
	if got := line(out.String()); got != "codes  2s" {
		t.Errorf("named: %q", got)
	}
}

// TestProgressExtraction wants a line on a terminal, and elsewhere one only after a
// pause.
func TestProgressExtraction(t *testing.T) {
	half := extract.Progress{Rows: 20, Done: 10, Had: 5, Wall: 10 * time.Second, Broken: 2}
	p, out := watched()
	p.extraction(half)
	if got := line(out.String()); got != "10 of 20 pictures  0.5 a second  about 20s left  2 broken" {
		t.Errorf("on a terminal: %q", got)
	}
	p.extraction(extract.Progress{Rows: 20, Done: 20, Had: 5, Wall: 30 * time.Second})
	if got := line(out.String()); got != "writing the layers of 20 pictures" {
		t.Errorf("at the end: %q", got)
	}
	p, out = watched()
	p.terminal = false
	for range 100 {
		p.extraction(half)
	}
	p.end()
	if got := out.String(); strings.Count(got, "\n") != 3 || strings.Contains(got, "\r") || p.counter() != nil || p.namer() != nil || p.sharer() != nil {
		t.Errorf("elsewhere: %q", got)
	}
}
