package picture

import (
	"strings"
	"testing"
)

func TestDoctor(t *testing.T) {
	var b strings.Builder
	err := Doctor(&b, Terminal{
		Graphics: GraphicsHalfBlock, Why: "half-blocks: the terminal says nothing of sixel", Hint: "try xterm -ti vt340",
		Term: "xterm", CellW: 8, CellH: 17, CellFrom: "guess", Cols: 80, Rows: 24,
	}, Fact{"processor", "two cores\x1b[2J"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"pictures             halfblock", "why  ", "try xterm -ti vt340", "80×24 cells", "two cores\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
}

// TestSamples checks that each sample lies where lines have made room for it, and that what is offered is shown.
func TestSamples(t *testing.T) {
	terminal := sixelTerminal()
	terminal.Modes = replies{sixelDisplay: modeSet}.sixelModes()
	terminal.Offers = []Offer{{GraphicsKittyDirect, "one"}, {GraphicsSixel, "two"}}
	var b strings.Builder
	if err := Samples(t.Context(), &b, terminal); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{
		"\nkitty-direct: one\n", "\nsixel: two\n", "\nhalfblock: text\n", "\x1b_Ga=p", "\x1b[?80l", "\x1b[?80h", "▀",
		"\x1b7\x1b[33;3H\x1bP", // row 40 - 2 - 6, from 1
	} {
		if want == "\x1b_Ga=p" {
			want = ",C=1,a=p"
		}
		if !strings.Contains(got, want) {
			t.Errorf("the samples lack %q", want)
		}
	}
	terminal.Rows = 5
	b.Reset()
	if err := Samples(t.Context(), &b, terminal); err != nil || b.Len() > 0 {
		t.Errorf("in 5 rows: %q, %v", b.String(), err)
	}
}
