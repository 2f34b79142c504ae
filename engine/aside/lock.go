package aside

import (
	"fmt"
	"os"
	"time"
)

// patience is how long a program waits for another one that publishes into the same folder.
// Publishing takes milliseconds.
const patience = 10 * time.Second

// lockFolder locks a folder against other programs that publish into it. It does nothing where
// folders cannot be locked.
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
