package sweep

import (
	"strings"
	"testing"

	"strata/engine"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/fixtures"
)

// Queries that are not there are an error before anything is read of the model.
func TestQueriesFirst(t *testing.T) {
	g, err := engine.OpenFS(t.Context(), "demo", fixtures.Demo())
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	g.Flagging().Set(nil)
	for want, plan := range map[string]eval.Plan{
		`no set of queries "caps"`:     {Set: "caps"},
		"flag=wrong: no item is flagg": {Where: []scheme.Condition{{Label: engine.FlagColumn, Value: "wrong"}}},
	} {
		if _, err := (Sweep{Gallery: g, Plan: plan}).Do(t.Context(), nil, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
