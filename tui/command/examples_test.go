package command

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// examples returns the scripts of the folder experiments.
func examples(t *testing.T) []string {
	paths, err := filepath.Glob("../../experiments/*.strata")
	if err != nil || len(paths) == 0 {
		t.Fatalf("the examples are %q, %v", paths, err)
	}
	return paths
}

// TestExamplesPage compares the tables of the examples' page with the results
// that stand in the scripts.
func TestExamplesPage(t *testing.T) {
	page, err := os.ReadFile("../../experiments/README.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(string(page), "\n## ")
	cells := 0
	for _, path := range examples(t) {
		name := filepath.Base(path)
		want := exampleMeans(t, path)
		for _, section := range sections {
			if strings.Contains(section, "("+name+")") {
				cells += comparePage(t, name, section, want)
			}
		}
	}
	if cells != 7*4*7 {
		t.Errorf("the page has %d cells of the examples", cells)
	}
}

// exampleMeans returns the values of P@10 in a script's results: by the row's
// title in the page and the scheme.
func exampleMeans(t *testing.T, path string) map[string]map[string]float64 {
	log, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var (
		heading = regexp.MustCompile(`^    ([A-Z][A-Za-z+]*)$`)
		query   = regexp.MustCompile(`(\w+) ([0-9.]+)(?:  |$)`)
		mean    = regexp.MustCompile(`^    (\w+)  P@1 .*  P@10 (\S+) \[.* over (\d+)`)
		scheme  string
		out     = map[string]map[string]float64{}
	)
	set := func(row, value string) {
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if out[row] == nil {
			out[row] = map[string]float64{}
		}
		out[row][scheme] = v
	}
	for line := range strings.Lines(string(log)) {
		line = strings.TrimSuffix(line, "\n")
		if m := heading.FindStringSubmatch(line); m != nil {
			scheme = m[1]
		}
		if values, ok := strings.CutPrefix(line, "    P@10  "); ok {
			for _, m := range query.FindAllStringSubmatch(values, -1) {
				set(m[1]+", query", m[2])
			}
		}
		if m := mean.FindStringSubmatch(line); m != nil {
			set(m[1]+", mean of "+m[3], m[2])
		}
	}
	return out
}

// comparePage compares a section's table and returns how many cells it has.
func comparePage(t *testing.T, name, section string, want map[string]map[string]float64) int {
	var schemes []string
	cells := 0
	for line := range strings.Lines(section) {
		row := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		for i := range row {
			row[i] = strings.Trim(row[i], " `")
		}
		if row[0] == "P@10" {
			schemes = row[1:]
		}
		values, ok := want[row[0]]
		if !ok || len(row) != len(schemes)+1 {
			continue
		}
		for i, cell := range row[1:] {
			cells++
			if text := strconv.FormatFloat(values[schemes[i]], 'f', 2, 64); cell != text {
				t.Errorf("%s: %s of %s is %s in the page, %s in the script", name, row[0], schemes[i], cell, text)
			}
		}
	}
	return cells
}
