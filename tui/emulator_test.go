package tui_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"strata/fixtures/need"
)

// emulator is a terminal program that the tests run on an X server.
type emulator struct {
	name         string
	cellW, cellH int // pixels
	byClass      bool
	command      func(cols, rows int) []string // without the program that runs in it
	args         []string                      // the program's
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

// TestKitty shows pictures by kitty's own protocol, without placeholders, which Debian's kitty does not have.
func TestKitty(t *testing.T) {
	need.Long(t)
	all := pictures(t)
	x := startIn(t, kitty, 120, 40, false)
	start := x.check("kitty", all)
	if n := len(x.places); n < 21 {
		t.Errorf("%d pictures at 120×40", n)
	}
	before := x.places
	x.press("question")
	if len(x.places) >= len(before) {
		t.Errorf("the help covers none of the %d pictures", len(before))
	}
	x.press("Escape")
	again := x.check("kitty, help closed", all)
	for _, p := range x.places {
		if !sameWithin(start, again, p.rect()) {
			t.Errorf("the picture at %v has changed", p.rect())
		}
	}
	before = x.places
	x.press("x")
	blank(t, "kitty, row removed", x.check("kitty, row removed", all), before, x.places)
	x.quit()
}

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
