// Package hush keeps Bubble Tea from asking the terminal for its background in an
// init function, before main: every command would do so, wait five seconds for a
// terminal that does not answer, and leave it without an echo if a signal came
// meanwhile. The program asks by itself, when it is ready.
//
// It works because Go initialises, of the packages whose imports are initialised,
// the one with the least path first: this one before package time, on which Bubble
// Tea depends. So it must import nothing but syscall; TestQuietStart
// sees to it.
package hush

import "syscall"

// variable, when it is set, makes termenv take nothing for a terminal.
const variable = "CI"

var hushed = hush()

// hush sets the variable, unless it has a value.
func hush() bool {
	if value, _ := syscall.Getenv(variable); value != "" {
		return false
	}
	return syscall.Setenv(variable, "strata") == nil
}

// End gives the environment back, for main to call first.
func End() {
	if hushed {
		_ = syscall.Unsetenv(variable)
		hushed = false
	}
}
