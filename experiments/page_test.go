package experiments

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMetricsPage: METRICS.md defines every metric and has a line for every trap,
// and every trap has its test.
func TestMetricsPage(t *testing.T) {
	page, err := os.ReadFile("METRICS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range measures {
		row := map[cut]string{cutOnly: "| `%s@k` |", cutOrAll: "| `%s@k`, `%[1]s` |", cutNever: "| `%s` |"}[m.cut]
		if row = fmt.Sprintf(row, m.name); !strings.Contains(string(page), row) {
			t.Errorf("no row begins with %s", row)
		}
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(text)
	}
	for trap := 1; trap <= 18; trap++ {
		if !strings.Contains(string(page), fmt.Sprintf("\n| T%02d |", trap)) || !strings.Contains(tests.String(), fmt.Sprintf("\nfunc TestTrapT%02d", trap)) {
			t.Errorf("trap T%02d has no line or no test", trap)
		}
	}
}
