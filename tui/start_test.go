package tui_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"strata/experiments"
	"strata/fixtures/need"
)

// session is the program in a pseudo-terminal that answers as one with sixel
// does, and takes everything at once.
type session struct {
	terminal *os.File
	process  *os.Process
	output   []byte // to be read when done has got the program's end
	trace    chan string
	done     chan error
	last     time.Time // of the last complete frame that quiet saw
	end      func()    // closes what was opened for the program
}

// quit ends the program and waits.
func (s *session) quit(tb testing.TB) {
	s.terminal.WriteString("q")
	if err := <-s.done; err != nil {
		tb.Errorf("the program ended with %v", err)
	}
	s.end()
}

// startSession starts the program on a gallery.
func startSession(tb testing.TB, program, gallery string) *session {
	tb.Helper()
	dir := tb.TempDir()
	fifo := filepath.Join(dir, "trace")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		tb.Fatal(err)
	}
	trace, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), patience)
	cmd := exec.CommandContext(ctx, program, "--trace", fifo, "--log", filepath.Join(dir, "log"), gallery)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "NO_COLOR=")
	s := &session{trace: make(chan string, 1000), done: make(chan error, 1)}
	s.terminal, err = pty.StartWithSize(cmd, &pty.Winsize{Cols: 120, Rows: 40, X: 120 * cellW, Y: 40 * cellH})
	if err != nil {
		tb.Fatal(err)
	}
	s.process = cmd.Process
	go func() {
		for lines := bufio.NewScanner(trace); lines.Scan(); {
			s.trace <- lines.Text()
		}
	}()
	go func() {
		buf := make([]byte, 1<<16)
		var asked []byte
		for {
			n, err := s.terminal.Read(buf)
			if err != nil {
				s.done <- cmd.Wait()
				return
			}
			s.output = append(s.output, buf[:n]...)
			asked = append(asked, buf[:n]...)
			for query, answer := range map[string]string{"\x1b[6n": "\x1b[1;1R", "\x1b[c": "\x1b[6;17;8t\x1b[?62;4c"} {
				if bytes.Contains(asked, []byte(query)) {
					s.terminal.WriteString(answer)
					asked = nil
				}
			}
			asked = asked[max(0, len(asked)-8):]
		}
	}()
	s.end = func() {
		s.terminal.Close()
		trace.Close()
		cancel()
	}
	return s
}

// rest waits until a frame with at least so many pictures is complete.
func (s *session) rest(tb testing.TB, pictures int) {
	tb.Helper()
	late := time.After(patience)
	for {
		select {
		case line := <-s.trace:
			if m := restPlaces.FindStringSubmatch(line); m != nil && strings.Count(m[1], "x") >= pictures {
				return
			}
		case <-late:
			tb.Fatal("no complete screen")
		}
	}
}

// quiet waits until nothing has been written for a while, and notes when the
// last frame was complete.
func (s *session) quiet() {
	for {
		select {
		case <-s.trace:
			s.last = time.Now()
		case <-time.After(settled):
			return
		}
	}
}

// TestSignalRestoresTheTerminal ends the program by a signal, several times because what could keep it is a race.
func TestSignalRestoresTheTerminal(t *testing.T) {
	need.Long(t)
	program := buildStrata(t)
	for range 3 {
		s := startSession(t, program, experiments.Builtin)
		s.rest(t, 41)
		if err := s.process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := <-s.done; !errors.As(err, &exit) || exit.ExitCode() != 143 {
			t.Errorf("the program ended with %v, want status 143", err)
		}
		for _, sequence := range []string{"\x1b[?1049l", "\x1b[?25h", "\x1b[?1002l"} { // screen, cursor, mouse
			if !bytes.Contains(s.output, []byte(sequence)) {
				t.Errorf("the program ended without %q", sequence)
			}
		}
		s.end()
	}
}

// benchGallery is the gallery that STRATA_BENCH_GALLERY names, or the demo.
func benchGallery() string { return cmp.Or(os.Getenv("STRATA_BENCH_GALLERY"), experiments.Builtin) }

// BenchmarkStart is the time from the start of the program to its first complete
// screen, of 41 pictures at 120×40.
func BenchmarkStart(b *testing.B) {
	program := buildStrata(b)
	for b.Loop() {
		s := startSession(b, program, benchGallery())
		s.rest(b, 41)
		b.StopTimer()
		s.quit(b)
		b.StartTimer()
	}
}

// BenchmarkBurst presses next thirty times within a second, and measures the
// time from the last press to the complete screen.
func BenchmarkBurst(b *testing.B) {
	s := startSession(b, buildStrata(b), benchGallery())
	defer s.quit(b)
	s.rest(b, 41)
	tick := time.NewTicker(time.Second / 30)
	defer tick.Stop()
	var after time.Duration
	for b.Loop() {
		for range 30 {
			<-tick.C
			s.terminal.WriteString("n")
		}
		pressed := time.Now()
		s.quiet()
		after += s.last.Sub(pressed)
	}
	b.ReportMetric(float64(after.Milliseconds())/float64(b.N), "ms-after-last-key")
}

// BenchmarkSlide slides a weight of a row of four layers, when the means of all queries are known, and measures the time
// from the key to the last complete screen before the slider rests: pictures, means and the paired difference. The
// gallery has the layers A, B, C and pattern.
func BenchmarkSlide(b *testing.B) {
	s := startSession(b, buildStrata(b), benchGallery())
	defer s.quit(b)
	s.rest(b, 41)
	s.terminal.WriteString("\x1b[B")
	s.terminal.WriteString("e")
	s.quiet()
	s.terminal.WriteString("\x15A+B+C+0.5*pattern\r")
	for len(s.trace) > 0 || s.last.IsZero() || time.Since(s.last) < 3*settled { // until all is known
		s.quiet()
	}
	var times []time.Duration
	for b.Loop() {
		key := "\x1b[D" // the weight is 1, the highest
		if len(times)%10 >= 5 {
			key = "\x1b[C"
		}
		pressed := time.Now()
		s.terminal.WriteString(key)
		last := pressed
		for late := time.After(restingAt); ; {
			select {
			case line := <-s.trace:
				if restPlaces.MatchString(line) {
					last = time.Now()
				}
				continue
			case <-late:
			}
			break
		}
		if last.Equal(pressed) {
			b.Fatal("no complete screen")
		}
		times = append(times, last.Sub(pressed))
		s.quiet()
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(times[len(times)*95/100].Microseconds())/1000, "ms-p95")
}

// restingAt is just before a slider rests, which has not moved for 200 ms then.
const restingAt = 190 * time.Millisecond
