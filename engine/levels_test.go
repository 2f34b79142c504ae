package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// paths is a gallery whose categories have levels.
func paths(t *testing.T) *Gallery {
	items := "id,category,brand,brand&co\n" +
		"a,Women/Knit/Sweater,x,1\n" +
		"b,Women/Knit/Cardigan,y,1\n" +
		"c,Women / Skirt,x|y,2\n" +
		"d,Men/Knit/Sweater|Women/Knit/Sweater,,2\n" +
		"e,,x,2\n"
	rows := make([][]float32, 5)
	for i := range rows {
		rows[i] = []float32{1}
	}
	return open(t, writeGallery(t, items, map[string]matrix{"A": {rows: rows}}))
}

func TestDerivedLabels(t *testing.T) {
	g := paths(t)
	for _, c := range []struct {
		name     string
		relevant string // pairs of ids
		known    string
	}{
		{"category", "ad", "abcd"}, // the values themselves
		{"category/1", "ab ac ad bc bd cd", "abcd"},
		{"category/2", "ab ad bd", "abcd"},
		{"category/3", "ad", "abd"},
		{"category/*", "ab ac ad bc bd cd", "abcd"},
		{"category&brand", "", "abc"},
		{"category/1&brand", "ac bc", "abc"},
		{"brand&category/1", "ac bc", "abc"},
		{"category/1&brand&brand&co", "", ""}, // brand&brand&co is brand, brand, and no column co
		{"brand&co", "ab cd ce de", "abcde"},  // a column of that name comes first
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := g.Label(c.name)
			if c.name == "category/1&brand&brand&co" {
				if err == nil || !strings.Contains(err.Error(), `no label "co"`) {
					t.Fatalf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var relevant []string
			known := ""
			for q := range g.Len() {
				if l.Known(q) {
					known += g.ID(q)
				}
				for x := q + 1; x < g.Len(); x++ {
					if l.Relevant(q, x) != l.Relevant(x, q) {
						t.Errorf("%d and %d: not symmetric", q, x)
					}
					if l.Relevant(q, x) {
						relevant = append(relevant, g.ID(q)+g.ID(x))
					}
				}
			}
			if got := strings.Join(relevant, " "); got != c.relevant || known != c.known {
				t.Errorf("got %q of %q, want %q of %q", got, known, c.relevant, c.known)
			}
			if again, _ := g.Label(c.name); again != l {
				t.Error("made twice")
			}
		})
	}
}

func TestGain(t *testing.T) {
	g := paths(t)
	l, err := g.Label("category/*")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]int{{3, 2, 1, 3, 0}, {2, 3, 1, 2, 0}, {1, 1, 2, 1, 0}, {3, 2, 1, 3, 0}, {0, 0, 0, 0, 0}}
	for q := range want {
		for x := range want {
			if got := l.Gain(q, x); got != want[q][x] {
				t.Errorf("gain of %s for %s: got %d, want %d", g.ID(x), g.ID(q), got, want[q][x])
			}
		}
	}
	if len(l.Levels()) != 3 || l.Levels()[2].Name != "category/3" {
		t.Errorf("levels: %v", l.Levels())
	}
	if brand, _ := g.Label("brand"); brand.Gain(0, 2) != 1 || brand.Gain(0, 1) != 0 || brand.Levels() != nil {
		t.Error("a column's gains are 1 and 0")
	}
}

func TestDerivedLabelErrors(t *testing.T) {
	g := paths(t)
	for name, want := range map[string]string{
		"category/4":       "there is category/*, category/1, category/2, category/3",
		"category/0":       "no label",
		"category/01":      "no label",
		"category/":        "no label",
		"kind/1":           `no label "kind/1"`,
		"category&kind":    `no label "kind"`,
		"&brand":           `no label ""`,
		"category/*&brand": "all levels of a column do not join",
	} {
		if _, err := g.Label(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want …%s…", name, err, want)
		}
	}
}

// TestJointLabelRandom compares joint labels with both labels asked, and R with
// a count, on cells of several values and on texts that could be mistaken.
func TestJointLabelRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	values := []string{"a", "b", "a&b", "&", "b&"}
	items := "id,u,v\n"
	var rows [][]float32
	for i := range 80 {
		var cells [2]string
		for c := range cells {
			var some []string
			for range rng.IntN(4) {
				some = append(some, values[rng.IntN(len(values))])
			}
			cells[c] = strings.Join(some, "|")
		}
		items += fmt.Sprintf("%d,%s,%s\n", i, cells[0], cells[1])
		rows = append(rows, []float32{1})
	}
	g := open(t, writeGallery(t, items, map[string]matrix{"A": {rows: rows}}))
	u, v := g.Labels()[0], g.Labels()[1]
	l, err := g.Label("u&v")
	if err != nil {
		t.Fatal(err)
	}
	all, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	relevance := all.Relevance(l)
	for q := range g.Len() {
		r := 0
		for x := range g.Len() {
			want := u.Relevant(q, x) && v.Relevant(q, x)
			if l.Relevant(q, x) != want {
				t.Fatalf("%s %s and %s %s: got %v", u.Cell(q), v.Cell(q), u.Cell(x), v.Cell(x), !want)
			}
			if want && x != q {
				r++
			}
		}
		if got := relevance.Count(q); got != r {
			t.Errorf("row %d: R is %d, not %d", q, got, r)
		}
		if !slices.IsSorted(l.ValueCodes(q)) || l.CellCode(q) >= l.NumCells() {
			t.Errorf("row %d: codes %v, cell %d", q, l.ValueCodes(q), l.CellCode(q))
		}
	}
}

func TestJointLabelLimit(t *testing.T) {
	var many []string
	for i := range 65 {
		many = append(many, fmt.Sprint(i))
	}
	cell := strings.Join(many, "|")
	g := open(t, writeGallery(t, "id,u,v\na,x,y\nb,"+cell+","+cell+"\n", twoRows()))
	if _, err := g.Label("u&v"); err == nil || !strings.Contains(err.Error(), "row 1: 65 × 65 values make more than 4096 pairs") {
		t.Errorf("got %v", err)
	}
}
