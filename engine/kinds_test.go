package engine

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"strata/engine/manifest"
	"strata/engine/shard"

	"github.com/parquet-go/parquet-go"
)

// kinds_test.go opens folders as other programs write them.

// put writes a file of a gallery, and the folders that it lies in.
func put(t testing.TB, dir, name string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, dir, name, b)
}

// parquetFile returns rows as a Parquet file.
func parquetFile[T any](t testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// counted returns a matrix of rows from one number to another, each of its number and 1.
func counted(from, to int) []byte {
	var m matrix
	for r := from; r < to; r++ {
		m.rows = append(m.rows, []float32{float32(r), 1})
	}
	return m.npy()
}

// firsts returns the first element of each row of a layer.
func firsts(t testing.TB, g *Gallery, name string) []float64 {
	t.Helper()
	l, err := g.Layer(name)
	if err != nil {
		t.Fatal(err)
	}
	var out []float64
	for _, row := range wideRows(l) {
		out = append(out, row[0])
	}
	return out
}

// said compares what is said of a gallery.
func said(t testing.TB, what string, got []string, dir string, want ...string) {
	t.Helper()
	for i, line := range got {
		got[i] = strings.TrimPrefix(line, dir+"/")
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s:\ngot  %q\nwant %q", what, got, want)
	}
}

// TestTableColumns: columns of an items table are layers, labels or pictures, or named.
func TestTableColumns(t *testing.T) {
	type item struct {
		ID    string    `parquet:"id"`
		Kind  string    `parquet:"kind"`
		V     []float32 `parquet:"v,list,optional"`
		W     []float64 `parquet:"w,list"`
		N     []int64   `parquet:"n,list"`
		Tags  []string  `parquet:"tags,list"`
		Raw   []byte    `parquet:"raw"`
		Image struct {
			Bytes []byte `parquet:"bytes"`
			Path  string `parquet:"path"`
		} `parquet:"image"`
		Size struct{ W, H int32 } `parquet:"size"`
	}
	var rows []item
	for i := range 5 {
		it := item{ID: fmt.Sprint("k", i), Kind: "a", W: []float64{float64(i), 1}, N: []int64{1, 2}, Tags: []string{"x", "y"}, Raw: []byte("abcd")}
		it.Image.Bytes = fmt.Append(nil, "picture ", i)
		if i != 3 {
			it.V = []float32{float32(i), 1, 2}
		}
		rows = append(rows, it)
	}
	const lists = "a column of lists, but not of float16, float32, float64, int8, uint8 or int32"
	dir := t.TempDir()
	write(t, dir, "items.parquet", parquetFile(t, rows))
	g := open(t, dir)
	if got := layerNames(g); got != "v float32 5x3, w float64 5x2" {
		t.Errorf("layers %s", got)
	}
	if got := firsts(t, g, "v"); !slices.Equal(got, []float64{0, 1, 2, 0, 4}) {
		t.Errorf("v: %v", got)
	}
	said(t, "notes", g.Notes, dir,
		`items.parquet: "n" is no layer: `+lists,
		`items.parquet: "raw" is no layer: its cells are bytes; gallery.yaml says what they are: features (layers: {NAME: {file: items.parquet, array: raw, type: float32}}) or pictures (pictures: {file: items.parquet, column: raw})`,
		`items.parquet: "v": 1 of its 5 rows are null or empty: they have no score`,
		`items.parquet: "image": the column holds structures: it is left out; if it holds pictures: pictures: {file: items.parquet, column: image.bytes}`)
	said(t, "remarks", g.Remarks, dir, `items.parquet: "size": the column holds structures: it is left out`)

	// What gallery.yaml uses needs no word.
	write(t, dir, manifest.FileName, []byte("pictures: {file: items.parquet, column: image.bytes}\nlayers: {C: {file: items.parquet, array: raw, type: int8}}\n"))
	g = open(t, dir)
	if got := layerNames(g); got != "C int8 5x4" {
		t.Errorf("layers %s", got)
	}
	if p, err := readPicture(g, 2); p != "picture 2" || err != nil {
		t.Errorf("picture %q, %v", p, err)
	}
	said(t, "notes", g.Notes, dir)

	// A list of ids gives the rows another order: pictures follow it, layers of the table do not.
	write(t, dir, "ids.csv", []byte("n,id\n0,k4\n1,k3\n2,k2\n3,k1\n4,k0\n"))
	write(t, dir, "A.npy", counted(0, 5))
	write(t, dir, manifest.FileName, []byte("pictures: {file: items.parquet, column: image.bytes}\n"))
	g = open(t, dir)
	if got := layerNames(g); got != "A float32 5x2" {
		t.Errorf("layers %s", got)
	}
	if p, err := readPicture(g, 0); p != "picture 4" || err != nil {
		t.Errorf("picture %q, %v", p, err)
	}
	if row, err := g.Row("k4"); row != 0 || err != nil {
		t.Errorf("k4 is row %d, %v", row, err)
	}
	if !slices.ContainsFunc(g.Notes, func(n string) bool {
		return strings.Contains(n, `"v" is no layer, nor are 1 more for the same reason: its rows are in the order of items.parquet, and ids.csv gives another: strata import --ids items.parquet writes it in that`)
	}) {
		t.Errorf("notes %q", g.Notes)
	}
}

// TestShardedTables opens tables in shards, as clip-retrieval, Hugging Face's datasets
// and gallery.yaml have them.
func TestShardedTables(t *testing.T) {
	type meta struct {
		Key  string    `parquet:"key"`
		Path string    `parquet:"image_path"`
		V    []float32 `parquet:"v,list"`
	}
	table := func(from, to int) []byte {
		var rows []meta
		for i := from; i < to; i++ {
			rows = append(rows, meta{fmt.Sprint("k", i), fmt.Sprintf("p/%d.jpg", i), []float32{float32(i), 2}})
		}
		return parquetFile(t, rows)
	}
	const roles = "items: {file: %q, id: key, image: image_path}\n"
	numbers := `no column is named id: the rows' numbers, from 0, are the ids; gallery.yaml can name a column: items: {id: COLUMN}`
	for _, tt := range []struct {
		name, tables, matrices, yaml string
		kind, layers, id, note       string
	}{
		{"clip-retrieval", "metadata/metadata_%d.parquet", "img_emb/img_emb_%d.npy", "", "clip-retrieval output, 11 shards", "img_emb float32 24x2, v float32 24x2", "23", "metadata/metadata_*.parquet: " + numbers},
		{"clip-retrieval, flat", "metadata_%d.parquet", "img_emb_%d.npy", "", "clip-retrieval output, 11 shards", "img_emb float32 24x2, v float32 24x2", "23", "metadata_*.parquet: " + numbers},
		{"roles", "metadata/metadata_%d.parquet", "img_emb/img_emb_%d.npy", fmt.Sprintf(roles, "metadata/*.parquet"), "clip-retrieval output, 11 shards", "img_emb float32 24x2, v float32 24x2", "k23", ""},
		{"Hugging Face", "data/train-%05d-of-00011.parquet", "A-%05d-of-00011.npy", "", "a data set of the Hugging Face hub, 11 shards", "A float32 24x2, v float32 24x2", "23", "data/train-*-of-00011.parquet: " + numbers},
		{"a pattern", "t/x%d.parquet", "A_%d.npy", fmt.Sprintf(roles, "t/x*.parquet"), "a folder of .npy and .parquet matrices with t/x*.parquet", "A float32 24x2, v float32 24x2", "k23", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for i := range 11 { // of 2 rows, the last of 4: 10 follows 9
				from, to := 2*i, 2*i+2
				if i == 10 {
					to = 24
				}
				put(t, dir, fmt.Sprintf(tt.tables, i), table(from, to))
				put(t, dir, fmt.Sprintf(tt.matrices, i), counted(from, to))
			}
			if tt.yaml != "" {
				write(t, dir, manifest.FileName, []byte(tt.yaml))
			}
			g := open(t, dir)
			if g.Kind != tt.kind || layerNames(g) != tt.layers || g.ID(23) != tt.id {
				t.Errorf("%s: %s, row 23 is %s", g.Kind, layerNames(g), g.ID(23))
			}
			for _, l := range g.Layers {
				for i, v := range firsts(t, g, l.Name) {
					if v != float64(i) {
						t.Fatalf("%s: row %d is that of %v", l.Name, i, v)
					}
				}
			}
			want := []string{}
			if tt.note != "" {
				want = append(want, tt.note)
			} else if p := g.Picture(23); p != "p/23.jpg" {
				t.Errorf("picture %s", p)
			}
			said(t, "notes", g.Notes, dir, want...)
			if _, err := g.Fingerprint(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	dir := t.TempDir()
	for i := range 3 {
		put(t, dir, fmt.Sprintf("metadata/metadata_%d.parquet", i), table(8*i, 8*i+8))
		put(t, dir, fmt.Sprintf("img_emb/img_emb_%d.npy", i), counted(8*i-i%2, 8*i+8-i/2))
	}
	fails := func(want string) {
		t.Helper()
		if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	put(t, dir, "img_emb/img_emb_2.npy", counted(17, 24))
	fails("img_emb_1.npy: it has 9 rows, metadata/metadata_1.parquet has 8: shards of one number have the same rows")
	if err := os.Remove(filepath.Join(dir, "img_emb/img_emb_1.npy")); err != nil {
		t.Fatal(err)
	}
	fails("img_emb")
	put(t, dir, "data/train-00000-of-00001.parquet", table(0, 2))
	fails(`data/train-*-of-00001.parquet and metadata/metadata_*.parquet are both tables; name one in gallery.yaml: items: {file: "data/train-*-of-00001.parquet"}`)
	write(t, dir, manifest.FileName, []byte("items: {file: \"none/*.csv\"}\n"))
	fails("items: no file is named none/*.csv")
	write(t, dir, manifest.FileName, []byte("items: {file: \"metadata/*.parquet\", id: sku}\n"))
	fails("metadata_0.parquet: no column is named sku, which gallery.yaml says has the ids (columns: key, image_path)")
	for name, want := range map[string]string{
		"items.feather":             "polars.read_ipc(f).write_parquet('items.parquet')\" items.feather",
		"data-00000-of-00001.arrow": "datasets.load_from_disk('.').to_parquet('items.parquet')",
	} {
		arrow := t.TempDir()
		write(t, arrow, name, []byte("ARROW1"))
		if _, err := Open(t.Context(), arrow); err == nil || !strings.Contains(err.Error(), name+" is an Arrow table, which is read for layers, not for items; ") || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v", err)
		}
	}
	empty := t.TempDir()
	write(t, empty, "export.csv", []byte("id\na\n"))
	if _, err := Open(t.Context(), empty); err == nil || !strings.Contains(err.Error(), "there is export.csv: gallery.yaml can name it, items: {file: export.csv}") {
		t.Errorf("got %v", err)
	}
}

// TestTwoTypes: layers of one column of bytes may have different types.
func TestTwoTypes(t *testing.T) {
	type item struct {
		ID  string `parquet:"id"`
		Raw []byte `parquet:"raw"`
	}
	raw := []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40} // 1 and 2 in float32, 0, 1.875, 0 and 2 in float16
	dir := t.TempDir()
	write(t, dir, "items.parquet", parquetFile(t, []item{{"a", raw}, {"b", raw}}))
	write(t, dir, manifest.FileName, []byte(`layers:
  C: {file: items.parquet, array: raw, type: float32}
  D: {file: items.parquet, array: raw, type: float16, columns: 1:3}
`))
	for _, what := range []string{"unpacked", "kept"} {
		g := open(t, dir)
		if got := layerNames(g); got != "C float32 2x2, D float16 2x2" {
			t.Fatalf("%s: layers %s", what, got)
		}
		for name, want := range map[string][]float64{"C": {1, 2}, "D": {1.875, 0}} {
			l, err := g.Layer(name)
			if err != nil {
				t.Fatal(err)
			}
			for r, row := range wideRows(l) {
				if !slices.Equal(row, want) {
					t.Errorf("%s: row %d of %s is %v", what, r, name, row)
				}
			}
		}
		found, err := CheckDerived(t.Context(), g, DerivedCheck{})
		if err != nil || slices.ContainsFunc(found, func(f DerivedFile) bool { return f.State != Current }) {
			t.Errorf("%s: %+v, %v", what, found, err)
		}
	}
}

// TestNumbersOfShards: shards of a matrix have the numbers of the table's, or count without a gap.
func TestNumbersOfShards(t *testing.T) {
	type meta struct {
		Key string `parquet:"key"`
	}
	const all = "img_emb float32 6x2"
	for _, tt := range []struct {
		name            string
		table, matrix   []int  // numbers of files of two rows; a table of none is items.csv
		want, wantInOne string // in folders, and in one folder
	}{
		{"the same", []int{0, 1, 2}, []int{0, 1, 2}, all, ""},
		{"the same, with a gap", []int{0, 1, 3}, []int{0, 1, 3}, all, ""},
		{"the same, from 5", []int{5, 6, 7}, []int{5, 6, 7}, all, ""},
		{
			"a gap at the end",
			[]int{0, 1, 2},
			[]int{0, 1, 3},
			"img_emb_3.npy: it is shard 3 of the matrix, and metadata/metadata_2.parquet is shard 2 of the table: shards of one number have the same rows",
			"img_emb_3.npy: it is shard 3 of the matrix, and metadata_2.parquet is shard 2 of the table",
		},
		{"a gap of the table", []int{0, 2, 3}, []int{0, 1, 2}, "img_emb_1.npy: it is shard 1 of the matrix, and metadata/metadata_2.parquet is shard 2", "img_emb_1.npy: it is shard 1"},
		{"from 1 and from 0", []int{0, 1, 2}, []int{1, 2, 3}, "img_emb_1.npy: it is shard 1 of the matrix, and metadata/metadata_0.parquet is shard 0", "img_emb_1.npy: it is shard 1"},
		{"one table", nil, []int{1, 2, 3}, all, ""},
		{"one table, a gap", nil, []int{0, 1, 3}, "img_emb_3.npy: of the files img_emb_*.npy that of number 2 is missing", ""},
		{"one table, a late start", nil, []int{2, 3, 4}, "img_emb_2.npy: of the files img_emb_*.npy that of number 1 is missing", ""},
		{"fewer tables, a gap", []int{0, 1}, []int{0, 2, 3}, "img_emb_2.npy: of the files img_emb_*.npy that of number 1 is missing", ""},
	} {
		for _, flat := range []bool{false, true} {
			dir, want := t.TempDir(), tt.want
			place := func(folder, name string) string {
				if flat {
					return name
				}
				return folder + "/" + name
			}
			if flat && tt.wantInOne != "" {
				want = tt.wantInOne
			}
			if tt.table == nil {
				write(t, dir, itemsFile, []byte(plainItems(6)))
			}
			for i, n := range tt.table {
				rows := make([]meta, 6/len(tt.table))
				for r := range rows {
					rows[r].Key = fmt.Sprint(i, r)
				}
				put(t, dir, place("metadata", fmt.Sprintf("metadata_%d.parquet", n)), parquetFile(t, rows))
			}
			for i, n := range tt.matrix {
				put(t, dir, place("img_emb", fmt.Sprintf("img_emb_%d.npy", n)), counted(2*i, 2*i+2))
			}
			g, err := Open(t.Context(), dir)
			got := fmt.Sprint(err)
			if err == nil {
				got = layerNames(g)
				g.Close()
			}
			if !strings.Contains(got, want) {
				t.Errorf("%s, in one folder %v: %s, want %s", tt.name, flat, got, want)
			}
		}
	}
}

// TestFolderBesideTable: layers of the items table are there whatever folders lie beside it.
func TestFolderBesideTable(t *testing.T) {
	type item struct {
		ID string    `parquet:"id"`
		V  []float32 `parquet:"v,list"`
	}
	for _, folder := range []string{"emb", "zemb"} { // before and behind items.parquet
		dir := t.TempDir()
		write(t, dir, "items.parquet", parquetFile(t, []item{{"a", []float32{1, 2}}, {"b", []float32{3, 4}}}))
		for i := range 2 {
			put(t, dir, fmt.Sprintf("%s/%[1]s_%d.npy", folder, i), counted(i, i+1))
		}
		want := []string{folder + " float32 2x2", "v float32 2x2"}
		slices.Sort(want)
		if got := layerNames(open(t, dir)); got != strings.Join(want, ", ") {
			t.Errorf("%s: layers %s", folder, got)
		}
	}
}

// TestByNumbers: names are in the order in which people count.
func TestByNumbers(t *testing.T) {
	names := []string{"a_10.npy", "a_9.npy", "a_1.npy", "a_02.npy", "b_1.npy", "a.npy", "a_1_2.npy", "a_1_10.npy"}
	slices.SortFunc(names, shard.ByNumber)
	if want := []string{"a.npy", "a_1.npy", "a_1_2.npy", "a_1_10.npy", "a_02.npy", "a_9.npy", "a_10.npy", "b_1.npy"}; !slices.Equal(names, want) {
		t.Errorf("got %q", names)
	}
}

// TestColumnsOfItems: columns without a name, without a text and without their values.
func TestColumnsOfItems(t *testing.T) {
	for _, tt := range []struct {
		name, file, text, yaml string
		labels                 string // and the cells of the first row
		remarks                string
	}{
		{"pandas", itemsFile, ",id,x\n0,a,1\n1,b,2\n", "", "x=1", "items.csv: column 1 has no name: it is left out"},
		{"JSON", "items.jsonl", `{"id":"a","x":"1","bbox":[1,2,3,4]}` + "\n" + `{"id":"b","x":"2","bbox":[5,6,7,8]}`, "", "x=1", `items.jsonl: "bbox": the column holds lists of 4 numbers: it is left out; if they are features: strata import DIR/items.jsonl --to DIR --layer bbox --array bbox`},
		{"train and test", itemsFile, "id,split\na,train\nb,test\n", "", "split=train", `items.csv: column "split" is a label: it holds "train"; query, gallery and both would say who asks and who answers`},
		{"roles", itemsFile, "sku,photo,id,part\na,a.jpg,1,query\nb,b.jpg,2,gallery\n", "items: {id: sku, image: photo, split: part}", "id=1", ""},
		{"unknown", itemsFile, "id,x,y\na,nan,p|nan\nb,2,q\n", "unknown: [nan]", "x= y=p", ""},
		{"unknown split", itemsFile, "id,split,x\na,nan,1\nb,query,2\n", "unknown: [nan]", "x=1", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, tt.file, []byte(tt.text))
			write(t, dir, "A.npy", counted(0, 2))
			if tt.yaml != "" {
				write(t, dir, manifest.FileName, []byte(tt.yaml))
			}
			tt.remarks = strings.ReplaceAll(tt.remarks, "DIR", dir)
			g := open(t, dir)
			var labels []string
			for _, l := range g.Labels() {
				labels = append(labels, l.Name+"="+strings.Join(cellValues(l.Sets[l.Codes[0]], l.Names), "|"))
			}
			if got := strings.Join(labels, " "); got != tt.labels || g.ID(0) != "a" || len(g.Notes) > 0 {
				t.Errorf("labels %q, notes %q", got, g.Notes)
			}
			want := []string{}
			if tt.remarks != "" {
				want = append(want, tt.remarks)
			}
			said(t, "remarks", g.Remarks, dir, want...)
		})
	}
}

// cellValues returns the values of a cell.
func cellValues(codes []uint32, names []string) (out []string) {
	for _, c := range codes {
		out = append(out, names[c])
	}
	return out
}

// TestLeftFiles: files of kinds that are not read are named, with what to do, once for
// each cause.
func TestLeftFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my gallery")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, dir, itemsFile, []byte(plainItems(3)))
	write(t, dir, "A.npy", counted(0, 3))
	for i := range 40 {
		write(t, dir, fmt.Sprintf("%05d.npy", i), append(npyFile("<f4", false, "(4,)"), make([]byte, 16)...))
	}
	for _, name := range []string{"features.h5", "it's.pt", "model.pt", "more.pt", "x.pkl", "export.csv", "other.tsv", "pics.tar", "README.md", "sub/B.npy", "sub/C.npz", "data.zarr/0"} {
		put(t, dir, name, []byte("x"))
	}
	g := open(t, dir)
	if len(g.Notes) != 5 || len(g.Remarks) != 4 {
		t.Errorf("%d notes %q\n%d remarks %q", len(g.Notes), g.Notes, len(g.Remarks), g.Remarks)
	}
	all := strings.Join(append(g.Notes, g.Remarks...), "\n")
	for _, want := range []string{
		"00000.npy: it is no layer, nor are 39 more files for the same reason: shape (4,) has 1 dimensions, a layer has 2: items × features",
		"; strata import '" + dir + "' --to '" + dir + "' --layer NAME makes a layer",
		"features.h5: HDF5 is not read; this writes it as a file that is: python3 -c \"import os, sys, h5py",
		"it's.pt: a file of PyTorch is not read; ", `" 'it'\''s.pt'; the same of 2 more files`,
		"x.pkl: a file of Python objects (which can run programs", "data.zarr: Zarr is not read",
		"export.csv: it is a table, and items.csv is that of the items",
		`pics.tar: an archive that no item names; if it holds their pictures: pictures: {archives: ["*.tar"]}`,
		"sub/B.npy: matrices in folders are layers where gallery.yaml names them (layers: {NAME: {file: sub/B.npy}}); sub holds 2 files that it does not name",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing says %q:\n%s", want, all)
		}
	}
	if g.Kind != "a folder of .npy matrices with items.csv" {
		t.Errorf("kind %q", g.Kind)
	}
	if err := os.Remove(filepath.Join(dir, "A.npy")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir); err == nil || strings.Contains(err.Error(), "there is no matrix file") {
		t.Errorf("got %v", err)
	}
}

