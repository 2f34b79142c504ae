package history

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestHistory compares random changes, undos and redos with two stacks.
func TestHistory(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	var h History[int]
	var past, ahead []int
	now, begun := 0, false
	for range 5000 {
		switch by := rng.IntN(7) - 3; rng.IntN(2) {
		case 0:
			if begun {
				past = append(past, now)
				past = past[max(0, len(past)-Limit):]
			}
			now, begun, ahead = rng.IntN(1000), true, nil
			h = h.With(now)
		default:
			next, ok := h.Moved(by)
			if want := by >= -len(past) && by <= len(ahead); ok != want {
				t.Fatalf("moved by %d of %d past and %d ahead: %v", by, len(past), len(ahead), ok)
			}
			for ; ok && by < 0; by++ {
				ahead, now, past = append(ahead, now), past[len(past)-1], past[:len(past)-1]
			}
			for ; ok && by > 0; by-- {
				past, now, ahead = append(past, now), ahead[len(ahead)-1], ahead[:len(ahead)-1]
			}
			h = next
		}
		if h.Now() != now || h.Past() != len(past) || h.Ahead() != len(ahead) {
			t.Fatalf("got %d with %d and %d, want %d with %d and %d", h.Now(), h.Past(), h.Ahead(), now, len(past), len(ahead))
		}
		if begun && !slices.Equal(h.All(), append(slices.Clone(past), now)) {
			t.Fatalf("got %v", h.All())
		}
	}
	if len(h.all) > Limit+1 {
		t.Errorf("%d values are kept", len(h.all))
	}
}

// TestValuesStay: what a history was made from is not changed by it.
func TestValuesStay(t *testing.T) {
	h := History[string]{}.With("a").With("b").With("c")
	back, _ := h.Moved(-2)
	other := back.With("x")
	if got := h.All(); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("the first history is %v", got)
	}
	if got := other.All(); !slices.Equal(got, []string{"a", "x"}) || other.Ahead() != 0 {
		t.Errorf("the other history is %v with %d ahead", got, other.Ahead())
	}
}

// TestFind looks for the nearest value, first on the side that is asked for.
func TestFind(t *testing.T) {
	h := History[string]{}.With("a").With("b").With("a").With("c").With("a")
	h, _ = h.Moved(-2) // the a in the middle
	for _, tc := range []struct {
		by    int
		value string
		want  int
	}{{-1, "a", 0}, {1, "a", 0}, {-1, "b", -1}, {1, "b", -1}, {1, "c", 1}, {-1, "c", 1}} {
		if got, ok := h.Find(tc.by, func(s string) bool { return s == tc.value }); !ok || got != tc.want {
			t.Errorf("%s at %d: got %d, %v", tc.value, tc.by, got, ok)
		}
	}
	h, _ = h.Moved(1)
	for by, want := range map[int]int{-1: -1, 1: 1} {
		if got, _ := h.Find(by, func(s string) bool { return s == "a" }); got != want {
			t.Errorf("the nearest a in direction %d is at %d", by, got)
		}
	}
	if _, ok := h.Find(1, func(s string) bool { return s == "z" }); ok {
		t.Error("a value is found that is not there")
	}
	if _, ok := (History[int]{}).Find(-1, func(int) bool { return true }); ok {
		t.Error("an empty history has a value")
	}
}

// TestWithout leaves one value out, and what is the same as its neighbour.
func TestWithout(t *testing.T) {
	h := History[string]{}.With("a").With("a").With("b").With("a").With("B")
	h, _ = h.Moved(-2) // b
	same := strings.EqualFold
	for _, tc := range []struct {
		got         History[string]
		past, ahead string
	}{
		{h, "a a b", "a B"},
		{h.Without(0), "a a b", "a B"},
		{h.Without(3), "a a b", "a B"},
		{h.Without(-3), "a a b", "a B"},
		{h.Without(-1), "a b", "a B"},
		{h.Without(1), "a a b", "B"},
		{h.Distinct(same), "a b", "a B"},
		{h.Without(1).Distinct(same), "a b", ""},
		{History[string]{}.Distinct(same), "", ""},
	} {
		end, _ := tc.got.Moved(tc.got.Ahead())
		all := strings.Join(end.All(), " ")
		if past := strings.Join(tc.got.All(), " "); past != tc.past || strings.TrimSpace(strings.TrimPrefix(all, past)) != tc.ahead {
			t.Errorf("got %q of %q, want %q and %q", past, all, tc.past, tc.ahead)
		}
	}
	if got := strings.Join(h.All(), " "); got != "a a b" {
		t.Errorf("the first history is %q", got)
	}
}
