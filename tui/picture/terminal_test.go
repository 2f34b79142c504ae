package picture

import (
	"os"
	"strings"
	"testing"

	"github.com/muesli/termenv"
)

// Replies of real terminals to probeQueries, as they were read: xterm 379, mlterm 3.9.0, foot 1.13.1 and kitty 0.26.5.
// Those of tmux are to earlier queries.
const (
	xtermSixel = "\x1bP>|XTerm(379)\x1b\\\x1b[?1;0;1024S\x1b[?2;0;480;312S\x1b[?2;0;1000;1000S\x1b[6;17;8t\x1b[4;510;1056t" +
		"\x1b[?2026;0$y\x1b[?80;2$y\x1b[?1070;1$y\x1b[?63;1;2;4;6;9;15;16;22;28c"
	xtermPlain = "\x1bP>|XTerm(379)\x1b\\\x1b[?1;3S\x1b[?2;3S\x1b[?2;3S\x1b[6;17;8t\x1b[4;510;1056t" +
		"\x1b[?2026;0$y\x1b[?80;2$y\x1b[?1070;1$y\x1b[?64;1;2;6;9;15;16;17;18;21;22;28c"
	mlterm = "\x1b[?1;0;1024S\x1b[?1;3;0S\x1b[?1;3;0S\x1b[6;19;10t\x1b[4;456;800t" +
		"\x1b[?2026;0$y\x1b[?80;2$y\x1b[?1070;0$y\x1b[?63;1;2;3;4;6;7;15;18;22;29c"
	foot = "\x1bP>|foot(1.13.1)\x1b\\\x1b[?1;0;1024S\x1b[?2;0;693;462S\x1b[?2;0;10000;10000S\x1b[6;14;7t\x1b[4;462;693t" +
		"\x1b[?2026;2$y\x1b[?80;2$y\x1b[?1070;1$y\x1b[?62;4;22c"
	kittyOld = "\x1bP>|kitty(0.26.5)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[6;18;9t\x1b[4;396;639t" +
		"\x1b[?2026;2$y\x1b[?80;0$y\x1b[?1070;0$y\x1b[?62;c"
	tmuxOld = "\x1b[?1;2c"
	tmuxNew = "\x1b[?1;2;4c"
)

