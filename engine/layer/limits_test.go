package layer

import (
	"context"
	"errors"
	"testing"
)

// TestLimits: a small gallery is not what is read, since a cache may hold it.
func TestLimits(t *testing.T) {
	small := NewSegment(&Source{Data: make([]byte, 50*12)}, 0, 50, 0, 12, 12, Float32)
	layers := []*Layer{NewLayer("A", "A.npy", Float32, 3, []Segment{small})}
	l, err := MeasureLimits(t.Context(), layers)
	if err != nil {
		t.Fatal(err)
	}
	if l.Read != limitRead || l.Bandwidth < 1e6 || l.Peak < 1e6 || l.Processors < 1 {
		t.Errorf("limits %+v", l)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := MeasureLimits(ctx, layers); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
