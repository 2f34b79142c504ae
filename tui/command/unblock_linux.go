package command

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// unblock makes a terminal that takes nothing more let go of who writes to it:
// what waits there is thrown away. Only a start of what was stopped wakes a writer.
func unblock(f *os.File) {
	signal.Ignore(unix.SIGTTOU) // what would stop a program in the background
	fd := int(f.Fd())           // where it is no terminal, nothing happens
	_ = unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCOFLUSH)
	_ = unix.IoctlSetInt(fd, unix.TCXONC, unix.TCOOFF)
	_ = unix.IoctlSetInt(fd, unix.TCXONC, unix.TCOON)
}
