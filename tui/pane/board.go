package pane

import (
	"time"

	"strata/engine"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/tui/picture"
)

// Board is the rows with the query: what the keys have set, what is shown of it, and where the cursor is. Its answers
// are those of values: what takes time is asked by the model.
type Board struct {
	Desk     Desk   // as the keys have set it
	Saved    Desk   // as the log has it
	Shown    Frame  // as the screen shows it
	Good     Frame  // the last one with an answer
	Opened   Desk   // as it was when a scheme's text was opened
	Filter   string // of the candidates, as shown
	Rows     Rows
	Sliders  sliders
	Walk     Walk
	Visiting Visit
	Panel    bool // a hit is looked at
	Parts    Dissected
	Click    Click
	Chosen   Chosen
}

// QueryLines returns the number of lines that are said about the query.
func (b *Board) QueryLines(g *engine.Gallery) int {
	if n := len(g.Labels()); b.Shown.Image == "" || n > leastImageLines {
		return n
	}
	return leastImageLines
}

// Focused returns the scheme that the keys act on.
func (b *Board) Focused() scheme.Scheme {
	if b.Rows.Focus >= len(b.Desk.Schemes) {
		return scheme.Scheme{}
	}
	return b.Desk.Schemes[b.Rows.Focus]
}

// FocusedKnobs returns the sliders of the focused scheme.
func (b *Board) FocusedKnobs() []*scheme.Term {
	s := b.Focused()
	return knobs(&s)
}

// FocusedHits returns the hits of the focused row, as shown.
func (b *Board) FocusedHits() []rank.Hit {
	if b.Rows.Focus >= len(b.Shown.Rankings) {
		return nil
	}
	return b.Shown.Rankings[b.Rows.Focus].Hits
}

// CursorHit returns the hit under the cursor.
func (b *Board) CursorHit() (rank.Hit, bool) {
	hits := b.FocusedHits()
	if b.Rows.Cursor < 0 || b.Rows.Cursor >= len(hits) {
		return rank.Hit{}, false
	}
	return hits[b.Rows.Cursor], true
}

// CanAsk reports whether the hit under the cursor may be a query.
func (b *Board) CanAsk(g *engine.Gallery) bool {
	h, ok := b.CursorHit()
	return ok && g.IsQuery(h.Row)
}

// ranking returns the ranking of scheme i, or nil while it is awaited.
func (b *Board) ranking(i int) *eval.Ranking {
	if i >= len(b.Shown.Rankings) {
		return nil
	}
	return &b.Shown.Rankings[i]
}

// reference returns the row that row i is compared with, the pinned one or the row above; false for the first row.
func (b *Board) reference(i int) (int, bool) {
	if b.Rows.Pinned {
		return 0, i > 0
	}
	return i - 1, i > 0
}

// movesOf returns how the hits of row i moved against the pinned row, or the row above.
func (b *Board) movesOf(i int) []int {
	reference, ok := b.reference(i)
	if !ok || b.ranking(i) == nil {
		return nil
	}
	return moves(b.ranking(i).Hits, b.ranking(reference).Hits)
}

// RowPair returns the scheme that the moves of the focused row's hits are counted from, and the focused one.
func (b *Board) RowPair() []scheme.Scheme {
	if len(b.Desk.Schemes) < 2 {
		return nil
	}
	first, second := b.Rows.Focus-1, b.Rows.Focus
	if b.Rows.Pinned {
		first = 0
	}
	if second == 0 {
		first, second = 0, 1
	}
	return []scheme.Scheme{b.Desk.Schemes[first], b.Desk.Schemes[second]}
}

// Neighbour returns the query that stepping leads to.
func (b *Board) Neighbour(g *engine.Gallery, by int) (int, bool) {
	if v := b.Visiting; v.On {
		n := len(v.Queries)
		return v.Queries[((v.At+by)%n+n)%n], n > 1
	}
	return b.Walk.Step(g, b.Desk.Query, by)
}

// Pictures returns the pictures of the board, the small ones first.
func (b *Board) Pictures(l *Layout) []picture.Wanted {
	var all []picture.Wanted
	for _, i := range b.Rows.Visible(l, len(b.Shown.Rankings), b.Panel) {
		for _, p := range append(b.hitPlaces(l, i), b.ghostPlaces(l, i)...) {
			all = append(all, p.wanted())
		}
	}
	query := b.Shown.Desk.Picture()
	all = append(all, picture.Wanted{Row: query, Box: l.QueryBox, Quality: picture.QualityLarge})
	if h, ok := b.CursorHit(); ok && b.Panel {
		all = append(all, picture.Wanted{Row: h.Row, Box: l.PanelBox, Quality: picture.QualityLarge},
			picture.Wanted{Row: query, Box: l.PanelBox, Quality: picture.QualityLarge})
	}
	return all
}

// Visit is a walk, begun in the findings, through queries under schemes. Esc ends it where it was begun.
type Visit struct {
	On      bool
	Schemes []scheme.Scheme // as the findings set them
	Queries []int           // rows
	At      int             // of queries
	Along   bool            // queries are the rows of the page
	Sheet   bool            // it was begun in a sheet
	Focus   []int           // by query: the scheme to look at; nil: the first
	What    string          // how the queries are ordered
}

// Kept is what the findings give back when they are closed.
type Kept struct {
	Desk  Desk
	Shown Frame
	Rows  Rows
	Walk  Walk
}

// Click is the last press of the mouse.
type Click struct {
	At       time.Time
	Row      int  // scheme
	Cursor   int  // picture
	Dragging bool // a slider
}
