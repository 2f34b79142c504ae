package tui

import (
	"slices"

	"strata/tui/page"
	"strata/tui/pane"
	"strata/tui/prompt"

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
	groupFindings
	groupRecord
	groups // their number
)

func (g group) String() string {
	return [...]string{"Query", "Schemes", "Weights", "Looking", "Failures", "Record"}[g]
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
	record := recordActions()
	evaluate := slices.IndexFunc(record, func(a action) bool { return a.Keys()[0] != "E" })
	return slices.Concat(actions, record[:evaluate], mineActions(), record[evaluate:])
}

func queryActions() []action {
	many := func(m *Model) bool { return m.gallery.Len() > 1 }
	return []action{
		bind(groupQuery, []string{"n", "pgdown"}, "n", "next", by(1, stepQuery)).at("n/p query").only(many),
		bind(groupQuery, []string{"p", "pgup"}, "p", "previous", by(-1, stepQuery)).at("n/p query").only(many),
		bind(groupQuery, []string{"r"}, "r", "random", randomQuery).only(many),
		bind(groupQuery, []string{"g"}, "g", "go to an id", open(prompt.Jump)),
		bind(groupQuery, []string{"o"}, "o", "open a picture", open(prompt.Image)),
		bind(groupQuery, []string{"/"}, "/", "those with a label like", open(prompt.Restrict)).at("/ like").
			only(func(m *Model) bool { return !m.Visiting.On }),
	}
}

func schemeActions() []action {
	several := func(m *Model) bool { return len(m.Desk.Schemes) > 1 }
	loose := func(m *Model) bool { return !m.Panel && m.Rows.Focus >= m.Rows.Least() }
	return []action{
		bind(groupScheme, []string{"up", "k"}, "↑", "row above", by(-1, focusRow)).at("↑↓ row").
			only(func(m *Model) bool { return m.Rows.Focus > 0 }),
		bind(groupScheme, []string{"down", "j"}, "↓", "row below", by(1, focusRow)).at("↑↓ row").
			only(func(m *Model) bool { return m.Rows.Focus < len(m.Desk.Schemes)-1 }),
		bind(groupScheme, []string{"e"}, "e", "edit as text", editScheme).at("e edit"),
		bind(groupScheme, []string{"a"}, "a", "add a row", open(prompt.Add)).at("a add"),
		bind(groupScheme, []string{"x", "delete"}, "x", "remove the row", removeRow).at("x remove").only(several),
		bind(groupScheme, []string{"K", "shift+up"}, "K", "move the row up", by(-1, moveRow)).
			only(func(m *Model) bool { return loose(m) && m.Rows.Focus > m.Rows.Least() }),
		bind(groupScheme, []string{"J", "shift+down"}, "J", "move the row down", by(1, moveRow)).
			only(func(m *Model) bool { return loose(m) && m.Rows.Focus < len(m.Desk.Schemes)-1 }),
		bind(groupScheme, []string{" "}, "space", "pin as reference", pin).
			only(func(m *Model) bool { return !m.Rows.Pinned || m.Rows.Focus > 0 }),
		bind(groupScheme, []string{" "}, "space", "unpin", pin).
			only(func(m *Model) bool { return m.Rows.Pinned && m.Rows.Focus == 0 }),
		bind(groupScheme, []string{"L"}, "L", "choose layers", chooseLayers).at("L layers"),
	}
}

