package still

import (
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"strings"

	"strata/tui/picture"
)

// Screen is what a page shows.
type Screen struct {
	Title        string
	Lines        []string // with their styles
	CellW, CellH int      // the size of a cell, in pixels
	Light        bool     // the background
	Pictures     []Picture
}

// Picture is a JPEG file over the lines.
type Picture struct {
	picture.Placement        // where
	Name              string // for those who do not see it
	File              []byte
}

// The colours of text without one, and of its background.
var (
	darkColors  = [2]string{"#dddddd", "#111111"}
	lightColors = [2]string{"#111111", "#ffffff"}
)

// Write writes the page. Lengths are widths of a character (ch), so that pictures lie on their cells in any font.
func (s Screen) Write(w io.Writer) error {
	var b strings.Builder
	colors := darkColors
	if s.Light {
		colors = lightColors
	}
	fmt.Fprintf(&b, `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>%s</title>
<style>
body{margin:1em;color:%s;background:%s}
pre{position:relative;display:inline-block;margin:0;font:14px "DejaVu Sans Mono",Menlo,Consolas,monospace;line-height:%.4fch}
img{position:absolute}
</style>
<pre>
`, html.EscapeString(s.Title), colors[0], colors[1], s.high(s.CellH))
	for _, line := range s.Lines {
		writeLine(&b, line, colors)
		b.WriteByte('\n')
	}
	for _, p := range s.Pictures {
		fmt.Fprintf(&b, `<img alt="%s" style="left:%dch;top:%.4fch;width:%.4fch;height:%.4fch" src="data:image/jpeg;base64,%s">`+"\n",
			html.EscapeString(p.Name), p.Col, s.high(p.Row*s.CellH), s.high(p.PixelW), s.high(p.PixelH), base64.StdEncoding.EncodeToString(p.File))
	}
	b.WriteString("</pre>\n</html>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// high returns a number of pixels in widths of a character.
func (s Screen) high(pixels int) float64 { return float64(pixels) / float64(s.CellW) }
