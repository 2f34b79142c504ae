package layer

import (
	"context"
	"sync"
)

// facts holds what was computed from all rows of a layer, by name.
type facts struct {
	known sync.Map
	turn  chan struct{} // holds one element while a fact is computed
	once  sync.Once
}

// Fact returns what was computed from the layer under the name, or nil.
func (l *Layer) Fact(name string) any {
	fact, _ := l.facts.known.Load(name)
	return fact
}

// Find returns the fact of the name. It calls compute where there is none yet, and keeps the result.
// One fact of a layer is computed at a time; other callers wait for it.
func (l *Layer) Find(ctx context.Context, name string, compute func() (any, error)) (any, error) {
	if fact := l.Fact(name); fact != nil {
		return fact, nil
	}
	f := &l.facts
	f.once.Do(func() { f.turn = make(chan struct{}, 1) })
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-f.turn }()
	if fact := l.Fact(name); fact != nil {
		return fact, nil
	}
	fact, err := compute()
	if err != nil {
		return nil, err
	}
	f.known.Store(name, fact)
	return fact, nil
}
