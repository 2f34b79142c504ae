package experiments

import (
	"context"
	"fmt"
	"slices"

	"strata/engine/scheme"
	"strata/experiments/history"
	"strata/experiments/script"
	"strata/experiments/table"
)

// moment is the part of a state that undo takes back. What it points to is never changed.
type moment struct {
	query   string
	row     int
	picture *Picture
	schemes []scheme.Scheme
	filter  []scheme.Condition
}

// now returns the state's moment.
func (s *state) now() moment {
	return moment{query: s.query, row: s.row, picture: s.picture, schemes: s.schemes, filter: s.filter}
}

// remember keeps the moment, as one that can be gone back to.
func (s *state) remember() { s.moments = s.moments.With(s.now()) }

// revisit keeps that the filter was another one for a step: the log has it so.
func (s *state) revisit(filter []scheme.Condition) {
	then := s.now()
	then.filter = filter
	s.moments = s.moments.With(then)
	s.remember()
}

// steps returns what leads to the moment; what it does not have has no step.
func (m moment) steps() []script.Step {
	var steps []script.Step
	switch {
	case m.picture != nil:
		steps = append(steps, script.Image{Path: m.picture.Path})
	case m.query != "":
		steps = append(steps, script.Query{ID: m.query})
	}
	if len(m.schemes) > 0 {
		steps = append(steps, script.Schemes{Schemes: m.schemes})
	}
	return append(steps, script.Filter{Conditions: m.filter})
}

// lines says what the moment has that another does not.
func (m moment) lines(other moment) []string {
	var lines []string
	was := other.steps()
	for _, step := range m.steps() {
		if slices.ContainsFunc(was, func(s script.Step) bool { return s.String() == step.String() }) {
			continue
		}
		if _, ok := step.(script.Image); ok {
			lines = append(lines, "picture "+m.picture.Hash)
			continue
		}
		lines = append(lines, step.String())
	}
	return lines
}

// same reports whether two moments ask for the same; a picture is its file.
func (m moment) same(o moment) bool {
	return slices.EqualFunc(m.steps(), o.steps(), func(a, b script.Step) bool { return a.String() == b.String() })
}

func (x *execution) undo(_ context.Context, step script.Undo) (*Result, error) {
	return x.travel(step, -step.Steps)
}

func (x *execution) redo(_ context.Context, step script.Redo) (*Result, error) {
	return x.travel(step, step.Steps)
}

// travel goes so many moments ahead, negative: back. Its lines are what is otherwise there.
func (x *execution) travel(step script.Step, by int) (*Result, error) {
	t := &x.state
	moments, ok := t.moments.Moved(by)
	if !ok {
		return nil, unkept(step, t.moments)
	}
	was, now := t.now(), moments.Now()
	if (script.Filter{Conditions: was.filter}).String() != (script.Filter{Conditions: now.filter}).String() {
		if err := x.setFilter(now.filter); err != nil {
			return nil, err
		}
	}
	t.moments, t.query, t.row, t.picture, t.schemes = moments, now.query, now.row, now.picture, now.schemes
	return &Result{Step: step, Lines: now.lines(was)}, nil
}

// unkept says that a step goes further than the history does.
func unkept(step script.Step, moments history.History[moment]) error {
	kept := moments.Past()
	if _, ok := step.(script.Redo); ok {
		kept = moments.Ahead()
	}
	if kept == 0 {
		return fmt.Errorf("there is nothing to %s", step.Keyword())
	}
	return fmt.Errorf("%s: it can be done %s", step, table.Counted(kept, "time"))
}

// Back executes steps like Do. If a moment before has the query, the schemes and the filter
// that they ask for, an undo step goes there in their place; a redo step, if it was taken back.
// So it is right whatever the session did meanwhile.
func (s *Session) Back(ctx context.Context, steps ...script.Step) ([]Result, error) {
	return s.do(ctx, func(x *execution) ([]script.Step, error) { return x.by(-1, steps) })
}

// Forth is Back for what was taken back: it looks there first.
func (s *Session) Forth(ctx context.Context, steps ...script.Step) ([]Result, error) {
	return s.do(ctx, func(x *execution) ([]script.Step, error) { return x.by(1, steps) })
}

// by returns steps with an undo or a redo step in place of those that lead to a kept moment,
// the nearest in a direction.
func (x *execution) by(way int, steps []script.Step) ([]script.Step, error) {
	to := x.state.now()
	var rest []script.Step
	for _, step := range steps {
		switch s := step.(type) {
		case script.Query:
			to.query, to.picture = s.ID, nil
		case script.Image:
			file, err := x.s.locate(s.Path)
			if err != nil {
				return nil, err
			}
			to.query, to.picture = "", &Picture{Path: file}
		case script.Schemes:
			to.schemes = s.Schemes
		case script.Filter:
			to.filter = s.Conditions
		default:
			rest = append(rest, step)
		}
	}
	n, ok := x.state.moments.Find(way, to.same)
	switch {
	case !ok:
		return steps, nil
	case n < 0:
		return append([]script.Step{script.Undo{Steps: -n}}, rest...), nil
	case n > 0:
		return append([]script.Step{script.Redo{Steps: n}}, rest...), nil
	}
	return rest, nil
}

// Moments returns what the session's states asked for that undo goes back to, the oldest first
// and the present one last. Those without a query or without schemes are left out.
func (s *Session) Moments() []State {
	t := s.snapshot()
	return t.asked()
}

// asked returns the moments up to the present one that a search can be made of.
func (s *state) asked() []State {
	var all []State
	for _, m := range s.moments.All() {
		if (m.query != "" || m.picture != nil) && len(m.schemes) > 0 {
			all = append(all, State{Query: m.query, Picture: m.picture, Schemes: m.schemes, Filter: m.filter})
		}
	}
	return all
}
