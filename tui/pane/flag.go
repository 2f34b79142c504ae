package pane

import (
	"github.com/charmbracelet/x/ansi"

	"strata/engine/inert"
	"strata/tui/cells"
)

// FlagMark stands beside what is flagged.
const FlagMark = "⚑"

// flagMark returns the mark of a row's item, or nothing.
func (sc *Scene) flagMark(row int) string {
	if sc.Gallery.Flags().Of(sc.Gallery.ID(row)) == "" {
		return ""
	}
	return sc.Styles.Accent.Render(FlagMark)
}

// flagText returns the mark with the flag of a row's item, of at most width cells, or nothing.
func (sc *Scene) flagText(row, width int) string {
	word := sc.Gallery.Flags().Of(sc.Gallery.ID(row))
	if word == "" || width < 1 {
		return ""
	}
	return sc.Styles.Accent.Render(cells.Cut(FlagMark+" "+inert.Text(word), width))
}

// flagged puts a flag's mark before a caption of width cells, which gets what remains.
func flagged(mark string, width int, caption func(width int) string) string {
	return mark + caption(width-ansi.StringWidth(mark))
}
