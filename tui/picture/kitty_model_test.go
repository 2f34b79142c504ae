package picture

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi/kitty"
)

// kittyModel is what a terminal with kitty's graphics knows of pictures, and what was wrong with what it was sent.
type kittyModel struct {
	within  bool // tmux: commands come by passthrough only
	images  map[int]Placement
	virtual map[int]Box // the sizes of virtual placements, by picture
	placed  []kittyPlaced
	loading map[string]string // the options of the picture that comes in pieces
	data    []byte
	ink     int // the colour in which placeholders are written
	sends   int // pictures that came whole
	faults  []string
}

// kittyPlaced is a picture laid over the text at a cell.
type kittyPlaced struct{ id, placement, col, row int }

func (k *kittyModel) fault(format string, args ...any) {
	k.faults = append(k.faults, fmt.Sprintf(format, args...))
}

// passthrough returns the length of the passthrough of tmux that b begins with, 0 for none: it ends with the first ST
// whose ESC is not doubled.
func passthrough(b []byte) int {
	const start = "\x1bPtmux;"
	if !bytes.HasPrefix(b, []byte(start)) {
		return 0
	}
	for at := len(start); at+1 < len(b); at++ {
		if b[at] == '\x1b' {
			if at++; b[at] == '\\' {
				return at + 1
			}
		}
	}
	return 0
}

// isKitty returns the command in a sequence, if it has one.
func (k *kittyModel) isKitty(seq []byte) (command string, ok bool) {
	s := string(seq)
	if inner, wrapped := strings.CutPrefix(s, "\x1bPtmux;"); wrapped {
		if !k.within {
			k.fault("passthrough outside tmux")
		}
		s = strings.ReplaceAll(strings.TrimSuffix(inner, stringTerminator), "\x1b\x1b", "\x1b")
	} else if k.within && strings.HasPrefix(s, "\x1b_G") {
		k.fault("a command that tmux takes for a title: %.40q", s)
	}
	if !strings.HasPrefix(s, "\x1b_G") || !strings.HasSuffix(s, stringTerminator) {
		return "", false
	}
	return strings.TrimSuffix(s[len("\x1b_G"):], stringTerminator), true
}

// command does what a command says, with the cursor at a cell.
func (m *modelTerminal) command(command string, col, row int) {
	k := &m.kitty
	text, payload, _ := strings.Cut(command, ";")
	options := map[string]string{}
	for o := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(o, "=")
		if _, twice := options[name]; !ok || twice {
			k.fault("options %q", text)
		}
		options[name] = value
	}
	if options["q"] != "2" {
		k.fault("%q would be answered", text)
	}
	if len(payload) > kitty.MaxChunkSize || options["m"] == "1" && len(payload)%4 != 0 {
		k.fault("a piece of %d bytes", len(payload))
	}
	number := func(name string) int {
		n, err := strconv.Atoi(options[name])
		if err != nil {
			k.fault("%q lacks %s", text, name)
		}
		return n
	}
	switch action := options["a"]; {
	case k.loading != nil:
		if len(options) != 2 || options["m"] == "" {
			k.fault("%q while a picture is loaded", text)
		}
		m.load(payload, options["m"] == "1")
	case action == "" || action == "t" || action == "T":
		k.loading, k.data = options, nil
		if _, had := k.images[number("i")]; had {
			k.fault("picture %d is sent again", number("i"))
		}
		m.load(payload, options["m"] == "1")
	case action == "p":
		id := number("i")
		if _, ok := k.images[id]; !ok || options["C"] != "1" {
			k.fault("%q places what is not there, or moves the cursor", text)
		}
		at := kittyPlaced{id, number("p"), col, row}
		k.placed = slices.DeleteFunc(k.placed, func(o kittyPlaced) bool { return o.id == at.id && o.placement == at.placement })
		k.placed = append(k.placed, at)
		m.ops = append(m.ops, fmt.Sprintf("draw %s at %d,%d", k.images[id].Key, col, row))
	case action == "d" && options["d"] == "I":
		id := number("i")
		delete(k.images, id)
		delete(k.virtual, id)
		k.placed = slices.DeleteFunc(k.placed, func(o kittyPlaced) bool { return o.id == id })
	case action == "d" && (options["d"] == "i" || options["d"] == ""):
		before := len(k.placed)
		id, placement := number("i"), number("p")
		k.placed = slices.DeleteFunc(k.placed, func(o kittyPlaced) bool { return o.id == id && o.placement == placement })
		if len(k.placed) != before-1 {
			k.fault("%q takes off %d pictures", text, before-len(k.placed))
		}
	default:
		k.fault("unknown command %q", text)
	}
}

