package tui

import (
	"path/filepath"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine/inert"
	"strata/engine/scheme"
	"strata/experiments/metric"
	"strata/experiments/script"
	"strata/tui/pane"
	"strata/tui/prompt"
)

// decision.go writes what was decided: W takes the focused row.

// decisionFiles are what W writes: the page and its script.
var decisionFiles = []string{"decision.html", "decision.strata"}

// deciding is how far the writing of a decision is.
type deciding struct {
	asking bool          // whether the files are there is being looked at
	over   bool          // the user was told that the files are there, and the next W replaces them
	steps  []script.Step // to execute when the rows are evaluated; nil: none wait
}

// decisionFound says which of the files that W writes is there; "": none.
type decisionFound struct{ name string }

// canDecide reports whether W has a row to take, and labels to take it for.
func canDecide(m *Model) bool {
	return !m.Visiting.On && !m.evaluation.Running() && len(m.gallery.Labels()) > 0
}

// decideRow looks whether the files are there, before it writes over them.
func decideRow(m Model) (Model, tea.Cmd) {
	switch {
	case m.deciding.asking:
		return m, nil
	case m.deciding.over:
		return m.evaluateDecision()
	}
	m.deciding.asking = true
	session := m.session
	return m, m.crew.run(func() tea.Msg {
		for _, file := range decisionFiles {
			if session.Overwrites(file) {
				return decisionFound{file}
			}
		}
		return decisionFound{}
	})
}

// foundDecision goes on, or asks first.
func foundDecision(m Model, found decisionFound) (Model, tea.Cmd) {
	m.deciding.asking = false
	if found.name != "" {
		m.deciding.over = true
		m.status.Question = found.name + " is there: W once more writes over it"
		return m, nil
	}
	return m.evaluateDecision()
}

// evaluateDecision evaluates the rows first if the last evaluation is not of them.
func (m Model) evaluateDecision() (Model, tea.Cmd) {
	m.deciding = deciding{}
	if m.evaluation.Running() {
		m.status = m.status.Tell("%s runs: press W when it has ended", m.evaluation.Task.Noun())
		return m, nil
	}
	if !m.isEvaluated() {
		m, cmd := startEvaluation(m)
		m.deciding.steps = decisionSteps(&m.Board)
		return m, cmd
	}
	return m.execute(decisionSteps(&m.Board)...)
}

// isEvaluated reports whether the last evaluation is of all rows and marked labels, among the candidates of the screen. One
// that depends on flags is taken again: they may be others by now.
func (p *panes) isEvaluated() bool {
	all := p.table.Results
	if len(all) == 0 {
		return false
	}
	e := all[len(all)-1]
	var of pane.Restriction
	if p.Walk.Of.Scope() {
		of = p.Walk.Of
	}
	if g := p.gallery; g.Flagging().On(e.Filter) || g.Flagging().On(e.Where) || g.Queries().OnFlags(e.Set) {
		return false
	}
	return pane.Conditions(e.Filter) == p.Filter && e.Set == of.Set && pane.Conditions(e.Where) == pane.Conditions(of.Where) &&
		!slices.ContainsFunc(p.Desk.Schemes, func(s scheme.Scheme) bool { return !slices.ContainsFunc(e.Schemes, s.Equal) }) &&
		!slices.ContainsFunc(p.Rows.Marked, func(l string) bool { return !slices.Contains(e.Labels, l) })
}

// decisionSteps take the focused row, against the pinned one if that is another, and write the files.
func decisionSteps(b *pane.Board) []script.Step {
	chosen := b.Focused()
	step := script.Decide{Scheme: &chosen, Labels: b.Rows.Marked}
	if first := b.Desk.Schemes[0]; b.Rows.Pinned && !pane.SameScheme(first, chosen) {
		step.Against = &first
	}
	steps := []script.Step{step}
	for _, path := range decisionFiles {
		steps = append(steps, script.Export{File: path})
	}
	return steps
}

// wroteText says which files were written; of those in one folder, the folder once.
func wroteText(files []string) string {
	var names []string
	for i, file := range files {
		if i > 0 && filepath.Dir(file) == filepath.Dir(files[0]) {
			file = filepath.Base(file)
		}
		names = append(names, inert.Text(file))
	}
	return strings.Join(names, " and ")
}

// canTune reports whether there are layers whose weights can be searched, and a label to search them for.
func canTune(m *Model) bool {
	return !m.Visiting.On && !m.evaluation.Running() && len(m.gallery.Labels()) > 0 && len(tunedLayers(m)) > 1
}

// tunedLayers returns the layers of the focused row, or those of all rows if it has but one.
func tunedLayers(m *Model) []string {
	if layers := m.Focused().Layers(); len(layers) > 1 {
		return layers
	}
	return scheme.Names(scheme.FactorsOf(m.Desk.Schemes))
}

// openTune asks for a tune step, and offers that of the row's layers for the marked labels.
func openTune(m Model) (Model, tea.Cmd) {
	labels := m.Rows.Marked
	if len(labels) == 0 {
		labels = []string{m.gallery.Labels()[0].Name}
	}
	step := script.Tune{Layers: tunedLayers(&m)}
	for _, label := range labels {
		step.Front = append(step.Front, metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: m.Desk.K()}, Label: label})
	}
	step.Objective = step.Front[0]
	return promptFor(m, prompt.Command, step.String())
}
