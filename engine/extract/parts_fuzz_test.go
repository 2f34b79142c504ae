package extract

import (
	"os"
	"path/filepath"
	"testing"

	"strata/engine/fence"
)

// FuzzJournal reads journals of extractions, whole and cut.
func FuzzJournal(f *testing.F) {
	f.Add([]byte("{\"strata\":1,\"recipe\":[[\"model\",\"x\"]],\"rows\":3,\"from\":0}\n{\"done\":2}\n{\"done\":3,\"finished\":true}\n"), "model", "x")
	f.Add([]byte("{\"strata\":1}\n{\"done\":2,\"broken\":[{\"row\":1,\"id\":\"a\",\"why\":\"b\"}]}\n{\"do"), "taps", "")
	f.Add([]byte("null\nnull\n"), "", "")
	f.Add([]byte{}, "", "")
	f.Fuzz(func(t *testing.T, text []byte, name, value string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, journalName), text, 0o666); err != nil {
			t.Fatal(err)
		}
		r, _, err := readJournal(fence.In(dir, "."))
		if err != nil {
			return
		}
		want := recipe{Facts: [][2]string{{name, value}}}
		if d := want.differs(*r); d == "" && len(r.Facts) == 0 {
			t.Errorf("%q agrees with a recipe of nothing", name)
		}
		if d := r.differs(*r); d != "" {
			t.Logf("a fact twice: %s", d)
		}
	})
}
