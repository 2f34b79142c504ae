package inert

import "strings"

// Shell returns a text as one word of a POSIX shell's command line, for commands that a reader
// pastes. The shell interprets nothing in it. A text of letters, digits and _-+,./:=@% stays as
// it is.
//
//	fmt.Printf("strata check %s\n", inert.Shell(dir))
func Shell(s string) string {
	special := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("_-+,./:=@%", c)
	}
	if s != "" && !strings.ContainsFunc(s, special) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
