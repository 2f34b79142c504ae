//go:build !linux

package command

import "os"

// unblock does nothing here: a second signal ends a program that waits for its
// terminal.
func unblock(*os.File) {}
