package scheme

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Quote returns a name as scripts, logs and messages spell it. The name stands between Go's double
// quotes if it is empty or a reserved word, or if it holds blanks, commas, quotes, backslashes, =,
// #, or unprintable characters.
func Quote(name string, reserved ...string) string {
	if name == "" || slices.Contains(reserved, name) || strings.ContainsAny(name, " ,=\"\\#") || !Printable(name) {
		return strconv.Quote(name)
	}
	return name
}

// Printable reports whether a text is valid UTF-8 of printing characters and
// plain spaces.
func Printable(text string) bool {
	for _, r := range text {
		if !strconv.IsPrint(r) || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// IsLayerName reports whether a text can be the name of a layer: a letter, then letters, digits, _,
// . or -.
func IsLayerName(s string) bool {
	if s == "" || !isLetter(s[0]) {
		return false
	}
	for i := range len(s) {
		if !IsNameByte(s[i]) {
			return false
		}
	}
	return true
}
