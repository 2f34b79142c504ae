package tui_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"strata/fixtures/need"
)

// emulator is a terminal program that the tests run on an X server.
type emulator struct {
	name         string
	cellW, cellH int // pixels; 0: those of the window, by its cells
	byClass      bool
	squeezes     bool                                                       // pictures in the height of their cells into whole bands of six pixels, as tmux does
	compositor   func(t *testing.T, env []string, w, h int) (more []string) // that the terminal is on, of w×h pixels; nil: the X server
	command      func(cols, rows int) []string                              // without the program that runs in it
	args         []string                                                   // the program's
}

// xtermWith is an xterm with sixel and these resources.
func xtermWith(resources ...string) emulator {
	command := func(cols, rows int) []string {
		command := []string{
			"xterm", "-ti", "vt340", "-tn", "xterm-256color", "-geometry", fmt.Sprintf("%dx%d+0+0", cols, rows),
			"-fa", "DejaVu Sans Mono", "-fs", "10", "-b", "0", "+sb", "-bg", "black", "-fg", "white",
			"-xrm", "XTerm*decTerminalID: vt340", "-xrm", "XTerm*allowWindowOps: true",
		}
		for _, r := range resources {
			command = append(command, "-xrm", "XTerm*"+r)
		}
		return append(command, "-e")
	}
	return emulator{name: "xterm", cellW: cellW, cellH: cellH, command: command}
}

// The terminals of the tests.
var (
	xterm = xtermWith("numColorRegisters: 1024", "maxGraphicSize: 4000x4000", "sixelScrolling: true", "privateColorRegisters: true")
	// kitty may draw its first frame, without a graphics card, for longer than it is waited for: it is told, not asked.
	kitty = emulator{name: "kitty", cellW: 9, cellH: 18, byClass: true, args: []string{"--graphics", "kitty-direct"}, command: func(cols, rows int) []string {
		return []string{
			"kitty", "--config", "NONE", "--class", "kitty", "-o", "remember_window_size=no", "-o", "font_family=DejaVu Sans Mono",
			"-o", fmt.Sprintf("initial_window_width=%dc", cols), "-o", fmt.Sprintf("initial_window_height=%dc", rows),
			"-o", "window_padding_width=0", "-o", "placement_strategy=top-left", "-o", "cursor_blink_interval=0",
		}
	}}
)

// Terminals that need no more than to be shown in.
var (
	mlterm = emulator{name: "mlterm", byClass: true, command: func(cols, rows int) []string {
		return []string{"mlterm", "--geometry", fmt.Sprintf("%dx%d", cols, rows), "--sbmod", "none", "--border", "0", "--bg", "black", "--fg", "white", "-e"}
	}}
	// foot fills the screen of a compositor, which fills a window.
	foot = emulator{name: "foot", cellW: 8, cellH: 17, compositor: startWeston, args: []string{"--no-mouse"}, command: func(cols, rows int) []string {
		return []string{"foot", "--fullscreen", "-o", "font=DejaVu Sans Mono:pixelsize=13", "-o", "dpi-aware=no", "-o", "pad=0x0"}
	}}
)

