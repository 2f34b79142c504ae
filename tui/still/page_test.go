package still

import (
	"strings"
	"testing"

	"strata/tui/picture"
)

// TestPage has text and styles, and a picture on its cells.
func TestPage(t *testing.T) {
	s := Screen{
		Title: "a <b>", CellW: 8, CellH: 16,
		Lines: []string{
			"plain \x1b[1;38;5;111mbold & blue\x1b[0m", "\x1b[7mturned\x1b[27m \x1b[38;2;1;2;3;48;5;196mboth\x1b[m 袖", "\x1b[2mfaint\x1b[22m \x1b[34m<script>\x1b[39m", "\x1b[38;5",
		},
		Pictures: []Picture{{Placement: picture.Placement{Col: 3, Row: 2, PixelW: 20, PixelH: 40}, Name: `"x"`, File: []byte("file")}},
	}
	var b strings.Builder
	if err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		"<title>a &lt;b&gt;</title>", "color:#dddddd;background:#111111", "line-height:2.0000ch",
		"plain <span style=\"color:#87afff;font-weight:bold\">bold &amp; blue</span>\n",
		"<span style=\"color:#111111;background:#dddddd\">turned</span> <span style=\"color:#010203;background:#ff0000\">both</span> 袖\n",
		"<span style=\"opacity:.6\">faint</span> <span style=\"color:#000080\">&lt;script&gt;</span>\n",
		`<img alt="&#34;x&#34;" style="left:3ch;top:4.0000ch;width:2.5000ch;height:5.0000ch" src="data:image/jpeg;base64,ZmlsZQ==">`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has not %q", want)
		}
	}
	if strings.Contains(page, "\x1b") || strings.Contains(page, "<script") {
		t.Errorf("the page is\n%s", page)
	}
	s.Light = true
	b.Reset()
	if err := s.Write(&b); err != nil || !strings.Contains(b.String(), "color:#111111;background:#ffffff") {
		t.Errorf("a light page is %v\n%s", err, b.String())
	}
}
