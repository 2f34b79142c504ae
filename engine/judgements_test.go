package engine

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"strata/engine/manifest"
	"strata/engine/scheme"
)

// judgedGallery opens a gallery of six items, two of one listing, with files of judgements.
func judgedGallery(t *testing.T, files map[string]string) (*Gallery, error) {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{
		"items.csv": "id,colour,group,split\na,red,,\nb,blue,1,\nc,red,1,\nd,blue,,\n\"e e\",,,query\nf,,,gallery\n",
		"A.npy":     string(npyFile("<f4", false, "(6, 1)")) + strings.Repeat("\x00\x00\x80?", 6),
	}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	g, err := Open(t.Context(), dir)
	if err == nil {
		t.Cleanup(func() { _ = g.Close() })
	}
	return g, err
}

// grades returns the gains of a label, a line a query that has judgements, and what is counted of
// them among all candidates.
func grades(t *testing.T, g *Gallery, name string) string {
	t.Helper()
	l, err := g.Label(name)
	if err != nil {
		t.Fatal(err)
	}
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := among.Relevance(l)
	var b strings.Builder
	for q := range g.Len() {
		if !l.Known(q) {
			continue
		}
		b.WriteString(g.ID(q) + ":")
		relevant, known := 0, 0
		for x := range g.Len() {
			gain := "-"
			if l.Judges(q, x) {
				gain = string(rune('0' + l.Gain(q, x)))
			}
			b.WriteString(gain)
			if among.HasFor(q, x) && l.Judges(q, x) {
				known++
			}
			if among.HasFor(q, x) && l.Relevant(q, x) {
				relevant++
			}
			if l.Relevant(q, x) != l.Share(l.Codes[q], l.Codes[x]) || l.Relevant(q, x) != (l.Gain(q, x) > 0) {
				t.Errorf("%d, %d: Relevant, Share and Gain differ", q, x)
			}
		}
		if r.Count(q) != relevant || r.Known(q) != known {
			t.Errorf("query %s: R %d of %d known, want %d of %d", g.ID(q), r.Count(q), r.Known(q), relevant, known)
		}
		b.WriteString(" ")
	}
	return strings.TrimSpace(b.String())
}

func TestJudgements(t *testing.T) {
	table := "query,item,grade\na,b,3\na,c,0\na,d,1\nb,c,2\nb,a,1\ne e,a,2.0\ne e,e e,1\n"
	want := "a:-301-- b:1-2--- e e:2---1-"
	for name, files := range map[string]map[string]string{
		"qrels.csv": {"qrels.csv": table},
		"qrels.tsv": {"qrels.tsv": strings.ReplaceAll(table, ",", "\t")},
		"qrels.txt": {"qrels.txt": "a 0 b 3\r\na Q0 c 0\n\na\t0\td\t1\nb 0 c 2\nb 0 a 1\ne%20e 0 a 2\ne%20e 0 e%20e 1"},
		"named":     {"x.csv": "n,item,who,clicks\n1,b,a,3\n2,c,a,0\n3,d,a,1\n4,c,b,2\n5,a,b,1\n6,a,e e,2\n7,e e,e e,1\n", manifest.FileName: "judgements:\n  qrels: {file: x.csv, query: who, grade: clicks}\n"},
		"folder":    {manifest.FileName: "judgements:\n  qrels: {file: qrels.qrels}\n", "qrels.qrels": "a 0 b 3\na 0 c 0\na 0 d 1\nb 0 c 2\nb 0 a 1\ne%20e 0 a 2\ne%20e 0 e%20e 1\n"},
	} {
		g, err := judgedGallery(t, files)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := grades(t, g, "qrels"); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if labels := g.Labels(); len(labels) != 2 || labels[1].Name != "qrels" || len(g.Notes)+len(g.Remarks) > 0 {
			t.Errorf("%s: %d labels, %q %q", name, len(labels), g.Notes, g.Remarks)
		}
	}
}

