package tui

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"strata/engine"
	"strata/engine/scheme"
	"strata/experiments/script"
	"strata/tui/pane"
	"strata/tui/prompt"
)

// errOtherGallery is why a gallery step is refused: the screen opens nothing.
var errOtherGallery = errors.New("another gallery needs another session: quit and open it with strata GALLERY")

// checker checks a typed step as far as it can be without executing it.
type checker struct {
	gallery *engine.Gallery
	schemes int   // of the screen
	past    int   // changes that can be undone
	ahead   int   // and redone
	busy    error // why nothing can begin in the background; nil if it can
}

// checker returns the checker of what is typed now.
func (m *Model) checker() checker {
	k := checker{gallery: m.gallery, schemes: len(m.Desk.Schemes), busy: m.evaluation.Busy(), past: m.moments.Past(), ahead: m.moments.Ahead()}
	if m.changed() {
		k.past, k.ahead = k.past+1, 0
	}
	return k
}

// parse parses and checks a step.
func (k checker) parse(text string) (script.Step, error) {
	step, err := script.ParseStep(text)
	if err != nil {
		return nil, err
	}
	switch s := step.(type) {
	case script.Gallery:
		return nil, errOtherGallery
	case script.Query:
		_, err = k.gallery.Row(s.ID)
	case script.Flag:
		if s.Word != "" {
			_, err = k.gallery.Row(s.ID)
		}
	case script.Schemes:
		err = k.layers(s.Schemes)
	case script.Filter:
		err = k.conditions(s.Conditions)
	case script.Undo:
		err = k.travels(-s.Steps)
	case script.Redo:
		err = k.travels(s.Steps)
	case script.Evaluate:
		err = cmp.Or(k.busy, k.evaluate(s))
	case script.Compare:
		err = cmp.Or(k.busy, k.evaluate(script.Evaluate(s)))
	case script.Tune:
		err = cmp.Or(k.busy, k.set(s.Set))
	case script.Mine:
		err = cmp.Or(k.busy, k.evaluate(script.Evaluate(s)))
		if s := s.Schemes; err == nil && len(s) == 2 && pane.SameScheme(s[0], s[1]) {
			err = fmt.Errorf("the schemes are the same: there is no difference to look for")
		}
		if n := k.schemes; err == nil && len(s.Schemes) == 0 && n != 2 {
			err = fmt.Errorf("mine takes two schemes, and the screen has %d: name them", n)
		}
	}
	return step, err
}

// judge says what the step is for that is typed, or what is wrong with it. What is wrong at the end of the text may
// be that it goes on: enter says it.
func (k checker) judge(p prompt.Prompt, text string) prompt.Prompt {
	var err error
	if strings.TrimSpace(text) != "" {
		_, err = k.parse(text)
	}
	var fault *script.Error
	if errors.As(err, &fault) && (script.Usage(text) != "" && !strings.ContainsAny(text, " \t") || fault.Column > utf8.RuneCountInString(strings.TrimRight(text, " \t"))) {
		err = nil
	}
	return p.Judge(err).Tell(script.Usage(text))
}

// travels returns why nothing is taken back, or done again.
func (k checker) travels(by int) error {
	if by < -k.past || by > k.ahead {
		return errors.New(untravelled(by, k.past, k.ahead))
	}
	return nil
}

// evaluate returns what is wrong with the names of an evaluate step, or of
// one that takes the same arguments.
func (k checker) evaluate(s script.Evaluate) error {
	for _, name := range s.Labels {
		if _, err := k.gallery.Label(name); err != nil {
			return err
		}
	}
	return cmp.Or(k.layers(s.Schemes), k.conditions(s.Where), k.set(s.Set))
}

// set returns what is wrong with the name of a set of queries; "" is none. What the set holds is read when the step is
// executed.
func (k checker) set(name string) error {
	if name == "" {
		return nil
	}
	return k.gallery.Queries().Check(name)
}

// layers returns what is wrong with the layers of schemes.
func (k checker) layers(schemes []scheme.Scheme) error {
	for _, s := range schemes {
		var fault *scheme.SyntaxError
		if err := k.gallery.CheckScheme(s); errors.As(err, &fault) {
			return errors.New(fault.Reason) // its column is that of one scheme's text
		}
	}
	return nil
}

// conditions returns what is wrong with the labels and values of conditions.
func (k checker) conditions(where []scheme.Condition) error {
	for _, c := range where {
		if k.gallery.Flagging().On([]scheme.Condition{c}) {
			if _, err := k.gallery.Rows([]scheme.Condition{c}); err != nil {
				return err
			}
			continue
		}
		l, err := k.gallery.Label(c.Label)
		if err != nil {
			return err
		}
		if slices.Contains(l.Values(), c.Value) {
			continue
		}
		if _, err := k.gallery.Rows([]scheme.Condition{c}); err != nil {
			return err
		}
	}
	return nil
}
