package experiments

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"strata/engine"
)

// twins is a gallery with pictures: 0, 3 and 5 have the same one, and so have 1
// and 2, which are of one group; 4 has the rows of 0; 6 is near 1; that of 7 is missing.
func twins(t *testing.T) *engine.Gallery {
	t.Helper()
	dir := t.TempDir()
	items := "id,image,category,group\n"
	for r, of := range []struct{ picture, category, group string }{
		{"one", "x", ""}, {"two", "x", "g"}, {"two", "y", "g"}, {"one", "y", ""}, {"other", "x", ""}, {"one", "", ""}, {"four", "x", ""}, {"", "y", ""},
	} {
		items += fmt.Sprintf("i%d,p%d.png,%s,%s\n", r, r, of.category, of.group)
		if of.picture != "" {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("p%d.png", r)), []byte(of.picture), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "items.csv"), []byte(items), 0o666); err != nil {
		t.Fatal(err)
	}
	rows := [][]float32{{1, 0, 0}, {0, 1, 0}, {0, 1, 0.5}, {1, 0, 0.01}, {1, 0, 0}, {-1, 0, 0}, {0, 1, 0.02}, {0, -1, 1}}
	for _, name := range []string{"A", "B"} {
		if err := os.WriteFile(filepath.Join(dir, name+".npy"), npy(rows), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	g, err := engine.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

func TestFindDuplicates(t *testing.T) {
	g := twins(t)
	all := []int{0, 1, 2, 3, 4, 5, 6, 7}
	d, err := FindDuplicates(t.Context(), g, all, nil, []string{"A", "B"}, 0.999, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range d.Pairs {
		got = append(got, fmt.Sprintf("%d-%d %s %.4f", p.A, p.B, p.Kind, p.Cosine))
	}
	want := []string{"0-3 picture 1.0000", "0-5 picture NaN", "0-4 rows 1.0000", "3-4 near 1.0000", "1-6 near 0.9998"}
	if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) || !strings.HasPrefix(got[0], "0-3 picture") {
		t.Errorf("got %v, want %v", got, want)
	}
	if without := fmt.Sprint(d.Without()); without != "map[0:[3 4 5] 1:[2 6] 2:[1] 3:[0 4 5] 4:[0 3] 5:[0 3] 6:[1]]" {
		t.Errorf("left out: %s", without)
	}
	if d.Unread != 1 || d.FirstUnread == nil || !strings.Contains(d.FirstUnread.Error(), "p7.png") {
		t.Errorf("%d unread: %v", d.Unread, d.FirstUnread)
	}
	d, err = FindDuplicates(t.Context(), g, []int{5}, nil, nil, 0.999, nil)
	if err != nil || len(d.Pairs) != 2 || fmt.Sprint(d.Without()) != "map[5:[0 3]]" {
		t.Errorf("of one query: %v %v %v", d.Pairs, d.Without(), err)
	}
	if _, err := FindDuplicates(t.Context(), g, all, nil, []string{"A"}, math.NaN(), nil); err == nil {
		t.Error("NaN is taken for a cosine")
	}
}

// TestManyDuplicates finds more equal rows than are looked at first.
func TestManyDuplicates(t *testing.T) {
	const n = 300
	tab := &table{labels: []string{"category"}, cells: map[string][]string{"category": make([]string, n)}, layers: map[string][][]float32{}}
	for r := range n {
		tab.ids = append(tab.ids, fmt.Sprint("i", r))
		tab.layers["A"] = append(tab.layers["A"], []float32{1, 2, float32(r % 2 * 50)})
	}
	d, err := FindDuplicates(t.Context(), tab.open(t), []int{0, 1, 7}, nil, []string{"A"}, 0.999, nil)
	if err != nil {
		t.Fatal(err)
	}
	for q, want := range map[int]int{0: n/2 - 1, 1: n/2 - 1, 7: n/2 - 1} {
		if got := len(d.Without()[q]); got != want {
			t.Errorf("%d rows like %d, want %d", got, q, want)
		}
	}
	if got := len(d.Pairs); got != 149+149+148 {
		t.Errorf("%d pairs", got)
	}
}

// TestExcludeDuplicates evaluates without duplicates, and again with a group that
// says the same.
func TestExcludeDuplicates(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	tab := random(rng, 80)
	tab.group = slices.Repeat([]string{""}, 80)
	for name, rows := range tab.layers {
		for r := range rows {
			for i := range rows[r] {
				rows[r][i] = rng.Float32() - 0.5
			}
		}
		for r := 0; r < 40; r += 2 {
			copy(rows[r+1], rows[r])
		}
		tab.layers[name] = rows
	}
	plan := Plan{Schemes: schemes(t, "B", "B+C"), Ks: []int{3, 10}}
	tables := func(g *engine.Gallery, near float64) map[string]string {
		out := filepath.Join(t.TempDir(), "out")
		run := Run{Gallery: g, Plan: plan, Near: near, Folder: Folder{Out: out}}
		outcome, err := run.Do(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if near > 0 && len(outcome.Duplicates.Pairs) < 10 {
			t.Errorf("%d pairs", len(outcome.Duplicates.Pairs))
		}
		return readFolder(t, out)
	}
	got, with := tables(tab.open(t), 0.9999), tables(tab.open(t), 0)
	for r := 0; r < 40; r += 2 {
		tab.group[r], tab.group[r+1] = fmt.Sprint("g", r), fmt.Sprint("g", r)
	}
	want := tables(tab.open(t), 0)
	for _, name := range []string{"metrics.csv", "per_query.csv", "comparisons.csv"} {
		if got[name] != want[name] {
			t.Errorf("%s differs from that with groups", name)
		}
	}
	if got["metrics.csv"] == with["metrics.csv"] {
		t.Error("duplicates make no difference")
	}
	if !strings.Contains(got["manifest.json"], `"near": 0.9999`) {
		t.Error("the manifest does not say that duplicates were left out")
	}
}

// TestWriteDuplicates writes pairs with the labels that differ.
func TestWriteDuplicates(t *testing.T) {
	g := twins(t)
	s := schemes(t, "A", "A+B")
	m, err := Mining{Gallery: g, A: s[0], B: s[1], Near: 0.999}.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	text := string(tableBytes(t, m.duplicatesTable(), CSV))
	for _, line := range []string{
		"kind,item_a,item_b,cosine,differ,category_a,category_b\n", "picture,i0,i5,,,x,\n", "rows,i0,i4,1,,x,x\n", ",category,x,y\n",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
	table := written(t, m.WriteTable)
	for _, line := range []string{
		"pairs with the same picture: 2; of these differ in category 1\n", "pairs with the same values in all layers: 1; of these differ in category 0\n",
		"pairs with a cosine of 0.999 or more: 2; of these differ in category 1\n",
	} {
		if !strings.Contains(table, line) {
			t.Errorf("no %q in\n%s", line, table)
		}
	}
}

// written returns what a writer writes.
func written(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b strings.Builder
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
