package picture

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"strata/engine/inert"

	"github.com/charmbracelet/x/ansi"
)

// modeState is a terminal's answer to a question about one of its modes (DECRQM).
type modeState int

// The answers that count; any other says that the mode is unknown or cannot be changed.
const (
	modeSet   modeState = 1
	modeReset modeState = 2
)

// replies is what the terminal answered; a zero field was not answered.
type replies struct {
	da1                string // as in Terminal
	sixel              bool
	cellW, cellH       int
	windowW, windowH   int
	colorRegisters     int
	pictureW, pictureH int // the largest picture, in pixels
	synchronized       bool
	sixelDisplay       modeState // mode 80
	privateColors      modeState // mode 1070
	background         string    // its colour: "rgb:ffff/ffff/ffff"
	kitty              bool      // the graphics query was answered with OK
	version            string    // the terminal's name and version (XTVERSION): "XTerm(379)"
	inner              string    // the same of a multiplexer between: "tmux 3.5a"
	answers            int       // to the device attributes query
}

// longestVersion is how long a terminal's version may be.
const longestVersion = 80

// parseReplies finds the replies in what was read from the terminal, between keys that the user may have typed.
func parseReplies(b []byte) replies {
	var r replies
	for {
		at := bytes.IndexByte(b, ansi.ESC)
		if at < 0 || at+1 == len(b) {
			return r
		}
		kind := b[at+1]
		b = b[at+2:]
		switch kind {
		case '[':
			end := bytes.IndexFunc(b, func(c rune) bool { return c < 0x20 || c > 0x3f })
			if end < 0 {
				return r
			}
			r.read(string(b[:end]), b[end])
			b = b[end:]
		case ']':
			if end := bytes.IndexAny(b, "\x1b\a"); end >= 0 {
				r.readCommand(string(b[:end]))
				b = b[end:]
			}
		case 'P', '_':
			end := bytes.Index(b, []byte(stringTerminator))
			if next := bytes.IndexByte(b, ansi.ESC); end < 0 || next < end {
				continue // not ended: a key with alt
			}
			r.readString(kind, string(b[:end]))
			b = b[end:]
		}
	}
}

// readCommand takes in one operating system command: of these, the background's colour.
func (r *replies) readCommand(s string) {
	if colour, ok := strings.CutPrefix(s, "11;"); ok && strings.HasPrefix(colour, "rgb") && len(colour) <= longestVersion {
		r.background = colour
	}
}

// readString takes in one device control string ('P') or application program command ('_').
func (r *replies) readString(kind byte, s string) {
	version, isVersion := strings.CutPrefix(s, ">|")
	switch {
	case kind == '_' && strings.HasPrefix(s, "G"):
		options, message, _ := strings.Cut(s[1:], ";")
		r.kitty = r.kitty || message == "OK" && slices.Contains(strings.Split(options, ","), "i="+queryID)
	case kind != 'P' || !isVersion || len(version) > longestVersion || inert.Line(version) != version:
	case strings.HasPrefix(version, "tmux "):
		r.inner = version
	default:
		r.version = version
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
		if r.answers++; r.answers == 1 { // a further one is an outer terminal's
			r.da1 = "?" + params + "c"
			r.sixel = slices.Contains(n[1:], 4) // the first is the terminal's class
		}
	case "t":
		if len(n) == 3 && n[0] == 6 {
			r.cellH, r.cellW = n[1], n[2]
		} else if len(n) == 3 && n[0] == 4 {
			r.windowH, r.windowW = n[1], n[2]
		}
	case "?S":
		r.readGraphics(n)
	case "?$y":
		r.readMode(n)
	}
}

// readGraphics takes in an answer about graphics (XTSMGRAPHICS): the item, 0 for success, and its value.
func (r *replies) readGraphics(n []int) {
	switch {
	case len(n) == 3 && n[0] == 1 && n[1] == 0:
		r.colorRegisters = n[2]
	case len(n) == 4 && n[0] == 2 && n[1] == 0:
		r.pictureW, r.pictureH = n[2], n[3]
	}
}

// readMode takes in an answer about a mode.
func (r *replies) readMode(n []int) {
	if len(n) != 2 {
		return
	}
	state := modeState(n[1])
	switch n[0] {
	case 2026:
		r.synchronized = state == modeSet || state == modeReset
	case 80:
		r.sixelDisplay = state
	case 1070:
		r.privateColors = state
	}
}
