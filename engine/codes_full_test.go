//go:build linux

package engine

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"strata/engine/code"
	"strata/engine/rank"
)

// fullEnv names the gallery for which TestDiskFull's program finds no room.
const fullEnv = "STRATA_TEST_DISK_FULL"

// TestDiskFull builds where no file may be longer than a megabyte, in a process of its
// own: the error says what failed, nothing is left behind, and the search works.
func TestDiskFull(t *testing.T) {
	dir := os.Getenv(fullEnv)
	if dir == "" {
		dir, _ = codedGallery(t, code.CodeChunk+1000, 100)
		test := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestDiskFull$")
		test.Env = append(os.Environ(), fullEnv+"="+dir)
		if out, err := test.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	limit := unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	g := open(t, dir)
	err := g.PrepareCodes(t.Context(), code.Options{Build: true, All: true})
	if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), "codes of A") {
		t.Errorf("the error is %v", err)
	}
	path := codesFile(t, g)
	for _, name := range []string{path, path + ".part"} {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is there: %v", name, err)
		}
	}
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := rank.NewSearcher(g, 1<<20).Search(t.Context(), 3, parseAll(t, g, []string{"A"}), 10, among)
	if err != nil || got[0].Coded || len(got[0].Hits) != 10 {
		t.Errorf("the search gives %+v, %v", got, err)
	}
}
