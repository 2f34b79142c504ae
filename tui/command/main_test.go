package command

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"

	"strata/engine/native"
	"strata/engine/scheme"
	"strata/experiments"
	"strata/experiments/script"
	"strata/fixtures"
	"strata/fixtures/need"
)

var update = flag.Bool("update", false, "rewrite what the scripts expect")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"strata": Main})
}

// TestScripts runs the program as fixtures/scripts say.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "../../fixtures/scripts",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("NO_COLOR", "1")
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "long" {
				return false, fmt.Errorf("no condition %q", name)
			}
			return need.Patient(), nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":    exits,
			"demo":     copyDemo,
			"digit":    changeDigit,
			"truncate": truncate,
			"fill":     fill,
			"columns":  columns,
			"same":     sameFiles,
		},
	})
}

// exits CODE PROGRAM ARG... runs a program that must exit with CODE.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	code := 0
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// copyDemo FOLDER writes the built-in gallery into a folder.
func copyDemo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: demo FOLDER")
	}
	ts.Check(os.CopyFS(ts.MkAbs(args[0]), fixtures.Demo()))
}

// changeDigit FILE LINE changes the last digit of line LINE, counted from 1.
func changeDigit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: digit FILE LINE")
	}
	lines := strings.SplitAfter(ts.ReadFile(args[0]), "\n")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	line := lines[n-1]
	at := strings.LastIndexAny(line, "0123456789")
	if at < 0 {
		ts.Fatalf("%s:%d has no digit: %s", args[0], n, line)
	}
	lines[n-1] = line[:at] + string('0'+(line[at]-'0'+1)%10) + line[at+1:]
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(lines, "")), 0o666))
}

// truncate FILE SIZE makes a file longer or shorter.
func truncate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: truncate FILE SIZE")
	}
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), size))
}

// fill FILE OFFSET COUNT BYTE sets COUNT bytes of a file.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: fill FILE OFFSET COUNT BYTE")
	}
	var n [3]int
	for i, arg := range args[1:] {
		var err error
		n[i], err = strconv.Atoi(arg)
		ts.Check(err)
	}
	b := []byte(ts.ReadFile(args[0]))
	copy(b[n[0]:], bytes.Repeat([]byte{byte(n[2])}, n[1]))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o666))
}

// columns FILE COUNT writes the first COUNT columns of a CSV file to FILE.columns.
func columns(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: columns FILE COUNT")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	rows, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[0]))).ReadAll()
	ts.Check(err)
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	for _, row := range rows {
		ts.Check(w.Write(row[:n]))
	}
	w.Flush()
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".columns"), out.Bytes(), 0o666))
}

// sameFiles FOLDER FOLDER compares two folders, file by file.
func sameFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: same FOLDER FOLDER")
	}
	var files [2]map[string]string
	for i, dir := range args {
		files[i] = map[string]string{}
		root := ts.MkAbs(dir)
		ts.Check(filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			files[i][strings.TrimPrefix(path, root)] = ts.ReadFile(path)
			return nil
		}))
	}
	if len(files[0]) == 0 {
		ts.Fatalf("%s has no files", args[0])
	}
	for name, text := range files[0] {
		if other, ok := files[1][name]; !ok || other != text {
			ts.Fatalf("%s is not the same in %s", name, args[1])
		}
	}
	if len(files[0]) != len(files[1]) {
		ts.Fatalf("%s has %d files, %s %d", args[0], len(files[0]), args[1], len(files[1]))
	}
}

func TestExitCode(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	terminated, terminate := context.WithCancelCause(t.Context())
	terminate(signalError{syscall.SIGTERM})
	_, schemeErr := scheme.ParseScheme("A+")
	_, stepErr := script.ParseStep("dance")
	for _, c := range []struct {
		name string
		ctx  context.Context
		err  error
		want int
	}{
		{"done", t.Context(), nil, 0},
		{"done while interrupted", cancelled, nil, 0},
		{"interrupted", cancelled, fmt.Errorf("scanning A: %w", context.Canceled), 130},
		{"terminated", terminated, fmt.Errorf("scanning A: %w", context.Canceled), 143},
		{"pipe closed", t.Context(), fmt.Errorf("writing the log: %w", syscall.EPIPE), 141},
		{"failed", t.Context(), errors.New("disk full"), 1},
		{"flags", t.Context(), usagef("-k is at least 1"), 2},
		{"scheme", t.Context(), schemeErr, 2},
		{"step", t.Context(), stepErr, 2},
		{"name in a script", t.Context(), &experiments.StepError{Err: &scheme.NameError{}}, 2},
		{"difference", t.Context(), &experiments.Difference{}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := exitCode(c.ctx, c.err); got != c.want {
				t.Errorf("%v: got %d, want %d", c.err, got, c.want)
			}
		})
	}
}

