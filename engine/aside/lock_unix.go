//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package aside

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// locks says whether files can be locked here.
const locks = true

// TryLock locks a file or folder until it is closed or the process ends. Other holders are
// excluded, in the same process, too. It reports whether it got the lock. An error means that locks
// are not possible.
func TryLock(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, unix.EINTR) {
		return false, nil
	}
	return err == nil, err
}
