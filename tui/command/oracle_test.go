package command

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine/format"
	"strata/fixtures/matrices"
	"strata/fixtures/need"
)

// TestOracleLabels has hits under joint labels and under levels of paths counted again by
// NumPy.
func TestOracleLabels(t *testing.T) {
	python, dir, out := need.NumPy(t), t.TempDir(), t.TempDir()
	const rows, dim = 60, 5
	paths := []string{"Women/Knit/Sweater", "Women/Knit", "Women/Skirt|Men", "Men/Knit/Sweater", ""}
	var table strings.Builder
	table.WriteString("id,category,brand,path\n")
	values := make([]uint8, rows*dim)
	for i := range values {
		values[i] = uint8((i*i*7 + i*5 + i/dim*3) % 101)
	}
	for i := range rows {
		fmt.Fprintf(&table, "i%d,%s,%s,%s\n", i, []string{"a", "b", "a|b"}[i*i%7%3], []string{"x", "y|x", ""}[i%3], paths[i*3%7%5])
	}
	matrix, err := matrices.Encode(".npy", matrices.FromInts("A", format.Float32, dim, values))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"items.csv": []byte(table.String()), "A.npy": matrix} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"eval", dir, "--scheme", "A", "--out", out}
	labels := []string{"category", "category&brand", "category&path/2", "path/1", "path/3", "path/*"}
	for _, label := range labels {
		args = append(args, "--label", label)
	}
	if _, err := runs(t, args...); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), python, "../../fixtures/oracle.py", dir, out).CombinedOutput()
	if want := fmt.Sprintf("all equal: %d queries, 1 schemes, %d labels", rows, len(labels)); err != nil || !strings.Contains(string(text), want) {
		t.Errorf("%v\n%s", err, text)
	}
}
