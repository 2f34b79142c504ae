package tune

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine"
	"strata/engine/format"
	"strata/engine/manifest"
	"strata/experiments/metric"
	"strata/fixtures/matrices"
)

// TestDefaultFront: the default front has the labels that judge queries, and no column of
// bookkeeping: neither one value for all items nor one for almost each, nor what
// gallery.yaml says is no label. One that is named is taken.
func TestDefaultFront(t *testing.T) {
	const rows, dim = 60, 4
	dir := t.TempDir()
	var table strings.Builder
	table.WriteString("id,kind,source,address,batch,seldom\n")
	values := make([]uint8, rows*dim)
	for i := range values {
		values[i] = uint8((i*i*7 + i*5 + i/dim*3) % 101)
	}
	for i := range rows {
		address := fmt.Sprintf("https://shop/%d", max(i, 2)) // three items have one
		seldom := ""
		if i%5 < 2 {
			seldom = string(rune('a' + i%2))
		}
		fmt.Fprintf(&table, "i%d,%s,web,%s,%d,%s\n", i, string(rune('a'+i%3)), address, i/20, seldom)
	}
	files := map[string][]byte{"items.csv": []byte(table.String()), manifest.FileName: []byte("items: {not_labels: [batch]}\n")}
	for layer, from := range map[string]int{"A": 0, "B": 1} {
		b, err := matrices.Encode(".npy", matrices.FromInts(layer, format.Float32, dim, append(values[from:len(values):len(values)], values[:from]...)))
		if err != nil {
			t.Fatal(err)
		}
		files[layer+".npy"] = b
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	g, err := engine.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	p := metric.Metric{Kind: metric.Precision, K: 3}
	ask := Tuning{Gallery: g, Layers: []string{"A", "B"}, Objective: metric.Target{Metric: p, Label: "kind"}, Parts: 2, Share: 0.9}
	front := func() string {
		t.Helper()
		got, err := ask.Do(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var labels []string
		for _, at := range got.FrontOf {
			labels = append(labels, got.Targets[at].Label)
		}
		return strings.Join(labels, " ")
	}
	if got := front(); got != "kind seldom" {
		t.Errorf("the default front is of %s", got)
	}
	ask.Front = []metric.Target{{Metric: p, Label: "batch"}, {Metric: p, Label: "source"}}
	if got := front(); got != "batch source" {
		t.Errorf("the front that was asked for is of %s", got)
	}
}
