package experiments

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSpreadsheetCell(t *testing.T) {
	for in, want := range map[string]string{
		"":                   "",
		"knit-0001":          "knit-0001",
		"a=b":                "a=b",
		"'=1":                "'=1",
		"=cmd|' /C calc'!A0": "'=cmd|' /C calc'!A0",
		"=1+1":               "'=1+1",
		"+1+1":               "'+1+1",
		"-1+1":               "'-1+1",
		"-":                  "'-",
		"@SUM(A1)":           "'@SUM(A1)",
		"\t=1":               "'\t=1",
		"\r=1":               "'\r=1",
		"\n=1":               "'\n=1",
		"＝1+1":               "'＝1+1",
		"-0.25":              "-0.25",
		"+7":                 "+7",
		"-1e-300":            "-1e-300",
		"-Inf":               "-Inf",
		"-1e-300+A1":         "'-1e-300+A1",
	} {
		if got := spreadsheetCell(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// TestForSpreadsheets: errors on either side end the other, and come back once.
func TestForSpreadsheets(t *testing.T) {
	var b bytes.Buffer
	write := forSpreadsheets(func(w io.Writer) error {
		return writeTable(w, slices.Values([][]string{{"id", "n"}, {"=1", "-1"}, {"a,\"b", ""}}))
	})
	if err := write(&b); err != nil || b.String() != "id,n\n'=1,-1\n\"a,\"\"b\",\n" {
		t.Errorf("got %q, %v", b.String(), err)
	}
	broken := errors.New("broken")
	err := forSpreadsheets(func(w io.Writer) error {
		if _, err := io.WriteString(w, "id\n"); err != nil {
			return err
		}
		return broken
	})(io.Discard)
	if !errors.Is(err, broken) || strings.Count(err.Error(), "broken") != 1 {
		t.Errorf("the table's error: %v", err)
	}
	err = forSpreadsheets(func(w io.Writer) error {
		for {
			if _, err := io.WriteString(w, strings.Repeat("x", 8192)+"\n"); err != nil {
				return err
			}
		}
	})(failing{broken})
	if !errors.Is(err, broken) || strings.Count(err.Error(), "broken") != 1 {
		t.Errorf("the file's error: %v", err)
	}
}

// failing cannot be written to.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestCSVSafe evaluates a gallery with hostile ids and labels: no table holds a
// cell that a spreadsheet would compute, and without the option none is changed.
func TestCSVSafe(t *testing.T) {
	of := &table{
		ids:    []string{"=cmd|' /C calc'!A0", "@b", "-c", "-1"},
		labels: []string{"=kind"},
		cells:  map[string][]string{"=kind": {"+x", "+x", "=y", "=y"}},
		layers: map[string][][]float32{"A": {{1, 0}, {.9, .1}, {0, 1}, {.1, .9}}, "B": {{1, 1}, {.5, .1}, {.2, 1}, {.1, .9}}},
	}
	g := of.open(t)
	schemes := schemes(t, "A", "B")
	for _, safe := range []bool{true, false} {
		dir := t.TempDir()
		now := func() time.Time { return time.Time{} }
		run := Run{Gallery: g, Plan: Plan{Schemes: schemes, Ks: []int{1}}, Folder: Folder{Out: dir, CSVSafe: safe, Now: now}}
		if _, err := run.Do(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		mining := Mining{Gallery: g, A: schemes[0], B: schemes[1]}
		if _, err := WriteMining(t.Context(), mining, Folder{Out: filepath.Join(dir, "mined"), CSVSafe: safe, Now: now}, nil); err != nil {
			t.Fatal(err)
		}
		marked, raw := 0, 0
		for _, pattern := range []string{"*.csv", "mined/*.csv"} {
			paths, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil || len(paths) < 3 {
				t.Fatalf("%s: %d tables, %v", pattern, len(paths), err)
			}
			for _, path := range paths {
				for _, cell := range cellsOf(t, path) {
					switch {
					case spreadsheetCell(cell) != cell:
						raw++
					case strings.HasPrefix(cell, "'"):
						marked++
					}
				}
			}
		}
		if safe && (raw > 0 || marked == 0) || !safe && (raw == 0 || marked > 0) {
			t.Errorf("safe %v: %d cells are formulas, %d are marked as text", safe, raw, marked)
		}
	}
}

// cellsOf returns the cells of a CSV file.
func cellsOf(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return slices.Concat(rows...)
}
