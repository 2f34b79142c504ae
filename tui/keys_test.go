package tui

import (
	"slices"
	"strings"
	"testing"

	"strata/tui/picture"
	"strata/tui/prompt"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"strata/fixtures/need"
)

// states lead to screens on which different keys do something.
var states = []struct{ name, keys string }{
	{"first", ""},
	{"sliders", "down down down"},
	{"sliders at work", "down down down left tab left left"},
	{"zero weight", "down down down 0"},
	{"pinned", "down space"},
	{"differences", "d"},
	{"below the pinned", "down space down"},
	{"hit", "down enter right"},
	{"first hit", "enter"},
	{"restricted", "/ text:cap enter"},
	{"one row", "x x x"},
	{"undone", "x u"},
	{"reference undone", "space u"},
	{"error", ": text:nonsense enter esc X ctrl+u text:nonsense enter esc"},
	{"evaluated", "E"},
	{"pair mined", "down M esc"},
	{"classes", "down M down down"},
	{"small classes", "down M s r"},
	{"losses", "down M tab down down"},
	{"a mistake visited", "down M tab tab down enter"},
	{"hubs", "down M tab tab tab"},
	{"hub", "down M tab tab tab enter right"},
	{"hub, further on", "down M tab tab tab enter down down"},
	{"duplicates", "down M tab tab tab tab"},
	{"schemes", "E t down down"},
	{"queries", "E t down enter down"},
	{"not mined", "E t tab tab"},
	{"compared", ": text:compare_A,_B_over_50 enter t"},
	{"tuned", ": text:tune_A,_B_for_P@10_category_over_50_step_0.5 enter t"},
	{"means", "live down down down"},
	{"landscape", "live down down down w"},
	{"in the landscape", "live down down down w up right"},
	{"on the front", "live down down down w b n"},
	{"in a line", "live x a text:B+C enter w right shift+right"},
}

// opener returns a function that opens a desktop and presses keys. Those that mine the first two rows share one that has,
// because it takes its time.
func opener(t *testing.T) func(keys string) *desktop {
	var mined, live *desktop
	return func(keys string) *desktop {
		if rest, means := strings.CutPrefix(keys, "live "); means {
			if live == nil {
				live = openLive(t, 120, 40, 64<<20)
			}
			d := *live
			before, after, surveyed := strings.Cut(rest, "w ")
			switch {
			case surveyed || strings.HasSuffix(rest, " w"):
				d.press(strings.TrimSuffix(before, " w") + " w")
				d.survey()
				d.press(after)
			default:
				d.press(rest)
			}
			return &d
		}
		rest, mines := strings.CutPrefix(keys, "down M")
		if !mines {
			d := openDesktop(t, 120, 40, picture.GraphicsNone)
			d.press(keys)
			return d
		}
		if mined == nil {
			mined = openDesktop(t, 120, 40, picture.GraphicsNone)
			mined.press("down M")
		}
		d := *mined
		d.press(rest)
		return &d
	}
}

// TestKeysOfEveryState wants each key of the help to do something in each state, and each other key to do nothing.
func TestKeysOfEveryState(t *testing.T) {
	need.Long(t)
	open := opener(t)
	seen := map[string]bool{}
	for _, state := range states {
		d := open(state.keys)
		checkEnabled(t, state.name, d, seen)
		checkDisabled(t, state.name, d)
	}
	for _, a := range slices.Concat(newActions(), newFindingActions(), newLandActions()) {
		if name := a.Help().Key + " " + a.Help().Desc; !seen[name] && !strings.HasPrefix(a.Help().Desc, "cancel the ") {
			t.Errorf("no state of the test has %s", name)
		}
	}
}

// checkEnabled wants each key of the help to do something. It notes the keys in seen.
func checkEnabled(t *testing.T, state string, d *desktop, seen map[string]bool) {
	t.Helper()
	before := d.m.View()
	for _, a := range d.m.enabled() {
		seen[a.Help().Key+" "+a.Help().Desc] = true
		for _, k := range a.Keys() {
			next, cmd := d.m.Update(keyNamed(t, k))
			if m := next.(Model); cmd == nil && m.View() == before {
				t.Errorf("%s: %s (%s) does nothing", state, k, a.Help().Desc)
			}
		}
	}
}

// checkDisabled wants each key that is not in the help to do nothing, and the foot to show none of them.
func checkDisabled(t *testing.T, state string, d *desktop) {
	t.Helper()
	enabled := map[string]bool{}
	for _, a := range d.m.enabled() {
		if enabled[a.Keys()[0]] {
			t.Errorf("%s: two actions for %s", state, a.Keys()[0])
		}
		enabled[a.Keys()[0]] = true
	}
	help := strings.Join(helpBlocks(&d.m), "\n")
	var foot []string
	for _, b := range d.m.footKeys() {
		foot = append(foot, b.Help().Key+" "+b.Help().Desc)
	}
	before := d.m.View()
	for _, a := range d.m.bound() {
		if enabled[a.Keys()[0]] {
			continue
		}
		if strings.Contains(help, a.Help().Desc+"\n") || strings.Contains(help, a.Help().Desc+" ") {
			t.Errorf("%s: the help shows %q, which does nothing", state, a.Help().Desc)
		}
		next, cmd := d.m.Update(keyNamed(t, a.Keys()[0]))
		if m := next.(Model); cmd != nil || m.View() != before && state != "error" {
			t.Errorf("%s: %s does something without standing in the help", state, a.Keys()[0])
		}
	}
	for _, line := range foot {
		keys, _, _ := strings.Cut(line, " ")
		ok := false
		for k := range strings.SplitSeq(keys, "/") {
			ok = ok || enabled[k]
		}
		for _, a := range d.m.enabled() {
			ok = ok || strings.Contains(keys, a.Help().Key)
		}
		if !ok && keys != "/" {
			t.Errorf("%s: the foot shows %q, which does nothing", state, line)
		}
	}
}

func TestPopupKeys(t *testing.T) {
	d := openDesktop(t, 80, 24, picture.GraphicsNone)
	for _, open := range []string{"?", "L", "l"} {
		d.press(open)
		if d.m.popup.Kind == prompt.PopupNone {
			t.Fatalf("%s opens nothing", open)
		}
		for _, b := range d.m.popup.Bindings(d.m.popKeys) {
			if key.Matches(keyNamed(t, b.Keys()[0]), d.m.popKeys.Up, d.m.popKeys.PageUp) {
				continue // at the top
			}
			before := d.m.View()
			next, cmd := d.m.Update(keyNamed(t, b.Keys()[0]))
			if m := next.(Model); cmd == nil && m.View() == before {
				t.Errorf("%s: %s does nothing", open, b.Keys()[0])
			}
		}
		d.press("esc")
		if d.m.popup.Kind != prompt.PopupNone {
			t.Errorf("esc does not close what %s opens", open)
		}
	}
}

func TestEvaluationsKey(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	m, _ := startEvaluation(d.m)
	var keys []string
	for _, a := range m.enabled() {
		if a.Keys()[0] == "E" || a.Keys()[0] == "esc" {
			keys = append(keys, a.Help().Desc)
		}
	}
	if got := strings.Join(keys, ", "); got != "back, cancel the evaluation" {
		t.Errorf("while an evaluation runs the help has %q", got)
	}
	next, _ := m.Update(tea.KeyMsg{Type: tea.KeyEsc})
	if stopped := next.(Model); stopped.evaluation.Running() {
		t.Error("esc does not cancel")
	}
}
