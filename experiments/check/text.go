package check

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"strata/engine/scheme"
	"strata/experiments/table"
)

// shownDetails is the number of a finding's details that a table shows.
const shownDetails = 5

// WriteJSON writes the report for programs.
func (c *Report) WriteJSON(w io.Writer) error { return table.WriteJSON(w, c) }

// WriteTable writes the report for people: the findings, the worst first, and whether
// results can be believed.
func (c *Report) WriteTable(w io.Writer) error {
	var t strings.Builder
	layers := []string{}
	for _, l := range c.Layers {
		layers = append(layers, l.Name)
	}
	if c.Items > 0 {
		fmt.Fprintf(&t, "%s: ", oneCell(c.Gallery))
		if c.Kind != "" {
			fmt.Fprintf(&t, "%s; ", oneCell(c.Kind))
		}
		t.WriteString(table.Counted(c.Items, "item"))
		if len(layers) > 0 {
			fmt.Fprintf(&t, ", layers %s", strings.Join(layers, ", "))
		}
		t.WriteByte('\n')
	}
	for _, f := range c.Findings {
		fmt.Fprintf(&t, "%s\t%s\t%s\n", f.Severity, oneCell(f.Place), oneCell(f.Text))
		for _, d := range f.Details[:min(len(f.Details), shownDetails)] {
			fmt.Fprintf(&t, "\t\t  %s\n", oneCell(d))
		}
		if n := len(f.Details); n > shownDetails {
			fmt.Fprintf(&t, "\t\t  … and %d more (--json has them)\n", f.Count-shownDetails)
		}
	}
	fmt.Fprintf(&t, "%s\n", c.verdict())
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(out, t.String()); err != nil {
		return err
	}
	return out.Flush()
}

// verdict says whether results can be believed, and why not.
func (c *Report) verdict() string {
	found := fmt.Sprintf("%s, %s, %s: ", table.Counted(c.Errors, "error"), table.Counted(c.Warnings, "warning"), table.Counted(c.Notes, "note"))
	switch {
	case c.Errors > 1:
		return found + fmt.Sprintf("results cannot be believed: %s: %s (and %d more)", oneCell(c.Findings[0].Place), oneCell(c.Findings[0].Text), c.Errors-1)
	case c.Errors == 1:
		return found + fmt.Sprintf("results cannot be believed: %s: %s", oneCell(c.Findings[0].Place), oneCell(c.Findings[0].Text))
	case c.Warnings > 0:
		return found + "results can be believed, by those who know of the warnings"
	}
	return found + "results can be believed"
}

// oneCell makes a text fit for a cell of a table on a terminal: what would end the
// cell or the line, or move the cursor, is replaced.
func oneCell(text string) string {
	if scheme.Printable(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if !scheme.Printable(string(r)) {
			return '\ufffd'
		}
		return r
	}, strings.ReplaceAll(text, "\n", "; "))
}
