//go:build unix

package command

import (
	"strings"
	"testing"
)

// TestProgressOnTerminal wants the phases of an evaluation on a terminal, and a
// clean line before the table.
func TestProgressOnTerminal(t *testing.T) {
	p := inTerminal(t, program(t, t.TempDir(), "eval", "demo", "--scheme", "A", "--label", "category", "--queries", "200"))
	go p.read()
	code := p.wait()
	out := p.output()
	if code != 0 || !strings.Contains(out, "\rranking  100 of 200 queries  45 %") || !strings.Contains(out, "\rcomparing and writing  90 %") {
		t.Errorf("exit code %d: %q", code, out)
	}
	if strings.Contains(out, "100 %") || !strings.Contains(out, "\r\x1b[KP@10  ") {
		t.Errorf("the line says 100 %%, or is not taken away: %q", out)
	}
}
