package scheme

import (
	"path/filepath"
	"reflect"
	"testing"
)

// FuzzFactor: what is parsed is printed so that it is parsed to the same.
func FuzzFactor(f *testing.F) {
	for _, text := range []string{"C|pca256", "B|centre|whiten64@0.5", "A|zscore", "A", "A|pca0", "x|whiten9999999999999@1e400", "a||pca1", "A|pca1@2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		factor, err := ParseFactor(text)
		if err != nil {
			return
		}
		again, err := ParseFactor(factor.String())
		if err != nil || !reflect.DeepEqual(again, factor) {
			t.Fatalf("%q prints as %q: %+v, %v", text, factor, again, err)
		}
		if name := factor.FileName(); filepath.Base(name) != name || !filepath.IsLocal(name) {
			t.Fatalf("%q is kept as %q", text, name)
		}
	})
}
