package tui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// action is a key with what it does and when it does something. The help is made from the same list.
type action struct {
	key.Binding
	group group
	foot  string // what stands in the line at the foot of the screen: a key, a blank, a few words; actions may share it
	when  func(m *Model) bool
	do    func(m Model) (Model, tea.Cmd)
}

// group orders the help.
type group int

const (
	groupQuery group = iota
	groupScheme
	groupWeight
	groupLook
	groupRecord
	groups // their number
)

func (g group) String() string {
	return [...]string{"Query", "Schemes", "Weights", "Looking", "Record"}[g]
}

// bind makes an action of keys, its help and what it does.
func bind(g group, keys []string, shown, help string, do func(Model) (Model, tea.Cmd)) action {
	return action{Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, help)), group: g, do: do}
}

// at puts the action at the foot of the screen.
func (a action) at(foot string) action {
	a.foot = foot
	return a
}

// only makes the action depend on a condition.
func (a action) only(when func(*Model) bool) action {
	a.when = when
	return a
}

// newActions returns the keys of the screen, in the order of the foot; the help has them by group.
func newActions() []action {
	actions := queryActions()
	actions = append(actions, weightActions()...)
	actions = append(actions, schemeActions()...)
	actions = append(actions, lookActions()...)
	return append(actions, recordActions()...)
}

func queryActions() []action {
	many := func(m *Model) bool { return m.gallery.Len() > 1 }
	return []action{
		bind(groupQuery, []string{"n", "pgdown"}, "n", "next", Model.nextQuery).at("n/p query").only(many),
		bind(groupQuery, []string{"p", "pgup"}, "p", "previous", Model.previousQuery).at("n/p query").only(many),
		bind(groupQuery, []string{"r"}, "r", "random", Model.randomQuery).only(many),
		bind(groupQuery, []string{"g"}, "g", "go to an id", open(promptJump)),
		bind(groupQuery, []string{"o"}, "o", "open a picture", open(promptImage)),
		bind(groupQuery, []string{"/"}, "/", "those with a label like", open(promptRestrict)).at("/ like"),
	}
}

func schemeActions() []action {
	several := func(m *Model) bool { return len(m.desk.schemes) > 1 }
	loose := func(m *Model) bool { return !m.panel && m.rows.focus >= m.rows.least() }
	return []action{
		bind(groupScheme, []string{"up", "k"}, "↑", "row above", by(-1, Model.focusRow)).at("↑↓ row").
			only(func(m *Model) bool { return m.rows.focus > 0 }),
		bind(groupScheme, []string{"down", "j"}, "↓", "row below", by(1, Model.focusRow)).at("↑↓ row").
			only(func(m *Model) bool { return m.rows.focus < len(m.desk.schemes)-1 }),
		bind(groupScheme, []string{"e"}, "e", "edit as text", Model.editScheme).at("e edit"),
		bind(groupScheme, []string{"a"}, "a", "add a row", open(promptAdd)).at("a add"),
		bind(groupScheme, []string{"x", "delete"}, "x", "remove the row", Model.removeRow).at("x remove").only(several),
		bind(groupScheme, []string{"K", "shift+up"}, "K", "move the row up", by(-1, Model.moveRow)).
			only(func(m *Model) bool { return loose(m) && m.rows.focus > m.rows.least() }),
		bind(groupScheme, []string{"J", "shift+down"}, "J", "move the row down", by(1, Model.moveRow)).
			only(func(m *Model) bool { return loose(m) && m.rows.focus < len(m.desk.schemes)-1 }),
		bind(groupScheme, []string{" "}, "space", "pin as reference", Model.pin).
			only(func(m *Model) bool { return !m.rows.pinned || m.rows.focus > 0 }),
		bind(groupScheme, []string{" "}, "space", "unpin", Model.pin).
			only(func(m *Model) bool { return m.rows.pinned && m.rows.focus == 0 }),
		bind(groupScheme, []string{"L"}, "L", "choose layers", Model.chooseLayers).at("L layers"),
	}
}