// TestInterrupt interrupts a replay when its first result is out, while an
// evaluation of many schemes runs.
func TestInterrupt(t *testing.T) {
	var schemes []string
	for i := range 200 {
		schemes = append(schemes, fmt.Sprintf("rrf(B,A,%d*C+pattern)", i+1))
	}
	path := filepath.Join(t.TempDir(), "long.strata")
	script := "gallery demo\nevaluate " + strings.Join(schemes, ", ") + "\n"
	if err := os.WriteFile(path, []byte(script), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "strata", "replay", path)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != "gallery demo" {
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "evaluate") {
			t.Error("the interrupted step is in the log")
		}
	}
	err = cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != exitInterrupted {
		t.Errorf("exit code %d: %v", got, err)
	}
	if got := stderr.String(); got != "strata: interrupted\n" {
		t.Errorf("the standard error is %q", got)
	}
}

// readmeCommand is a command of the README with what it prints.
type readmeCommand struct {
	line int
	text string
	want string // "…" is anything
}

// readmeCommands returns the commands in a page's blocks of the kind.
func readmeCommands(t *testing.T, page, kind string) []readmeCommand {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var commands []readmeCommand
	within := ""
	for i, line := range strings.Split(string(text), "\n") {
		switch rest, fence := strings.CutPrefix(line, "```"); {
		case fence && within == "":
			within = rest + " "
		case fence:
			within = ""
		case within != kind+" ":
		case kind == "sh":
			commands = append(commands, readmeCommand{line: i + 1, text: line})
		case strings.HasPrefix(line, "$ "):
			commands = append(commands, readmeCommand{line: i + 1, text: line[2:]})
		default:
			commands[len(commands)-1].want += line + "\n"
		}
	}
	if len(commands) == 0 {
		t.Fatalf("%s has no %s block", page, kind)
	}
	return commands
}

// pages returns the absolute paths of the README and of those in folders: what is in the
// README may move to any of them.
func pages(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, pattern := range []string{"README.md", "*/README.md", "*/*/README.md"} {
		found, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range found {
			if p, err = filepath.Abs(p); err != nil {
				t.Fatal(err)
			}
			paths = append(paths, p)
		}
	}
	return paths
}

