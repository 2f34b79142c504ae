//go:build unix

package command

import (
	"os"
	"syscall"
)

// writeSignals end a program that writes where it cannot, unless they are caught.
var writeSignals = []os.Signal{syscall.SIGPIPE, syscall.SIGXFSZ}
