package picture

import (
	"strings"
	"testing"
)

func TestInputDropsLateReplies(t *testing.T) {
	for _, test := range []struct {
		name  string
		reads []string
		want  string
	}{
		{"keys", []string{"qy\x1b[A", "\x1bP", "\x1b_", "x"}, "qy\x1b[A\x1bP\x1b_x"},
		{"kitty's name", []string{"a\x1bP>|kitty(0.26.5)\x1b\\b"}, "ab"},
		{"a late background", []string{"a\x1b]11;rgb:ffff/ffff/ffff\x1b\\b"}, "ab"},
		{"two replies and a key between", []string{"\x1bP>|kitty(0.26.5)\x1b\\k\x1b_Gi=31;OK\x1b\\"}, "k"},
		{"in pieces", []string{"a\x1b_Gi=3", "1;O", "K\x1b\\b", "c"}, "abc"},
		{"control sequences stay", []string{"\x1b[?62;4c"}, "\x1b[?62;4c"},
		{"without an end", []string{"\x1b_Gi", strings.Repeat("x", maxReply), "yes"}, "xxxxyes"},
		{"ended by the bell", []string{"\x1b_Gi=31;OK\ab"}, "b"},
		{"without an end, then a key", []string{"\x1b_Gi=31", "\rq"}, "\rq"},
		{"without an end, then an arrow", []string{"\x1b_Gi=31", "\x1b[Aq"}, "\x1b[Aq"},
		{"without an end, then an arrow in pieces", []string{"\x1b_Gi=31", "\x1b", "[Aq"}, "\x1b[Aq"},
		{"without an end, then another", []string{"\x1b_Gi=31\x1bP>|kitty\x1b\\q"}, "q"},
		{"escape, then keys", []string{"\x1b", "Pq", "\x1b", "_", "q", "\x1b", "\x1b[A"}, "\x1bPq\x1b_q\x1b\x1b[A"},
	} {
		if got := keysOf(test.reads...); got != test.want {
			t.Errorf("%s: %.60q, want %.60q", test.name, got, test.want)
		}
	}
}

// keysOf returns the keys of some reads.
func keysOf(reads ...string) string {
	var i Input
	got := ""
	for _, read := range reads {
		p := append([]byte(read), 0) // for an escape that is held
		got += string(p[:i.keep(p, len(read))])
	}
	return got
}

// TestInputCutAnywhere cuts replies between keys at any two places: no key is lost, and of a reply only the bytes of its
// start that came before the cut are read as keys.
func TestInputCutAnywhere(t *testing.T) {
	const text = "ak\x1bP>|kitty(0.26.5)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b]11;rgb:0/0/0\x1b\\\x1b[Ab"
	for one := range len(text) + 1 {
		for two := one; two <= len(text); two++ {
			want := "ak"
			for _, start := range replyStarts {
				at, leaked := strings.Index(text, string(start)), 0
				for _, cut := range []int{one, two} {
					if cut > at && cut < at+len(start) {
						leaked = cut - at
					}
				}
				want += string(start[:leaked])
			}
			want += "\x1b[Ab"
			if got := keysOf(text[:one], text[one:two], text[two:]); got != want {
				t.Errorf("cut at %d and %d: %q, want %q", one, two, got, want)
			}
		}
	}
}
