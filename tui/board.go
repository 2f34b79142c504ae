package tui

import (
	"time"

	"strata/engine"
	"strata/experiments"
	"strata/tui/picture"
)

// board is the rows with the query: what the keys have set, what is shown of it, and where the cursor is. Its answers
// are those of values: what takes time is asked by the model.
type board struct {
	desk     desk   // as the keys have set it
	saved    desk   // as the log has it
	shown    frame  // as the screen shows it
	good     frame  // the last one with an answer
	opened   desk   // as it was when a scheme's text was opened
	filter   string // of the candidates, as shown
	rows     rowsPane
	sliders  sliders
	walk     walk
	visiting visit
	panel    bool // a hit is looked at
	parts    dissected
	click    click
}

// queryLines returns the number of lines that are said about the query.
func (b *board) queryLines(g *engine.Gallery) int {
	if n := len(g.Labels()); b.shown.image == "" || n > leastImageLines {
		return n
	}
	return leastImageLines
}

// focused returns the scheme that the keys act on.
func (b *board) focused() engine.Scheme {
	if b.rows.focus >= len(b.desk.schemes) {
		return engine.Scheme{}
	}
	return b.desk.schemes[b.rows.focus]
}

// focusedKnobs returns the sliders of the focused scheme.
func (b *board) focusedKnobs() []*engine.Term {
	s := b.focused()
	return knobs(&s)
}

// focusedHits returns the hits of the focused row, as shown.
func (b *board) focusedHits() []engine.Hit {
	if b.rows.focus >= len(b.shown.rankings) {
		return nil
	}
	hits := b.shown.rankings[b.rows.focus].Hits
	return hits[:min(len(hits), shownHits)]
}

// cursorHit returns the hit under the cursor.
func (b *board) cursorHit() (engine.Hit, bool) {
	hits := b.focusedHits()
	if b.rows.cursor < 0 || b.rows.cursor >= len(hits) {
		return engine.Hit{}, false
	}
	return hits[b.rows.cursor], true
}

// canAsk reports whether the hit under the cursor may be a query.
func (b *board) canAsk(g *engine.Gallery) bool {
	h, ok := b.cursorHit()
	return ok && g.IsQuery(h.Row)
}

// ranking returns the ranking of scheme i, or nil while it is awaited.
func (b *board) ranking(i int) *experiments.Ranking {
	if i >= len(b.shown.rankings) {
		return nil
	}
	return &b.shown.rankings[i]
}

// movesOf returns how the hits of row i moved against the pinned row, or the row above.
func (b *board) movesOf(i int) []int {
	reference := i - 1
	if b.rows.pinned {
		reference = 0
	}
	if i == 0 || b.ranking(i) == nil {
		return nil
	}
	return moves(b.ranking(i).Hits, b.ranking(reference).Hits)
}

// rowPair returns the focused scheme as B, and as A the one that its hits' moves are counted from.
func (b *board) rowPair() []engine.Scheme {
	if len(b.desk.schemes) < 2 {
		return nil
	}
	first, second := b.rows.focus-1, b.rows.focus
	if b.rows.pinned {
		first = 0
	}
	if second == 0 {
		first, second = 0, 1
	}
	return []engine.Scheme{b.desk.schemes[first], b.desk.schemes[second]}
}

// neighbour returns the query that stepping leads to.
func (b *board) neighbour(g *engine.Gallery, by int) (int, bool) {
	if v := b.visiting; v.on {
		n := len(v.queries)
		return v.queries[((v.at+by)%n+n)%n], n > 1
	}
	return b.walk.step(g, b.desk.query, by)
}

// pictures returns the pictures of the board, the small ones first.
func (b *board) pictures(l *layout) []picture.Wanted {
	var all []picture.Wanted
	for _, i := range b.rows.visible(l, len(b.shown.rankings), b.panel) {
		hits := b.shown.rankings[i].Hits
		for _, h := range hits[:min(len(hits), shownHits)] {
			all = append(all, picture.Wanted{Row: h.Row, Box: l.Thumb, Quality: picture.QualityShared})
		}
	}
	query := b.shown.desk.picture()
	all = append(all, picture.Wanted{Row: query, Box: l.QueryBox, Quality: picture.QualityLarge})
	if h, ok := b.cursorHit(); ok && b.panel {
		all = append(all, picture.Wanted{Row: h.Row, Box: l.PanelBox, Quality: picture.QualityLarge},
			picture.Wanted{Row: query, Box: l.PanelBox, Quality: picture.QualityLarge})
	}
	return all
}

// visit is a walk, begun in the findings, through queries under schemes. Esc ends it where it was begun.
type visit struct {
	on      bool
	schemes []engine.Scheme // as the findings set them
	queries []int           // rows
	at      int             // of queries
	along   bool            // queries are the rows of the page
	sheet   bool            // it was begun in a sheet
	focus   []int           // by query: the scheme to look at; nil: the first
	what    string          // how the queries are ordered
}

// kept is what the findings give back when they are closed.
type kept struct {
	desk  desk
	shown frame
	rows  rowsPane
	walk  walk
}

// click is the last press of the mouse.
type click struct {
	at       time.Time
	row      int  // scheme
	cursor   int  // picture
	dragging bool // a slider
}
