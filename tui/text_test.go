package tui

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
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
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := clean(test.in); got != test.want {
				t.Errorf("clean(%q) = %q, want %q", test.in, got, test.want)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[31mred\x1b]0;t\x07")
	f.Add("\u009b1;2H\u202e\x9b\xc2")
	f.Add("\x1b\x1b[\x1b]\x1b[31\x1b[31m")
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if !utf8.ValidString(got) {
			t.Errorf("clean(%q) = %q is not UTF-8", s, got)
		}
		if i := strings.IndexFunc(got, unsafeRune); i >= 0 {
			t.Errorf("clean(%q) = %q acts on the terminal at byte %d", s, got, i)
		}
		if again := clean(got); again != got {
			t.Errorf("clean(%q) = %q, cleaned again %q", s, got, again)
		}
	})
}
