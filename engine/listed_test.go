package engine

import (
	"fmt"
	"testing"

	"strata/engine/manifest"
	"strata/engine/scheme"
)

// TestNotLabels: a column that gallery.yaml says is no label is in no list of them, and
// conditions still may name it.
func TestNotLabels(t *testing.T) {
	dir := writeGallery(t, "id,kind,batch\na,x,1\nb,y,2\n", twoRows())
	write(t, dir, manifest.FileName, []byte("items: {not_labels: [batch, none]}\n"))
	check := func(g *Gallery) {
		t.Helper()
		if l := g.Labels(); len(l) != 1 || l[0].Name != "kind" {
			t.Errorf("labels %v", l)
		}
		if want := `[gallery.yaml: items: not_labels: items.csv has no column "none"]`; fmt.Sprint(g.Notes) != want {
			t.Errorf("notes %v", g.Notes)
		}
		if l, err := g.Label("kind&batch"); err != nil || l.Cell(1) != "y&2" {
			t.Errorf("%v, %v", l, err)
		}
	}
	g := open(t, dir)
	check(g)
	among, err := g.Candidates([]scheme.Condition{{Label: "batch", Value: "2"}})
	if err != nil || !among.Has(1) || among.Has(0) {
		t.Errorf("%v, %v", among, err)
	}
	plain, err := OpenItems(t.Context(), dir, OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	check(plain)
}
