package page

import (
	"slices"

	"strata/engine"
	"strata/engine/scheme"
	"strata/tui/cells"
	"strata/tui/pane"
	"strata/tui/picture"
)

// Sight is a row of a list.
type Sight struct {
	List int // number of the list; 0: none was made
	At   int
}

// Preview is what stands beside a list: the pictures behind the row under the cursor. It is made beside the loop.
type Preview struct {
	Of    Sight // what is shown
	Asked Sight // what is shown or on its way
	Board pane.Board
	Sheet *Sheet // in place of the board; nil: none

	names []string
}

// Previewed returns what is to be ranked for a preview of a look, before it has an answer. base is the desk whose query
// shows schemes that are not of one query, and whose rows stand under those that were evaluated.
func (f *Findings) Previewed(l Look, base pane.Desk, rows pane.Rows, g *engine.Gallery) Preview {
	p := Preview{Sheet: l.Sheet}
	if l.Sheet != nil {
		return p
	}
	d := base
	switch {
	case l.Queries != nil:
		d = pane.Desk{Query: l.Queries[l.At], Hits: base.Hits}
		d.Schemes = l.Schemes
		p.Board.Visiting = pane.Visit{On: true, Queries: l.Queries, At: l.At, What: l.What}
		if l.Focus != nil {
			rows.Focus, rows.Cursor = l.Focus[l.At], 0
		}
	case l.Scheme != nil:
		d.Schemes = []scheme.Scheme{*l.Scheme}
	case l.Rows != nil:
		d.Schemes = l.Rows
	default:
		return p
	}
	if f.Page.Mined() {
		p.names = sides[:]
	} else if f.Page != Compare {
		d.Schemes = Beside(d.Schemes, base.Schemes)
	}
	p.Board.Desk, p.Board.Rows = d, rows
	p.Board.Shown = pane.Frame{Desk: d}
	return p
}

// Beside returns schemes with others under them that are not among them.
func Beside(schemes, others []scheme.Scheme) []scheme.Scheme {
	out := slices.Clone(schemes)
	for _, s := range others {
		if !slices.ContainsFunc(out, func(o scheme.Scheme) bool { return pane.SameScheme(s, o) }) {
			out = append(out, s)
		}
	}
	return out
}

// Blank reports whether there is nothing to show.
func (p *Preview) Blank() bool { return p.Sheet == nil && len(p.Board.Shown.Schemes) == 0 }

// scene returns what the preview is formatted from.
func (p *Preview) scene(sc *pane.Scene) *pane.Scene {
	out := *sc
	out.Board, out.Still, out.Names = &p.Board, true, p.names
	return &out
}

// put writes the preview.
func (p *Preview) put(c *cells.Canvas, sc *pane.Scene) {
	switch {
	case p.Sheet != nil:
		p.Sheet.put(c, sc)
	case !p.Blank():
		p.scene(sc).Put(c)
	}
}

// Pictures returns the pictures of the preview, the small ones first.
func (p *Preview) Pictures(l *pane.Layout) []picture.Wanted {
	switch {
	case p.Sheet != nil:
		return p.Sheet.Pictures(l)
	case p.Blank():
		return nil
	}
	return p.Board.Pictures(l)
}

// Place calls add for every picture of the preview with its place.
func (p *Preview) Place(sc *pane.Scene, add func(at pane.Place, x, y int)) {
	switch {
	case p.Sheet != nil:
		p.Sheet.Place(sc.Layout, add)
	case !p.Blank():
		p.scene(sc).Place(add)
	}
}
