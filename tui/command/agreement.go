package command

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/adrg/xdg"
	"github.com/charmbracelet/x/term"

	"strata/engine/extract"
	"strata/engine/fence"
	"strata/engine/inert"
)

// agreedModels returns the folder of the models that the user has agreed to, in that of
// the user's state: a file each, named by the model's SHA-256, which holds the path that the
// model had.
func agreedModels() fence.Folder {
	return fence.In(filepath.Join(xdg.StateHome, "strata"), "models")
}

// isHash reports whether a text is a SHA-256 in hexadecimal digits. A gallery says what it
// likes.
func isHash(text string) bool {
	return len(text) == 64 && strings.Trim(text, "0123456789abcdef") == ""
}

// remember keeps the agreement to a model.
func remember(sha256, path string) error {
	if !isHash(sha256) || remembered(sha256) {
		return nil
	}
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	dir := agreedModels()
	if err := dir.Make(); err != nil {
		return err
	}
	return dir.WriteBytes(sha256, []byte(path+"\n"))
}

// remembered reports whether the user has agreed to a model.
func remembered(sha256 string) bool {
	if !isHash(sha256) {
		return false
	}
	info, err := agreedModels().Stat(sha256)
	return err == nil && info.Mode().IsRegular()
}

// agreement is the user's to models that galleries name.
type agreement struct {
	asks    bool   // the user can be asked
	asking  func() // is called before; nil: nothing is
	in      io.Reader
	out     io.Writer
	line    []string // the command line
	mu      sync.Mutex
	refused map[string]bool // by SHA-256: nobody is asked twice
}

// newAgreement returns one that asks on the terminal, if there is one.
func newAgreement() *agreement {
	return &agreement{
		asks: term.IsTerminal(os.Stdin.Fd()) && term.IsTerminal(os.Stderr.Fd()),
		in:   os.Stdin, out: os.Stderr, line: os.Args, refused: map[string]bool{},
	}
}

// to is an extract.Agree: it returns nil if the user agrees to a model, or did so before.
func (a *agreement) to(ctx context.Context, m extract.NamedModel) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if remembered(m.SHA256) {
		return nil
	}
	if a.asks && !a.refused[m.SHA256] {
		yes, err := a.ask(ctx, m)
		if err != nil {
			return err
		}
		if yes {
			if err := remember(m.SHA256, m.Path); err != nil {
				_, _ = fmt.Fprintln(a.out, "strata: warning: you will be asked again: "+inert.Line(err.Error()))
			}
			return nil
		}
		a.refused[m.SHA256] = true
	}
	return fmt.Errorf("%w; to agree, run: %s", &extract.AgreementError{NamedModel: m}, a.agreeing(m.Path))
}

// ask asks the user. No answer is no.
func (a *agreement) ask(ctx context.Context, m extract.NamedModel) (bool, error) {
	if a.asking != nil {
		a.asking()
	}
	_, err := fmt.Fprintf(a.out, "The gallery %s names a model, which would be run with your rights:\n  %s\n  %d bytes, SHA-256 %s\nRun this model, now and later? [y/N] ",
		inert.Line(m.Gallery), inert.Line(m.Path), m.Bytes, inert.Line(m.SHA256))
	if err != nil {
		return false, err
	}
	answer := make(chan string, 1)
	go func() { // an interrupt ends the waiting, and then the program
		line, _ := bufio.NewReader(a.in).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return true, nil
		}
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// agreeing returns the command line with the model named.
func (a *agreement) agreeing(path string) string {
	args := slices.Clone(a.line)
	at := slices.Index(args, "--")
	if at < 0 {
		at = len(args)
	}
	args = slices.Insert(args, at, "--model", path)
	args[0] = filepath.Base(args[0])
	for i := range args {
		args[i] = inert.Shell(args[i])
	}
	return strings.Join(args, " ")
}