// load takes in a piece of a picture. One that ends too early is not kept.
func (m *modelTerminal) load(payload string, more bool) {
	k := &m.kitty
	piece, err := base64.StdEncoding.DecodeString(payload)
	if err != nil {
		k.fault("payload: %v", err)
	}
	if k.data = append(k.data, piece...); more {
		return
	}
	options := k.loading
	k.loading = nil
	for _, p := range m.known {
		if bytes.Equal(p.Bytes, k.data) {
			id, _ := strconv.Atoi(options["i"])
			k.images[id] = p
			k.sends++
			if options["a"] == "T" {
				cols, _ := strconv.Atoi(options["c"])
				rows, _ := strconv.Atoi(options["r"])
				k.virtual[id] = Box{cols, rows}
			}
		}
	}
}

// placeholder returns the piece of a picture that a placeholder at a cell stands for.
func (m *modelTerminal) placeholder(seq []byte, col, row int) pictureMark {
	k := &m.kitty
	marks := []rune(string(seq[utf8.RuneLen(kitty.Placeholder):]))
	if len(marks) == 0 {
		left := m.cell(col-1, row).mark
		left.col++
		if m.known[left.key].Key == "" {
			k.fault("a placeholder at %d,%d follows no other", col, row)
		}
		return m.sized(left)
	}
	var place [3]int
	for i := range place {
		place[i] = -1
		for n := range 256 {
			if i < len(marks) && kitty.Diacritic(n) == marks[i] {
				place[i] = n
			}
		}
	}
	id := place[2]<<24 | k.ink
	p, ok := k.images[id]
	size := k.virtual[id]
	if !ok || place[0] < 0 || place[0] >= size.Rows || place[1] != 0 || size != p.Box {
		k.fault("a placeholder at %d,%d of picture %d, %v, in a box of %v", col, row, id, place, size)
	}
	if place[0] == 0 {
		m.ops = append(m.ops, fmt.Sprintf("draw %s at %d,%d", p.Key, col, row))
	}
	return m.sized(pictureMark{key: p.Key, col: place[1], row: place[0]})
}

// sized sets how many pixels of its picture a cell has.
func (m *modelTerminal) sized(mark pictureMark) pictureMark {
	p := m.known[mark.key]
	mark.w = min(testCellW, p.PixelW-mark.col*testCellW)
	mark.h = min(testCellH, p.PixelH-mark.row*testCellH)
	return mark
}

// over returns the piece of a picture that is laid over a cell.
func (m *modelTerminal) over(col, row int) (pictureMark, bool) {
	for _, at := range m.kitty.placed {
		p := m.kitty.images[at.id]
		mark := m.sized(pictureMark{key: p.Key, col: col - at.col, row: row - at.row})
		if mark.col >= 0 && mark.row >= 0 && mark.w > 0 && mark.h > 0 {
			return mark, true
		}
	}
	return pictureMark{}, false
}

// inked notes the colour that placeholders are written in.
func (k *kittyModel) inked(seq string) {
	if n, ok := strings.CutPrefix(seq, "\x1b[0;38;5;"); ok {
		k.ink, _ = strconv.Atoi(strings.TrimSuffix(n, "m"))
	}
}

// inline returns the file of iTerm2's inline picture, which must be of the size of a known one.
func (m *modelTerminal) inline(seq []byte) (Placement, bool) {
	if !bytes.HasPrefix(seq, []byte("\x1b]1337;File=")) {
		return Placement{}, false
	}
	return m.recognize(seq), true
}

// swept does what an erased screen does to pictures: kitty frees those that were on it.
func (k *kittyModel) swept() {
	for _, at := range k.placed {
		delete(k.images, at.id)
	}
	k.placed = nil
}

// leftOver lists what is in the terminal after the program has left it.
func (k *kittyModel) leftOver() []string {
	left := slices.Clone(k.faults)
	for id := range k.images {
		left = append(left, fmt.Sprintf("picture %d", id))
	}
	for _, at := range k.placed {
		left = append(left, fmt.Sprintf("placement %v", at))
	}
	if k.loading != nil {
		left = append(left, "a part of a picture")
	}
	return left
}
