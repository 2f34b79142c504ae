package experiments

import (
	"testing"

	"strata/experiments/script"
)

// TestExecutors: a session executes steps of every kind, and of no other.
func TestExecutors(t *testing.T) {
	for _, k := range script.Kinds {
		if executors[k.Keyword].do == nil {
			t.Errorf("no session executes %s", k.Keyword)
		}
	}
	if len(executors) != len(script.Kinds) {
		t.Errorf("%d executors for %d kinds of steps", len(executors), len(script.Kinds))
	}
}
