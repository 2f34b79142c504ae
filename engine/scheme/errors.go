package scheme

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrClosed is returned by work on a gallery that is closed.
var ErrClosed = errors.New("the gallery is closed")

// ErrNoCodes says that a layer has no codes. Errors wrap it behind the layer's name.
// Gallery.PrepareCodes makes no codes of some types.
var ErrNoCodes = errors.New("has no codes")

// NameError says that a layer, a label, an item or a value does not exist.
type NameError struct {
	Kind  string // what was named: layer, label, item, value of category, …
	Name  string
	In    string   // where the name was looked up
	Known []string // names that exist, those like Name if there are such
}

// Error returns the missing name, where it was looked up, and the existing names.
func (e *NameError) Error() string {
	s := fmt.Sprintf("%s has no %s %q", e.In, e.Kind, e.Name)
	if len(e.Known) > 0 {
		known := make([]string, len(e.Known))
		for i, name := range e.Known {
			known[i] = Quote(name)
		}
		s += " (there is " + strings.Join(known, ", ") + ")"
	}
	return s
}

// Nearest returns the known names that resemble name, best first. If none does, it returns all
// known names, sorted.
func Nearest(name string, known []string) []string {
	low := strings.ToLower(name)
	var near []string
	for _, k := range slices.Sorted(slices.Values(known)) {
		kl := strings.ToLower(k)
		if len(low) > 2 && strings.Contains(kl, low) || len(kl) > 2 && strings.Contains(low, kl) || sharesLetters(low, kl) {
			near = append(near, k)
		}
	}
	if len(near) == 0 || low == "" {
		near = slices.Sorted(slices.Values(known))
	}
	if len(near) > 12 {
		near = append(near[:12:12], "…")
	}
	return near
}

// sharesLetters reports whether three quarters of the letters of the longer word occur in the
// other.
func sharesLetters(a, b string) bool {
	count := map[rune]int{}
	for _, r := range a {
		count[r]++
	}
	same := 0
	for _, r := range b {
		if count[r] > 0 {
			count[r]--
			same++
		}
	}
	return 4*same >= 3*max(len(a), len(b))
}
