package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean returns s with everything taken out that could move the cursor, change a colour or reorder the line when s is
// written to a terminal: whole escape sequences, C0 and C1 controls, bidirectional overrides and isolates, line and
// paragraph separators. Bytes that are not UTF-8 become U+FFFD. Tabs and line ends become one space, so that words stay
// apart. Every other printable rune, joiners and combining marks included, is kept.
func clean(s string) string {
	if plainASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		if n := escapeLength(s[i:]); n > 0 {
			i += n
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch {
		case r == '\t' || r == '\n' || r == '\u2028' || r == '\u2029':
			b.WriteByte(' ')
		case r == utf8.RuneError:
			b.WriteRune(utf8.RuneError)
		case unsafeRune(r):
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plainASCII reports whether every byte of s is printable ASCII, which is nearly always so.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// unsafeRune reports whether r acts on a terminal instead of standing in a cell.
func unsafeRune(r rune) bool {
	switch {
	case unicode.IsControl(r):
		return true
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f', r == '\u061c':
		return true
	case r == '\ufeff':
		return true
	}
	return false
}

// escapeLength returns the length of the escape sequence at the head of s, 0 when there is none. A sequence that never
// ends is as long as its introducer, so that a file's name cannot swallow the rest of a line; of other sequences only
// the ESC counts.
func escapeLength(s string) int {
	switch {
	case s == "\x1b":
		return 1
	case len(s) < 2 || s[0] != 0x1b && s[0] != 0xc2:
		return 0
	}
	kind := s[1]
	if s[0] == 0xc2 { // a C1 control in UTF-8
		if kind < 0x80 || kind > 0x9f {
			return 0
		}
		kind -= 0x40
	}
	switch kind {
	case '[':
		return 2 + controlLength(s[2:])
	case ']', 'P', '_', '^', 'X':
		return 2 + stringLength(s[2:])
	}
	if s[0] == 0x1b {
		return 1
	}
	return 2
}

// controlLength returns the length of a control sequence's parameters and final byte, 0 when it is cut off.
func controlLength(s string) int {
	for i := range len(s) {
		switch {
		case s[i] >= 0x40 && s[i] <= 0x7e:
			return i + 1
		case s[i] < 0x20 || s[i] > 0x3f:
			return 0
		}
	}
	return 0
}

// stringLength returns the length of a control string with its terminator, 0 when it has none.
func stringLength(s string) int {
	for i := range len(s) {
		switch {
		case s[i] == 0x07:
			return i + 1
		case strings.HasPrefix(s[i:], "\x1b\\"), strings.HasPrefix(s[i:], "\u009c"):
			return i + 2
		}
	}
	return 0
}
