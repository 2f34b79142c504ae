package importer

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine"
	"strata/fixtures/need"
)

// TestImportCells: vectors inside tables of texts, in another order than the items.
func TestImportCells(t *testing.T) {
	for _, tt := range []struct{ name, file, array, text, err string }{
		{"JSON text in CSV", "v.csv", "v", "id,v\ni1,\"[7, 6.5]\"\ni0,\"[0, -0.5]\"\ni2,\"[14,13.5]\"\n", ""},
		{"NumPy's text", "v.csv", "v", "id,v\ni1,[7.  6.5]\ni0,[ 0.  -0.5]\ni2,\"[14.\n 13.5]\"\n", ""},
		{"columns", "v.tsv", "f", "id\tf0\tf1\ni2\t14\t13.5\ni1\t7\t6.5\ni0\t0\t-0.5\n", ""},
		{"columns from 1", "v.csv", "pc_", "pc_2,pc_1\n-0.5,0\n6.5,7\n13.5,1.4e1\n", ""},
		{"lists", "v.jsonl", "v", `{"v":[7,6.5],"id":"i1"}` + "\n" + `{"id":"i0","v":[0,-0.5]}` + "\n" + `{"id":"i2","v":[14,13.5]}` + "\n", ""},
		{"no such column", "v.csv", "w", "id,v\ni0,[1 2]\n", `v.csv: it has no column "w", nor columns w0, w1 and so on`},
		{"not named", "v.csv", "", "id,v\ni0,[1 2]\n", "--array names its column"},
		{"cut by NumPy", "v.csv", "v", "id,v\ni0,[1. 2. ... 3.]\n", `v.csv: line 2: row 0: "[1. 2. ... 3.]" is no vector: it is cut`},
		{"no number", "v.csv", "f", "id,f0,f1\ni0,1,2\ni1,1,x\n", `v.csv: line 3: row 1: value 1 of its vector, "x", is no number`},
		{"another length", "v.csv", "v", "id,v\ni0,[1 2]\ni1,[1 2 3]\n", "v.csv: line 3: row 1: its vector has 3 values, those before have 2"},
		{"none", "v.csv", "v", "id,v\ni0,\ni1,\n", "no row has a vector"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := importable(t, 3)
			source := filepath.Join(t.TempDir(), tt.file)
			if err := os.WriteFile(source, []byte(tt.text), 0o666); err != nil {
				t.Fatal(err)
			}
			done, err := Import{Source: source, Array: tt.array, Gallery: dir, Layer: "C"}.Do(t.Context())
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, not %q", err, tt.err)
				}
				return
			}
			if err != nil || done.Rows != 3 || done.Dim != 2 {
				t.Fatal(done, err)
			}
			checkImported(t, dir, "C", value)
		})
	}
}

// TestImportPandas: what pandas writes of a frame with vectors, beside the line that names them.
func TestImportPandas(t *testing.T) {
	python := need.Python(t, "numpy", "pandas")
	const make = `
import sys, numpy, pandas
x = numpy.array([[7*r - d*.5 for d in range(20)] for r in range(6)], 'float32')
ids = [f'i{r}' for r in range(6)]
d = sys.argv[1]
pandas.concat([pandas.DataFrame({'id': ids}), pandas.DataFrame(x, columns=[f'f{d}' for d in range(20)])], axis=1).to_csv(d+'/items.csv', index=False)
frame = pandas.DataFrame({'id': ids, 'v': [r.tolist() for r in x]})
frame.to_csv(d+'/text.csv', index=False)
frame.iloc[::-1].to_json(d+'/lists.jsonl', orient='records', lines=True)
numpy.save(d+'/A.npy', x)`
	dir := t.TempDir()
	if out, err := exec.Command(python, "-c", make, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for source, array := range map[string]string{"items.csv": "f", "text.csv": "v", "lists.jsonl": "v"} {
		if _, err := (Import{Source: filepath.Join(dir, source), Array: array, Gallery: dir, Layer: "C", Force: true}).Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkImported(t, dir, "C", value)
	}
	for source, want := range map[string]string{
		"items.csv":   "20 labels are named f and a number; if they are features: strata import " + dir + "/items.csv --to " + dir + " --layer f --array f",
		"text.csv":    `"v": the label holds vectors; if they are features: strata import ` + dir + "/text.csv --to " + dir + " --layer v --array v",
		"lists.jsonl": `"v": the column holds lists of 20 numbers: it is left out; if they are features: strata import ` + dir + "/lists.jsonl --to " + dir + " --layer v --array v",
	} {
		if err := os.WriteFile(filepath.Join(dir, "gallery.yaml"), []byte("items: {file: "+source+"}\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		g, err := engine.Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		said := strings.Join(append(g.Notes, g.Remarks...), "\n")
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(said, want) {
			t.Errorf("%s: it says\n%s\nand not\n%s", source, said, want)
		}
	}
}
