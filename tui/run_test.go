package tui

import (
	"context"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"strata/tui/picture"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/hinshun/vt10x"
)

// frames is a trace that tells whoever waits that a line has come.
type frames struct {
	mu    sync.Mutex
	lines int
	news  chan struct{}
}

func (f *frames) Write(p []byte) (int, error) {
	f.mu.Lock()
	f.lines++
	f.mu.Unlock()
	select {
	case f.news <- struct{}{}:
	default:
	}
	return len(p), nil
}

// metered counts what is written to a terminal.
type metered struct {
	vt10x.Terminal
	n atomic.Int64
}

func (m *metered) Write(p []byte) (int, error) {
	m.n.Add(int64(len(p)))
	return m.Terminal.Write(p)
}

// liveScreen is the program in a terminal that is a variable.
type liveScreen struct {
	t        *testing.T
	terminal *metered
	keys     *io.PipeWriter
	trace    *frames
	ended    chan error
}

// runScreen starts the program on the built-in gallery.
func runScreen(t *testing.T, graphics picture.Graphics) *liveScreen {
	t.Helper()
	d := openDesktop(t, 120, 40, graphics)
	s := &liveScreen{
		t: t, terminal: &metered{Terminal: vt10x.New(vt10x.WithSize(120, 40))}, trace: &frames{news: make(chan struct{}, 1)}, ended: make(chan error, 1),
	}
	ctx, cancel := context.WithCancel(t.Context())
	m, err := NewModel(ctx, d.m.c)
	if err != nil {
		t.Fatal(err)
	}
	m.screen = picture.NewScreen(s.terminal, d.m.c.Terminal, s.trace)
	in, keys := io.Pipe()
	s.keys = keys
	p := tea.NewProgram(m, tea.WithContext(ctx), tea.WithAltScreen(), tea.WithInput(in), tea.WithOutput(m.screen), tea.WithoutSignals())
	go func() {
		_, err := p.Run()
		s.ended <- err
		cancel()
		m.crew.close()
	}()
	t.Cleanup(func() {
		cancel()
		_ = keys.Close()
		if err := m.screen.Close(); err != nil {
			t.Error(err)
		}
	})
	p.Send(tea.WindowSizeMsg{Width: 120, Height: 40})
	return s
}

// wait returns when the screen shows a text.
func (s *liveScreen) wait(want string) {
	s.t.Helper()
	late := time.NewTimer(30 * time.Second)
	defer late.Stop()
	for {
		text := s.terminal.String()
		if strings.Contains(text, want) {
			return
		}
		select {
		case <-s.trace.news:
		case err := <-s.ended:
			s.t.Fatalf("the program ended (%v) without showing %q", err, want)
		case <-late.C:
			s.t.Fatalf("the screen does not show %q:\n%s", want, text)
		}
	}
}

// bytes returns how many were written so far.
func (s *liveScreen) bytes() int64 { return s.terminal.n.Load() }

func (s *liveScreen) press(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.keys, keys); err != nil {
		s.t.Fatal(err)
	}
}

func TestProgram(t *testing.T) {
	for _, graphics := range []picture.Graphics{picture.GraphicsSixel, picture.GraphicsHalfBlock, picture.GraphicsNone} {
		t.Run(graphics.String(), func(t *testing.T) {
			s := runScreen(t, graphics)
			s.wait("saved ")
			s.wait("1/1,248")
			s.press("n")
			s.wait("2 of 1,248")
			s.press("\x1b[B\x1b[B\x1b[B\x1b[D") // down, down, down, left
			s.wait("0.95*A+B+C")
			s.press("?")
			s.wait("move the row up")
			s.press("q")
			s.press(":note hello\r")
			s.wait("noted in")
			s.press("E")
			s.wait("evaluated 4 schemes")
			s.press("q")
			if err := <-s.ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestBurst presses a key 30 times, one read each, and looks at where that ends.
func TestBurst(t *testing.T) {
	s := runScreen(t, picture.GraphicsSixel)
	s.wait("saved ")
	for range 30 {
		s.press("n")
	}
	began := time.Now()
	s.wait("31/1,248")
	took := time.Since(began)
	t.Logf("the last frame comes %v after the last key", took)
	if limit := 300 * time.Millisecond; took > 10*limit { // a loaded machine is no failure; a backlog is
		t.Errorf("the last frame comes %v after the last key, the aim is %v", took, limit)
	}
}
