package script

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine/fence"
)

// TestScriptGrows: a few lines of variables do not stand for more memory than a script has.
func TestScriptGrows(t *testing.T) {
	var double strings.Builder
	double.WriteString("set a " + strings.Repeat("x", 1000) + "\n")
	for i := range 30 {
		fmt.Fprintf(&double, "set %c ${%c}${%c}\n", 'b'+i%25, 'a'+i%25, 'a'+i%25)
	}
	many := "set a " + strings.Repeat("x", MaxLine/2) + "\n" + strings.Repeat("query ${a}\n", 3*MaxScript/MaxLine)
	for text, want := range map[string]string{
		double.String(): fmt.Sprintf("with its variables the line has more than %d bytes", MaxLine),
		many:            fmt.Sprintf("with its variables the script has more than %d bytes", MaxScript),
	} {
		path := filepath.Join(t.TempDir(), "s.strata")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadScript(path, Reading{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %.200v, want %s", err, want)
		}
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"one.strata": strings.Repeat("include two.strata\n", 5), "two.strata": strings.Repeat("#"+strings.Repeat("x", 1<<19)+"\n", 30)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ReadScript(filepath.Join(dir, "one.strata"), Reading{}); err == nil || !strings.Contains(err.Error(), fmt.Sprint(fence.Metadata)) {
		t.Errorf("includes of %d bytes: %v", 5*30<<19, err)
	}
}
