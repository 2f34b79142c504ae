// Package inert makes texts of unknown origin safe to show. Ids, labels and names of files come
// from colleagues and the net, and a terminal interprets control characters in them. The package
// defines which characters must not be shown, and four ways to apply that:
//
//	Text      removes them: for the screen, where every cell counts
//	Line      replaces them by U+FFFD, on one line: for messages
//	Writer    replaces them by U+FFFD in a stream: for tables and reports
//	JSON      escapes them, without loss
//
// A text that is read back, in a log or a script, stands between Go's double quotes instead. Shell
// quotes a word of a command that a reader pastes.
//
//	fmt.Println(inert.Text(g.ID(row)))
package inert

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// acts reports whether r is unsafe to show. Unsafe are control characters, line and paragraph
// separators, bidirectional marks, overrides and isolates, invisible characters (zero-width spaces,
// tags, fillers), and noncharacters. Joiners are safe; emoji and Persian need them.
func acts(r rune) bool {
	switch {
	case r < 0x7f:
		return r < 0x20
	case r == '\u200c' || r == '\u200d':
		return false
	case unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point):
		return true
	case unicode.Is(unicode.Cf, r):
		return !unicode.Is(unicode.Prepended_Concatenation_Mark, r) // visible signs before numbers
	}
	return fillers[r]
}

// fillers are invisible letters.
var fillers = map[rune]bool{'\u034f': true, '\u115f': true, '\u1160': true, '\u17b4': true, '\u17b5': true, '\u3164': true, '\uffa0': true}

// Text returns s without unsafe characters and without whole escape sequences. Bytes that are not
// UTF-8 become U+FFFD. Tabs and line ends become one space, so that words stay apart.
func Text(s string) string {
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
		case !acts(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Line returns a message on one line. Semicolons separate its former lines. U+FFFD replaces unsafe
// characters, so that the reader sees that there were some.
func Line(s string) string {
	if plainASCII(s) {
		return s
	}
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })
	return strings.Map(func(r rune) rune {
		if acts(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(strings.Join(lines, "; "), string(utf8.RuneError)))
}

// JSON returns a JSON document with unsafe characters escaped. The meaning is the same, since they
// occur only within texts, or as line ends and tabs between values.
func JSON(document []byte) []byte {
	if plainASCII(strings.NewReplacer("\n", "", "\t", "").Replace(string(document))) {
		return document
	}
	var out []byte
	for _, r := range string(document) {
		switch {
		case r == '\n' || r == '\t' || !acts(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// Writer copies text, with U+FFFD in place of unsafe characters. Line ends and tabs come from the
// program and are copied. An incomplete rune at the end is dropped.
type Writer struct {
	to   io.Writer
	rest []byte // of a rune
	out  []byte
}

// NewWriter returns a Writer that writes to the given writer.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Write copies p. An error is the underlying writer's.
func (w *Writer) Write(p []byte) (int, error) {
	text := p
	if len(w.rest) > 0 {
		text = slices.Concat(w.rest, p)
	}
	w.out = w.out[:0]
	for len(text) > 0 && utf8.FullRune(text) {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '\n' || r == '\t' || r != utf8.RuneError && !acts(r):
			w.out = append(w.out, text[:n]...)
		default:
			w.out = utf8.AppendRune(w.out, utf8.RuneError)
		}
		text = text[n:]
	}
	w.rest = bytes.Clone(text)
	if _, err := w.to.Write(w.out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// plainASCII reports whether every byte of s is printable ASCII. Nearly all texts are.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// escapeLength returns the length of the escape sequence at the start of s, or 0 if there is none.
// An unterminated sequence counts as its introducer alone, so that a file name cannot swallow the
// rest of a line. Of other sequences only the ESC counts.
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

// controlLength returns the length of a control sequence's parameters and final byte, or 0 if the
// sequence is incomplete.
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

// stringLength returns the length of a control string with its terminator, or 0 if there is no
// terminator.
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