func weightActions() []action {
	// when returns a condition on the chosen weight.
	when := func(ok func(weight float64) bool) func(*Model) bool {
		return func(m *Model) bool {
			terms := m.focusedKnobs()
			return !m.panel && len(terms) > 1 && ok(terms[m.sliders.at].Weight)
		}
	}
	less := when(func(w float64) bool { return w > 0 })
	more := when(func(w float64) bool { return w < 1 })
	other := when(func(float64) bool { return true })
	return []action{
		bind(groupWeight, []string{"left"}, "←", "less weight", slideBy(-sliderStep)).at("←→ weight").only(less),
		bind(groupWeight, []string{"right"}, "→", "more weight", slideBy(sliderStep)).at("←→ weight").only(more),
		bind(groupWeight, []string{"shift+left"}, "shift+←", "a little less", slideBy(-sliderFineStep)).only(less),
		bind(groupWeight, []string{"shift+right"}, "shift+→", "a little more", slideBy(sliderFineStep)).only(more),
		bind(groupWeight, []string{"0"}, "0", "weight 0", slideTo(0)).only(less),
		bind(groupWeight, []string{"1"}, "1", "weight 1", slideTo(1)).only(when(func(w float64) bool { return w != 1 })),
		bind(groupWeight, []string{"tab"}, "tab", "next slider", by(1, Model.nextSlider)).at("tab slider").only(other),
		bind(groupWeight, []string{"shift+tab"}, "shift+tab", "previous slider", by(-1, Model.nextSlider)).only(other),
	}
}

func lookActions() []action {
	return []action{
		bind(groupLook, []string{"enter"}, "enter", "look at the hits", Model.enter).at("enter look").
			only(func(m *Model) bool { return !m.panel && len(m.focusedHits()) > 0 }),
		bind(groupLook, []string{"enter"}, "enter", "make it the query", Model.enter).at("enter as query").
			only(func(m *Model) bool { return m.panel && m.canAsk() }),
		bind(groupLook, []string{"left"}, "←", "hit before", by(-1, Model.moveCursor)).at("←→ hit").
			only(func(m *Model) bool { return m.panel && m.rows.cursor > 0 }),
		bind(groupLook, []string{"right"}, "→", "hit after", by(1, Model.moveCursor)).at("←→ hit").
			only(func(m *Model) bool { return m.panel && m.rows.cursor < len(m.focusedHits())-1 }),
		bind(groupLook, []string{"esc"}, "esc", "back", Model.back).at("esc back").only(func(m *Model) bool {
			return m.panel || m.rows.cursor >= 0 || m.walk.text != "" || m.evaluation.running()
		}),
		bind(groupLook, []string{"c"}, "c", "other captions", Model.nextCaption).at("c captions"),
		bind(groupLook, []string{"l"}, "l", "labels to mark", Model.chooseLabels).at("l labels").
			only(func(m *Model) bool { return len(m.gallery.Labels()) > 0 }),
		bind(groupLook, []string{"?"}, "?", "help", Model.openHelp),
		bind(groupLook, []string{"!"}, "!", "last errors", Model.openErrors).
			only(func(m *Model) bool { return len(m.status.problems) > 0 }),
		bind(groupLook, []string{"ctrl+l"}, "ctrl+l", "draw again", Model.redraw),
	}
}

func recordActions() []action {
	return []action{
		bind(groupRecord, []string{"E"}, "E", "evaluate", Model.startEvaluation).at("E evaluate").
			only(func(m *Model) bool { return !m.evaluation.running() }),
		bind(groupRecord, []string{"E"}, "E", "cancel the evaluation", Model.cancelEvaluation).at("E cancel").
			only(func(m *Model) bool { return m.evaluation.running() }),
		bind(groupRecord, []string{"N"}, "N", "note", open(promptNote)),
		bind(groupRecord, []string{"X"}, "X", "export", open(promptExport)),
		bind(groupRecord, []string{"y"}, "y", "copy as script", func(m Model) (Model, tea.Cmd) { return m, m.copyScript() }),
		bind(groupRecord, []string{":"}, ":", "any step", open(promptCommand)).at(": step"),
		bind(groupRecord, []string{"ctrl+z"}, "ctrl+z", "suspend", func(m Model) (Model, tea.Cmd) { return m, tea.Suspend }),
		bind(groupRecord, []string{"q"}, "q", "quit", Model.quit),
	}
}

// by gives a method its direction.
func by(n int, do func(Model, int) (Model, tea.Cmd)) func(Model) (Model, tea.Cmd) {
	return func(m Model) (Model, tea.Cmd) { return do(m, n) }
}

// open opens a prompt.
func open(kind promptKind) func(Model) (Model, tea.Cmd) {
	return func(m Model) (Model, tea.Cmd) { return m.openPrompt(kind) }
}

// enabled returns the actions that do something now.
func (m *Model) enabled() []action {
	var now []action
	for _, a := range m.actions {
		if a.when == nil || a.when(m) {
			now = append(now, a)
		}
	}
	return now
}
