package still

import (
	"fmt"
	"html"
	"image/color"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// pen is the style of the text that follows.
type pen struct {
	front, back                            string // "": the screen's
	bold, faint, slanted, lined, reversing bool
}

// writeLine writes a line as spans of one style each.
func writeLine(b *strings.Builder, line string, colors [2]string) {
	var p pen
	var text strings.Builder
	flush := func() {
		escaped := html.EscapeString(text.String())
		text.Reset()
		switch style := p.style(colors); {
		case escaped == "":
		case style == "":
			b.WriteString(escaped)
		default:
			b.WriteString(`<span style="` + style + `">` + escaped + `</span>`)
		}
	}
	for state := byte(0); line != ""; {
		seq, width, n, next := ansi.DecodeSequence(line, state, nil)
		state, line = next, line[n:]
		if width > 0 {
			text.WriteString(seq)
			continue
		}
		if params, ok := strings.CutPrefix(seq, "\x1b["); ok && strings.HasSuffix(params, "m") {
			flush()
			p = p.with(strings.Split(strings.TrimSuffix(params, "m"), ";"))
		}
	}
	flush()
}

// with returns the pen after the parameters of SGR.
func (p pen) with(params []string) pen {
	for len(params) > 0 {
		n, _ := strconv.Atoi(params[0]) // left out, it is 0
		params = params[1:]
		switch {
		case n == 38:
			p.front, params = extended(params)
		case n == 48:
			p.back, params = extended(params)
		case n >= 30:
			p = p.coloured(n)
		case n == 0:
			p = pen{}
		case n == 1:
			p.bold = true
		case n == 2:
			p.faint = true
		case n == 3:
			p.slanted = true
		case n == 4:
			p.lined = true
		case n == 7:
			p.reversing = true
		case n == 22:
			p.bold, p.faint = false, false
		case n == 27:
			p.reversing = false
		}
	}
	return p
}

// coloured returns the pen in one of 16 colours, or in the screen's.
func (p pen) coloured(n int) pen {
	switch {
	case n == 39:
		p.front = ""
	case n == 49:
		p.back = ""
	case n < 38:
		p.front = indexed(n - 30)
	case n >= 40 && n < 48:
		p.back = indexed(n - 40)
	case n >= 90 && n < 98:
		p.front = indexed(n - 90 + 8)
	case n >= 100 && n < 108:
		p.back = indexed(n - 100 + 8)
	}
	return p
}

// extended takes a colour of 256, or one of red, green and blue, and returns the parameters after it.
func extended(params []string) (css string, rest []string) {
	var n [4]int
	for i, text := range params[:min(len(params), len(n))] {
		n[i], _ = strconv.Atoi(text)
	}
	switch {
	case n[0] == 5 && len(params) >= 2:
		return indexed(n[1]), params[2:]
	case n[0] == 2 && len(params) >= 4:
		return fmt.Sprintf("#%02x%02x%02x", uint8(n[1]), uint8(n[2]), uint8(n[3])), params[4:]
	}
	return "", nil
}

// indexed returns one of the 256 colours.
func indexed(n int) string {
	c := color.RGBAModel.Convert(ansi.IndexedColor(uint8(n))).(color.RGBA)
	return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
}

// style returns the pen in CSS.
func (p pen) style(colors [2]string) string {
	front, back := p.front, p.back
	if p.reversing {
		if front == "" {
			front = colors[0]
		}
		if back == "" {
			back = colors[1]
		}
		front, back = back, front
	}
	var css []string
	add := func(is bool, what string) {
		if is {
			css = append(css, what)
		}
	}
	add(front != "", "color:"+front)
	add(back != "", "background:"+back)
	add(p.bold, "font-weight:bold")
	add(p.faint, "opacity:.6")
	add(p.slanted, "font-style:italic")
	add(p.lined, "text-decoration:underline")
	return strings.Join(css, ";")
}
