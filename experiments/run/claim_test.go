package run

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"strata/experiments/table"
)

// TestClaim: a second run into a folder is refused while the first goes on, by any of the
// folder's names, and nothing lies in it.
func TestClaim(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skip("SKIPPED: no links here:", err)
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		release, err := claim(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{dir, link, dir + "/."} {
			if _, err := claim(name); err == nil || !strings.HasPrefix(err.Error(), name+": another run writes its results into this folder") {
				t.Errorf("%s: %v", name, err)
			}
		}
		other, err := claim(filepath.Dir(dir))
		if err != nil {
			t.Error(err)
		}
		other()
		release()
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("in the folder lie %v, %v", entries, err)
	}
}

// TestControlCells: a cell of CSV holds no terminal escape sequence, cells can be read back,
// and plain cells are unchanged.
func TestControlCells(t *testing.T) {
	plain := []string{"", "a", `"`, `"a"`, `"a\tb"`, "two\nlines\tand a tab", `a\x1bb`, "é\u200b", `"\x`, `"\u00e9"`}
	odd := []string{"\x1b[2J", "a\rb", "\x7f", "\u009b2J", "\x00", `"\x1b[2J"`, `"\"\\x1b[2J\""`, "\"\x1b\"", "\xff\x1b"}
	var b bytes.Buffer
	if err := table.WriteTable(&b, slices.Values([][]string{plain, odd})); err != nil {
		t.Fatal(err)
	}
	for _, c := range b.Bytes() {
		if c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
			t.Fatalf("byte %#x in %q", c, b.Bytes())
		}
	}
	if strings.Contains(b.String(), "\u009b") {
		t.Errorf("a C1 control in %q", b.String())
	}
	in := csv.NewReader(&b)
	in.FieldsPerRecord = -1
	for _, want := range [][]string{plain, odd} {
		got, err := in.Read()
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if table.PlainCell(got[i]) != want[i] {
				t.Errorf("%q is written %q and read as %q", want[i], got[i], table.PlainCell(got[i]))
			}
			if &want[0] == &plain[0] && got[i] != want[i] {
				t.Errorf("%q is written %q", want[i], got[i])
			}
		}
	}
}
