package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/adrg/xdg"
)

// TestMain gives the tests a state folder that is not the user's. A test that flags items of the demo needs
// one of its own, see stateHome: the flags would be on the others' screens.
func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "state")
	if err == nil {
		err = os.Setenv("XDG_STATE_HOME", dir)
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	xdg.Reload()
	code := m.Run()
	if left, _ := filepath.Glob(filepath.Join(dir, "strata", "galleries", "*", "flags.csv")); len(left) > 0 {
		_, _ = fmt.Fprintln(os.Stderr, "a test left flags of the demo:", left)
		return 1
	}
	return code
}
