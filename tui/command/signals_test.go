//go:build unix

package command

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"strata/fixtures/need"
)

// ending is a way in which a program is asked to end.
type ending struct {
	name string
	code int
	ask  func(p *pseudoTerminal) error
}

func signalled(s syscall.Signal) func(*pseudoTerminal) error {
	return func(p *pseudoTerminal) error { return p.cmd.Process.Signal(s) }
}

// endings are all of them. That of a terminal that goes away is the kernel's.
var endings = []ending{
	{"interrupt", 130, signalled(syscall.SIGINT)},
	{"terminate", 143, signalled(syscall.SIGTERM)},
	{"hang up", 129, signalled(syscall.SIGHUP)},
	{"terminal gone", 129, func(p *pseudoTerminal) error { return p.master.Close() }},
}

// TestSignals ends every operation that writes, in a terminal and at random
// moments, by signals. The terminal is as it was, nothing lies beside its place,
// and the exit code names the signal.
func TestSignals(t *testing.T) {
	need.Long(t)
	caught := make(chan os.Signal, 1) // so that programs begin with it even under nohup
	signal.Notify(caught, syscall.SIGHUP)
	defer signal.Stop(caught)
	all := operations(t)
	times := max(1, kills(t, len(all))/(len(all)*len(endings)))
	generatedFolder(t)
	for i, o := range all {
		t.Run(o.name, func(t *testing.T) {
			root := t.TempDir()
			want, took := o.undisturbed(t, root)
			random := rand.New(rand.NewPCG(killSeed, uint64(i)))
			for n := range times * len(endings) {
				e := endings[(n+i)%len(endings)]
				o.signal(t, root, e, took, random, want)
				if t.Failed() {
					t.Fatalf("%s, at ending %d of seed %d", e.name, n, killSeed)
				}
			}
		})
	}
}

// signal begins the operation and asks it to end at a random moment.
func (o operation) signal(t *testing.T, root string, e ending, took time.Duration, random *rand.Rand, want map[string]string) {
	t.Helper()
	dir := o.fresh(t, root)
	before := files(t, dir)
	moment := time.Duration(random.Float64() * float64(took))
	if o.keys {
		moment = time.Duration(random.Float64() * float64(o.span+time.Second))
	}
	p := inTerminal(t, program(t, dir, o.args...))
	go p.read()
	if o.keys {
		go p.press()
	}
	<-time.After(moment)
	if err := e.ask(p); err != nil && !strings.Contains(err.Error(), "process already finished") {
		t.Fatal(err)
	}
	code := waitFor(t, p, e.name)
	now := files(t, dir)
	o.checkFiles(t, before, now, want)
	switch {
	case code == e.code:
	case code == 0 && !o.keys: // it had ended
	case code == 1 && e.name == "terminal gone" && !o.keys: // it saw that at its last write, before the signal came
	case code == -1 && len(now) == len(before): // it had not begun
	default:
		t.Errorf("exit code %d after %v, want %d: %q", code, moment, e.code, tail(p.output()))
	}
	for name := range now {
		if notPlaced(name) {
			t.Errorf("%s is left after %v", name, moment)
		}
	}
	if log, err := os.ReadFile(filepath.Join(dir, "log.strata")); err == nil && !bytes.HasSuffix(log, []byte("\n")) {
		t.Errorf("the log ends within a line: %q", log[max(0, len(log)-100):])
	}
	if o.name == "log" {
		checkLog(t, dir, p.shown())
	}
	if e.name != "terminal gone" {
		p.checkRestored(t)
	}
}

// tail returns the end of a text.
func tail(s string) string { return s[max(0, len(s)-300):] }

// waitFor waits for the end of a program that was asked to end, and kills one that
// does not.
func waitFor(t *testing.T, p *pseudoTerminal, what string) int {
	t.Helper()
	stop := time.AfterFunc(20*time.Second, func() {
		t.Errorf("%s: it does not end", what)
		_ = p.cmd.Process.Kill()
	})
	defer stop.Stop()
	return p.wait()
}

