//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package aside

import (
	"errors"
	"os"
)

// locks says whether files can be locked here.
const locks = false

// TryLock is not supported on this system.
func TryLock(*os.File) (bool, error) { return false, errors.ErrUnsupported }
