package command

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// exitSignal is added to the number of the signal that ended the program.
const exitSignal = 128

// signalError is the cause of a context that a signal ended.
type signalError struct{ signal syscall.Signal }

// Error returns what happened, as the user is told.
func (e signalError) Error() string {
	switch e.signal {
	case syscall.SIGTERM:
		return "terminated"
	case syscall.SIGHUP:
		return "hung up: the terminal has gone"
	}
	return "interrupted"
}

// Is makes it a kind of cancellation.
func (e signalError) Is(err error) bool { return err == context.Canceled }

// withSignals returns a context that ends with the first interrupt, SIGTERM or
// SIGHUP, which is its cause. An interrupt or SIGTERM that follows any of them ends the
// program at once; a SIGHUP does not: a terminal that goes away sends several.
// Signals that are ignored from the start, as under nohup, stay ignored. A closed pipe
// (EPIPE) and a file at its size limit (EFBIG) become errors of the write.
func withSignals(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	came := make(chan os.Signal, 3)
	var ends []os.Signal // the second of them, whichever was the first, ends the program
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if signal.Ignored(s) {
			continue
		}
		signal.Notify(came, s)
		if s != syscall.SIGHUP {
			ends = append(ends, s)
		}
	}
	signal.Notify(make(chan os.Signal, 1), writeSignals...)
	go func() {
		for s := range came {
			if len(ends) > 0 { // Reset of none is of all
				signal.Reset(ends...)
			}
			cancel(signalError{s.(syscall.Signal)}) // the first is the cause
		}
	}()
	context.AfterFunc(ctx, func() { time.AfterFunc(stallPause, unblockAll) })
	return ctx
}

// stallPause is how long a program that is to end may wait for its terminal.
const stallPause = 3 * time.Second

// unblockAll keeps the program from waiting for ever for a terminal that takes
// nothing more, as behind a connection that is down: until the program exits it
// throws away what the terminal does not take, some kilobytes each time.
func unblockAll() {
	for range time.Tick(10 * time.Millisecond) {
		unblock(os.Stdout)
		unblock(os.Stderr)
	}
}

// interruption returns the signal that ended a context.
func interruption(ctx context.Context) signalError {
	var e signalError
	if !errors.As(context.Cause(ctx), &e) {
		e.signal = syscall.SIGINT
	}
	return e
}
