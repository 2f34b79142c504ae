package picture

import (
	"errors"
	"fmt"
	"image/color"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
	"golang.org/x/term"
)

// The cell that is assumed when the terminal tells nothing, in pixels.
const guessedCellW, guessedCellH = 10, 20

// Terminal is what the terminal can do, as far as it said.
type Terminal struct {
	Graphics           Graphics // never GraphicsAuto after Probe
	Why                string   // one line: why these graphics
	Hint               string   // one line: what the user could do for better ones; often empty
	Offers             []Offer  // the ways to show pictures that it offers, the best first
	Name               string   // of the program, as far as it is known: "xterm"
	Version            string   // what it says of itself: "XTerm(379)"
	CellW, CellH       int      // pixels
	CellFrom           string   // where the cell's size is from
	Cols, Rows         int      // cells
	DA1                string   // the reply to the device attributes query, without its frame: "?62;4;22c"
	ColorRegisters     int      // 0: not said
	PictureW, PictureH int      // the largest sixel picture, in pixels; 0: not said
	Modes              []Mode   // to change while pictures are shown
	Synchronized       bool     // frames can be shown at once (mode 2026)
	Light              bool     // the background is light
	Profile            termenv.Profile
	Term               string // $TERM
	TermProgram        string // $TERM_PROGRAM
	Tmux, SSH          bool
	brand              brand
}

// Offer is a way to show pictures that a terminal offers, and why.
type Offer struct {
	Graphics Graphics
	Why      string
}

// Cell returns the size of a cell in pixels, a guess if the terminal did not tell it.
func (t Terminal) Cell() (w, h int) {
	if t.CellW <= 0 || t.CellH <= 0 {
		return guessedCellW, guessedCellH
	}
	return t.CellW, t.CellH
}

// Colors returns the largest palette for which the terminal has colour registers.
func (t Terminal) Colors() int {
	if t.ColorRegisters <= 0 {
		return MaxColors
	}
	return min(max(t.ColorRegisters-1, 2), MaxColors)
}

// queryID is the picture number of the graphics query.
const queryID = "31"

// graphicsQuery asks for kitty's graphics protocol, with a picture of one pixel that is not kept.
const graphicsQuery = "\x1b_Gi=" + queryID + ",s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"

// sizeQueries asks for colour registers, the largest picture now and at most, the cell's and the window's size in
// pixels, synchronized output and the modes of sixel. Every terminal answers the last one, device attributes, so that
// its reply ends the wait.
const sizeQueries = "\x1b[?1;1;0S\x1b[?2;1;0S\x1b[?2;4;0S\x1b[16t\x1b[14t\x1b[?2026$p\x1b[?80$p\x1b[?1070$p" + attributesQuery

const attributesQuery = "\x1b[c"

// backgroundQuery asks for the colour of the background.
const backgroundQuery = "\x1b]11;?" + stringTerminator

// probeQueries returns what a terminal is asked: its name, its background, kitty's graphics, and sizeQueries. tmux takes kitty's query for
// a title. It is sent through to the outer terminal, which answers later than tmux, if tmux lets it.
func probeQueries(getenv func(string) string) string {
	switch {
	case withinTmux(getenv):
		return ansi.TmuxPassthrough(ansi.RequestNameVersion+graphicsQuery+attributesQuery) + ansi.RequestNameVersion + backgroundQuery + sizeQueries
	case strings.HasPrefix(getenv("TERM"), "screen"):
		return ansi.RequestNameVersion + sizeQueries
	}
	return ansi.RequestNameVersion + backgroundQuery + graphicsQuery + sizeQueries
}

// withinTmux reports whether tmux is between the program and the terminal.
func withinTmux(getenv func(string) string) bool {
	return getenv("TMUX") != "" || strings.HasPrefix(getenv("TERM"), "tmux")
}

// outerPart is the part of the limit that a terminal has to answer after tmux has.
const outerPart = 3

// ProbeLimit returns how long Probe should wait for a terminal: 0.5 s, 1 s over ssh.
func ProbeLimit(getenv func(string) string) time.Duration {
	if overSSH(getenv) {
		return time.Second
	}
	return 500 * time.Millisecond
}

