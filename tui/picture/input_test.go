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
		{"two replies and a key between", []string{"\x1bP>|kitty(0.26.5)\x1b\\k\x1b_Gi=31;OK\x1b\\"}, "k"},
		{"in pieces", []string{"a\x1b_Gi=3", "1;O", "K\x1b\\b", "c"}, "abc"},
		{"control sequences stay", []string{"\x1b[?62;4c"}, "\x1b[?62;4c"},
		{"without an end", append([]string{"\x1b_Gi"}, strings.Repeat("x", maxReply), "yes"), strings.Repeat("x", maxReply) + "yes"},
	} {
		var i Input
		got := ""
		for _, read := range test.reads {
			p := []byte(read)
			got += string(p[:i.keep(p)])
		}
		if got != test.want {
			t.Errorf("%s: %.60q, want %.60q", test.name, got, test.want)
		}
	}
}
