package tui

import (
	"strata/engine/rank"
	"strata/experiments"
	"strata/experiments/live"
	"strata/tui/page"
	"strata/tui/pane"
	"strata/tui/prompt"
)

// Messages are named for what has happened. Those that answer a command carry its number; an answer whose number is
// not the latest is dropped.
type (
	// answered ends a search. saved tells a search that was logged from a preview.
	answered struct {
		seq      int
		number   int       // of the step
		desk     pane.Desk // what was asked
		state    experiments.State
		results  []experiments.Result
		saved    bool
		usage    rank.Usage
		means    *live.Rows // of the desk's schemes over the queries that are known; nil: of none
		meansErr error      // why there are none; the search has succeeded
		codes    string     // how far codes are built, or what they left to score
		faults   []string   // rows without a score that the search came upon
		err      error
	}
	// unsharp comes when more queries may be known for the means on the screen.
	unsharp struct{ seq int }
	// sharpened has the means of the desk's schemes over the queries that are known by now.
	sharpened struct {
		seq   int
		means *live.Rows
		err   error
	}
	// executed ends a step that is no search.
	executed struct {
		number  int
		results []experiments.Result
		usage   rank.Usage
		err     error
	}
	// measured has the size of a cell in pixels.
	measured struct{ w, h int }
	// waited comes when a search has taken so long that the old answer must go, and from then on now and then.
	waited struct{ seq int }
	// settled comes when a slider has rested.
	settled struct{ seq int }
	// prepared ends the making of the shared palette.
	prepared struct{ err error }
	// pictured comes when some of the pictures that were missing are ready.
	pictured struct{ seq int }
	// fetched ends the work ahead for the neighbours of the query.
	fetched struct{ seq int }
	// restricted has the queries that a text leaves.
	restricted struct {
		seq     int
		walk    pane.Walk
		offered prompt.Completed // to which the text may be continued
	}
	// evaluated ends an evaluation, a comparison or the mining of a pair.
	evaluated struct {
		seq    int
		number int // of the step
		result experiments.Result
		err    error
	}
	// listed has the rows of a page of the findings.
	listed struct {
		seq  int
		list page.RowList
	}
	// progressed asks for the progress of an evaluation to be shown.
	progressed struct{ seq int }
	// copied ends the copying of a text.
	copied struct {
		what string
		err  error
	}
)
