//go:build unix

package picture

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/muesli/termenv"
	"golang.org/x/term"
)

// openTerminal returns both sides of a new terminal device.
func openTerminal(t *testing.T) (master, tty *os.File) {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = master.Close()
		_ = tty.Close()
	})
	return master, tty
}

// playTerminal answers on the other side of a terminal device: when all of the queries have come, it sends the replies
// in the given pieces.
func playTerminal(master *os.File, pieces []string) <-chan string {
	asked := make(chan string, 1)
	go func() {
		var got []byte
		buf := make([]byte, 256)
		for !bytes.HasSuffix(got, []byte("\x1b[c")) {
			n, err := master.Read(buf)
			if err != nil {
				asked <- "error: " + err.Error()
				return
			}
			got = append(got, buf[:n]...)
		}
		for _, p := range pieces {
			if _, err := master.WriteString(p); err != nil {
				asked <- "error: " + err.Error()
				return
			}
		}
		asked <- string(got)
	}()
	return asked
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name         string
		pieces       []string
		size         pty.Winsize
		limit        time.Duration
		graphics     Graphics
		cellW, cellH int
		from, why    string
		synchronized bool
	}{
		{
			"with sixel",
			[]string{foot},
			pty.Winsize{Cols: 132, Rows: 30},
			10 * time.Second,
			GraphicsSixel, 7, 14, "CSI 16 t", "sixel: the terminal answers DA1 with 4", true,
		},
		{
			"in pieces",
			[]string{xtermSixel[:9], xtermSixel[9:40], xtermSixel[40:]},
			pty.Winsize{Cols: 132, Rows: 30},
			10 * time.Second,
			GraphicsSixel, 8, 17, "CSI 16 t", "sixel: ", false,
		},
		{
			"without sixel",
			[]string{tmuxOld},
			pty.Winsize{Cols: 100, Rows: 25, X: 800, Y: 425},
			10 * time.Second,
			GraphicsHalfBlock, 8, 17, "TIOCGWINSZ", "half-blocks: the terminal does not answer kitty's graphics query, nor DA1 with 4 (sixel), but ?1;2c", false,
		},
		{
			"silent", nil,
			pty.Winsize{Cols: 80, Rows: 24},
			20 * time.Millisecond,
			GraphicsHalfBlock, 10, 20, "guess", "half-blocks: the terminal did not answer in time", false,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			master, tty := openTerminal(t)
			if err := pty.Setsize(tty, &test.size); err != nil {
				t.Fatal(err)
			}
			before, err := term.GetState(int(tty.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			asked := playTerminal(master, test.pieces)
			getenv := func(name string) string {
				return map[string]string{"TERM": "xterm-256color", "COLORTERM": "truecolor"}[name]
			}
			got := Probe(tty, tty, getenv, GraphicsAuto, test.limit)
			if q := <-asked; q != probeQueries(getenv) {
				t.Errorf("asked %q", q)
			}
			if got.Graphics != test.graphics || !strings.HasPrefix(got.Why, test.why) || got.Synchronized != test.synchronized {
				t.Errorf("%v, %q, synchronized %t", got.Graphics, got.Why, got.Synchronized)
			}
			if got.CellW != test.cellW || got.CellH != test.cellH || got.CellFrom != test.from {
				t.Errorf("a cell of %d×%d from %s", got.CellW, got.CellH, got.CellFrom)
			}
			if got.Cols != int(test.size.Cols) || got.Rows != int(test.size.Rows) || got.Profile != termenv.TrueColor {
				t.Errorf("%d×%d cells, profile %v", got.Cols, got.Rows, got.Profile)
			}
			after, err := term.GetState(int(tty.Fd()))
			if err != nil || *after != *before {
				t.Errorf("the terminal's mode is not restored: %+v, %v", after, err)
			}
		})
	}
}

func TestProbeDumbTerminal(t *testing.T) {
	_, tty := openTerminal(t)
	got := Probe(tty, tty, func(name string) string { return map[string]string{"TERM": "dumb"}[name] }, GraphicsAuto, 0)
	if got.Graphics != GraphicsNone || got.Why != "no pictures: TERM=dumb" || got.DA1 != "" {
		t.Errorf("got %+v", got)
	}
}

// TestProbeOfABrokenTerminal has a terminal that begins to answer, between keys, and never ends.
func TestProbeOfABrokenTerminal(t *testing.T) {
	master, tty := openTerminal(t)
	asked := playTerminal(master, []string{"q", "\x1b[6;17;8t", "j"})
	getenv := func(name string) string { return map[string]string{"TERM": "xterm"}[name] }
	got := Probe(tty, tty, getenv, GraphicsAuto, 20*time.Millisecond)
	<-asked
	if got.Graphics != GraphicsHalfBlock || got.CellW != 8 || got.CellH != 17 {
		t.Errorf("got %+v", got)
	}
	if n, err := readUntil(tty, make([]byte, 10), time.Now().Add(time.Millisecond)); n != 0 || err != nil {
		t.Errorf("%d bytes left to read, %v", n, err)
	}
}