func TestParseReplies(t *testing.T) {
	tests := []struct {
		name, in string
		want     replies
	}{
		{"xterm -ti vt340", xtermSixel, replies{
			da1: "?63;1;2;4;6;9;15;16;22;28c", answers: 1, sixel: true, cellW: 8, cellH: 17, windowW: 1056, windowH: 510,
			colorRegisters: 1024, pictureW: 1000, pictureH: 1000, sixelDisplay: modeReset, privateColors: modeSet, version: "XTerm(379)",
		}},
		{"xterm", xtermPlain, replies{
			da1: "?64;1;2;6;9;15;16;17;18;21;22;28c", answers: 1, cellW: 8, cellH: 17, windowW: 1056, windowH: 510,
			sixelDisplay: modeReset, privateColors: modeSet, version: "XTerm(379)",
		}},
		{"mlterm, which tells no size", mlterm, replies{
			da1: "?63;1;2;3;4;6;7;15;18;22;29c", answers: 1, sixel: true, cellW: 10, cellH: 19, windowW: 800, windowH: 456,
			colorRegisters: 1024, sixelDisplay: modeReset,
		}},
		{"foot", foot, replies{
			da1: "?62;4;22c", answers: 1, sixel: true, cellW: 7, cellH: 14, windowW: 693, windowH: 462, colorRegisters: 1024,
			pictureW: 10000, pictureH: 10000, synchronized: true, sixelDisplay: modeReset, privateColors: modeSet, version: "foot(1.13.1)",
		}},
		{"kitty", kittyOld, replies{
			da1: "?62;c", answers: 1, cellW: 9, cellH: 18, windowW: 639, windowH: 396, synchronized: true, kitty: true, version: "kitty(0.26.5)",
		}},
		{"tmux 3.3", tmuxOld, replies{da1: "?1;2c", answers: 1}},
		{"tmux with sixel", tmuxNew, replies{da1: "?1;2;4c", answers: 1, sixel: true}},
		{"within tmux", "\x1bP>|tmux 3.5a\x1b\\\x1b[?1;2c\x1bP>|kitty(0.32.2)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[?62;c", replies{
			da1: "?1;2c", answers: 2, kitty: true, version: "kitty(0.32.2)", inner: "tmux 3.5a",
		}},
		{"a background", "\x1b]11;rgb:fdfd/f6f6/e3e3\x1b\\\x1b[?6c", replies{da1: "?6c", answers: 1, background: "rgb:fdfd/f6f6/e3e3"}},
		{"a background ended by the bell", "\x1b]11;rgb:00/00/00\a\x1b[?6c", replies{da1: "?6c", answers: 1, background: "rgb:00/00/00"}},
		{"another colour", "\x1b]10;rgb:00/00/00\a\x1b[?6c", replies{da1: "?6c", answers: 1}},
		{"a background without an end", "\x1b]11;rgb:00/00/00", replies{}},
		{"a class of 4 is not sixel", "\x1b[?4;6c", replies{da1: "?4;6c", answers: 1}},
		{"44 is not 4", "\x1b[?62;44;14;40c", replies{da1: "?62;44;14;40c", answers: 1}},
		{"the VT100", "\x1b[?6c", replies{da1: "?6c", answers: 1}},
		{"keys between", "q\x1b[A\x1b[6;17;8t\x1bOP\x1b_\x1b[1;5C\x1bP\x1b[?62;4cjk", replies{da1: "?62;4c", answers: 1, sixel: true, cellW: 8, cellH: 17}},
		{"secondary attributes", "\x1b[>41;379;0c", replies{}},
		{"2026 known and off for good", "\x1b[?2026;4$y", replies{}},
		{"2026 on", "\x1b[?2026;1$y", replies{synchronized: true}},
		{"another mode", "\x1b[?2027;1$y", replies{}},
		{"registers in error", "\x1b[?1;3;0S", replies{}},
		{"another picture's answer", "\x1b_Gi=32;OK\x1b\\", replies{}},
		{"the query refused", "\x1b_Gi=31;EINVAL:no\x1b\\", replies{}},
		{"a version with a control character", "\x1bP>|x\x07\x1b\\", replies{}},
		{"a version without an end", "\x1bP>|XTerm(379)", replies{}},
		{"two answers, the first counts", "\x1b[?62;4c\x1b[?1;2c", replies{da1: "?62;4c", answers: 2, sixel: true}},
		{"nothing", "", replies{}},
		{"cut off", "\x1b[?62;4", replies{}},
		{"just begun", "\x1b[", replies{}},
		{"numbers out of range", "\x1b[6;99999999999;8t", replies{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := parseReplies([]byte(test.in)); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestLightBackground(t *testing.T) {
	for _, test := range []struct {
		background, variable string
		light                bool
	}{
		{"", "", false},
		{"rgb:ffff/ffff/ffff", "", true},
		{"rgb:fdfd/f6f6/e3e3", "15;0", true},
		{"rgb:0000/2b2b/3636", "0;15", false},
		{"rgb:7000/7000/7000", "", false},
		{"rgb:80/80/80", "", true},
		{"rgb:x", "0;15", true},
		{"", "0;default;15", true},
		{"", "15;0", false},
		{"", "7", true},
	} {
		getenv := func(string) string { return test.variable }
		if got := lightBackground(replies{background: test.background}, getenv); got != test.light {
			t.Errorf("%q, COLORFGBG %q: light %t", test.background, test.variable, got)
		}
	}
}

func FuzzParseReplies(f *testing.F) {
	for _, s := range []string{xtermSixel, xtermPlain, mlterm, foot, kittyOld, tmuxOld, tmuxNew, "\x1b[\x1b[;;$c\x1b[?$", "\x1b[?;4c\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := parseReplies(b)
		if r.sixel && !strings.Contains(r.da1, ";4") && !strings.Contains(r.da1, "04") {
			t.Errorf("%q: sixel without a 4 in %q", b, r.da1)
		}
		if r.cellW < 0 || r.cellH < 0 || r.windowW < 0 || r.windowH < 0 || r.colorRegisters < 0 {
			t.Errorf("%q: negative size in %+v", b, r)
		}
		// More replies after complete ones take nothing away.
		if again := parseReplies(append(b, "x"...)); r.da1 != "" && again.da1 == "" {
			t.Errorf("%q: device attributes lost", b)
		}
	})
}

func TestParseGraphics(t *testing.T) {
	for _, name := range []string{"auto", "kitty", "kitty-direct", "iterm2", "sixel", "sextant", "quadrant", "halfblock", "none"} {
		g, err := ParseGraphics(name)
		if err != nil || g.String() != name {
			t.Errorf("%s is %v, error %v", name, g, err)
		}
	}
	_, err := ParseGraphics("regis\x1b[31m")
	if err == nil || err.Error() != `graphics "regis": want `+GraphicsNames() {
		t.Errorf("error %v", err)
	}
	if s := Graphics(99).String(); s != "Graphics(99)" {
		t.Errorf("an unknown value is %q", s)
	}
}

func TestChoose(t *testing.T) {
	tests := []struct {
		name     string
		replies  string
		env      map[string]string
		asked    Graphics
		want     Graphics
		why, tip string // parts
	}{
		{"sixel", foot, nil, GraphicsAuto, GraphicsSixel, "answers DA1 with 4", ""},
		{"xterm without", xtermPlain, map[string]string{"XTERM_VERSION": "XTerm(379)"}, GraphicsAuto, GraphicsQuadrant, "?64;1;2;6", "-ti vt340"},
		{"tmux", tmuxOld, map[string]string{"TMUX": "/tmp/tmux-0/default,1,0"}, GraphicsAuto, GraphicsHalfBlock, "?1;2c", "tmux from 3.4"},
		{"tmux with sixel", tmuxNew, map[string]string{"TMUX": "x"}, GraphicsAuto, GraphicsSixel, "DA1", ""},
		{"silent", "", nil, GraphicsAuto, GraphicsHalfBlock, "did not answer in time", "xterm -ti vt340"},
		{"VS Code", "\x1b[?1;2c", map[string]string{"TERM_PROGRAM": "vscode"}, GraphicsAuto, GraphicsQuadrant, "DA1", "enableImages"},
		{"no colour", foot, map[string]string{"NO_COLOR": "1"}, GraphicsAuto, GraphicsSixel, "DA1", ""},
		{"no colour, no pictures", xtermPlain, map[string]string{"NO_COLOR": "1"}, GraphicsAuto, GraphicsNone, "NO_COLOR", "--graphics"},
		{"few registers", "\x1b[?1;0;4S\x1b[?62;4c", nil, GraphicsAuto, GraphicsHalfBlock, "4 colour registers", "xterm -ti vt340"},
		{"sixteen registers", "\x1b[?1;0;16S\x1b[?62;4c", nil, GraphicsAuto, GraphicsSixel, "DA1", ""},
		{"nonsense", "\x1b]11;rgb:zz\x1b[?\x1bP>|", nil, GraphicsAuto, GraphicsHalfBlock, "did not answer", "xterm -ti vt340"},
		{"no colour, empty", foot, map[string]string{"NO_COLOR": ""}, GraphicsAuto, GraphicsSixel, "DA1", ""},
		{"asked for all the same", xtermPlain, map[string]string{"NO_COLOR": "1"}, GraphicsSixel, GraphicsSixel, "sixel: asked for", "does not say"},
		{"half-blocks asked for", foot, nil, GraphicsHalfBlock, GraphicsHalfBlock, "halfblock: asked for", ""},
		{"none asked for", foot, nil, GraphicsNone, GraphicsNone, "none: asked for", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			getenv := func(name string) string { return test.env[name] }
			r := parseReplies([]byte(test.replies))
			terminal := Terminal{TermProgram: getenv("TERM_PROGRAM"), Tmux: getenv("TMUX") != ""}
			terminal.choose(test.asked, getenv, identify(r, getenv, terminal.Tmux), r, nil)
			if terminal.Graphics != test.want || !strings.Contains(terminal.Why, test.why) || !strings.Contains(terminal.Hint, test.tip) {
				t.Errorf("%v, %q, %q", terminal.Graphics, terminal.Why, terminal.Hint)
			}
			if test.tip == "" && terminal.Hint != "" {
				t.Errorf("needless hint %q", terminal.Hint)
			}
		})
	}
}

func TestSizeCell(t *testing.T) {
	null := openNull(t)
	for _, test := range []struct {
		name, replies string
		w, h          int
		from          string
	}{
		{"told", xtermSixel, 8, 17, "CSI 16 t"},
		{"window only", "\x1b[4;510;1056t", 8, 17, "CSI 14 t"},
		{"zero cell, true window", "\x1b[6;0;0t\x1b[4;510;1056t", 8, 17, "CSI 14 t"},
		{"one side zero", "\x1b[6;17;0t", 10, 20, "guess"},
		{"placeholder", "\x1b[6;1;1t\x1b[4;30;132t", 10, 20, "guess"},
		{"nothing", "", 10, 20, "guess"},
	} {
		terminal := Terminal{Cols: 132, Rows: 30, CellW: guessedCellW, CellH: guessedCellH, CellFrom: "guess"}
		terminal.sizeCell(parseReplies([]byte(test.replies)), null)
		if terminal.CellW != test.w || terminal.CellH != test.h || terminal.CellFrom != test.from {
			t.Errorf("%s: %d×%d from %s", test.name, terminal.CellW, terminal.CellH, terminal.CellFrom)
		}
	}
}

func TestColorProfile(t *testing.T) {
	null := openNull(t)
	for _, test := range []struct {
		env  map[string]string
		want termenv.Profile
	}{
		{map[string]string{"TERM": "mlterm"}, termenv.ANSI256},
		{map[string]string{"TERM": "mlterm", "NO_COLOR": "1"}, termenv.Ascii},
		{map[string]string{"TERM": "mlterm", "COLORTERM": "truecolor"}, termenv.TrueColor},
		{map[string]string{"TERM": "xterm-256color"}, termenv.ANSI256},
		{map[string]string{"TERM": "vt100"}, termenv.Ascii},
	} {
		if got := colorProfile(null, func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("%v: profile %v, want %v", test.env, got, test.want)
		}
	}
}

func TestProbeWithoutTerminal(t *testing.T) {
	null := openNull(t)
	getenv := func(string) string { return "xterm" }
	got := Probe(null, null, getenv, GraphicsSixel, 0)
	if got.Graphics != GraphicsNone || got.Why != "no pictures: the output is not a terminal" || got.Profile != termenv.Ascii {
		t.Errorf("got %+v", got)
	}
}

func openNull(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}