func weightActions() []action {
	// when returns a condition on the chosen weight.
	when := func(ok func(weight float64) bool) func(*Model) bool {
		return func(m *Model) bool {
			terms := m.FocusedKnobs()
			return !m.Panel && len(terms) > 1 && ok(terms[m.Sliders.At].Weight)
		}
	}
	less := when(func(w float64) bool { return w > 0 })
	more := when(func(w float64) bool { return w < pane.SliderMost })
	other := when(func(float64) bool { return true })
	return []action{
		bind(groupWeight, []string{"left"}, "←", "less weight", slideBy(-pane.SliderStep)).at("←→ weight").only(less),
		bind(groupWeight, []string{"right"}, "→", "more weight", slideBy(pane.SliderStep)).at("←→ weight").only(more),
		bind(groupWeight, []string{"shift+left"}, "shift+←", "a little less", slideBy(-pane.SliderFineStep)).only(less),
		bind(groupWeight, []string{"shift+right"}, "shift+→", "a little more", slideBy(pane.SliderFineStep)).only(more),
		bind(groupWeight, []string{"0"}, "0", "weight 0", slideTo(0)).only(less),
		bind(groupWeight, []string{"1"}, "1", "weight 1", slideTo(1)).only(when(func(w float64) bool { return w != 1 })),
		bind(groupWeight, []string{"tab"}, "tab", "next slider", by(1, nextSlider)).at("tab slider").only(other),
		bind(groupWeight, []string{"shift+tab"}, "shift+tab", "previous slider", by(-1, nextSlider)).only(other),
		bind(groupWeight, []string{"T"}, "T", "tune: search the weights", openTune).only(canTune),
		bind(groupWeight, []string{"w"}, "w", "landscape of the weights", openLandscape).at("w landscape").only(canSurvey),
	}
}

func lookActions() []action {
	return []action{
		bind(groupLook, []string{"enter"}, "enter", "look at the hits", enter).at("enter look").
			only(func(m *Model) bool { return !m.Panel && len(m.FocusedHits()) > 0 }),
		bind(groupLook, []string{"enter"}, "enter", "make it the query", enter).at("enter as query").
			only(func(m *Model) bool { return m.Panel && m.CanAsk(m.gallery) }),
		bind(groupLook, []string{"left"}, "←", "hit before", by(-1, moveCursor)).at("←→ hit").
			only(func(m *Model) bool { return m.Panel && m.Rows.Cursor > 0 }),
		bind(groupLook, []string{"right"}, "→", "hit after", by(1, moveCursor)).at("←→ hit").
			only(func(m *Model) bool { return m.Panel && m.Rows.Cursor < len(m.FocusedHits())-1 }),
		bind(groupLook, []string{"esc"}, "esc", "back", back).at("esc back").only(func(m *Model) bool {
			return m.Panel || m.Visiting.On || m.Rows.Cursor >= 0 || m.Walk.Text != "" || m.evaluation.Running()
		}),
		bind(groupLook, []string{"d"}, "d", "what rows gained and lost", toggleDifference).at("d difference").
			only(func(m *Model) bool { return len(m.Desk.Schemes) > 1 && !m.Rows.Difference }),
		bind(groupLook, []string{"d"}, "d", "rows as they are", toggleDifference).at("d as they are").
			only(func(m *Model) bool { return len(m.Desk.Schemes) > 1 && m.Rows.Difference }),
		bind(groupLook, []string{"+"}, "+", "more hits", by(1, otherK)).only(hasOtherK(1)),
		bind(groupLook, []string{"-"}, "-", "fewer hits", by(-1, otherK)).only(hasOtherK(-1)),
		bind(groupLook, []string{"c"}, "c", "other captions", nextCaption).at("c captions"),
		bind(groupLook, []string{"l"}, "l", "labels to mark", chooseLabels).at("l labels").
			only(func(m *Model) bool { return len(m.gallery.Labels()) > 0 }),
		bind(groupLook, []string{"?"}, "?", "help", openHelp),
		bind(groupLook, []string{"!"}, "!", "last errors", openErrors).
			only(func(m *Model) bool { return len(m.status.Problems) > 0 }),
		bind(groupLook, []string{"ctrl+l"}, "ctrl+l", "draw again", redraw),
	}
}

// mineActions are the keys that lead to the findings.
func mineActions() []action {
	return []action{
		bind(groupFindings, []string{"M"}, "M", "mine this row against the one above", mineRows).at("M mine").only(canMine),
		bind(groupFindings, []string{"M"}, "M", "cancel the mining", cancelEvaluation).at("M cancel").only(isMining),
		bind(groupFindings, []string{"t"}, "t", "tables of what was found", openFindings).at("t tables").
			only(func(m *Model) bool { return !m.Visiting.On && hasFindings(m) }),
	}
}

