//go:build unix

package tui_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/adrg/xdg"
	"github.com/creack/pty"

	"strata/engine"
	"strata/experiments"
	"strata/experiments/script"
	"strata/fixtures"
	"strata/fixtures/need"
	"strata/tui"
	"strata/tui/picture"
)

// windowSizes are those of the random keys, in cells.
var windowSizes = [][2]int{{80, 24}, {120, 40}, {160, 50}, {200, 60}, {100, 30}, {81, 25}, {60, 20}, {40, 10}, {19, 3}, {137, 45}}

// Keys that undo takes back, whatever their order, and those that leave something: results, pages, files, the view of differences.
var (
	undoneKeys = []string{
		"n", "p", "r", "k", "j", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[1;2C", "\x1b[1;2D", "0", "1", "\t", "\x1b[Z", "x", "J", "K", " ",
		"L \x1b", "L\x1b[B \x1b", "l \x1b", "l\x1b[B\x1b[B \x1b", "c", "\r", "\x1b", "?", "?\x1b", "u", "u", "\x12", "\x0c",
		"apattern\r", "arrf(A,B)\r", "a+\x1b", "e+pattern\r", "e+A\x1b", "e*\r\x1b", "/cap\r", "/navy\x1b", "/category=\"knit cap\"\r", "/nothing is so\r\x1b",
		":filter colour=red\r", ":filter none\r", ":schemes B, C\r", ":undo 2\r", ":dance\r\x1b", ":s\t\t\x1b", "gknit\r", "gno such\r\x1b", "o/\t\x1b",
		"\x1b[<0;50;12M\x1b[<0;50;12m", "\x1b[<64;50;12M", "\x1b[<65;9;9M", "\x1b[<0;3;20M\x1b[<0;3;20m", "\x1b[200~pasted\x1b[201~", "\x1b[5~", "\x1b[6~",
	}
	leavingKeys = []string{
		"d", "E", "E", "M", "M", "t", "t", "T\x1b", "T\r", "w", "w", "b", "a", "s", "l", "\t", "\r", "\r", "\x1b", "\x1b", "\x1b", "W", "W", "!", "\x1b", "y",
		"Nseen\r", "X\r", "X\r\r", "Xno/such/folder.csv\r\x1b", ":evaluate A, B\r", ":compare A, B\r", ":mine B against A\r", ":search 3\r",
		":note \xe8\xa2\x96\r", "Fwrong\r", "F\x1b", "\x1b[F", "\x1b[H", "\x04", "\x15",
	}
)

// keysFor returns how long the random keys go on: STRATA_KEYS_MINUTES, or some sessions.
func keysFor(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("STRATA_KEYS_MINUTES")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("STRATA_KEYS_MINUTES is a number, not %q", text)
	}
	return time.Duration(n) * time.Minute
}

// TestRandomKeys presses random keys in terminals of many sizes, which look at every frame. Keys that can be undone are,
// and then the screen is as it was at first.
func TestRandomKeys(t *testing.T) {
	if os.Getenv("STRATA_KEYS_MINUTES") == "" {
		need.Long(t)
	}
	t.Cleanup(xdg.Reload) // after the variables are what they were
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	xdg.Reload()
	end := time.Now().Add(keysFor(t))
	graphics := []picture.Graphics{picture.GraphicsSixel, picture.GraphicsSixel, picture.GraphicsSextant, picture.GraphicsNone}
	for seed := uint64(1); seed <= 3 || time.Now().Before(end); seed++ {
		g := graphics[seed%uint64(len(graphics))]
		random := rand.New(rand.NewPCG(13, seed))
		size := windowSizes[random.IntN(len(windowSizes))]
		if !t.Run(fmt.Sprintf("%d,%v,%dx%d", seed, g, size[0], size[1]), func(t *testing.T) { pressRandom(t, random, g, size, seed%3 != 0) }) {
			return
		}
	}
}

// pressRandom presses some keys of a session. If they can be undone, they are.
func pressRandom(t *testing.T, random *rand.Rand, g picture.Graphics, size [2]int, undone bool) {
	c := openConsole(t, g, size)
	c.until("hits and their pictures", func(m *model) bool { return m.rested && m.complete() && strings.TrimSpace(m.frame()) != "" })
	first := c.rest("the first frame")
	keys := undoneKeys
	if !undone {
		keys = slices.Concat(undoneKeys, leavingKeys, leavingKeys)
	}
	for range 50 {
		if random.IntN(10) == 0 {
			c.resize(windowSizes[random.IntN(len(windowSizes))])
			continue
		}
		key := keys[random.IntN(len(keys))]
		c.press(key)
		<-time.After(time.Duration(random.IntN(30)) * time.Millisecond)
		if strings.HasSuffix(key, "\x1b") { // with what follows in the same read it is another key
			c.rest("escape")
		}
	}
	if undone {
		c.resize(size)
		for range 6 { // out of a copy's cells, a search, a table, and one by one: in one read, escape after escape is another key
			c.press("\x1b")
			c.rest("escape")
		}
		for range 60 {
			c.press("u")
		}
		c.restAs(first)
	}
	c.quit()
}

// console is the screen in a pseudo-terminal.
type console struct {
	t       *testing.T
	master  *os.File
	tty     *os.File
	model   *model
	ended   chan error
	pressed []string
}

// openConsole opens the built-in gallery in a terminal of a size.
func openConsole(t *testing.T, g picture.Graphics, size [2]int) *console {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	c := &console{t: t, master: master, tty: tty, model: newModel(size), ended: make(chan error, 1)}
	c.setSize(size)
	go c.model.read(master)
	session := experiments.NewSession(experiments.Options{
		Open: func(ctx context.Context, name string) (*engine.Gallery, error) {
			return engine.OpenFS(ctx, name, fixtures.Demo())
		},
		Dir: t.TempDir(), Budget: 64 << 20, Log: &bytes.Buffer{}, Now: time.Now, SkipContent: true,
	})
	if _, err := session.Do(t.Context(), script.Gallery{Name: "demo"}); err != nil {
		t.Fatal(err)
	}
	terminal := picture.Terminal{Graphics: g, CellW: modelCellW, CellH: modelCellH, Cols: size[0], Rows: size[1], ColorRegisters: 1024}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		c.ended <- tui.Run(ctx, tui.Config{
			Session: session, Terminal: terminal, Input: tty, Output: tty, Colors: 16, Mouse: true, Trace: tracer{tty}, Now: time.Now, LogPath: "log.strata",
		})
	}()
	t.Cleanup(func() {
		cancel()
		if c.ended != nil {
			<-c.ended
		}
		if err := session.Close(); err != nil {
			t.Error(err)
		}
		_ = tty.Close()
		_ = master.Close()
	})
	return c
}

// tracer writes the trace into the terminal, as strings that it shows nothing for: what a line says is so when it is read.
type tracer struct{ out *os.File }

func (w tracer) Write(p []byte) (int, error) {
	if _, err := fmt.Fprintf(w.out, "%s%s\x1b\\", traceMark, bytes.TrimSpace(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// traceMark begins a line of the trace.
const traceMark = "\x1b_trace;"

func (c *console) press(keys string) {
	c.pressed = append(c.pressed, keys)
	if _, err := c.master.WriteString(keys); err != nil {
		c.fail("%v", err)
	}
}

func (c *console) setSize(size [2]int) {
	if err := pty.Setsize(c.tty, &pty.Winsize{
		Cols: uint16(size[0]), Rows: uint16(size[1]), X: uint16(size[0] * modelCellW), Y: uint16(size[1] * modelCellH),
	}); err != nil {
		c.fail("%v", err)
	}
}

// resize changes the window, and waits until the screen has erased it.
func (c *console) resize(size [2]int) {
	c.rest("before a change of the size")
	if c.model.resize(size) {
		return
	}
	c.pressed = append(c.pressed, fmt.Sprint(size))
	c.setSize(size)
	if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil {
		c.fail("%v", err)
	}
	c.until("the size is obeyed", func(m *model) bool { return !m.resizing })
}

func (c *console) fail(format string, args ...any) {
	c.t.Helper()
	c.t.Fatalf("%s\nafter %q:\n%s", fmt.Sprintf(format, args...), c.pressed, c.model.shown())
}

// until waits for what the terminal shows, or for a fault that it finds.
func (c *console) until(what string, is func(m *model) bool) {
	c.t.Helper()
	late := time.Now().Add(patience)
	for ; ; <-time.After(5 * time.Millisecond) {
		c.model.mu.Lock()
		fault, done := c.model.fault, is(c.model)
		c.model.mu.Unlock()
		select {
		case err := <-c.ended:
			c.ended = nil
			c.fail("%s: the screen ended: %v", what, err)
		default:
		}
		switch {
		case fault != "":
			c.fail("%s", fault)
		case done:
			return
		case time.Now().After(late):
			c.fail("%s: that does not come", what)
		}
	}
}

// restful is how long nothing may come for a screen to be at rest.
const restful = 250 * time.Millisecond

// rest waits until nothing is written, and returns what the screen shows.
func (c *console) rest(what string) (shown string) {
	c.t.Helper()
	c.until(what, func(m *model) bool {
		shown = m.frame()
		return m.rested && time.Since(m.heard) > restful
	})
	return shown
}

// restAs waits until the screen shows what it did.
func (c *console) restAs(want string) {
	c.t.Helper()
	shown := ""
	late := time.Now().Add(patience / 6)
	c.until("the first frame", func(m *model) bool {
		shown = m.frame()
		return shown == want || time.Now().After(late)
	})
	if shown != want {
		c.fail("undone, it is not the first frame:\n%s", want)
	}
}

// quit leaves the screen.
func (c *console) quit() {
	c.t.Helper()
	late := time.After(patience)
	for again := time.Duration(0); ; again = time.Second {
		select {
		case err := <-c.ended:
			c.ended = nil
			if err != nil {
				c.fail("the screen ended: %v", err)
			}
			if _, err := c.tty.WriteString(traceMark + "end\x1b\\"); err != nil {
				c.fail("%v", err)
			}
			c.ended = make(chan error, 1)
			c.until("the end", func(m *model) bool { return m.left })
			c.ended = nil
			return
		case <-time.After(again):
			if _, err := c.master.WriteString("\x03"); err != nil { // an open prompt takes a q
				c.fail("%v", err)
			}
		case <-late:
			c.fail("the screen does not end")
		}
	}
}
