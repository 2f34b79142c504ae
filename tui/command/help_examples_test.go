//go:build unix

package command

import (
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"strata/engine/format"
	"strata/fixtures"

	"strata/fixtures/need"
)

// parsedOnly are the beginnings of examples that are parsed and not run: they need
// a terminal, a network, a file of another program, or minutes.
var parsedOnly = []string{
	"strata shop", "strata resume", "strata taps ", "strata extract ", "strata sweep ", "strata search shop --image ",
	"strata import job.npz ", "strata import embeddings.parquet ", "strata bench ", "strata cost ",
	"strata items ", // the folder has a table
}

// TestHelpExamples parses the examples of every help page, and runs most of them in
// a folder in which there is what they name.
func TestHelpExamples(t *testing.T) {
	need.Long(t)
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "shop"), fixtures.Demo()); err != nil {
		t.Fatal(err)
	}
	matrix, err := os.ReadFile(filepath.Join(dir, "shop", "C.npy"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"features.npy": string(matrix), "study.strata": "set gallery demo\ngallery ${gallery}\nevaluate A, B over 50\n",
		"session.strata": "gallery demo\nschemes A, B\nquery knit-0001\nsearch 5\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	writeTokens(t, dir)
	for _, run := range []string{"before", "after"} {
		mustRun(t, dir, "eval", "demo", "--scheme", "A", "--queries", "50", "--out", run)
	}
	for _, cmd := range everyCommand() {
		for line := range strings.Lines(cmd.Example) {
			line = strings.TrimSuffix(line, "\n")
			t.Run(line, func(t *testing.T) { runExample(t, dir, cmd.Name(), line) })
		}
	}
}

// writeTokens writes tokens.npy, tokens of the demo's items, and vectors, a folder with a file for each item.
func writeTokens(t *testing.T, dir string) {
	t.Helper()
	items, err := os.ReadFile(filepath.Join(dir, "shop", "items.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(items), "\n")
	lines = lines[1 : len(lines)-1]
	const tokens, features = 3, 2
	if err := os.Mkdir(filepath.Join(dir, "vectors"), 0o777); err != nil {
		t.Fatal(err)
	}
	all := format.NpyHead(format.Float32, int64(len(lines)), tokens, features)
	for i, line := range lines {
		id, _, _ := strings.Cut(line, ",")
		one := format.NpyHead(format.Float32, features)
		for k := range tokens * features {
			value := math.Float32bits(float32(i%97*k + k + 1))
			all = binary.LittleEndian.AppendUint32(all, value)
			if k < features {
				one = binary.LittleEndian.AppendUint32(one, value)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "vectors", id+".npy"), one, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "tokens.npy"), all, 0o666); err != nil {
		t.Fatal(err)
	}
}

// runExample parses a command line as a shell and the program do, and runs it
// unless it is one of parsedOnly.
func runExample(t *testing.T, dir, name, line string) {
	rest, ok := strings.CutPrefix(line, "strata")
	if !ok {
		t.Fatalf("the example does not begin with strata: %s", line)
	}
	shell := exec.CommandContext(t.Context(), "sh", "-c", "set --"+rest+`; for arg; do printf '%s\n' "$arg"; done`)
	shell.Dir = dir
	out, err := shell.Output()
	if err != nil {
		t.Fatal(err)
	}
	args := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(out) == 0 {
		args = nil
	}
	t.Chdir(dir)
	cmd, flags, err := rootCommand().Find(args)
	if err == nil {
		err = cmd.ParseFlags(flags)
	}
	if err == nil {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	if err != nil || cmd.Name() != name {
		t.Fatalf("%s of %s: %v", line, cmd.Name(), err)
	}
	only := func(start string) bool { return strings.HasPrefix(line, start) }
	if line != "strata" && !slices.ContainsFunc(parsedOnly, only) {
		mustRun(t, dir, args...)
	}
}
