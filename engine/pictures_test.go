package engine

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"strata/engine/manifest"
	"strata/engine/picture"
)

// tarFile returns a tar with members of these names, whose bytes are their names.
func tarFile(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(name)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipFile(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rowsOf returns a layer for so many items.
func rowsOf(n int) map[string]matrix {
	m := matrix{}
	for i := range n {
		m.rows = append(m.rows, []float32{float32(i + 1)})
	}
	return map[string]matrix{"A": m}
}

// readPicture returns the bytes of a row's picture.
func readPicture(g *Gallery, row int) (string, error) {
	f, err := g.OpenPicture(row)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if info, serr := f.(fs.File).Stat(); err == nil && (serr != nil || info.Size() != int64(len(b))) {
		err = fmt.Errorf("Stat says %v, %w", info, serr)
	}
	return string(b), err
}

// archived writes a gallery whose items' pictures are the cells.
func archived(t *testing.T, cells ...string) string {
	t.Helper()
	items := "id,image\n"
	for i, cell := range cells {
		items += fmt.Sprintf("i%d,%s\n", i, cell)
	}
	dir := writeGallery(t, items, rowsOf(len(cells)))
	if err := os.MkdirAll(filepath.Join(dir, "sub", "folder.tar"), 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "sub/pics.tar", tarFile(t, "./0.jpg", "a/1.jpg", "../up.jpg"))
	write(t, dir, "pics.ZIP", zipFile(t, "x/0.jpg"))
	write(t, dir, "sub/folder.tar/file.jpg", []byte("in a folder"))
	write(t, dir, "s.tar.gz", []byte("\x1f\x8b"))
	return dir
}

func TestPicturesInArchives(t *testing.T) {
	for _, c := range []struct{ cell, want, err string }{
		{"sub/pics.tar/0.jpg", "./0.jpg", ""},
		{"sub/./pics.tar/a/1.jpg", "a/1.jpg", ""},
		{"pics.ZIP/x/0.jpg", "x/0.jpg", ""},
		{"sub/folder.tar/file.jpg", "in a folder", ""},
		{"sub/pics.tar/2.jpg", "", `sub/pics.tar: member "2.jpg": there is no such member`},
		{"sub/pics.tar/a", "", `sub/pics.tar: member "a": there is no such member`},
		{"gone.tar/2.jpg", "", "gone.tar: no such file"},
		{"s.tar.gz/2.jpg", "", "s.tar.gz/2.jpg: a picture cannot be found in the middle of a compressed archive: unpack it"},
		{"../pics.ZIP/x/0.jpg", "", "leaves the gallery's folder"},
		{"sub/pics.tar/../../../up.jpg", "", "leaves the gallery's folder"},
	} {
		g := open(t, archived(t, c.cell))
		got, err := readPicture(g, 0)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v", c.cell, got, err)
		}
	}
}

// The index of a tar is kept, used, and made again when the archive has changed or
// the index is damaged.
func TestKeptIndex(t *testing.T) {
	dir := archived(t, "sub/pics.tar/0.jpg", "sub/pics.tar/new.jpg")
	index := func() string {
		found, _ := filepath.Glob(filepath.Join(dir, DerivedFolder, picture.ArchivesFolder, "*"))
		if len(found) != 1 || !strings.HasPrefix(filepath.Base(found[0]), "pics.tar-") {
			t.Fatalf("kept: %v", found)
		}
		return found[0]
	}
	want := func(row int, want string) {
		t.Helper()
		if got, err := readPicture(open(t, dir), row); got != want || err != nil && want != "" {
			t.Errorf("row %d: %q, %v", row, got, err)
		}
	}
	want(0, "./0.jpg")
	kept, err := os.ReadFile(index())
	if err != nil {
		t.Fatal(err)
	}
	// It is used: the headers that it saves reading may be gone.
	tarred := filepath.Join(dir, "sub/pics.tar")
	info, _ := os.Stat(tarred)
	b, _ := os.ReadFile(tarred)
	broken := bytes.Clone(b)
	clear(broken[:512])
	write(t, dir, "sub/pics.tar", broken)
	if err := os.Chtimes(tarred, time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	want(0, "./0.jpg")
	// It is damaged: it is not.
	write(t, filepath.Dir(index()), filepath.Base(index()), append(bytes.Clone(kept[:len(kept)-1]), kept[len(kept)-1]+1))
	want(0, "")
	// The archive has changed, while the gallery is open.
	g := open(t, dir)
	write(t, dir, "sub/pics.tar", tarFile(t, "new.jpg", "0.jpg"))
	if err := os.Chtimes(tarred, time.Time{}, info.ModTime().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	for row, want := range []string{"0.jpg", "new.jpg"} {
		if got, err := readPicture(g, row); got != want {
			t.Errorf("row %d: %q, %v", row, got, err)
		}
	}
	if err := os.Truncate(tarred, 600); err != nil {
		t.Fatal(err)
	}
	if _, err := readPicture(g, 0); err == nil || !strings.Contains(err.Error(), "sub/pics.tar") {
		t.Errorf("truncated: %v", err)
	}
}

// keyedGallery writes a gallery whose pictures lie in shards by id.
func keyedGallery(t *testing.T, yaml string) string {
	t.Helper()
	dir := writeGallery(t, "id,category\n1,x\n2,x\n3,y\n4,y\n5.b,z\n6,z\n", rowsOf(6))
	write(t, dir, "shard-0.tar", tarFile(t, "1.jpg", "1.json", "1.cls", "2.png", "other.jpg"))
	write(t, dir, "shard-1.tar", tarFile(t, "deep/3.JPEG", "5.b.webp", "../6.jpg"))
	write(t, dir, "more.zip", zipFile(t, "2.gif"))
	write(t, dir, manifest.FileName, []byte(yaml))
	return dir
}

func TestKeyedPictures(t *testing.T) {
	for name, openIt := range map[string]func(t *testing.T, dir string) *Gallery{
		"gallery": func(t *testing.T, dir string) *Gallery { return open(t, dir) },
		"items": func(t *testing.T, dir string) *Gallery {
			g, err := OpenItems(t.Context(), dir, OpenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { g.Close() })
			return g
		},
	} {
		g := openIt(t, keyedGallery(t, `pictures: {archives: ["shard-*.tar", more.zip]}`))
		want := []struct{ bytes, err string }{
			{"1.jpg", ""},
			{"", `item "2" has two pictures: more.zip/2.gif and shard-0.tar/2.png`},
			{"deep/3.JPEG", ""},
			{"", `item "4" has no picture: no member of 3 archives (shard-*.tar, more.zip)`},
			{"5.b.webp", ""},
			{"", `shard-1.tar: member "../6.jpg": its name leads out of the archive`},
		}
		var wg sync.WaitGroup
		for row, w := range want {
			wg.Go(func() {
				got, err := readPicture(g, row)
				if got != w.bytes || (err == nil) != (w.err == "") || err != nil && !strings.Contains(err.Error(), w.err) {
					t.Errorf("%s: row %d: %q, %v", name, row, got, err)
				}
			})
		}
		wg.Wait()
		if p := g.Picture(0); p != "1 in shard-*.tar, more.zip" {
			t.Errorf("%s: %q", name, p)
		}
	}
	g := open(t, keyedGallery(t, `pictures: {archives: ["none-*.tar"]}`))
	if _, err := readPicture(g, 0); err == nil || !strings.Contains(err.Error(), "gallery.yaml: pictures: no file is named none-*.tar") {
		t.Error(err)
	}
}

func TestPicturesInTable(t *testing.T) {
	type row struct {
		ID   string `parquet:"id"`
		JPEG []byte `parquet:"jpeg"`
	}
	table := func(rows ...row) []byte {
		var b bytes.Buffer
		w := parquet.NewGenericWriter[row](&b)
		if _, err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	dir := writeGallery(t, twoItems, twoRows())
	write(t, dir, manifest.FileName, []byte("pictures: {file: p.parquet, column: jpeg}"))
	write(t, dir, "p.parquet", table(row{"a", []byte("first")}, row{"b", nil}))
	g := open(t, dir)
	if got, err := readPicture(g, 0); got != "first" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := readPicture(g, 1); err == nil || err.Error() != `item "b" has no picture: p.parquet: column jpeg is empty in row 1` {
		t.Error(err)
	}
	write(t, dir, "p.parquet", table(row{"a", []byte("first")}))
	if _, err := readPicture(open(t, dir), 0); err == nil || err.Error() != "p.parquet: it has 1 rows, items.csv 2 items" {
		t.Error(err)
	}
	write(t, dir, "p.parquet", []byte("PAR1"))
	if _, err := readPicture(open(t, dir), 0); err == nil || !strings.HasPrefix(err.Error(), "p.parquet: not a Parquet file") {
		t.Error(err)
	}
	if err := os.Remove(filepath.Join(dir, "p.parquet")); err != nil {
		t.Fatal(err)
	}
	if _, err := readPicture(open(t, dir), 0); err == nil || err.Error() != "p.parquet: no such file or directory" {
		t.Error(err)
	}
}

// TestPicturesInTables: rows of several files follow one another in the order of the files' numbers.
func TestPicturesInTables(t *testing.T) {
	type row struct {
		JPEG []byte `parquet:"jpeg"`
	}
	const n = 12 // pics_10 follows pics_9
	dir := writeGallery(t, plainItems(n), rowsOf(n))
	write(t, dir, manifest.FileName, []byte(`pictures: {file: "pics_*.parquet", column: jpeg}`))
	for i := range n {
		write(t, dir, fmt.Sprintf("pics_%d.parquet", i), parquetFile(t, []row{{fmt.Append(nil, "picture ", i)}}))
	}
	g := open(t, dir)
	for i := range n {
		if got, err := readPicture(g, i); got != fmt.Sprint("picture ", i) || err != nil {
			t.Errorf("row %d: %q, %v", i, got, err)
		}
	}
}

func TestPicturesRecord(t *testing.T) {
	for text, want := range map[string]string{
		"{}":                                          "pictures: it names neither archives nor a file and its column",
		"{file: a.parquet}":                           "pictures: it names neither",
		"{archives: [a.tar], file: b.parquet}":        "pictures: it names archives, and a file or a column: either",
		"{file: ../a.parquet, column: c}":             `pictures: file "../a.parquet" is not a path within the gallery's folder`,
		"{file: a.csv, column: c}":                    `pictures: file "a.csv" is no .parquet file`,
		"{archives: [../a.tar]}":                      `pictures: archives: "../a.tar" is not a pattern of paths within`,
		"{archives: [/a.tar]}":                        `pictures: archives: "/a.tar" is not a pattern`,
		"{archives: ['[.tar']}":                       `pictures: archives: "[.tar" is not a pattern`,
		"{archives: [a.tar.gz]}":                      `pictures: archives: "a.tar.gz": a picture cannot be found in the middle of a compressed archive`,
		"{archives: [a]}":                             `pictures: archives: "a" names no .tar and no .zip`,
		"{archives: [a.tar], key: id}":                `key "key" is not known`,
		"{archives: ['s-*.tar', 'z/[0-9]?.zip']}":     "",
		"{file: sub/items.parquet, column: im.bytes}": "",
	} {
		m, err := manifest.Parse([]byte("pictures: " + text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %q", text, err, want)
		}
		if err == nil {
			b, err := m.Encode()
			if again, perr := manifest.Parse(b); err != nil || perr != nil || fmt.Sprint(*again.Pictures) != fmt.Sprint(*m.Pictures) {
				t.Errorf("%s: read back as %s, %v, %v", text, b, err, perr)
			}
		}
	}
}

// Links of pictures and archives may lead out only when they are allowed to.
func TestFollowLinks(t *testing.T) {
	dir, out := archived(t, "link.jpg", "link.tar/0.jpg", "inner.jpg", "rooted.jpg"), t.TempDir()
	write(t, out, "secret.jpg", []byte("secret"))
	write(t, out, "secret.tar", tarFile(t, "0.jpg"))
	for link, to := range map[string]string{"link.jpg": out + "/secret.jpg", "link.tar": out + "/secret.tar", "inner.jpg": "sub/folder.tar/file.jpg", "rooted.jpg": filepath.Join(dir, "sub/folder.tar/file.jpg")} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	g := open(t, dir)
	for row, want := range []string{"link.jpg: it is a symbolic link out of the gallery's folder", "link.tar: it is a symbolic link out of the gallery's folder", "", ""} {
		if got, err := readPicture(g, row); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("row %d: %q, %v", row, got, err)
		}
	}
	g, err := OpenWith(t.Context(), dir, OpenOptions{FollowLinks: true})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	for row, want := range []string{"secret", "0.jpg", "in a folder", "in a folder"} {
		if got, err := readPicture(g, row); got != want || err != nil {
			t.Errorf("followed: row %d: %q, %v", row, got, err)
		}
	}
}
