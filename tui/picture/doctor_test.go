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