// TestStalledTerminal ends programs whose terminal takes nothing any more, as when
// a connection is down.
func TestStalledTerminal(t *testing.T) {
	need.Long(t)
	dir := t.TempDir()
	script := "gallery demo\nschemes A, B, C\n" + strings.Repeat("query knit-0001\nsearch 1000\nquery knit-0002\nsearch 1000\n", 5)
	if err := os.WriteFile(filepath.Join(dir, "s.strata"), []byte(script), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, e := range endings[:2] {
		t.Run(e.name, func(t *testing.T) {
			p := inTerminal(t, program(t, dir, "replay", "s.strata"))
			if _, err := p.master.Read(make([]byte, 1)); err != nil { // the program writes, then the reader closes
				t.Fatal(err)
			}
			<-time.After(time.Second)
			if err := e.ask(p); err != nil {
				t.Fatal(err)
			}
			stop := time.AfterFunc(20*time.Second, func() {
				t.Error("it does not end")
				_ = p.cmd.Process.Kill()
			})
			defer stop.Stop()
			_ = p.cmd.Wait()
			if code := p.cmd.ProcessState.ExitCode(); code != e.code {
				t.Errorf("exit code %d, want %d", code, e.code)
			}
		})
	}
}

// TestIgnoredHangup: a program under nohup outlives its terminal.
func TestIgnoredHangup(t *testing.T) {
	dir := t.TempDir()
	exportingScript(t, dir)
	cmd := program(t, dir, "replay", "s.strata", "--out", "out")
	cmd.Args = append([]string{"sh", "-c", `trap "" HUP; echo on; exec "$0" "$@" >log 2>&1`, cmd.Path}, cmd.Args[1:]...)
	path, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path = path
	p := inTerminal(t, cmd)
	if _, err := p.master.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := p.master.Close(); err != nil {
		t.Fatal(err)
	}
	if code := waitFor(t, p, "nohup"); code != 0 {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		t.Errorf("exit code %d: %s", code, log)
	}
	if _, err := os.Stat(filepath.Join(dir, "out", "s.strata")); err != nil {
		t.Error(err)
	}
}

// TestClosedPipe: when the reader closes the pipe, the program ends without a message and
// leaves no temporary file.
func TestClosedPipe(t *testing.T) {
	dir := t.TempDir()
	exportingScript(t, dir)
	cmd := program(t, dir, "replay", "s.strata", "--out", "out")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReaderSize(out, 16).ReadByte(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 141 || stderr.Len() > 0 {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
	for name := range files(t, dir) {
		if notPlaced(name) {
			t.Errorf("%s is left", name)
		}
	}
}

// TestQuietStart: no command asks the terminal anything before it needs to know.
// See package hush.
func TestQuietStart(t *testing.T) {
	for args, want := range map[string]int{"--version": 0, "search demo --query knit-0001 --scheme A": 0, "search demo --query x --scheme A": 2} {
		p := inTerminal(t, program(t, t.TempDir(), strings.Fields(args)...))
		go p.read()
		code := p.wait()
		if out := p.output(); strings.Contains(out, "\x1b") || out == "" || code != want {
			t.Errorf("%s writes %q, exit code %d", args, out, code)
		}
	}
}

// TestSecondSignal: whatever came first, and whatever the program waits for, an
// interrupt or SIGTERM that comes second ends it.
func TestSecondSignal(t *testing.T) {
	if os.Getenv("STRATA_WAIT") != "" {
		ctx := withSignals(t.Context())
		_, _ = os.Stdout.WriteString("!")
		<-ctx.Done()
		_, _ = os.Stdout.WriteString("?")
		select {}
	}
	caught := make(chan os.Signal, 1) // so that programs begin with it even under nohup
	signal.Notify(caught, syscall.SIGHUP)
	defer signal.Stop(caught)
	for _, signals := range [][2]syscall.Signal{
		{syscall.SIGINT, syscall.SIGINT},
		{syscall.SIGTERM, syscall.SIGTERM},
		{syscall.SIGTERM, syscall.SIGINT},
		{syscall.SIGINT, syscall.SIGTERM},
		{syscall.SIGHUP, syscall.SIGINT},
		{syscall.SIGHUP, syscall.SIGTERM},
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestSecondSignal$")
		cmd.Env = append(os.Environ(), "STRATA_WAIT=1")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		stop := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		for _, s := range signals {
			if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
		}
		_ = cmd.Wait()
		stop.Stop()
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != signals[1] {
			t.Errorf("%v: it ended with %v", signals, cmd.ProcessState)
		}
	}
}
