//go:build !unix

package picture

import (
	"errors"
	"os"
	"time"

	"golang.org/x/term"
)

// readUntil cannot wait for input with a deadline here, so that no terminal is asked.
func readUntil(*os.File, []byte, time.Time) (int, error) {
	return 0, errors.ErrUnsupported
}

// windowSize returns the window's size in cells; its pixels are not known here.
func windowSize(out *os.File) (cols, rows, pixelW, pixelH int) {
	cols, rows, _ = term.GetSize(int(out.Fd()))
	return cols, rows, 0, 0
}

func discardInput(*os.File) {}
