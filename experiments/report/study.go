package report

import (
	"html/template"
	"io"
	"strconv"
	"strings"

	"strata/experiments/run"
)

// studyView is the data of the page of a study: cards with the main results, sections of tables,
// plots and pictures, and caveats.
type studyView struct {
	Gallery, Subject, Fingerprint string
	Facts                         []pageFact
	Line                          string // above the verdicts; "" is none
	Verdicts                      []pageVerdict
	Sections                      []pageSection
	Caveats                       []string
	Footer                        string
}

// pageSection is a section. The page's head links to it.
type pageSection struct {
	Title, Anchor, Lead string
	Parts               []pagePart
}

// pagePart is a part of a section. Empty fields are not shown.
type pagePart struct {
	Title, Note string
	Matrix      *pageMatrix
	Table       *pageTable
	Plot        template.HTML // beside the table: an svg element with its alternative text
	Panels      []template.HTML
	PlotNote    string // under Plot or Panels
	Sheets      []pageSheet
	Cards       *pageCards
	List        []string
}

// pageTable is a table; the first cell of a row names it.
type pageTable struct {
	Caption string
	Columns []pageColumn
	Rows    []pageTableRow
}

// pageColumn is the head of a column and the class of its cells: "" for numbers,
// "left" for texts, "left scheme" for schemes.
type pageColumn struct{ Name, Class string }

type pageTableRow struct {
	Best  bool
	Faded bool
	Cells []string
}

// pageCards are small pictures with captions.
type pageCards struct {
	Single bool // one picture a card
	Cards  []pageCard
}

// pageCard is a picture, or two side by side.
type pageCard struct {
	Pictures []pagePicture
	Lines    []string
}

// write writes the page.
func (v *studyView) write(w io.Writer) error { return renderPage("page_study.html", v)(w) }

// add adds a section with an anchor, unless the section is empty.
func (v *studyView) add(s pageSection) {
	if len(s.Parts) > 0 {
		s.Anchor = "section-" + strconv.Itoa(len(v.Sections)+1)
		v.Sections = append(v.Sections, s)
	}
}

// conditionFacts describes the conditions on queries and candidates, if there are any.
func conditionFacts(m run.Manifest) []pageFact {
	var facts []pageFact
	if m.Set != "" {
		facts = append(facts, pageFact{"Queries of", m.Set})
	}
	if len(m.Where) > 0 {
		facts = append(facts, pageFact{"Queries where", strings.Join(m.Where, " ")})
	}
	if len(m.Filter) > 0 {
		facts = append(facts, pageFact{"Candidates where", strings.Join(m.Filter, " ")})
	}
	return facts
}

// plural returns a number with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		return strconv.Itoa(n) + " " + stem + "ies"
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
