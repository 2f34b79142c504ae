package experiments

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine/scheme"
	"strata/experiments/metric"
)

// TestMetricsPage: METRICS.md defines every metric and has a line for every trap,
// and every trap has its test.
func TestMetricsPage(t *testing.T) {
	page, err := os.ReadFile("METRICS.md")
	if err != nil {
		t.Fatal(err)
	}
	var unknown *scheme.NameError
	if _, err := metric.ParseMetrics([]string{"none"}, nil); !errors.As(err, &unknown) || len(unknown.Known) < 10 {
		t.Fatalf("got %v", err)
	}
	for _, name := range unknown.Known[2:] { // after all and deep
		row := "| `%s` |"
		if _, err := metric.ParseMetrics([]string{name + "@5"}, nil); err == nil {
			row = "| `%s@k` |"
		}
		if _, err := metric.ParseMetrics([]string{name + "@all"}, nil); err == nil {
			row = "| `%s@k`, `%[1]s` |"
		}
		if row = fmt.Sprintf(row, name); !strings.Contains(string(page), row) {
			t.Errorf("no row begins with %s", row)
		}
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	rooms, err := filepath.Glob("*/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, rooms...)
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
