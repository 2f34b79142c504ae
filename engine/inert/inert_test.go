package inert

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "shirts/10000.jpg", "shirts/10000.jpg"},
		{"empty", "", ""},
		{"unicode", "Größe 袖 👩‍🔧 e\u0301", "Größe 袖 👩‍🔧 e\u0301"},
		{"colour", "a\x1b[31mred\x1b[0m", "ared"},
		{"clipboard", "a\x1b]52;c;cm0gLXJm\x07b", "ab"},
		{"title, ended by ST", "a\x1b]2;x\x1b\\b", "ab"},
		{"sixel", "a\x1bPq#0~\x1b\\b", "ab"},
		{"unfinished string", "a\x1b]2;rest of the name", "a2;rest of the name"},
		{"unfinished control", "a\x1b[31", "a31"},
		{"lone escape", "a\x1bcb", "acb"},
		{"escape at the end", "a\x1b", "a"},
		{"C1 control sequence", "a\u009b31mb", "ab"},
		{"C1 next line", "a\u0085b", "ab"},
		{"raw C1 byte", "a\x9bb", "a\ufffdb"},
		{"line ends and tabs", "a\r\nb\tc", "a b c"},
		{"bell, backspace, delete", "a\a\b\x7fb", "ab"},
		{"override", "photo\u202egpj.exe", "photogpj.exe"},
		{"isolates and marks", "\u2066a\u2069\u200e\u200fb\u061c", "ab"},
		{"line separator", "a\u2028b", "a b"},
		{"byte order mark", "\ufeffa", "a"},
		{"not UTF-8", "a\xffb", "a\ufffdb"},
		{"zero width", "a\u200bb\u2060c\u00add", "abcd"},
		{"tags", "a\U000e0041\U000e007fb", "ab"},
		{"fillers", "a\u3164\u115f\uffa0\u034fb", "ab"},
		{"annotation", "a\ufff9b\ufffbc", "abc"},
		{"joiners", "می\u200cخواهم 👩\u200d🔧", "می\u200cخواهم 👩\u200d🔧"},
		{"a sign before a number", "\u0600123", "\u0600123"},
		{"variation", "☂\ufe0f", "☂\ufe0f"},
		{"no character", "a\ufffeb\U0010ffffc", "abc"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Text(test.in); got != test.want {
				t.Errorf("Text(%q) = %q, want %q", test.in, got, test.want)
			}
		})
	}
}

// hostile is a text of everything that may not be shown.
const hostile = "a\x00\x1b]0;x\a\x1b[2J\u009b1m\u202ec\u2066\u200b\u2028\xff\U000e0041\x7f\r\né"

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"A.npy: row 17":   "A.npy: row 17",
		"one\ntwo\n":      "one; two",
		"a\tb":            "a\ufffdb",
		"a\x1b[2J\u202eb": "a\ufffd[2J\ufffdb",
	} {
		if got := Line(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	document, err := json.MarshalIndent(map[string]string{"id": hostile, "other": "plain"}, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	shown := JSON(document)
	if i := bytes.IndexFunc(shown, func(r rune) bool { return acts(r) && r != '\n' && r != '\t' }); i >= 0 {
		t.Errorf("%q acts on a terminal at byte %d", shown, i)
	}
	var before, after map[string]string
	if err := errors.Join(json.Unmarshal(document, &before), json.Unmarshal(shown, &after)); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(before, after) {
		t.Errorf("it is %q, and was %q", after, before)
	}
}

// TestWriter writes texts in pieces of every size.
func TestWriter(t *testing.T) {
	in := hostile + "\n\tGröße 袖 👩‍🔧" + hostile
	want := Line(strings.NewReplacer("\n", "<n>", "\t", "<t>").Replace(in))
	want = strings.NewReplacer("<n>", "\n", "<t>", "\t").Replace(want)
	for size := 1; size <= len(in); size++ {
		var b strings.Builder
		w := NewWriter(&b)
		for piece := range slices.Chunk([]byte(in), size) {
			if n, err := w.Write(piece); n != len(piece) || err != nil {
				t.Fatal(n, err)
			}
		}
		if b.String() != want {
			t.Fatalf("in pieces of %d: got %q, want %q", size, b.String(), want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\x1b[31mred\x1b]0;t\x07")
	f.Add("\u009b1;2H\u202e\x9b\xc2")
	f.Add("\x1b\x1b[\x1b]\x1b[31\x1b[31m")
	f.Fuzz(func(t *testing.T, s string) {
		got := Text(s)
		if !utf8.ValidString(got) {
			t.Errorf("Text(%q) = %q is not UTF-8", s, got)
		}
		if i := strings.IndexFunc(got, acts); i >= 0 {
			t.Errorf("Text(%q) = %q acts on the terminal at byte %d", s, got, i)
		}
		if again := Text(got); again != got {
			t.Errorf("Text(%q) = %q, cleaned again %q", s, got, again)
		}
		line := Line(s)
		if i := strings.IndexFunc(line, acts); i >= 0 || !utf8.ValidString(line) {
			t.Errorf("Line(%q) = %q acts on the terminal at byte %d", s, line, i)
		}
		var b strings.Builder
		w := NewWriter(&b)
		for piece := range slices.Chunk([]byte(s), 3) {
			if _, err := w.Write(piece); err != nil {
				t.Fatal(err)
			}
		}
		if i := strings.IndexFunc(b.String(), func(r rune) bool { return acts(r) && r != '\n' && r != '\t' }); i >= 0 || !utf8.ValidString(b.String()) {
			t.Errorf("%q is passed on as %q, which acts on the terminal at byte %d", s, b.String(), i)
		}
	})
}
