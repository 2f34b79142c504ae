package page

import (
	"fmt"
	"slices"
	"strings"

	"strata/tui/prompt"
)

// Cells returns what can be copied of the row under the cursor: its name first, then its other cells, then the row.
func (f *Findings) Cells() []prompt.Choice {
	l, at := &f.List, f.At[f.Page]
	var first, rest []prompt.Choice
	heads := l.heads()
	for j, c := range l.columns {
		item := prompt.Choice{Name: l.text(at, j), Note: heads[j]}
		switch {
		case item.Name == "":
		case c.gives && first == nil:
			first = append(first, item)
		default:
			rest = append(rest, item)
		}
	}
	all := slices.Concat(first, rest)
	texts := make([]string, len(all))
	for i, c := range all {
		texts[i] = c.Name
	}
	return append(all, prompt.Choice{Name: strings.Join(texts, "\t"), Note: fmt.Sprintf("the row, %d cells", len(all))})
}
