package rank

import "testing"

// TestExpandedAtOnce: deep rankings are kept of few queries at a time.
func TestExpandedAtOnce(t *testing.T) {
	for _, c := range []struct{ hits, schemes, want int }{{11, 5, 1024}, {0, 1, 1024}, {100_000, 1, 167}, {1_000_000, 4, 4}, {1 << 30, 9, 1}} {
		if got := expandedAtOnce(c.hits, c.schemes); got != c.want {
			t.Errorf("%d hits under %d schemes are kept of %d queries, want %d", c.hits, c.schemes, got, c.want)
		}
	}
}
