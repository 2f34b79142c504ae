package experiments

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"strata/engine"
	"strata/engine/flags"
	"strata/engine/scheme"
	"strata/experiments/script"
	"strata/experiments/table"
)

// flagging is a flag step that was executed.
type flagging struct {
	g      *engine.Gallery
	before *flags.Flags
	change flags.Change
}

// wasLine begins the line of a flag step that says what flag the item had before.
const wasLine = "was "

// flag gives an item a flag. The gallery has it at once, and the file when the steps are committed.
func (x *execution) flag(_ context.Context, step script.Flag) (*Result, error) {
	g := x.state.gallery.g
	before := g.Flags()
	was := before.Of(step.ID)
	if _, err := g.Row(step.ID); err != nil && (step.Word != "" || was == "") {
		return nil, err
	}
	if err := g.Flagging().Err(); err != nil && !x.dry {
		return nil, err
	}
	g.Flagging().Set(before.With(step.ID, step.Word))
	x.flagged = append(x.flagged, flagging{g, before, flags.Change{ID: step.ID, Word: step.Word}})
	if g.Flagging().On(x.state.filter) {
		if err := x.setFilter(x.state.filter); err != nil {
			return nil, fmt.Errorf("the filter would leave no item: %w", err)
		}
	}
	if was == "" {
		return &Result{Step: step, Lines: []string{wasLine + flags.None}}, nil
	}
	return &Result{Step: step, Lines: []string{wasLine + table.Quote(was)}}, nil
}

// unflag takes back the flags that were not written.
func (x *execution) unflag() {
	for i := len(x.flagged) - 1; i >= 0; i-- {
		x.flagged[i].g.Flagging().Set(x.flagged[i].before)
	}
	x.flagged = nil
}

// writeFlags writes what flag steps have changed, unless nothing is to be written.
func (x *execution) writeFlags() error {
	changes := map[*engine.Gallery][]flags.Change{}
	for _, f := range x.flagged {
		changes[f.g] = append(changes[f.g], f.change)
	}
	if !x.dry {
		for g, all := range changes {
			if err := g.Flagging().Write(all); err != nil {
				return err
			}
		}
	}
	x.flagged = nil
	return nil
}

// errFlagsChanged is why a step in the background that depends on flags is not committed.
var errFlagsChanged = errors.New("items were flagged while the step ran, which depends on flags: run it again")

// onFlags reports whether what a step gives depends on flags.
func (x *execution) onFlags(step script.Step) bool {
	g := x.state.gallery
	if g == nil {
		return false
	}
	if g.g.Flagging().On(x.state.filter) {
		return true
	}
	var set string
	var where []scheme.Condition
	switch s := step.(type) {
	case script.Evaluate:
		set, where = s.Set, s.Where
	case script.Compare:
		set, where = s.Set, s.Where
	case script.Mine:
		set, where = s.Set, s.Where
	case script.Tune:
		set, where = s.Set, s.Where
	}
	return g.g.Queries().OnFlags(set) || g.g.Flagging().On(where)
}

// rewound returns a gallery's flags with those that items had before the first flag step on them in a
// log: a check begins with them, whatever the items were flagged as since.
func rewound(now *flags.Flags, lines []script.Line) *flags.Flags {
	seen := map[string]bool{}
	for _, line := range lines {
		step, ok := line.Step.(script.Flag)
		if !ok || seen[step.ID] {
			continue
		}
		seen[step.ID] = true
		if len(line.Expected) == 0 {
			continue
		}
		if was, ok := strings.CutPrefix(line.Expected[0].Text, wasLine); ok {
			now = now.With(step.ID, wasWord(was))
		}
	}
	return now
}

// wasWord returns the word of a wasLine, "" for none.
func wasWord(text string) string {
	step, err := script.ParseStep("flag x " + text)
	if f, ok := step.(script.Flag); ok && err == nil {
		return f.Word
	}
	return ""
}

// flags returns the flags of the gallery that is open.
func (s *state) flags() *flags.Flags {
	if s.gallery == nil {
		return nil
	}
	return s.gallery.g.Flags()
}
