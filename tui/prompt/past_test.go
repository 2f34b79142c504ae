package prompt

import (
	"fmt"
	"testing"
)

// TestRecalled walks through what was typed before, and back to what is being typed.
func TestRecalled(t *testing.T) {
	p := New(Command, "half")
	p.Past = Past{}.With("one").With("two").With("one").With("three")
	for _, tc := range []struct {
		by   int
		want string
	}{{-1, "half"}, {1, "three"}, {1, "one"}, {1, "two"}, {1, "two"}, {-1, "one"}, {-2, "half"}, {3, "two"}} {
		if p = p.Recalled(tc.by); p.Input.Value() != tc.want {
			t.Errorf("by %d: got %q, want %q", tc.by, p.Input.Value(), tc.want)
		}
	}
	var many Past
	for i := range 3 * maxPast {
		many = many.With(fmt.Sprint(i))
	}
	if len(many) != maxPast || many[0] != fmt.Sprint(2*maxPast) {
		t.Errorf("%d lines are kept from %s on", len(many), many[0])
	}
}