// Probe asks the terminal behind in and out what it can do and settles how pictures are shown; asked overrides, unless
// there is no terminal. It sets raw mode for the while, and must be called before anything else reads from in. A
// terminal that has begun to answer is given up to three times the limit, and what is unread at the end is thrown away,
// so that a late reply does not become input. A limit of 0 stands for ProbeLimit's.
func Probe(in, out *os.File, getenv func(string) string, asked Graphics, limit time.Duration) Terminal {
	if limit <= 0 {
		limit = ProbeLimit(getenv)
	}
	t := Terminal{
		Graphics: GraphicsNone, CellW: guessedCellW, CellH: guessedCellH, CellFrom: "guess",
		Profile: termenv.Ascii,
		Term:    getenv("TERM"), TermProgram: getenv("TERM_PROGRAM"), Tmux: withinTmux(getenv), SSH: overSSH(getenv),
	}
	switch {
	case !term.IsTerminal(int(out.Fd())):
		t.Why = "no pictures: the output is not a terminal"
		return t
	case !term.IsTerminal(int(in.Fd())):
		t.Why = "no pictures: the input is not a terminal"
		return t
	}
	t.Cols, t.Rows, _ = term.GetSize(int(out.Fd()))
	if t.Term == "dumb" || t.Term == "" {
		t.Why = "no pictures: TERM=" + t.Term
		return t
	}
	t.Profile = colorProfile(out, getenv)
	answers := 1
	if t.Tmux {
		answers = 2 // tmux's, and the terminal's
	}
	raw, err := askTerminal(in, out, probeQueries(getenv), answers, limit)
	t.take(parseReplies(raw), out, getenv, asked, err)
	return t
}

// colorProfile returns the colours of the terminal's text. mlterm has 256, which termenv does not know.
func colorProfile(out *os.File, getenv func(string) string) termenv.Profile {
	o := termenv.NewOutput(out, termenv.WithTTY(true), termenv.WithEnvironment(probeEnviron(getenv)))
	p := o.EnvColorProfile()
	if p == termenv.Ascii && strings.HasPrefix(getenv("TERM"), "mlterm") && !o.EnvNoColor() {
		return termenv.ANSI256
	}
	return p
}

// take sets what follows from the replies. err is what was wrong with asking.
func (t *Terminal) take(r replies, out *os.File, getenv func(string) string, asked Graphics, err error) {
	b := identify(r, getenv, t.Tmux)
	if b == brandXterm && r.version == "" {
		r.version = getenv("XTERM_VERSION")
	}
	t.Tmux = t.Tmux || r.inner != ""
	if t.Tmux && r.inner == "" {
		r.inner = "tmux"
	}
	t.brand = b
	t.Name, t.Version = b.String(), r.version
	t.DA1, t.ColorRegisters, t.Synchronized = r.da1, r.colorRegisters, r.synchronized
	t.PictureW, t.PictureH = r.pictureW, r.pictureH
	t.Light = lightBackground(r, getenv)
	t.sizeCell(r, out)
	t.choose(asked, getenv, b, r, err)
	if t.Graphics == GraphicsSixel {
		t.Modes = r.sixelModes()
	}
}

// lightBackground reports whether the terminal's background is light: by its reply, or else by COLORFGBG, whose last field
// is a colour of sixteen.
func lightBackground(r replies, getenv func(string) string) bool {
	if c := ansi.XParseColor(r.background); c != nil {
		return color.GrayModel.Convert(c).(color.Gray).Y > 0x7f
	}
	all := getenv("COLORFGBG")
	last := all[strings.LastIndexByte(all, ';')+1:]
	return last == "7" || last == "15"
}

// choose sets Graphics, Why, Hint and Offers. err is what was wrong with asking.
func (t *Terminal) choose(asked Graphics, getenv func(string) string, b brand, r replies, err error) {
	t.Offers = offered(b, r)
	t.Graphics = asked
	switch {
	case asked != GraphicsAuto:
		t.Why = asked.String() + ": asked for"
		offers := slices.ContainsFunc(t.Offers, func(o Offer) bool { return o.Graphics == asked })
		if asked.Apart() && r.da1 != "" && !offers {
			t.Hint = "the terminal does not say that it has " + asked.String() + " (DA1 " + r.da1 + ")"
		}
	case len(t.Offers) > 0:
		t.Graphics, t.Why = t.Offers[0].Graphics, t.Offers[0].Graphics.String()+": "+t.Offers[0].Why
	case getenv("NO_COLOR") != "":
		t.Graphics, t.Why = GraphicsNone, "no pictures: NO_COLOR is set, and the terminal offers none but coloured text"
		t.Hint = "--graphics halfblock shows them all the same"
	default:
		t.Graphics = textOf(b)
		t.Why = textNames[t.Graphics] + ": " + why(r, err)
		t.Hint = t.pictureHint(getenv)
	}
}

