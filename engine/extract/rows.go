package extract

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"strata/engine/manifest"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// ahead is how many rows a worker may be ahead of the oldest one that is not
// done: so workers seldom wait, and few rows are in memory.
const ahead = 8

// perWorker is the number of pixels that a worker may decode at any time. It may
// be more, up to MaxPixels, while others wait.
const perWorker = 16_000_000

// made is what a worker made of a picture.
type made struct {
	row  int
	rows [][]float32 // by tap; nil if the picture is broken
	why  error       // why it is broken

	decode, infer time.Duration // processor time
}

// rows extracts the rows that are not done and writes them in their order.
//
// Each worker decodes a picture and runs the model on it, alone in its thread:
// so decoding overlaps inference without tuning, every processor is busy to the
// end, and a row's bytes do not depend on the number of workers. The model's
// weights are shared.
func (x *extraction) rows(ctx context.Context, p *parts, sum *Summary) error {
	workers := x.Threads
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	start, first := time.Now(), p.done
	sum.Done, sum.Had, sum.Broken = first, first, len(p.broken)
	group, working := errgroup.WithContext(ctx)
	window := semaphore.NewWeighted(int64(ahead * workers))
	pixels := newPixels(working, max(MaxPixels, int64(workers)*perWorker))
	next, done := make(chan int), make(chan made)
	group.Go(func() error {
		defer close(next)
		for row := first; row < x.items.Len(); row++ {
			if err := window.Acquire(working, 1); err != nil {
				return working.Err()
			}
			select {
			case next <- row:
			case <-working.Done():
				return working.Err()
			}
		}
		return nil
	})
	for range workers {
		group.Go(func() error { return x.work(working, next, done, pixels) })
	}
	group.Go(func() error { return x.collect(working, p, done, window, sum) })
	err := group.Wait()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if serr := p.sync(err == nil); err == nil || ctx.Err() != nil && serr != nil {
		err = serr
	}
	sum.Done, sum.Broken, sum.Wall = p.done, len(p.broken), time.Since(start)
	return err
}

// work makes rows until next is closed.
func (x *extraction) work(ctx context.Context, next <-chan int, done chan<- made, pixels *pixels) error {
	runtime.LockOSThread() // its processor time is measured
	defer runtime.UnlockOSThread()
	input := make([]float32, x.pipeline.inputs())
	for row := range next {
		m, err := x.one(row, input, pixels)
		if err != nil {
			return err
		}
		select {
		case done <- m:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// one makes the row of one picture.
func (x *extraction) one(row int, input []float32, pixels *pixels) (made, error) {
	m := made{row: row}
	start := threadTime()
	err := x.decode(row, input, pixels)
	m.decode = threadTime() - start
	if err == nil {
		m.rows, err = x.pipeline.run(input)
		m.infer = threadTime() - start - m.decode
	}
	if err == nil {
		for i, t := range x.Taps {
			if err = storable(t.Name, x.typeOf(t.Name), m.rows[i]); err != nil {
				break
			}
		}
	}
	var broken *pictureError
	if errors.As(err, &broken) {
		m.rows, m.why, err = nil, broken.error, nil
	}
	return m, err
}

// decode sets input to a picture. Errors are the picture's fault, but ctx's.
func (x *extraction) decode(row int, input []float32, pixels *pixels) error {
	f, err := x.items.OpenPicture(row)
	if err != nil {
		return &pictureError{err}
	}
	defer f.Close()
	var held int64
	err = x.pipeline.prepare.read(input, f, func(w, h int) error {
		if err := allowPixels(w, h); err != nil {
			return err
		}
		err := pixels.take(int64(w) * int64(h))
		if err == nil {
			held = int64(w) * int64(h)
		}
		return err
	})
	pixels.give(held)
	if ended := pixels.ctx.Err(); ended != nil {
		return ended
	}
	if err != nil {
		return &pictureError{err}
	}
	return nil
}

// pixels bounds the pictures that are in memory at a time.
type pixels struct {
	ctx  context.Context
	left *semaphore.Weighted
}

func newPixels(ctx context.Context, n int64) *pixels {
	return &pixels{ctx, semaphore.NewWeighted(n)}
}

func (p *pixels) take(n int64) error { return p.left.Acquire(p.ctx, n) }

func (p *pixels) give(n int64) { p.left.Release(n) }

// collect writes rows in their order, and keeps the sum.
func (x *extraction) collect(ctx context.Context, p *parts, done <-chan made, window *semaphore.Weighted, sum *Summary) error {
	waiting := map[int]made{}
	start := time.Now()
	synced := start
	for p.written < x.items.Len() {
		m, ok := waiting[p.written]
		if !ok {
			select {
			case m = <-done:
				waiting[m.row] = m
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		delete(waiting, m.row)
		if err := x.write(p, m); err != nil {
			return err
		}
		window.Release(1)
		sum.Decode, sum.Inference = sum.Decode+m.decode, sum.Inference+m.infer
		if time.Since(synced) < x.every {
			continue
		}
		if err := p.sync(false); err != nil {
			return err
		}
		synced = time.Now()
		sum.Done, sum.Broken, sum.Wall = p.done, len(p.broken), synced.Sub(start)
		if x.Progress != nil {
			x.Progress(sum.Progress)
		}
	}
	return nil
}

// write writes a row, and reports a broken picture.
func (x *extraction) write(p *parts, m made) error {
	if m.why == nil {
		return p.add(m.rows)
	}
	b := manifest.BrokenPicture{Row: m.row, ID: x.items.ID(m.row), Why: m.why.Error()}
	if x.Broken != nil {
		x.Broken(x.items.Picture(m.row), b)
	}
	return p.addBroken(b)
}

// KeptError says that an extraction ended early and what it has done is kept.
type KeptError struct {
	Done, Rows int
	Err        error
}

// Error gives the cause, and how many rows are kept.
func (e *KeptError) Error() string {
	return fmt.Sprintf("%v; %d of %d rows are done and kept: the same command goes on with them", e.Err, e.Done, e.Rows)
}

// Unwrap returns the cause.
func (e *KeptError) Unwrap() error { return e.Err }
