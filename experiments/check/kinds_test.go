package check

import (
	"bytes"
	"strings"
	"testing"
)

// TestCheckKinds: a report says first what the folder is, believes what gallery.yaml says
// of the items table, and finds texts that stand for no value.
func TestCheckKinds(t *testing.T) {
	for yaml, errors := range map[string]int{
		"items: {file: items.csv}":                        0,
		"items: {file: items.csv, rows: 120}":             0,
		"items: {file: items.csv, rows: 121}":             1,
		"items: {file: items.csv, rows: 120, sha256: aa}": 1,
		"unknown: [nan]":                                  0,
		"queries: {one: [i001, nobody], two: {where: {season: winter}}, three: {where: {flag: wrong}}}": 1,
	} {
		s := newSpoilt()
		s.column("season", func(i int) string { return []string{"nan", "summer", "winter"}[i%3] })
		s.files["gallery.yaml"] = []byte(yaml)
		report := checked(t, s.write(t), nil)
		if report.Errors != errors {
			t.Errorf("%s: %+v", yaml, report.Findings)
		}
		missing := 0
		for _, f := range report.Findings {
			if f.Check == "label.missing" {
				missing++
				if want := `40 cells of nan: is that no value? gallery.yaml can say so: unknown: ["nan"]`; f.Text != want || f.Count != 40 {
					t.Errorf("%s: %s", yaml, f.Text)
				}
			}
		}
		if want := map[bool]int{true: 0, false: 1}[strings.HasPrefix(yaml, "unknown")]; missing != want {
			t.Errorf("%s: %d columns with values that are none", yaml, missing)
		}
		var text bytes.Buffer
		if err := report.WriteTable(&text); err != nil || !strings.Contains(text.String(), ": a folder of .npy matrices with items.csv; 120 items, layers A, B\n") {
			t.Errorf("%s, %v", text.String(), err)
		}
	}
}
