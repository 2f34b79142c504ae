package tui

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine/aside"
	"strata/engine/inert"
	"strata/experiments/script"
	"strata/tui/pane"
	"strata/tui/picture"
	"strata/tui/still"
)

// save.go writes the screen as a page. That is no step: a script has no screen.

// screenFile is how the name of a page of the screen ends.
const screenFile = "screen.html"

// errOutside is why a page of the screen is not written.
var errOutside = errors.New("the screen is saved below the working folder")

// screenSaved ends the saving of the screen.
type screenSaved struct {
	file   string
	number int // as of a step
	err    error
}

// write writes a file of the steps' results, or the screen as a page. over says that a file which is there may be
// written over.
func (m Model) write(file string, over bool) (Model, tea.Cmd) {
	switch {
	case !strings.HasSuffix(file, screenFile):
		return m.send().execute(script.Export{File: file})
	case !filepath.IsLocal(file):
		m.prompt = m.prompt.Judge(errOutside)
		return m, nil
	}
	m = m.send()
	number := m.numbered()
	page, take := m.still()
	session, ctx := m.session, m.ctx
	return m, m.crew.run(func() tea.Msg {
		path, err := session.ExportPath(file)
		if err == nil {
			err = take(ctx)
		}
		put := aside.WriteNew
		if over {
			put = aside.Write
		}
		if err == nil {
			err = put(path, func(w io.Writer) error { return page.Write(inert.NewWriter(w)) })
		}
		return screenSaved{file, number, err}
	})
}

// still returns a page of the screen, and what takes its pictures, which takes time.
func (m Model) still() (page *still.Screen, take func(context.Context) error) {
	if m.relief.Open {
		m.c.Terminal.Graphics = picture.GraphicsHalfBlock // of the landscape the page has what text shows
	}
	lines, shown := m.compose()
	w, h := max(m.layout.CellW, 1), max(m.layout.CellH, 1)
	page = &still.Screen{Title: "strata · " + inert.Line(m.gallery.Name), Lines: lines, CellW: w, CellH: h, Light: m.c.Light}
	var places []pane.Place
	m.eachPicture(func(at pane.Place, p picture.Placement) {
		for _, s := range shown {
			if s.Col == p.Col && s.Row == p.Row && s.Key == p.Key { // and no popup lies over it
				places = append(places, at)
				page.Pictures = append(page.Pictures, still.Picture{Placement: p, Name: m.nameOf(at.Row)})
				return
			}
		}
	})
	thumbs := m.thumbs
	return page, func(ctx context.Context) (err error) {
		for i := range page.Pictures {
			p := &page.Pictures[i]
			if p.File, err = thumbs.Still(ctx, places[i].Row, picture.Box{Cols: p.PixelW, Rows: p.PixelH}, places[i].Faded); err != nil {
				return err
			}
		}
		return nil
	}
}

// nameOf names the picture of a row, or one from outside the gallery.
func (p *panes) nameOf(row int) string {
	if row >= p.gallery.Len() {
		return "query"
	}
	return inert.Line(p.gallery.ID(row))
}

// savedScreen takes the end of the saving of the screen.
func savedScreen(m Model, s screenSaved) Model {
	m.complain(s.err)
	if s.err == nil {
		m.status = m.status.Tell("wrote this screen to %s", inert.Text(s.file))
	}
	return m.arrived(s.number, s.err)
}
