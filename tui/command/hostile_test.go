package command

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"strata/engine/inert"
)

// hostileItems are items whose texts all hold escape sequences, bidirectional controls or
// invisible characters.
var hostileItems = []struct{ id, kind string }{
	{"one\x1b]0;title\x07", "red\x1b[31m"},
	{"two\u009b2Jx\u202egpj", "red\x1b[31m"},
	{"three\nlines\tand tabs", "<script>alert(1)</script>\u2066"},
	{"four\u200b\u2060\U000e0041\u2028", "<script>alert(1)</script>\u2066"},
	{"five\r\x7f\b\x05", "\x1b]52;c;cm0gLXJm\x07"},
	{"six", "\x1b]52;c;cm0gLXJm\x07"},
}

// writeHostile writes a gallery of them.
func writeHostile(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop\x1b[2J\u202e")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	var items bytes.Buffer
	for _, it := range hostileItems {
		line, err := json.Marshal(map[string]string{"id": it.id, "image": "missing\x1b[2J.jpg", "kind\x1b[1m\u202e": it.kind})
		if err != nil {
			t.Fatal(err)
		}
		items.Write(append(line, '\n'))
	}
	files := map[string][]byte{"items.jsonl": items.Bytes()}
	for _, layer := range []string{"A", "B"} {
		head := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, 2), }", len(hostileItems))
		for len(head)%64 != 54 {
			head += " "
		}
		b := append([]byte("\x93NUMPY\x01\x00"), binary.LittleEndian.AppendUint16(nil, uint16(len(head)))...)
		b = append(b, head...)
		for row := range hostileItems {
			angle := float64(row*row%5) + float64(layer[0]-'A')
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(math.Cos(angle))))
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(math.Sin(angle))))
		}
		files[layer+".npy"] = b
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// runs runs a command in this process; what it writes, and its error, must not act
// on a terminal.
func runs(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	var out, log bytes.Buffer
	cmd := rootCommand()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&log)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	if err = cmd.ExecuteContext(context.Background()); err != nil {
		printError(t.Context(), &log, err)
	}
	for name, text := range map[string]string{"output": out.String(), "errors": log.String()} {
		isInert(t, args[0]+": "+name, text)
	}
	return out.String(), err
}

// isInert checks that a text acts on no terminal but by its tabs and line ends.
func isInert(t *testing.T, what, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.ReplaceAll(strings.TrimSuffix(line, "\n"), "\t", "")
		if inert.Line(line) != line {
			t.Errorf("%s acts on the terminal: %q", what, line)
		}
	}
}

// TestHostile feeds texts of the worst kind through the commands.
func TestHostile(t *testing.T) {
	gallery := writeHostile(t)
	results, mined := t.TempDir(), t.TempDir()
	good := func(args ...string) string {
		t.Helper()
		out, err := runs(t, args...)
		if err != nil {
			t.Errorf("%q: %v", args, err)
		}
		if out == "" {
			t.Errorf("%q printed nothing", args)
		}
		return out
	}
	bad := func(args ...string) {
		t.Helper()
		if _, err := runs(t, args...); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
	id := hostileItems[0].id
	good("search", gallery, "--query", id, "--scheme", "A", "--scheme", "B")
	document := good("search", gallery, "--query", id, "--scheme", "A", "--json")
	var found struct {
		Query   string
		Schemes []struct{ Hits []struct{ ID string } }
	}
	if err := json.Unmarshal([]byte(document), &found); err != nil || found.Query != id || len(found.Schemes) != 1 || len(found.Schemes[0].Hits) != len(hostileItems)-1 {
		t.Errorf("the document is %q, %v", document, err)
	}
	bad("search", gallery, "--query", "\x1b[2Jno such\u202e", "--scheme", "A")
	bad("search", gallery, "--query", id, "--scheme", "\x1b[2J")
	bad("search", gallery+"\x1b[3J", "--query", id, "--scheme", "A")
	good("eval", gallery, "--scheme", "A", "--scheme", "B", "--compare", "--trec", "all", "--report", "--out", results)
	bad("eval", gallery, "--scheme", "A", "--label", "\u009b1m", "--out", results)
	bad("eval", gallery, "--scheme", "A", "--where", "kind\x1b[1m\u202e=\u202e", "--out", results)
	good("mine", gallery, "--schemes", "A,B", "--out", mined)
	good("diff", results, results)

	script := filepath.Join(t.TempDir(), "hostile.strata")
	steps := "gallery " + strconv.Quote(gallery) + "\nquery " + strconv.Quote(hostileItems[2].id) + "\nschemes A, B\nsearch 5\nevaluate A, B over all\nnote \"\\x1b[2J\\u202e\"\n"
	if err := os.WriteFile(script, []byte(steps), 0o666); err != nil {
		t.Fatal(err)
	}
	log := good("replay", script)
	again := filepath.Join(t.TempDir(), "again.strata")
	if err := os.WriteFile(again, []byte(log), 0o666); err != nil {
		t.Fatal(err)
	}
	good("replay", "--check", again)

	page, err := os.ReadFile(filepath.Join(results, reportName))
	if err != nil {
		t.Fatal(err)
	}
	isInert(t, reportName, string(page))
	if bytes.Contains(page, []byte("<script>")) {
		t.Error("the report holds a script")
	}
	trecs, err := filepath.Glob(filepath.Join(results, "trec", "*"))
	if err != nil || len(trecs) != 3 {
		t.Fatalf("trec files: %q, %v", trecs, err)
	}
	for _, path := range trecs {
		isInert(t, "the name of a trec file", filepath.Base(path))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		isInert(t, path, string(text))
		want := map[string]int{".run": 6, ".qrels": 4}[filepath.Ext(path)]
		for line := range strings.Lines(string(text)) {
			if got := len(strings.Fields(line)); got != want {
				t.Errorf("%s: %d fields in %q, want %d", path, got, line, want)
			}
		}
	}
}
