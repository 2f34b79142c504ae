package engine

import (
	"context"
	"errors"
	"testing"
)

// TestLimits: a small gallery is not what is read, since a cache may hold it.
func TestLimits(t *testing.T) {
	g, _, _ := testGallery(t, 3, 50)
	l, err := g.Limits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if l.Read != limitRead || l.Bandwidth < 1e6 || l.Peak < 1e6 || l.Processors < 1 {
		t.Errorf("limits %+v", l)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Limits(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