// pagesText returns the text of all pages.
func pagesText(t *testing.T) []byte {
	t.Helper()
	var all []byte
	for _, p := range pages(t) {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	return all
}

// TestReadme runs the commands of the pages in a folder that looks like the
// project's, and compares what they print.
func TestReadme(t *testing.T) {
	python := need.NumPy(t)
	dir := t.TempDir()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Symlink(filepath.Join(root, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	for _, page := range pages(t) {
		if text, err := os.ReadFile(page); err != nil || !bytes.Contains(text, []byte("\n```console\n")) {
			continue
		}
		name, err := filepath.Rel(root, page)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			if name != "README.md" {
				need.Long(t)
			}
			testPage(t, page, dir, python)
		})
	}
}

// testPage runs a page's commands in dir.
func testPage(t *testing.T, page, dir, python string) {
	for _, c := range readmeCommands(t, page, "console") {
		text := c.text
		if rest, ok := strings.CutPrefix(text, "python3 "); ok {
			text = python + " " + rest
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-c", text)
		cmd.Dir = dir
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%s:%d: %s: %v\n%s", page, c.line, c.text, err, &stderr)
		}
		if c.want != "…\n" && string(out) != c.want {
			t.Errorf("%s:%d: %s prints\n%s\nnot\n%s", page, c.line, c.text, out, c.want)
		}
	}
}

// TestReadmeTaps runs the pages' example of taps on the network made for
// tests.
func TestReadmeTaps(t *testing.T) {
	model := need.Network(t)
	text := pagesText(t)
	_, example, ok := strings.Cut(string(text), "$ strata taps inception_v3.onnx --filter mixed0\n")
	if !ok {
		t.Fatal("no page has such an example")
	}
	want, _, _ := strings.Cut(example, "```")
	cmd := exec.CommandContext(t.Context(), "strata", "taps", filepath.Base(model), "--filter", "mixed0")
	cmd.Dir = filepath.Dir(model)
	out, err := cmd.Output()
	if err != nil || string(out) != want {
		t.Errorf("%v: prints\n%s\nnot\n%s", err, out, want)
	}
}

// TestReadmeLab runs the pages' example of poolings on the first items of the
// demo gallery.
func TestReadmeLab(t *testing.T) {
	need.Long(t)
	model := need.Network(t)
	text := pagesText(t)
	_, example, ok := strings.Cut(string(text), "```lab\n")
	if !ok {
		t.Fatal("no page has such an example")
	}
	commands, _, _ := strings.Cut(example, "```")

	const items = 12
	dir := t.TempDir()
	table, err := os.ReadFile("../../fixtures/demo/items.csv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfterN(string(table), "\n", items+2)
	if err := os.MkdirAll(filepath.Join(dir, "fixtures/demo/images"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "fixtures/demo/items.csv"), []byte(strings.Join(lines[:items+1], "")), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1 : items+1] {
		image := strings.Split(line, ",")[1]
		picture, err := os.ReadFile(filepath.Join("../../fixtures/demo", image))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "fixtures/demo", image), picture, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(model, filepath.Join(dir, filepath.Base(model))); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-e", "-c", commands)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), native.LibraryVariable+"="+filepath.Dir(model))
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "gram  12 rows  gram.npy\n") || !strings.Contains(string(out), "B+0.5*cov") {
		t.Errorf("%v:\n%s", err, out)
	}
}

// TestReadmeBenchmarks checks that the benchmarks that the pages name exist.
func TestReadmeBenchmarks(t *testing.T) {
	text := pagesText(t)
	commands := regexp.MustCompile("`go test -run - -bench (\\S+)[^`]* (\\./\\S+)`").FindAllSubmatch(text, -1)
	if len(commands) < 5 {
		t.Errorf("the pages name %d benchmarks", len(commands))
	}
	for _, c := range commands {
		files, err := filepath.Glob(filepath.Join("../..", string(c[2]), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		var names [][]byte
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, regexp.MustCompile(`(?m)^func Benchmark\w+`).FindAll(source, -1)...)
		}
		if !regexp.MustCompile("(?m)^func Benchmark.*" + string(c[1])).Match(bytes.Join(names, []byte("\n"))) {
			t.Errorf("%s: no such benchmark in\n%s", c[0], names)
		}
	}
}

// TestReadmeRun runs the two commands with which the README begins. The second
// is the one that runs this test; the first needs a terminal, and gets one that
// knows nothing.
func TestReadmeRun(t *testing.T) {
	commands := readmeCommands(t, "../../README.md", "sh")
	if len(commands) != 2 || commands[0].text != "go run ." || commands[1].text != "go test ./..." {
		t.Fatalf("the README begins with %v", commands)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", commands[0].text)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir(), "TERM=xterm-256color")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 120, Rows: 40})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	var screen bytes.Buffer
	asked := false
	for buf := make([]byte, 4096); ; {
		n, err := terminal.Read(buf)
		if err != nil {
			break // the program has ended
		}
		screen.Write(buf[:n])
		if !asked && bytes.Contains(screen.Bytes(), []byte("saved ")) {
			asked = true
			if _, err := terminal.WriteString("q"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("go run .: %v\n%q", err, screen.Bytes())
	}
	for _, want := range []string{"demo", "1,248 items", "category", "session log: "} {
		if !bytes.Contains(screen.Bytes(), []byte(want)) {
			t.Errorf("go run . never shows %q", want)
		}
	}
}

// TestReferee evaluates the demo gallery, with two levels of category, by every
// metric, with one and with two threads; compares the bytes; and has every
// metric, mean and comparison computed again by a Python program.
func TestReferee(t *testing.T) {
	need.Long(t)
	need.Programs(t, "python3")
	dir := t.TempDir()
	gallery := filepath.Join(dir, "levels")
	if err := os.CopyFS(gallery, fixtures.Demo()); err != nil {
		t.Fatal(err)
	}
	items := filepath.Join(gallery, "items.csv")
	text, err := os.ReadFile(items)
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		"knit": "tops/knit", "t-shirt": "tops/t-shirt|summer", "shoulder-bag": "bags/shoulder", "tote-bag": "bags/tote", "knit-cap": "winter",
	} {
		text = bytes.ReplaceAll(text, []byte(","+from+","), []byte(","+to+","))
	}
	if err := os.WriteFile(items, text, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(gallery, "qrels.csv"), drawnJudgements(text), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, threads := range []string{"1", "2"} {
		cmd := exec.CommandContext(t.Context(), "strata", "eval", gallery, "--out", filepath.Join(dir, threads),
			"--scheme", "B", "--scheme", "B+C", "--scheme", "rrf(A,pattern)", "--label", "category/*", "--label", "category/2",
			"--label", "category/1&brand", "--label", "pattern", "--label", "qrels", "--metric", "deep,AP(hits),AP(min),ERR,RBP,RBP(.5)@all,bpref", "--k", "1,10", "--trec", "all", "--queries", "250", "--seed", "3")
		cmd.Env = append(os.Environ(), "GOMAXPROCS="+threads)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	}
	files, err := fs.Glob(os.DirFS(filepath.Join(dir, "1")), "*/*")
	if err != nil || len(files) != 3+5 {
		t.Fatalf("files in trec: %v, %v", files, err)
	}
	for _, name := range append(files, "metrics.csv", "per_query.csv", "comparisons.csv") {
		a, errA := os.ReadFile(filepath.Join(dir, "1", name))
		b, errB := os.ReadFile(filepath.Join(dir, "2", name))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs with another number of threads: %v, %v", name, errA, errB)
		}
	}
	out, err := exec.CommandContext(t.Context(), "python3", "../../fixtures/referee.py", gallery, filepath.Join(dir, "1")).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("3 schemes, 5 labels, 32 metrics")) {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// drawnJudgements returns judgements of the items of a table: for most items some others, with
// grades from 0 to 4.
func drawnJudgements(items []byte) []byte {
	var ids []string
	for line := range strings.Lines(string(items)) {
		id, _, _ := strings.Cut(line, ",")
		ids = append(ids, id)
	}
	ids = ids[1:]
	rng := rand.New(rand.NewPCG(3, 14))
	b := []byte("query,item,grade\n")
	for q, query := range ids {
		if q%7 == 0 {
			continue
		}
		for _, x := range rng.Perm(len(ids))[:3+q%60] {
			b = fmt.Appendf(b, "%s,%s,%d\n", query, ids[x], rng.IntN(3)*rng.IntN(3))
		}
	}
	return b
}

// TestOracle evaluates galleries of photographs with one and with two threads,
// compares the bytes, and has every count computed again by NumPy.
func TestOracle(t *testing.T) {
	need.Long(t)
	python := need.NumPy(t)
	for _, c := range []struct{ gallery, queries string }{{"myntra-224", "400"}, {"fashion-texture", "all"}} {
		t.Run(c.gallery, func(t *testing.T) {
			gallery := need.Gallery(t, c.gallery)
			args := []string{"eval", gallery, "--queries", c.queries, "--seed", "5"}
			for _, scheme := range []string{
				"A", "B", "C", "mixed8", "pattern", "B+pattern", "0.7*mixed8+0.3*pattern",
				"concat(B,0.5*pattern)", "A+B+mixed8", "rrf(A,C)", "rrf(B+pattern,concat(A,C),mixed8)",
			} {
				args = append(args, "--scheme", scheme)
			}
			var first string
			for _, threads := range []string{"1", "2", "2"} {
				out := t.TempDir()
				cmd := exec.CommandContext(t.Context(), "strata", append(args, "--out", out)...)
				cmd.Env = append(os.Environ(), "GOMAXPROCS="+threads)
				if text, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v: %v\n%s", cmd, err, text)
				}
				if first == "" {
					first = out
					continue
				}
				for _, name := range []string{"metrics.csv", "per_query.csv", "comparisons.csv"} {
					a, errA := os.ReadFile(filepath.Join(first, name))
					b, errB := os.ReadFile(filepath.Join(out, name))
					if errA != nil || errB != nil || !bytes.Equal(a, b) {
						t.Errorf("%s differs with %s threads: %v, %v", name, threads, errA, errB)
					}
				}
			}
			text, err := exec.CommandContext(t.Context(), python, "../../fixtures/oracle.py", gallery, first).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, text)
			}
			t.Logf("%s", text)
		})
	}
}
