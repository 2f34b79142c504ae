package table

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
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
		if got := SpreadsheetCell(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// TestForSpreadsheets: errors on either side end the other, and come back once.
func TestForSpreadsheets(t *testing.T) {
	var b bytes.Buffer
	write := ForSpreadsheets(func(w io.Writer) error {
		return WriteTable(w, slices.Values([][]string{{"id", "n"}, {"=1", "-1"}, {"a,\"b", ""}}))
	})
	if err := write(&b); err != nil || b.String() != "id,n\n'=1,-1\n\"a,\"\"b\",\n" {
		t.Errorf("got %q, %v", b.String(), err)
	}
	broken := errors.New("broken")
	err := ForSpreadsheets(func(w io.Writer) error {
		if _, err := io.WriteString(w, "id\n"); err != nil {
			return err
		}
		return broken
	})(io.Discard)
	if !errors.Is(err, broken) || strings.Count(err.Error(), "broken") != 1 {
		t.Errorf("the table's error: %v", err)
	}
	err = ForSpreadsheets(func(w io.Writer) error {
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