// TestJudgedCandidates: b and c are of one listing, e is a query only; what is no candidate counts
// for nothing.
func TestJudgedCandidates(t *testing.T) {
	g, err := judgedGallery(t, map[string]string{"qrels.csv": "query,item,grade\nb,c,5\nb,b,5\nb,e e,5\nb,d,4\nb,a,0\nb,f,2\n"})
	if err != nil {
		t.Fatal(err)
	}
	l, _ := g.Label("qrels")
	for _, c := range []struct {
		filter          []scheme.Condition
		relevant, known int
		above           []int
	}{{nil, 2, 3, []int{2, 2, 1, 1, 0}}, {[]scheme.Condition{{Label: "colour", Value: "red"}}, 0, 1, []int{0, 0, 0, 0, 0}}} {
		among, err := g.Candidates(c.filter)
		if err != nil {
			t.Fatal(err)
		}
		r := among.Relevance(l)
		if r.Count(1) != c.relevant || r.Known(1) != c.known || !slices.Equal(r.Above(nil, 1), c.above) || r.Count(0) != 0 {
			t.Errorf("%v: %d of %d, %v", c.filter, r.Count(1), r.Known(1), r.Above(nil, 1))
		}
		rows, grades := r.Judged(1)
		if len(rows) != c.known || len(grades) != c.known {
			t.Errorf("%v: %v %v", c.filter, rows, grades)
		}
		colour, _ := g.Label("colour")
		known := 0
		for x := range g.Len() {
			if among.HasFor(1, x) && colour.Known(x) {
				known++
			}
		}
		if got := among.Relevance(colour).Known(1); got != known {
			t.Errorf("%v: %d candidates have a colour, want %d", c.filter, got, known)
		}
	}
}

// TestJudgedCounts: counts of clicks are grades up to 127, or logarithms.
func TestJudgedCounts(t *testing.T) {
	g, err := judgedGallery(t, map[string]string{
		manifest.FileName: "judgements:\n  clicks: {file: qrels.csv}\n  logs: {file: qrels.csv, gain: log2}\n",
		"qrels.csv":       "query,item,grade\na,b,1\na,c,3\na,d,4\na,f,9007199254740992\nb,a,127\nb,d,128\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]int{"clicks": {1, 3, 4, 127, 127, 127}, "logs": {1, 2, 3, 54, 7, 8}} {
		l, err := g.Label(name)
		if err != nil {
			t.Fatal(err)
		}
		got := []int{l.Gain(0, 1), l.Gain(0, 2), l.Gain(0, 3), l.Gain(0, 5), l.Gain(1, 0), l.Gain(1, 3)}
		if !slices.Equal(got, want) || l.LargestGain() != slices.Max(want) {
			t.Errorf("%s: %v, largest %d", name, got, l.LargestGain())
		}
	}
	if len(g.Notes) != 1 || !strings.Contains(g.Notes[0], "qrels.csv: 2 of its 6 grades are above 127 and count as that; gallery.yaml can take logarithms of counts: judgements: {clicks: {gain: log2}}") {
		t.Errorf("%q", g.Notes)
	}
}

func TestJudgementNotes(t *testing.T) {
	for text, want := range map[string]string{
		"query,item,grade\na,b,1\nx,b,1\na,y,2\n":       `2 of its 3 judgements are left out: their query or item is no item of the gallery; the first, in line 3, has the query "x"`,
		"query,item,grade\na,b,1\nb,a,1\na,b,1.0\n":     "1 of its 3 judgements stand there twice, with the same grade: the first in line 4",
		"query,item,grade\n":                            "it has no judgements",
		"query,item,grade,\na,b,1,\n":                   "column 4 has no name",
		"query,item,grade\n\"a\",b,1\na,\"y\n\ny\",2\n": `in line 3, has the item "y\n\ny"`,
	} {
		g, err := judgedGallery(t, map[string]string{"qrels.csv": text})
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if len(g.Notes) != 1 || !strings.HasPrefix(g.Notes[0], "qrels.csv: ") || !strings.Contains(g.Notes[0], want) {
			t.Errorf("%q: %q, want %q", text, g.Notes, want)
		}
	}
}

func TestJudgementFaults(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"qrels.csv", "query,item,grade\na,b,1\na,c,much\n", `qrels.csv: line 3: grade "much" is no number`},
		{"qrels.csv", "query,item,grade\na,b,NaN\n", `line 2: grade "NaN" is no number`},
		{"qrels.csv", "query,item,grade\na,b,-1\n", "line 2: grade -1 is negative"},
		{"qrels.csv", "query,item,grade\na,b,0.5\n", "line 2: grade 0.5 is no whole number"},
		{"qrels.csv", "query,item,grade\na,b,1e300\n", "line 2: grade 1e300 is no whole number"},
		{"qrels.csv", "query,item,grade\na,b\n", "line 2"},
		{"qrels.csv", "query,item,grade\na,b,\n", "line 2: its grade is empty"},
		{"qrels.csv", "query,item,grade\n,b,1\n", "line 2: its query is empty"},
		{"qrels.csv", "query,item,grade\na, ,1\n", "line 2: its item is empty"},
		{"qrels.csv", "query,item,grade\na,b,1\nb,a,1\na,b,2\n", `line 4: item "b" has grade 2 for query "a", and 1 in line 2`},
		{"qrels.csv", "query,item,grade\na,b,200\na,b,201\n", `line 3: item "b" has grade 201 for query "a", and 200 in line 2`},
		{"qrels.csv", "a,b,1\n", "no column is named query (columns: a, b, 1); gallery.yaml can say which it is"},
		{"qrels.jsonl", "{\"query\":\"a\",\"item\":\"b\"}\n", "no column is named grade"},
		{"qrels.csv", "", "qrels.csv: "},
		{"qrels.txt", "a 0 b 1\na b 1\n", "qrels.txt: line 2: it has 3 fields, not the four of QUERY 0 ITEM GRADE"},
		{"qrels.txt", "a 0 b x\n", `qrels.txt: line 1: grade "x" is no number`},
		{"qrels.txt", strings.Repeat("a", 1<<20+1), "a line is longer than"},
		{manifest.FileName, "judgements: {colour: {file: A.csv}}\n", "its judgements would be called colour, as a column of items.csv"},
		{manifest.FileName, "judgements: {x: {file: A.npy}}\n", `judgements: "x": file "A.npy" is of no kind that is read`},
		{manifest.FileName, "judgements: {x: {file: ../A.csv}}\n", "is not a path within the gallery's folder"},
		{manifest.FileName, "judgements: {x: {}}\n", `judgements: "x": it names no file`},
		{manifest.FileName, "judgements: {a&b: {file: A.csv}}\n", `judgements: "a&b": a name of judgements`},
		{manifest.FileName, "judgements: {x: {file: A.txt, query: q}}\n", "has no columns with names"},
		{manifest.FileName, "judgements: {x: {file: A.csv, gain: ln}}\n", `gain "ln" is not known (log2 is)`},
		{manifest.FileName, "judgements: {x: {file: none.csv}}\n", "none.csv"},
	} {
		if _, err := judgedGallery(t, map[string]string{c.name: c.text}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %.80q: %v, want %q", c.name, c.text, err, c.want)
		}
	}
	if _, err := judgedGallery(t, map[string]string{"qrels.csv": "query,item,grade\n", "qrels.txt": ""}); err == nil || !strings.Contains(err.Error(), "are both judgements") {
		t.Errorf("two files: %v", err)
	}
}

