//go:build unix

package testgallery

import (
	"os"
	"syscall"
)

// Unreadable makes, by name, what is no regular file of a size that can be one.
func Unreadable() map[string]func(path string) error {
	return map[string]func(path string) error{
		"a named pipe":       func(path string) error { return syscall.Mkfifo(path, 0o666) },
		"a folder":           func(path string) error { return os.Mkdir(path, 0o777) },
		"a link to a device": func(path string) error { return os.Symlink("/dev/zero", path) },
		"a large file": func(path string) error {
			f, err := os.Create(path)
			if err == nil {
				err = f.Truncate(1 << 40)
			}
			return err
		},
	}
}
