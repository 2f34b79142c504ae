//go:build !linux

package bench

// anonymous returns 0: this system does not report it.
func anonymous() int64 { return 0 }
