package still

import (
	"fmt"
	"html"
	"image/color"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/cellbuf"
)

// writeLine writes a line as spans of one style each.
func writeLine(b *strings.Builder, line string, colors [2]string) {
	var pen cellbuf.Style
	var text strings.Builder
	flush := func() {
		escaped := html.EscapeString(text.String())
		text.Reset()
		switch style := css(pen, colors); {
		case escaped == "":
		case style == "":
			b.WriteString(escaped)
		default:
			b.WriteString(`<span style="` + style + `">` + escaped + `</span>`)
		}
	}
	parser := ansi.NewParser()
	for state := byte(0); line != ""; {
		seq, width, n, next := ansi.DecodeSequence(line, state, parser)
		state, line = next, line[n:]
		switch {
		case width > 0:
			text.WriteString(seq)
		case strings.HasPrefix(seq, "\x1b[") && parser.Command() == 'm':
			flush()
			cellbuf.ReadStyle(parser.Params(), &pen)
		}
	}
	flush()
}

// css returns a style in CSS. colors are those of text without one, and of its background.
func css(s cellbuf.Style, colors [2]string) string {
	front, back := hex(s.Fg), hex(s.Bg)
	if s.Attrs.Contains(cellbuf.ReverseAttr) {
		if front == "" {
			front = colors[0]
		}
		if back == "" {
			back = colors[1]
		}
		front, back = back, front
	}
	var all []string
	add := func(is bool, what string) {
		if is {
			all = append(all, what)
		}
	}
	add(front != "", "color:"+front)
	add(back != "", "background:"+back)
	add(s.Attrs.Contains(cellbuf.BoldAttr), "font-weight:bold")
	add(s.Attrs.Contains(cellbuf.FaintAttr), "opacity:.6")
	add(s.Attrs.Contains(cellbuf.ItalicAttr), "font-style:italic")
	add(s.UlStyle != cellbuf.NoUnderline, "text-decoration:underline")
	return strings.Join(all, ";")
}

// hex returns a colour in CSS; "" is none.
func hex(of color.Color) string {
	if of == nil {
		return ""
	}
	c := color.RGBAModel.Convert(of).(color.RGBA)
	return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
}
