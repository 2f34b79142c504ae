//go:build unix

package catalogue

import (
	"bytes"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"golang.org/x/sys/unix"

	"strata/engine"
	"strata/engine/layer"
)

// folder makes empty files below a new folder; a name that ends with / is a folder.
func folder(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o777)
		if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(path, 0o777)
		} else if err == nil {
			err = os.WriteFile(path, nil, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// made writes the table and returns its rows, each with | between its cells, and what was
// said with the folder as DIR. The gallery must read every cell as it is, and find every
// picture.
func made(t *testing.T, o Options) (rows, said []string) {
	t.Helper()
	table, err := o.Make(t.Context())
	if err == nil {
		err = table.Write()
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(o.Folder, "items.csv"))
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	g, err := engine.OpenItems(t.Context(), o.Folder, engine.OpenOptions{FollowLinks: o.FollowLinks})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	for i, r := range records {
		rows = append(rows, strings.Join(r, "|"))
		if i == 0 {
			continue
		}
		if row, err := g.Row(r[0]); err != nil || row != i-1 || g.Picture(row) != r[1] {
			t.Errorf("item %q is row %d, %v, want %d with picture %q", r[0], row, err, i-1, r[1])
		}
		if f, err := g.OpenPicture(i - 1); err != nil {
			t.Errorf("item %q: %v", r[0], err)
		} else {
			f.Close()
		}
	}
	for _, text := range append(table.Left, table.Notes...) {
		said = append(said, strings.ReplaceAll(text, o.Folder, "DIR"))
	}
	return rows, said
}

func wantLines(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestHostileFolder: every name that a table can hold becomes an item whose picture opens,
// and all else is counted.
func TestHostileFolder(t *testing.T) {
	dir := folder(t, "W/K/a,b.jpg", "W/K/q\"x.PNG", "W/K/new\nline.jpg", "W/cr\rx.jpg", "W/back\\slash.jpg", "W/\"/=1+1.jpg", "W/ s /t.jpg",
		"M/x|y/esc\x1b[31m.jpg", "a.jpg", "a.png", "a.jpg.png", "deep/1/2/z.tar/z.jpg", "M/cr\r\nlf.jpg", "M/\xff\xfe/x.jpg",
		"M/.hidden.jpg", ".dir/u.jpg", ".strata/v.jpg", "M/h.heic", "notes.txt", "none", "empty/er/")
	outside := folder(t, "o/p.jpg")
	if err := unix.Mkfifo(filepath.Join(dir, "pipe.jpg"), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{
		"in.jpg": "W/K/a,b.jpg", "out.jpg": filepath.Join(outside, "o/p.jpg"), "broken.jpg": "nowhere", "loop": ".", "up": filepath.Dir(dir), "other": outside,
		"again": outside,
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	rows, said := made(t, Options{Folder: dir, Levels: "category/brand"})
	wantLines(t, "rows", rows, "id|image|category|brand|path",
		"M/x|y/esc\x1b[31m|M/x|y/esc\x1b[31m.jpg|M|x¦y|M/x¦y",
		"W/ s /t|W/ s /t.jpg|W| s |W/ s ", "W/\"/=1+1|W/\"/=1+1.jpg|W|\"|W/\"",
		"W/K/a,b|W/K/a,b.jpg|W|K|W/K", "W/K/new\nline|W/K/new\nline.jpg|W|K|W/K", "W/K/q\"x|W/K/q\"x.PNG|W|K|W/K",
		"W/back\\slash|W/back\\slash.jpg|W||W", "W/cr\rx|W/cr\rx.jpg|W||W",
		"a.jpg|a.jpg|||", "a.jpg.png|a.jpg.png|||", "a.png|a.png|||",
		"deep/1/2/z.tar/z|deep/1/2/z.tar/z.jpg|deep|1|deep/1/2/z.tar", "in|in.jpg|||")
	wantLines(t, "said", said, "1 pictures are of kinds that are not read (1 .heic): convert them to JPEG or PNG",
		`2 names that no table can hold, the first "M/cr\r\nlf.jpg"`,
		`4 links that lead out of the folder (--follow-links allows them), the first "again"`, `1 links that lead nowhere, the first "broken.jpg"`,
		`1 folders that links lead to, and that are found elsewhere, the first "loop"`, `1 files that are no regular files, the first "pipe.jpg"`, `2 hidden files and folders, the first ".dir"`,
		`2 files that are no pictures, the first "none"`, `2 folders without a picture, the first "empty/er"`,
		`6 pictures lie in fewer folders than category/brand: labels of the others are unknown, the first "W/back\\slash.jpg"`,
		`1 pictures lie in more folders than category/brand: the others are in path only, the first "deep/1/2/z.tar/z.jpg"`,
		`1 pictures have | in their names, which parts values: a label has ¦ there, the first "M/x|y/esc\x1b[31m.jpg"`)
}

// TestFollowedLinks: a folder outside is entered once, and loops end.
func TestFollowedLinks(t *testing.T) {
	up := folder(t, "a/b.jpg")
	dir, outside := filepath.Join(up, "a"), folder(t, "o/p.jpg")
	for name, to := range map[string]string{
		filepath.Join(dir, "loop"): ".", filepath.Join(dir, "z"): up, filepath.Join(dir, "x"): outside, filepath.Join(dir, "y"): outside, filepath.Join(outside, "back"): dir,
		filepath.Join(dir, "out.jpg"): filepath.Join(outside, "o/p.jpg"),
	} {
		if err := os.Symlink(to, name); err != nil {
			t.Fatal(err)
		}
	}
	rows, said := made(t, Options{Folder: dir, FollowLinks: true})
	wantLines(t, "rows", rows, "id|image|path", "b|b.jpg|", "out|out.jpg|", "x/o/p|x/o/p.jpg|x/o")
	wantLines(t, "said", said, `4 folders that links lead to, and that are found elsewhere, the first "loop"`,
		`1 folders without a picture, the first "z"`)
}

// TestFields: labels of folders and names of files, and a sample that the seed fixes.
func TestFields(t *testing.T) {
	names := []string{"img/Men/77_red_front.jpg", "img/Men/77_red_back.jpg", "img/Women/8_blue.jpg", "img/Women/9_blue_x_y.jpg"}
	rows, said := made(t, Options{Folder: folder(t, names...), Levels: "_/sex", Pattern: "{group}_{colour}_{_}"})
	wantLines(t, "rows", rows, "id|image|sex|path|group|colour", "img/Men/77_red_back|img/Men/77_red_back.jpg|Men|Men|77|red",
		"img/Men/77_red_front|img/Men/77_red_front.jpg|Men|Men|77|red", "img/Women/8_blue|img/Women/8_blue.jpg|Women|Women||",
		"img/Women/9_blue_x_y|img/Women/9_blue_x_y.jpg|Women|Women|9|blue")
	wantLines(t, "said", said, `1 names of files are not {group}_{colour}_{_}: their fields are unknown, the first "img/Women/8_blue.jpg"`)
	drawn := func(seed uint64) string {
		rows, said := made(t, Options{Folder: folder(t, names...), Sample: 2, Seed: seed})
		if len(rows) != 3 || said[0] != "2 of 4 pictures are not drawn (seed "+string(rune('0'+seed))+")" {
			t.Errorf("%q, %q", rows, said)
		}
		return strings.Join(rows, "\n")
	}
	first, again, other := drawn(1), drawn(1), drawn(3)
	if first != again || first == other {
		t.Errorf("the sample is not fixed by its seed: %s, %s, %s", first, again, other)
	}
}

// TestPattern: each field takes as little as it can, and the last all that is left.
func TestPattern(t *testing.T) {
	for _, c := range []struct{ pattern, name, want string }{
		{"{a}", "x/y.z.jpg", "y.z"},
		{"{a}_{b}", "x_y_z.jpg", "x|y_z"},
		{"p{a}-{b}q", "p1-2q3q.png", "1|2q3"},
		{"{a}--{b}", "---.jpg", "no"},
		{"{a}--{b}", "----.jpg", "-|-"},
		{"{a}q", "q.jpg", "no"},
		{"p{a}", "q.jpg", "no"},
		{"{a}", ".jpg", "no"},
	} {
		p, err := parsePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		cells, ok := p.match(c.name)
		if got := strings.Join(cells, "|"); ok != (c.want != "no") || ok && got != c.want {
			t.Errorf("%s of %s: %q, %v", c.pattern, c.name, got, ok)
		}
	}
	for o, want := range map[Options]string{
		{Pattern: "ab"}:           "has no field",
		{Pattern: "{a}{b}"}:       "nothing parts {a} from the next field",
		{Pattern: "{a"}:           "a { has no }",
		{Pattern: "a}{b}"}:        "a } stands without a {",
		{Pattern: "{a}/{b}"}:      "a /, which no name of a file holds",
		{Pattern: "{}"}:           "it has no name; _ is one that becomes no column",
		{Pattern: "{a b}"}:        "a name has letters, digits, _ and -",
		{Levels: "a//b"}:          `level "": it has no name`,
		{Levels: "category/id"}:   "this column says what the item is",
		{Levels: "category/a\nb"}: "a name has letters",
	} {
		if err := o.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", o, err, want)
		}
	}
}

// TestJoin: rows find their pictures by names with more or fewer folders, with or without
// extension; what finds none, or several, is said.
func TestJoin(t *testing.T) {
	names := []string{"img/1/a.jpg", "img/1/b.jpg", "img/2/a.jpg", "img/2/c.d.png", "img/3/g.jpg", "e.jpg"}
	table := write(t, "p.tsv", "filename\tcategory\tpath\tid\n1/a.jpg\tx|y\tp\t7\n/data/shop/img/1/b.jpg\t\tp\t8\n2\\a\tz\tp\t9\nc.d\tz\tp\t10\na.jpg\tz\tp\t11\nf.jpg\tz\tp\t12\nother/e.png\tz\tp\t13\nother/e\tw\tp\t14\nother/g\tw\tp\t15\n")
	rows, said := made(t, Options{Folder: folder(t, names...), Join: table})
	wantLines(t, "rows", rows, "id|image|path|category", "14|e.jpg||w", "7|img/1/a.jpg|img/1|x|y", "8|img/1/b.jpg|img/1|", "9|img/2/a.jpg|img/2|z", "10|img/2/c.d.png|img/2|z",
		"15|img/3/g.jpg|img/3|w")
	wantLines(t, "said", said, "column path of the joined table: there is one already",
		"2 rows of "+table+` name no picture, the first "f.jpg"`, "1 rows of "+table+` name several pictures, the first "a.jpg"`,
		"1 rows of "+table+` are of pictures in other folders, by the name of the file alone, the first "other/g"`)

	lines := write(t, "p.jsonl", `{"key":"e","id":"5"}`+"\n"+`{"key":"img/1/b","id":"5","tags":["u","v"]}`+"\n")
	rows, said = made(t, Options{Folder: folder(t, names...), Join: lines, On: "key"})
	wantLines(t, "rows", rows, "id|image|path|tags", "e|e.jpg||", "img/1/b|img/1/b.jpg|img/1|u|v")
	wantLines(t, "said", said, "4 of 6 pictures, which are in no row of "+lines, "column id of "+lines+`: "5" is that of two pictures`)

	type product struct {
		File  string   `parquet:"file"`
		Brand string   `parquet:"brand,optional"`
		Price int32    `parquet:"price"`
		Tags  []string `parquet:"tags,list"`
	}
	path := filepath.Join(t.TempDir(), "p.parquet")
	if err := parquet.WriteFile(path, []product{{"e.jpg", "Y", 3, []string{"u", "v"}}, {"img/1/a.jpg", "", 4, nil}}); err != nil {
		t.Fatal(err)
	}
	rows, said = made(t, Options{Folder: folder(t, names...), Join: path})
	wantLines(t, "rows", rows, "id|image|path|brand|price|tags", "e|e.jpg||Y|3|u|v", "img/1/a|img/1/a.jpg|img/1||4|")
	wantLines(t, "said", said, "4 of 6 pictures, which are in no row of "+path)
}

// TestListed: the pictures of a list, in its order.
func TestListed(t *testing.T) {
	names := []string{"a.jpg", "b/c.jpg", "d.jpg"}
	list := write(t, "list.txt", "./d.jpg\r\n\nb/c.jpg\n")
	rows, said := made(t, Options{Folder: folder(t, names...), List: list})
	wantLines(t, "rows", rows, "id|image|path", "d|d.jpg|", "b/c|b/c.jpg|b")
	wantLines(t, "said", said, "1 of 3 pictures are not in "+list)
}

// TestRefused: what cannot be done says why, and writes nothing.
func TestRefused(t *testing.T) {
	dir := folder(t, "a.jpg", "b/c.jpg")
	bytesOf := func(text string) string { return write(t, "t.csv", text) }
	for what, c := range map[string]struct {
		o    Options
		want string
	}{
		"nowhere":        {Options{Folder: filepath.Join(dir, "no")}, "there is no such folder"},
		"a file":         {Options{Folder: filepath.Join(dir, "a.jpg")}, "this is a file"},
		"no pictures":    {Options{Folder: folder(t, "x.txt", "e/")}, `neither an items table nor a picture`},
		"a table":        {Options{Folder: folder(t, "a.jpg", "items.parquet")}, "it has an items table, items.parquet, which is not replaced"},
		"a column twice": {Options{Folder: dir, Levels: "path/x"}, "two columns would be named path"},
		"not in folder":  {Options{Folder: dir, List: write(t, "l", "a.jpg\n../a.jpg\n")}, `line 2: "../a.jpg" is no picture of`},
		"listed twice":   {Options{Folder: dir, List: write(t, "l", "a.jpg\n\n./a.jpg\n")}, `line 3: "./a.jpg" stands in line 1, too`},
		"nothing listed": {Options{Folder: dir, List: write(t, "l", "\n")}, "it lists no picture"},
		"no key":         {Options{Folder: dir, Join: bytesOf("x,y\n1,2\n")}, "no column is named image, file,"},
		"not that key":   {Options{Folder: dir, Join: bytesOf("x,y\n1,2\n"), On: "z"}, "no column is named z (columns: x, y)"},
		"no picture":     {Options{Folder: dir, Join: bytesOf("file\nq.jpg\n")}, `none of its 1 rows is of one of 2 pictures`},
		"no rows":        {Options{Folder: dir, Join: bytesOf("file\n")}, `none of its 0 rows`},
		"picture twice":  {Options{Folder: dir, Join: bytesOf("file\na.jpg\na\n")}, `line 3: row 1: picture "a.jpg" is that of row 0, too`},
		"not UTF-8":      {Options{Folder: dir, Join: bytesOf("file,x\na.jpg,\xff\n")}, "is not UTF-8"},
	} {
		if table, err := c.o.Make(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v, want %s", what, table, err, c.want)
		}
	}
	late, err := Options{Folder: dir}.Make(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put := filepath.Join(dir, "items.csv")
	if err := os.WriteFile(put, []byte("theirs"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := late.Write(); err == nil || !strings.Contains(err.Error(), "file already exists") {
		t.Errorf("over a table that came meanwhile: %v", err)
	}
	if b, err := os.ReadFile(put); err != nil || string(b) != "theirs" {
		t.Errorf("it holds %q, %v", b, err)
	}
}

// TestManifestLink: a gallery.yaml that leads out of the folder is not read.
func TestManifestLink(t *testing.T) {
	dir, outside := folder(t, "a.jpg"), filepath.Join(t.TempDir(), "outside")
	if err := errors.Join(os.WriteFile(outside, []byte("secret: 1\n"), 0o666), os.Symlink(outside, filepath.Join(dir, "gallery.yaml"))); err != nil {
		t.Fatal(err)
	}
	_, err := Options{Folder: dir}.Plain(t.Context())
	if want := filepath.Join(dir, "gallery.yaml") + ": " + layer.ErrOutside.Error(); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