// newFindingActions returns the keys of the findings.
func newFindingActions() []action {
	list := func(when func(*Model) bool) func(*Model) bool {
		return func(m *Model) bool { return m.findings.Sheet == nil && m.findings.Listed && when(m) }
	}
	onSheet := func(when func(*Model, *page.Sheet) bool) func(*Model) bool {
		return func(m *Model) bool { return m.findings.Sheet != nil && when(m, m.findings.Sheet) }
	}
	above := list(func(m *Model) bool { return m.findings.Moved(m.findings.At[m.findings.Page]-1, 1).At != m.findings.At })
	below := list(func(m *Model) bool { return m.findings.Moved(m.findings.At[m.findings.Page]+1, 1).At != m.findings.At })
	rows := list(func(m *Model) bool { return m.findings.List.Rows > 0 })
	flat := func(m *Model) bool { return m.findings.Sheet == nil }
	paired := func(m *Model) bool {
		return flat(m) && m.findings.Page.Mined() && len(m.findings.Pair) == 2 && !m.evaluation.Running()
	}
	before := onSheet(func(_ *Model, s *page.Sheet) bool { return s.At > 0 })
	after := onSheet(func(_ *Model, s *page.Sheet) bool { return s.At < len(s.Items)-1 })
	actions := []action{
		bind(groupFindings, []string{"up", "k"}, "↑", "row above", by(-1, moveFinding)).at("↑↓ row").only(above),
		bind(groupFindings, []string{"down", "j"}, "↓", "row below", by(1, moveFinding)).at("↑↓ row").only(below),
		bind(groupFindings, []string{"left"}, "←", "item before", by(-1, moveFinding)).at("←→ item").only(before),
		bind(groupFindings, []string{"right"}, "→", "item after", by(1, moveFinding)).at("←→ item").only(after),
		bind(groupFindings, []string{"up", "k"}, "↑", "line above", by(-1, lineOfSheet)).only(before),
		bind(groupFindings, []string{"down", "j"}, "↓", "line below", by(1, lineOfSheet)).only(after),
		bind(groupFindings, []string{"enter"}, "enter", "look at it", lookAt).at("enter pictures").only(func(m *Model) bool { return m.findings.Behind(m.gallery) && !ofSchemes(m) }),
		bind(groupFindings, []string{"enter"}, "enter", "make it a row", lookAt).at("enter as row").only(func(m *Model) bool { return m.findings.Behind(m.gallery) && ofSchemes(m) }),
		bind(groupFindings, []string{"right", "tab"}, "tab", "next page", by(1, turnPage)).at("tab page").only(flat),
		bind(groupFindings, []string{"left", "shift+tab"}, "shift+tab", "previous page", by(-1, turnPage)).only(flat),
		bind(groupFindings, []string{"l"}, "l", "next label", nextLabel).at("l label").
			only(list(func(m *Model) bool { return len(m.findings.Labels(m.scene())) > 1 })),
		bind(groupFindings, []string{"a"}, "a", "choose now", by(0, chooseScheme)).at("a/b schemes").only(paired),
		bind(groupFindings, []string{"b"}, "b", "choose next", by(1, chooseScheme)).at("a/b schemes").only(paired),
		bind(groupFindings, []string{"r"}, "r", "from the other end", reverse).at("r reverse").
			only(list(func(m *Model) bool {
				f := &m.findings
				return (f.Page != page.Schemes || f.Arranged[f.Page].By > 0) && f.List.Rows > 1
			})),
		bind(groupFindings, []string{"/"}, "/", "rows that hold a text", open(prompt.Seek)).at("/ like").
			only(list(func(m *Model) bool { return m.findings.List.Rows > 0 || m.findings.List.Found != "" })),
		bind(groupFindings, []string{">"}, ">", "sort by the next column", by(1, sortRows)).only(rows),
		bind(groupFindings, []string{"<"}, "<", "sort by the column before", by(-1, sortRows)).only(rows),
		bind(groupFindings, []string{"c"}, "c", "copy the id or another cell", chooseCell).only(rows),
		bind(groupFindings, []string{"c"}, "c", "copy the id", copyItem).only(onSheet(func(_ *Model, s *page.Sheet) bool { return len(s.Items) > 0 })),
		bind(groupFindings, []string{"s"}, "s", "classes of few queries too", toggleSmall).
			only(list(func(m *Model) bool { return m.findings.Page == page.Classes && !m.findings.Small })),
		bind(groupFindings, []string{"s"}, "s", "no classes of few queries", toggleSmall).
			only(list(func(m *Model) bool { return m.findings.Page == page.Classes && m.findings.Small })),
		bind(groupFindings, []string{"pgdown", "ctrl+d"}, "pgdn", "screen down", by(1, pageFindings)).only(below),
		bind(groupFindings, []string{"pgup", "ctrl+u"}, "pgup", "screen up", by(-1, pageFindings)).only(above),
		bind(groupFindings, []string{"end", "G"}, "end", "last row", by(1, endFindings)).only(below),
		bind(groupFindings, []string{"home", "g"}, "home", "first row", by(-1, endFindings)).only(above),
		bind(groupFindings, []string{"M"}, "M", "mine now and next", minePair).at("M mine").
			only(func(m *Model) bool { return paired(m) && m.findings.Current(m.Filter) == nil }),
		bind(groupFindings, []string{"M"}, "M", "cancel the mining", cancelEvaluation).at("M cancel").only(isMining),
		bind(groupLook, []string{"esc"}, "esc", "back", leaveFindings).at("esc back"),
	}
	return append(actions, everywhere("?", "!", "ctrl+l", "F", "N", "X", "y", "ctrl+z", "q")...)
}

