//go:build unix

package inert

import (
	"os/exec"
	"testing"
)

// TestShell wants a shell to give back what is quoted, and plain texts unchanged.
func TestShell(t *testing.T) {
	for _, text := range []string{
		"", "A", "a b", "C|pca8", "it's", "$HOME", "$(x)", "`x`", "'", "''", `"`, `\`, "*", "~", "a=b", "é", "a\nb", "a;b", "#a", "!!", "\xff",
	} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+Shell(text)).Output()
		if err != nil || string(out) != text {
			t.Errorf("%q is quoted as %s, which is %q, %v", text, Shell(text), out, err)
		}
	}
	for _, text := range []string{"A", "/a/b-c_d.npy", "a=b", "x@1:2,3%+"} {
		if got := Shell(text); got != text {
			t.Errorf("%s is quoted as %s", text, got)
		}
	}
}
