//go:build unix

package format

import (
	"os/exec"
	"strings"
	"testing"
)

// TestUnread: a command to paste has the file's name as one argument, whatever it is.
func TestUnread(t *testing.T) {
	for _, stem := range []string{"a", "-a", "two words", "it's", `"`, "$(x)", "`x`", "a'); import os; ('", "a.b", "%s"} {
		for ext, c := range conversions {
			got := Unread(stem + strings.ToUpper(ext))
			if !strings.Contains(got, "not read") {
				t.Errorf("%s: %s", ext, got)
			}
			_, line, ok := strings.Cut(got, "python3 ")
			if !ok {
				if got != c.what || c.program != "" {
					t.Errorf("%s: %s", ext, got)
				}
				continue
			}
			out, err := exec.CommandContext(t.Context(), "sh", "-c", `python3() { printf '%s\n' $# "$1" "$3" "$2"; }; python3 `+line).Output()
			args := strings.SplitN(string(out), "\n", 4)
			if err != nil || args[0] != "3" || args[1] != "-c" || args[2] != stem+strings.ToUpper(ext) || !strings.HasSuffix(args[3], c.program+"\n") {
				t.Errorf("%s gives %q, %v", got, args, err)
			}
		}
	}
	for _, name := range []string{"a.npy", "a", "", "h5", "README.md"} {
		if got := Unread(name); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
}
