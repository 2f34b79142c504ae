package items

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// column returns a label of cells.
func column(name string, cells ...string) *Label {
	b := NewLabelBuilder(name, len(cells))
	for _, c := range cells {
		b.Label.Codes = append(b.Label.Codes, b.Code(c))
	}
	return b.Done()
}

// TestOverlap compares gains and counts with those of the labels one by one.
func TestOverlap(t *testing.T) {
	const rows = 60
	rng := rand.New(rand.NewPCG(1, 2))
	cells := []string{"", "a", "b", "a|b", "b|c|a", "a&y=b", "b&z=c", "c"} // some that look like combinations
	var of []*Label
	for _, name := range []string{"x", "y", "z"} {
		drawn := make([]string, rows)
		for i := range drawn {
			drawn[i] = cells[rng.IntN(len(cells))]
		}
		of = append(of, column(name, drawn...))
	}
	ids := make([]string, rows)
	table := &Table{IDs: ids, Labels: of}
	labels, _ := NewLabels(table, "shop", nil)
	l, err := labels.Find("overlap(x,y, z)")
	if err != nil {
		t.Fatal(err)
	}
	among := NewCandidates(table, nil)
	for q := range rows {
		above := make([]int, len(of))
		for x := range rows {
			want := 0
			for _, o := range of {
				if o.Relevant(q, x) {
					want++
				}
			}
			if got := l.Gain(q, x); got != want || l.Relevant(q, x) != (want > 0) {
				t.Fatalf("rows %d and %d share %d labels, not %d", q, x, want, got)
			}
			for level := range min(want, len(of)) {
				if x != q {
					above[level]++
				}
			}
		}
		for level, l := range l.Levels() {
			if got := among.Relevance(l).Count(q); got != above[level] {
				t.Fatalf("row %d: %d rows share more than %d labels, not %d", q, above[level], level, got)
			}
		}
	}
}

// TestOverlapRefuses checks what an overlap is not made of.
func TestOverlapRefuses(t *testing.T) {
	many := "v"
	for i := range 70 {
		many += "|" + strings.Repeat("w", i+1)
	}
	table := &Table{IDs: []string{"1"}, Labels: []*Label{column("x", many), column("y", many), column("p", "a/b")}}
	labels, _ := NewLabels(table, "shop", nil)
	for name, want := range map[string]string{
		"overlap(x)":      "takes 2 to 8 labels, not 1",
		"overlap(x,y":     "takes names of labels",
		"overlap(x,x)":    "x stands there twice",
		"overlap(x,none)": "none",
		"overlap(p/*,x)":  "all levels of a column do not join",
		"overlap(x,y)":    "row 0: its values make more than 4096 combinations",
		"overlap(x,y)&p":  "takes names of labels",
	} {
		if _, err := labels.Find(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %q", name, err, want)
		}
	}
}
