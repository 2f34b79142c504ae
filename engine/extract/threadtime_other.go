//go:build !linux

package extract

import "time"

// began is when the program began to count.
var began = time.Now()

// threadTime returns the time since the program began: where the processor time
// of a thread is not to be had, waiting counts too.
func threadTime() time.Duration { return time.Since(began) }
