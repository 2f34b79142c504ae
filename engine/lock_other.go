//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package engine

import "os"

// tryLock locks nothing here. Two processes that build the same codes write the
// same bytes.
func tryLock(*os.File) (bool, error) { return true, nil }
