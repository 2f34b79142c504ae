//go:build unix

package command

import (
	"strings"
	"testing"
)

// TestSearchTable wants the columns of a search to line up on a terminal, where
// numbers are rounded, and full precision elsewhere.
func TestSearchTable(t *testing.T) {
	args := []string{"search", "demo", "--query", "knit-0012", "--scheme", "A", "-k", "10"}
	p := inTerminal(t, program(t, t.TempDir(), args...))
	go p.read()
	if code := p.wait(); code != 0 {
		t.Fatalf("exit code %d: %s", code, p.output())
	}
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(p.output(), "\r\n", "\n")), "\n")
	if len(lines) != 12 || lines[0] != "A" {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	column := strings.Index(lines[1], "0.9960")
	for i, line := range lines[1:11] {
		if score, _, _ := strings.Cut(line[min(max(column, 0), len(line)):], " "); len(score) != 6 || !strings.HasPrefix(score, "0.99") {
			t.Errorf("rank %d does not line up, or is not rounded: %q", i+1, line)
		}
	}
	if !strings.HasPrefix(lines[1], " 1  ") || !strings.HasPrefix(lines[10], "10  ") {
		t.Errorf("ranks do not line up: %q, %q", lines[1], lines[10])
	}
	piped, err := program(t, t.TempDir(), args...).Output()
	if err != nil || !strings.HasPrefix(string(piped), "A\n1  knit-0070  0.9960388396754029  category pattern\n") {
		t.Errorf("a pipe gets %.100q, %v", piped, err)
	}
}