// startWeston starts a compositor in a window of w×h pixels, and returns what leads a terminal to it.
func startWeston(t *testing.T, env []string, w, h int) []string {
	t.Helper()
	need.Programs(t, "weston")
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	const settings = "[core]\nidle-time=0\n[shell]\npanel-position=none\nanimation=none\nstartup-animation=none\n"
	if err := os.WriteFile(filepath.Join(dir, "weston.ini"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("weston", "--backend=x11-backend.so", "--use-pixman", fmt.Sprint("--width=", w), fmt.Sprint("--height=", h),
		"--socket=strata", "--config="+filepath.Join(dir, "weston.ini"))
	cmd.Env = slices.Concat(env, []string{"XDG_RUNTIME_DIR=" + dir})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for late := time.Now().Add(patience); ; <-time.After(50 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(dir, "strata")); err == nil {
			return []string{"XDG_RUNTIME_DIR=" + dir, "WAYLAND_DISPLAY=strata"}
		}
		if time.Now().After(late) {
			t.Fatal("weston does not listen")
		}
	}
}

// TestMlterm shows pictures by sixel in mlterm.
func TestMlterm(t *testing.T) { showIn(t, mlterm) }

// TestFoot shows pictures by sixel in foot.
func TestFoot(t *testing.T) { showIn(t, foot) }

// TestTmux shows pictures by sixel in tmux, in an xterm, comes back from another window of it, and resizes.
func TestTmux(t *testing.T) {
	tmux := []string{need.Tmux(t), "-S", filepath.Join(t.TempDir(), "socket"), "-f", filepath.Join(t.TempDir(), "settings")}
	if err := os.WriteFile(tmux[len(tmux)-1], []byte("set -g status off\nset -g focus-events on\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	do := func(args ...string) {
		if out, err := exec.Command(tmux[0], slices.Concat(tmux[1:], args)...).CombinedOutput(); err != nil {
			t.Fatalf("tmux %v: %v\n%s", args, err, out)
		}
	}
	e := xterm
	e.squeezes = true
	e.command = func(cols, rows int) []string {
		return slices.Concat(xterm.command(cols, rows), tmux, []string{"new-session"})
	}
	x := look(t, e)
	do("new-window", "sleep 1000")
	x.settle()
	do("select-window", "-t", ":0")
	x.settle()
	all := pictures(t)
	x.check("tmux, back from a window", all)
	x.resize(100, 50)
	x.check("tmux, resized", all)
	do("kill-window", "-t", ":1")
	x.quit()
}

// showIn looks at pictures, and leaves.
func showIn(t *testing.T, e emulator) {
	t.Helper()
	look(t, e).quit()
}

// look looks at pictures, at what covers them, and at what takes them away.
func look(t *testing.T, e emulator) *terminal {
	t.Helper()
	need.Long(t)
	all := pictures(t)
	x := startIn(t, e, 120, 40, false)
	for range 10 { // the window may have grown to its size after the start
		if len(x.places) < 21 {
			x.settle()
		}
	}
	x.check(e.name, all)
	if n := len(x.places); n < 21 {
		t.Errorf("%d pictures at 120×40", n)
	}
	x.press("n")
	start := x.check(e.name+", next", all)
	before := x.places
	x.press("question")
	if len(x.places) >= len(before) {
		t.Errorf("the help covers none of the %d pictures", len(before))
	}
	x.press("Escape")
	again := x.check(e.name+", help closed", all)
	for _, p := range x.places {
		if !sameWithin(start, again, p.rect()) {
			t.Errorf("the picture at %v has changed", p.rect())
		}
	}
	before = x.places
	x.press("x")
	blank(t, e.name+", row removed", x.check(e.name+", row removed", all), before, x.places)
	return x
}

// TestKitty shows pictures by kitty's own protocol, without placeholders, which Debian's kitty does not have.
func TestKitty(t *testing.T) { showIn(t, kitty) }

// TestXtermSetsModes shows pictures in an xterm with few registers, whose modes are not as sixel needs them.
func TestXtermSetsModes(t *testing.T) {
	need.Long(t)
	x := startIn(t, xtermWith("numColorRegisters: 16", "sixelScrolling: false", "privateColorRegisters: false"), 120, 40, false)
	x.atLeast = 17 // of 15 colours
	x.check("modes", pictures(t))
	if !slices.ContainsFunc(x.places, func(p place) bool { return p.x > 0 && p.y > 0 }) {
		t.Error("no picture is away from the corner")
	}
	x.quit()
}

// quit ends the program, and waits for the terminal to end with it. A terminal may drop a key that it was sent by another
// program while it works: it is sent once more then.
func (x *terminal) quit() {
	x.t.Helper()
	for range 2 {
		x.press("q")
		select {
		case err := <-x.done:
			x.done <- err
			if err != nil {
				x.t.Errorf("%s ended with %v", x.emulator.name, err)
			}
			return
		case <-time.After(patience / 6):
			x.t.Log("q did not quit at first")
		}
	}
	x.t.Error("q does not quit")
}
