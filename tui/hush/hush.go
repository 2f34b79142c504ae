// Package hush prevents Bubble Tea from asking the terminal for its background in an init function,
// before main. Otherwise every command would ask, wait five seconds for a terminal that does not
// answer, and leave it without echo if a signal came meanwhile. The program asks itself, when it is
// ready.
//
// It relies on Go's order of initialization: among packages whose imports are initialized, the one
// with the least path comes first. This package precedes package time, on which Bubble Tea depends.
// So it must import only syscall; TestQuietStart checks that.
package hush

import "syscall"

// variable is the environment variable that makes termenv treat no file as a terminal.
const variable = "CI"

var hushed = hush()

// hush sets the variable, unless it has a value.
func hush() bool {
	if value, _ := syscall.Getenv(variable); value != "" {
		return false
	}
	return syscall.Setenv(variable, "strata") == nil
}

// End restores the environment. main calls it first.
func End() {
	if hushed {
		_ = syscall.Unsetenv(variable)
		hushed = false
	}
}
