package engine

import (
	"errors"
	"fmt"
	"strings"
)

// ErrClosed is returned by work on a gallery that is closed.
var ErrClosed = errors.New("the gallery is closed")

// ErrNoCodes is wrapped, behind a layer's name, by what needs its codes: see
// Gallery.PrepareCodes, which makes none of some types.
var ErrNoCodes = errors.New("has no codes")

// NameError says that a layer, a label, an item or a value does not exist.
type NameError struct {
	Kind  string // what was named: layer, label, item, value of category, …
	Name  string
	In    string   // where it was looked for
	Known []string // names that exist, those like Name if there are such
}

func (e *NameError) Error() string {
	s := fmt.Sprintf("%s has no %s %q", e.In, e.Kind, e.Name)
	if len(e.Known) > 0 {
		known := make([]string, len(e.Known))
		for i, name := range e.Known {
			known[i] = quoteName(name)
		}
		s += " (there is " + strings.Join(known, ", ") + ")"
	}
	return s
}
