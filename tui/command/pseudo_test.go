//go:build unix

package command

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/term"
)

// pseudoTerminal is a program in a terminal of its own, which it controls.
type pseudoTerminal struct {
	cmd         *exec.Cmd
	master, tty *os.File
	before      *term.State

	mu     sync.Mutex
	raw    bytes.Buffer
	screen vt10x.Terminal
	news   chan struct{} // holds a token when something was written
	ended  chan struct{} // closed when nothing more is read
}

// The end of what a program wrote, put there when it has ended.
const pseudoEnd = "\x1bPthe end\x1b\\"

// replies is what the terminal answers when it is asked for its attributes, or
// for the colour of its background.
var pseudoReplies = map[string]string{"\x1b[c": "\x1b[?62;22c", "\x1b[6n": "\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[1;1R"}

// inTerminal starts a program in a new terminal of 120×40 cells. Nobody reads
// what it writes until read is called.
func inTerminal(t *testing.T, cmd *exec.Cmd) *pseudoTerminal {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = master.Close()
		_ = tty.Close()
	})
	if err := pty.Setsize(tty, &pty.Winsize{Cols: 120, Rows: 40}); err != nil {
		t.Fatal(err)
	}
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	cmd.Env = append(cmd.Environ(), "TERM=xterm-256color")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &pseudoTerminal{
		cmd: cmd, master: master, tty: tty, before: before,
		screen: vt10x.New(vt10x.WithSize(120, 40)), news: make(chan struct{}, 1), ended: make(chan struct{}),
	}
}

// read reads what the program writes and answers, until its end or a hangup.
func (p *pseudoTerminal) read() {
	defer close(p.ended)
	buf := make([]byte, 1<<14)
	for {
		n, err := p.master.Read(buf)
		if err != nil {
			return
		}
		p.mu.Lock()
		from := p.raw.Len()
		p.raw.Write(buf[:n])
		_, _ = p.screen.Write(buf[:n]) // of the terminal that is a variable
		all := p.raw.Bytes()
		p.mu.Unlock()
		for query, reply := range pseudoReplies {
			if bytes.Contains(all[max(0, from-len(query)+1):], []byte(query)) {
				_, _ = p.master.WriteString(reply)
			}
		}
		select {
		case p.news <- struct{}{}:
		default:
		}
		if bytes.Contains(all[max(0, from-len(pseudoEnd)+1):], []byte(pseudoEnd)) { // an echo may follow
			return
		}
	}
}

// shown returns the text of the screen.
func (p *pseudoTerminal) shown() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen.String()
}

// output returns what was written.
func (p *pseudoTerminal) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out, _, _ := strings.Cut(p.raw.String(), pseudoEnd)
	return out
}

// wait waits for the program, and for all that it wrote to be read. It returns its
// exit code, -1 for one that a signal ended.
func (p *pseudoTerminal) wait() int {
	_ = p.cmd.Wait() // the exit code says it
	if _, err := p.tty.WriteString(pseudoEnd); err == nil {
		<-p.ended
	}
	return p.cmd.ProcessState.ExitCode()
}

// checkRestored wants the terminal as it was before the program.
func (p *pseudoTerminal) checkRestored(t *testing.T) {
	t.Helper()
	after, err := term.GetState(int(p.tty.Fd()))
	if err != nil || *after != *p.before {
		t.Errorf("the terminal's mode is not restored: %+v, %v; it was %+v", after, err, p.before)
	}
	out := p.output()
	for on, off := range map[string]string{"\x1b[?1049h": "\x1b[?1049l", "\x1b[?25l": "\x1b[?25h", "\x1b[?1002h": "\x1b[?1002l", "\x1b[?2004h": "\x1b[?2004l"} {
		if strings.LastIndex(out, on) > strings.LastIndex(out, off) {
			t.Errorf("%q is never taken back: the output ends %q", on, out[max(0, len(out)-200):])
		}
	}
}
