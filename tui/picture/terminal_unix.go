//go:build unix

package picture

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// readUntil reads what is there, waiting until the deadline for the first byte; 0 bytes without an error is the
// deadline. No goroutine is left reading behind it.
func readUntil(in *os.File, buf []byte, deadline time.Time) (int, error) {
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return 0, nil
		}
		fds := []unix.PollFd{{Fd: int32(in.Fd()), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int((left+time.Millisecond-1)/time.Millisecond))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil || n == 0:
			return 0, err
		}
		n, err = unix.Read(int(in.Fd()), buf)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		return max(n, 0), err
	}
}

// windowSize returns the window's size in cells and in pixels, 0 where the kernel does not know it.
func windowSize(out *os.File) (cols, rows, pixelW, pixelH int) {
	w, err := unix.IoctlGetWinsize(int(out.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0, 0, 0
	}
	return int(w.Col), int(w.Row), int(w.Xpixel), int(w.Ypixel)
}

// discardInput throws away what has come in and was not read.
func discardInput(in *os.File) {
	fd := int(in.Fd())
	buf := make([]byte, 1024)
	for {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(fds, 0); n <= 0 || err != nil || fds[0].Revents&unix.POLLIN == 0 {
			return
		}
		if n, err := unix.Read(fd, buf); n <= 0 || err != nil {
			return
		}
	}
}
