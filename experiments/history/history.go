// Package history keeps the values that something had, so that changes can be taken back.
//
// A history is a line of values, of which one is the present one. It holds values, not
// changes: to take back is to stand at an earlier value. Histories are values, too, and one
// is never changed in place.
package history

import (
	"slices"
)

// Limit is the number of changes that a history can take back: it keeps as many values beside
// the present one. The oldest go first.
const Limit = 200

// History is a line of values. Its zero value has none.
type History[T any] struct {
	all []T
	at  int // the present one
}

// With returns the history with a new present value. What was taken back before is forgotten.
func (h History[T]) With(now T) History[T] {
	if len(h.all) == 0 {
		return History[T]{all: []T{now}}
	}
	past := h.all[max(0, h.at+1-Limit) : h.at+1]
	return History[T]{all: append(slices.Clone(past), now), at: len(past)}
}

// Now returns the present value, or the zero value in an empty history.
func (h History[T]) Now() (now T) {
	if len(h.all) > 0 {
		now = h.all[h.at]
	}
	return now
}

// Empty reports whether there is no value.
func (h History[T]) Empty() bool { return len(h.all) == 0 }

// Past returns how many values lie before the present one.
func (h History[T]) Past() int { return h.at }

// Ahead returns how many values were taken back.
func (h History[T]) Ahead() int { return max(len(h.all)-1-h.at, 0) }

// Moved returns the history at the value that lies so many steps ahead, negative: before.
// It returns false if there is none.
func (h History[T]) Moved(by int) (History[T], bool) {
	if by < -h.Past() || by > h.Ahead() {
		return h, false
	}
	h.at += by
	return h, true
}

// Without returns the history without the value that lies so many steps ahead, negative: before.
// The present value stays.
func (h History[T]) Without(by int) History[T] {
	i := h.at + by
	if by == 0 || i < 0 || i >= len(h.all) {
		return h
	}
	if by < 0 {
		h.at--
	}
	return History[T]{all: slices.Delete(slices.Clone(h.all), i, i+1), at: h.at}
}

// Distinct returns the history without the values that are the same as the one before them.
func (h History[T]) Distinct(same func(a, b T) bool) History[T] {
	var d History[T]
	for i, value := range h.all {
		if n := len(d.all); n == 0 || !same(d.all[n-1], value) {
			d.all = append(d.all, value)
		}
		if i == h.at {
			d.at = len(d.all) - 1
		}
	}
	return d
}

// Find returns how many steps ahead the nearest value is that is right, or negative before.
// It looks first in the direction of by, whose size does not matter, and the present value
// counts as 0. It returns false if no value is right.
func (h History[T]) Find(by int, right func(T) bool) (steps int, ok bool) {
	way := 1
	if by < 0 {
		way = -1
	}
	for _, way := range []int{way, -way} {
		for i := h.at; i >= 0 && i < len(h.all); i += way {
			if right(h.all[i]) {
				return i - h.at, true
			}
		}
	}
	return 0, false
}

// All returns the values up to the present one, the oldest first.
func (h History[T]) All() []T {
	if h.Empty() {
		return nil
	}
	return slices.Clone(h.all[:h.at+1])
}
