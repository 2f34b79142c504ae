package tui

import "strata/engine/inert"

// clean returns a text of unknown origin without what a terminal would obey.
func clean(s string) string { return inert.Text(s) }