// TestPicturePaths: paths as programs spell them.
func TestPicturePaths(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "p/a b.jpg", []byte("picture"))
	for path, want := range map[string]string{
		"p/a b.jpg": "", "./p/../p/a b.jpg": "", `p\a b.jpg`: "", `.\p\a b.jpg`: "", dir + "/p/a b.jpg": "", link + "/p/a b.jpg": "",
		"file://" + dir + "/p/a%20b.jpg": "", "file://localhost" + dir + "/p/a%20b.jpg": "",
		"https://example.org/p/a.jpg": "is on the net, and is not fetched", "s3://bucket/a.jpg": "is on the net, and is not fetched",
		"/etc/hostname": "leaves the gallery's folder", "../a.jpg": "leaves the gallery's folder", `..\a.jpg`: "leaves the gallery's folder",
		"file://other/p/a.jpg": "leaves the gallery's folder", dir + "x/a.jpg": "leaves the gallery's folder", "p/b.jpg": "no such file",
	} {
		for _, at := range []string{dir, link} {
			write(t, dir, itemsFile, []byte("id,image\na,\""+path+"\"\n"))
			write(t, dir, "A.npy", counted(0, 1))
			p, err := readPicture(open(t, at), 0)
			if want == "" && (err != nil || p != "picture") || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s: %q, %v, want %q", path, p, err, want)
			}
		}
	}
}

