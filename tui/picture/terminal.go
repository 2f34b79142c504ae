package picture

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muesli/termenv"
	"golang.org/x/term"
)

// The cell that is assumed when the terminal tells nothing, in pixels.
const guessedCellW, guessedCellH = 10, 20

// Terminal is what the terminal can do, as far as it said.
type Terminal struct {
	Graphics       Graphics // never GraphicsAuto after Probe
	Why            string   // one line: why these graphics
	Hint           string   // one line: what the user could do for better ones; often empty
	CellW, CellH   int      // pixels
	CellFrom       string   // where the cell's size is from
	Cols, Rows     int      // cells
	DA1            string   // the reply to the device attributes query, without its frame: "?62;4;22c"
	ColorRegisters int      // 0: not said
	Synchronized   bool     // frames can be shown at once (mode 2026)
	Profile        termenv.Profile
	Term           string // $TERM
	TermProgram    string // $TERM_PROGRAM
	Tmux, SSH      bool
}

// Cell returns the size of a cell in pixels, a guess if the terminal did not tell it.
func (t Terminal) Cell() (w, h int) {
	if t.CellW <= 0 || t.CellH <= 0 {
		return guessedCellW, guessedCellH
	}
	return t.CellW, t.CellH
}

// probeQueries asks for colour registers, the largest picture, the cell's and the window's size in pixels and
// synchronized output. Every terminal answers the last one, device attributes, so that its reply ends the wait.
const probeQueries = "\x1b[?1;1;0S\x1b[?2;1;0S\x1b[16t\x1b[14t\x1b[?2026$p\x1b[c"

// ProbeLimit returns how long Probe should wait for a terminal: 0.3 s, 1 s over ssh.
func ProbeLimit(getenv func(string) string) time.Duration {
	if overSSH(getenv) {
		return time.Second
	}
	return 300 * time.Millisecond
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
		Term:    getenv("TERM"), TermProgram: getenv("TERM_PROGRAM"), Tmux: getenv("TMUX") != "", SSH: overSSH(getenv),
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
	t.Profile = termenv.NewOutput(out, termenv.WithTTY(true), termenv.WithEnvironment(probeEnviron(getenv))).EnvColorProfile()
	raw, err := askTerminal(in, out, limit)
	r := parseReplies(raw)
	t.DA1, t.ColorRegisters, t.Synchronized = r.da1, r.colorRegisters, r.synchronized
	t.sizeCell(r, out)
	t.choose(asked, getenv, r, err)
	return t
}

// choose sets Graphics, Why and Hint. err is what was wrong with asking.
func (t *Terminal) choose(asked Graphics, getenv func(string) string, r replies, err error) {
	t.Graphics = asked
	switch {
	case asked != GraphicsAuto:
		t.Why = asked.String() + ": asked for"
		if offers := drivers[asked].offers; offers != nil && r.da1 != "" && offers(r) == "" {
			t.Hint = "the terminal does not say that it has " + asked.String() + " (DA1 " + r.da1 + ")"
		}
	case getenv("NO_COLOR") != "":
		t.Graphics, t.Why = GraphicsNone, "no pictures: NO_COLOR is set"
		t.Hint = "--graphics sixel or halfblock shows them all the same"
	default:
		if g, why := offered(r); why != "" {
			t.Graphics, t.Why = g, g.String()+": "+why
			return
		}
		t.Graphics = GraphicsHalfBlock
		switch {
		case err != nil:
			t.Why = "half-blocks: the terminal cannot be asked: " + err.Error()
		case r.da1 == "":
			t.Why = "half-blocks: the terminal did not answer in time"
		default:
			t.Why = "half-blocks: the terminal does not answer DA1 with 4 (sixel) but " + r.da1
		}
		t.Hint = t.sixelHint(getenv)
	}
}

// sixelHint says how the user's terminal could show real pictures.
func (t *Terminal) sixelHint(getenv func(string) string) string {
	switch {
	case t.Tmux:
		return "tmux shows pictures from 3.4 on, when built with sixel, in a terminal that has it; or run outside tmux"
	case getenv("XTERM_VERSION") != "":
		return "start xterm with -ti vt340"
	case t.TermProgram == "vscode":
		return "set terminal.integrated.enableImages in VS Code"
	case t.TermProgram == "Apple_Terminal":
		return "Terminal.app has no pictures; iTerm2, WezTerm and others have"
	}
	return "a terminal with sixel shows real pictures: xterm -ti vt340, foot, WezTerm, mlterm, iTerm2, Windows Terminal"
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

// askTerminal writes the queries in raw mode and returns what came back.
func askTerminal(in, out *os.File, limit time.Duration) (reply []byte, err error) {
	state, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return nil, err
	}
	defer func() {
		discardInput(in)
		err = errors.Join(err, term.Restore(int(in.Fd()), state))
	}()
	if _, err := out.WriteString(probeQueries); err != nil {
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
		if parseReplies(reply).da1 != "" {
			return reply, nil
		}
		deadline = start.Add(3 * limit)
	}
	return reply, nil
}

// replies is what the terminal answered; a zero field was not answered.
type replies struct {
	da1              string // as in Terminal
	sixel            bool
	cellW, cellH     int
	windowW, windowH int
	colorRegisters   int
	synchronized     bool
}

// parseReplies finds the replies in what was read from the terminal, between keys that the user may have typed.
func parseReplies(b []byte) replies {
	var r replies
	for {
		at := bytes.Index(b, []byte("\x1b["))
		if at < 0 {
			return r
		}
		b = b[at+2:]
		end := bytes.IndexFunc(b, func(c rune) bool { return c < 0x20 || c > 0x3f })
		if end < 0 {
			return r
		}
		r.read(string(b[:end]), b[end])
		b = b[end:]
	}
}

// read takes in one control sequence, given without its introducer and final byte.
func (r *replies) read(params string, final byte) {
	private := strings.HasPrefix(params, "?")
	params, _ = strings.CutPrefix(params, "?")
	params, report := strings.CutSuffix(params, "$")
	var n []int
	for field := range strings.SplitSeq(params, ";") {
		v, err := strconv.ParseUint(field, 10, 16)
		if err != nil && field != "" {
			return // a key, a version string, an error
		}
		n = append(n, int(v))
	}
	kind := string(final)
	if report {
		kind = "$" + kind
	}
	if private {
		kind = "?" + kind
	}
	switch kind {
	case "?c":
		r.da1 = "?" + params + "c"
		r.sixel = slices.Contains(n[1:], 4) // the first is the terminal's class
	case "t":
		if len(n) == 3 && n[0] == 6 {
			r.cellH, r.cellW = n[1], n[2]
		} else if len(n) == 3 && n[0] == 4 {
			r.windowH, r.windowW = n[1], n[2]
		}
	case "?S":
		if len(n) == 3 && n[0] == 1 && n[1] == 0 {
			r.colorRegisters = n[2]
		}
	case "?$y":
		if len(n) == 2 && n[0] == 2026 {
			r.synchronized = n[1] == 1 || n[1] == 2
		}
	}
}

// probeEnviron lends getenv to termenv.
type probeEnviron func(string) string

func (e probeEnviron) Getenv(name string) string { return e(name) }
func (e probeEnviron) Environ() []string         { return nil }
