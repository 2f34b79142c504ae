package picture

import (
	"context"
	"sync"
	"time"
)

// Wanted is a picture that a screen shows.
type Wanted struct {
	Row     int
	Box     Box
	Quality Quality
}

// Empty reports whether the picture has no cells.
func (w Wanted) Empty() bool { return w.Box.Cols == 0 || w.Box.Rows == 0 }

// Make makes pictures on as many goroutines as Options.Workers, and begins no further one after the limit, so that the
// ready ones can be shown. At least one is made.
func (t *Thumbs) Make(ctx context.Context, pictures []Wanted, limit time.Duration) {
	begin, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	work := make(chan Wanted)
	var group sync.WaitGroup
	for range min(len(pictures), cap(t.encoders)) {
		group.Go(func() {
			for p := range work {
				if _, err := t.Picture(ctx, p.Row, p.Box, p.Quality); err != nil {
					return
				}
			}
		})
	}
	defer group.Wait()
	defer close(work)
	for i, p := range pictures {
		late := begin.Done()
		if i == 0 {
			late = ctx.Done()
		}
		select {
		case work <- p:
		case <-late:
			return
		}
	}
}