// TestNamedByItems: layers, ids and keys of a WebDataset whose names have folders and
// several parts.
func TestWebDatasetKeys(t *testing.T) {
	for _, tt := range []struct {
		name, members, yaml, id, want string
	}{
		{"a folder", "cls0/000.jpg", "", "cls0/000", ""},
		{"a folder that the id lacks", "cls0/000.jpg", "", "000", ""},
		{"a part", "k.image.jpg k.json", "", "k", ""},
		{"the part that is named", "k.image.jpg k.mask.png", "member: image.jpg", "k", ""},
		{"two parts", "k.image.jpg k.mask.png", "", "k", `gallery.yaml can say which: pictures: {archives: [*.tar], member: image.jpg}`},
		{"a dot in the id", "k.v2.jpg k.jpg", "", "k.v2", ""},
		{"a part in a folder", "cls0/k.image.jpg", "member: image.jpg", "cls0/k", ""},
		{"JFIF", "k.JFIF", "", "k", ""},
		{"no picture", "k.txt", "", "k", "no member of 1 archives (*.tar) has its id for a name"},
	} {
		dir := t.TempDir()
		write(t, dir, itemsFile, []byte("id\n"+tt.id+"\n"))
		write(t, dir, "A.npy", counted(0, 1))
		write(t, dir, "s.tar", tarFile(t, strings.Fields(tt.members)...))
		yaml := "pictures: {archives: [\"*.tar\"]}"
		if tt.yaml != "" {
			yaml = "pictures: {archives: [\"*.tar\"], " + tt.yaml + "}"
		}
		write(t, dir, manifest.FileName, []byte(yaml))
		_, err := readPicture(open(t, dir), 0)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
