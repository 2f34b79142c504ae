//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package aside

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// locks says whether files can be locked here.
const locks = true

// TryLock locks a file or folder against other holders of the lock, in this
// process too, until it is closed or the process ends. It reports whether it got
// the lock; an error says that there can be none.
func TryLock(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, unix.EINTR) {
		return false, nil
	}
	return err == nil, err
}
