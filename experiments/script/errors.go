package script

import (
	"fmt"
)

// Error says what is wrong with the text of a step, and where.
type Error struct {
	File   string // "" for a step that stands alone
	Line   int    // from 1; 0 for a step that stands alone
	Column int    // in characters, from 1
	Text   string // the line
	Reason string
}

func (e *Error) Error() string {
	if e.File == "" && e.Line == 0 {
		return fmt.Sprintf("column %d: %s", e.Column, e.Reason)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Reason)
}
