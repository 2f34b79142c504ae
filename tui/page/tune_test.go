package page

import (
	"testing"

	"github.com/charmbracelet/x/ansi"

	"strata/experiments/metric"
	"strata/experiments/tune"
)

// TestTunedColumns gives a column of a target the width of its label on the screen.
func TestTunedColumns(t *testing.T) {
	tuned := &tune.Tuned{Targets: []metric.Target{{Label: "category"}, {Label: "カテゴリー"}, {Label: "é"}}, FrontOf: []int{0, 1, 2}}
	columns := tunedColumns(tuned, nil)
	for _, c := range columns[len(columns)-2:] {
		if want := max(ansi.StringWidth(c.head), 5); c.width != want {
			t.Errorf("the column of %s is %d cells wide, want %d", c.head, c.width, want)
		}
	}
}