// textNames are what pictures of text are made of.
var textNames = map[Graphics]string{GraphicsSextant: "sextants", GraphicsQuadrant: "quadrants", GraphicsHalfBlock: "half-blocks"}

// why says why a terminal shows pictures as text only.
func why(r replies, err error) string {
	switch {
	case err != nil:
		return "the terminal cannot be asked: " + err.Error()
	case r.da1 == "":
		return "the terminal did not answer in time"
	case r.sixel:
		return fmt.Sprintf("the terminal has %d colour registers, too few for sixel", r.colorRegisters)
	}
	if r.kitty && r.inner != "" {
		return "within tmux the terminal has no placeholders for pictures"
	}
	return "the terminal does not answer kitty's graphics query, nor DA1 with 4 (sixel), but " + r.da1
}

// pictureHint says how the user's terminal could show real pictures.
func (t *Terminal) pictureHint(getenv func(string) string) string {
	switch {
	case t.Tmux:
		return "in kitty and Ghostty, set -g allow-passthrough on in tmux.conf; tmux from 3.4 on, built with sixel, shows those of a terminal that has it"
	case getenv("XTERM_VERSION") != "":
		return "start xterm with -ti vt340"
	case t.TermProgram == "vscode":
		return "set terminal.integrated.enableImages in VS Code"
	case t.TermProgram == "Apple_Terminal":
		return "Terminal.app has no pictures; iTerm2, WezTerm and others have"
	}
	return "these show real pictures: kitty, Ghostty, WezTerm, iTerm2, foot, Windows Terminal, Konsole, mlterm, xterm -ti vt340"
}

// sizeCell sets the cell's size from the most direct source that told one.
func (t *Terminal) sizeCell(r replies, out *os.File) {
	if plausibleCell(r.cellW, r.cellH) {
		t.CellW, t.CellH, t.CellFrom = r.cellW, r.cellH, "CSI 16 t"
		return
	}
	if t.Cols > 0 && t.Rows > 0 && plausibleCell(r.windowW/t.Cols, r.windowH/t.Rows) {
		t.CellW, t.CellH, t.CellFrom = r.windowW/t.Cols, r.windowH/t.Rows, "CSI 14 t"
		return
	}
	if w, h, ok := CellSize(out); ok {
		t.CellW, t.CellH, t.CellFrom = w, h, "TIOCGWINSZ"
	}
}

// CellSize returns the size of a cell in pixels as the kernel knows it, for use after a change of the terminal's size.
func CellSize(out *os.File) (w, h int, ok bool) {
	cols, rows, pixelW, pixelH := windowSize(out)
	if cols <= 0 || rows <= 0 {
		return 0, 0, false
	}
	w, h = pixelW/cols, pixelH/rows
	return w, h, plausibleCell(w, h)
}

// plausibleCell tells a real cell from the zeros and placeholders that some terminals report.
func plausibleCell(w, h int) bool {
	return w >= 3 && h >= 6 && w <= 200 && h <= 400
}

func overSSH(getenv func(string) string) bool {
	return getenv("SSH_CONNECTION") != "" || getenv("SSH_TTY") != ""
}

// askTerminal writes the queries in raw mode and returns what came back until so many have answered to the last of
// them, or did not in time.
func askTerminal(in, out *os.File, queries string, answers int, limit time.Duration) (reply []byte, err error) {
	state, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return nil, err
	}
	defer func() {
		discardInput(in)
		err = errors.Join(err, term.Restore(int(in.Fd()), state))
	}()
	if _, err := out.WriteString(queries); err != nil {
		return nil, err
	}
	start := time.Now()
	deadline := start.Add(limit)
	buf := make([]byte, 1024)
	for len(reply) < 1<<16 {
		n, err := readUntil(in, buf, deadline)
		if n == 0 || err != nil {
			return reply, err
		}
		reply = append(reply, buf[:n]...)
		switch r := parseReplies(reply); {
		case r.answers >= answers:
			return reply, nil
		case r.answers > 0:
			deadline = time.Now().Add(limit / outerPart)
		case r != (replies{}):
			deadline = start.Add(3 * limit)
		}
	}
	return reply, nil
}

// probeEnviron lends getenv to termenv.
type probeEnviron func(string) string

func (e probeEnviron) Getenv(name string) string { return e(name) }
func (e probeEnviron) Environ() []string         { return nil }