// everywhere returns actions that are of every screen.
func everywhere(keys ...string) []action {
	all := slices.Concat(lookActions(), recordActions())
	return slices.DeleteFunc(all, func(a action) bool { return !slices.Contains(keys, a.Help().Key) })
}

// bound returns the keys of what lies on the screen.
func (m *Model) bound() []action {
	if m.relief.Open {
		return m.landing
	}
	if m.findings.Open {
		return m.finding
	}
	return m.actions
}

// ofSchemes reports whether the rows of the page are schemes that can be rows of the screen.
func ofSchemes(m *Model) bool { return m.findings.Page == page.Compare || m.findings.Page == page.Tune }

// isMining reports whether a pair is mined in the background.
func isMining(m *Model) bool { return m.evaluation.Mining() }

func recordActions() []action {
	return []action{
		bind(groupRecord, []string{"E"}, "E", "evaluate", startEvaluation).at("E evaluate").
			only(func(m *Model) bool { return !m.evaluation.Running() }),
		bind(groupRecord, []string{"E"}, "E", "cancel the evaluation", cancelEvaluation).at("E cancel").
			only(func(m *Model) bool { return m.evaluation.Running() && !m.evaluation.Mining() }),
		bind(groupRecord, []string{"u"}, "u", "undo", by(-1, Model.travel)).only(canUndo),
		bind(groupRecord, []string{"ctrl+r"}, "ctrl+r", "redo", by(1, Model.travel)).only(canRedo),
		bind(groupRecord, []string{"W"}, "W", "write the decision for the row", decideRow).only(canDecide),
		bind(groupRecord, []string{"F"}, "F", "flag the item", openFlag).only(canFlag),
		bind(groupRecord, []string{"N"}, "N", "note", open(prompt.Note)),
		bind(groupRecord, []string{"X"}, "X", "export", open(prompt.Export)),
		bind(groupRecord, []string{"y"}, "y", "copy as script", copyScript),
		bind(groupRecord, []string{":"}, ":", "any step", open(prompt.Command)).at(": step"),
		bind(groupRecord, []string{"ctrl+z"}, "ctrl+z", "suspend", func(m Model) (Model, tea.Cmd) { return m, tea.Suspend }),
		bind(groupRecord, []string{"q"}, "q", "quit", quit),
	}
}

// by gives a method its direction.
func by(n int, do func(Model, int) (Model, tea.Cmd)) func(Model) (Model, tea.Cmd) {
	return func(m Model) (Model, tea.Cmd) { return do(m, n) }
}

// open opens a prompt.
func open(kind prompt.Kind) func(Model) (Model, tea.Cmd) {
	return func(m Model) (Model, tea.Cmd) { return openPrompt(m, kind) }
}

// enabled returns the actions that do something now.
func (m *Model) enabled() []action {
	var now []action
	for _, a := range m.bound() {
		if a.when == nil || a.when(m) {
			now = append(now, a)
		}
	}
	return now
}