// TestJudgementsAreNoValues: what asks a label for values refuses judgements by name.
func TestJudgementsAreNoValues(t *testing.T) {
	g, err := judgedGallery(t, map[string]string{"qrels.csv": "query,item,grade\na,b,1\n"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"qrels/1", "qrels/*", "qrels&colour", "colour&qrels"} {
		if _, err := g.Label(name); err == nil || !strings.Contains(err.Error(), "qrels") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := g.Rows([]scheme.Condition{{Label: "qrels", Value: "b"}}); err == nil || !strings.Contains(err.Error(), "qrels is judgements of pairs") {
		t.Errorf("%v", err)
	}
	l, _ := g.Label("qrels")
	values, unknown := l.Count()
	if len(values) > 0 || unknown != 6 || l.NumValues() != 0 || len(l.ValueCodes(0)) > 0 || l.Cell(0) != "" || l.CellCode(0) >= l.NumCells() || !l.Judged() {
		t.Errorf("%v %d %d %v", values, unknown, l.NumValues(), l.ValueCodes(0))
	}
}

// TestJudgementsPrint: a grade that changes gives another fingerprint.
func TestJudgementsPrint(t *testing.T) {
	var prints []string
	for _, files := range []map[string]string{nil, {"qrels.csv": "query,item,grade\na,b,1\n"}, {"qrels.csv": "query,item,grade\na,b,2\n"}} {
		g, err := judgedGallery(t, files)
		if err != nil {
			t.Fatal(err)
		}
		p, err := g.Fingerprint(t.Context())
		if err != nil || slices.Contains(prints, p) {
			t.Errorf("%v: %s %v", files, p, err)
		}
		prints = append(prints, p)
	}
}

func FuzzJudgements(f *testing.F) {
	for _, text := range []string{"query,item,grade\na,b,1\n", "a 0 b 1\n", "query\titem\tgrade\na\tb\t1\n", "{\"query\":\"a\",\"item\":\"b\",\"grade\":1}\n"} {
		f.Add(text, uint8(0))
		f.Add(text, uint8(3))
	}
	f.Fuzz(func(t *testing.T, text string, kind uint8) {
		name := []string{"qrels.csv", "qrels.tsv", "qrels.jsonl", "qrels.txt"}[kind%4]
		g, err := judgedGallery(t, map[string]string{name: text})
		if err == nil {
			grades(t, g, "qrels")
		}
	})
}
