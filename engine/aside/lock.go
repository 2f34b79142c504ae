package aside

import (
	"fmt"
	"os"
	"time"
)

// patience is how long a program waits for another that gives files their names
// in the same folder, which takes milliseconds.
const patience = 10 * time.Second

// lockFolder locks a folder against other programs that publish into it. Where
// folders cannot be locked it does nothing.
func lockFolder(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return func() {}, nil //nolint:nilerr // a folder that cannot be read cannot be locked
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for {
		locked, err := TryLock(f)
		if locked || err != nil {
			return func() { _ = f.Close() }, nil //nolint:nilerr // there are disks without locks
		}
		select {
		case <-tick.C:
		case <-limit:
			_ = f.Close()
			return nil, fmt.Errorf("%s: another program has held this folder for %v", dir, patience)
		}
	}
}
