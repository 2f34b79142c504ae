package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"strata/engine/extract"
	"strata/engine/inert"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/script"
)

// The exit codes.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = exitSignal + int(syscall.SIGINT)
)

// printError writes an error on one line, and unmet requirements on a line each, unless the
// reader closed the pipe (EPIPE).
func printError(ctx context.Context, w io.Writer, err error) {
	texts := []string{err.Error()}
	switch {
	case errors.Is(err, context.Canceled):
		texts = []string{interruption(ctx).Error()}
	case errors.Is(err, syscall.EPIPE):
		return
	case errors.As(err, new(*eval.Unmet)):
		texts = strings.Split(err.Error(), "\n")
	}
	for _, text := range texts {
		_, _ = fmt.Fprintln(w, "strata: "+inert.Line(text)) // there is nowhere left to complain
	}
}

// usageError is a mistake in the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitCode returns the exit code of what a command returned. What names or
// spells something wrongly is a matter of usage.
func exitCode(ctx context.Context, err error) int {
	var (
		usage  usageError
		s      *scheme.SyntaxError
		name   *scheme.NameError
		script *script.Error
		agree  *extract.AgreementError
		unlike *eval.Unlike
	)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		return exitSignal + int(interruption(ctx).signal)
	case errors.Is(err, syscall.EPIPE):
		return exitSignal + int(syscall.SIGPIPE)
	case errors.As(err, &usage) || errors.As(err, &s) || errors.As(err, &name) || errors.As(err, &script) || errors.As(err, &agree) || errors.As(err, &unlike):
		return exitUsage
	}
	return exitFailed
}
