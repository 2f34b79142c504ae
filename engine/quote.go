package engine

import (
	"strconv"
	"strings"
)

// quoteName puts a name with blanks, commas or quotes between Go quotes.
func quoteName(s string) string {
	if s == "" || strings.ContainsAny(s, " \t\n,=\"\\#") || strconv.Quote(s) != `"`+s+`"` {
		return strconv.Quote(s)
	}
	return s
}
