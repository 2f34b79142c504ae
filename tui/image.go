package tui

import (
	"errors"
	"image"
	"io"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	stored "strata/engine/picture"
	"strata/experiments"
	"strata/tui/pane"
	"strata/tui/picture"
	"strata/tui/prompt"
)

// askImage makes a picture from outside the gallery the query. The item that was the query stays the one from which the
// next and the previous are counted.
func askImage(m Model, path string) (Model, tea.Cmd) {
	m.Desk = withImage(m.Desk, prompt.FromHome(path), m.thumbs, m.session)
	m.Rows.Cursor = min(m.Rows.Cursor, 0)
	return m.search(true)
}

// withImage returns the desk with a picture as the query.
func withImage(d pane.Desk, path string, thumbs *picture.Thumbs, session *experiments.Session) pane.Desk {
	d.Image = path
	d.Photo = thumbs.Add(func() (image.Image, error) { return decoded(session.OpenPicture(path)) })
	return d
}

// itemPictures returns what decodes the picture of a gallery's row.
func itemPictures(g *engine.Gallery) func(row int) (image.Image, error) {
	return func(row int) (image.Image, error) { return decoded(g.OpenPicture(row)) }
}

// decoded reads and closes an opened picture.
func decoded(r io.ReadCloser, err error) (image.Image, error) {
	if err != nil {
		return nil, err
	}
	m, err := stored.DecodePicture(r, picture.Allow)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	return m, nil
}

// complete looks for the files whose names begin as a path ends.
func (j *jobs) complete(text string) tea.Cmd {
	ctx, seq := j.looking.begin(j.ctx)
	return j.crew.run(func() tea.Msg {
		common, names := prompt.Continuations(text)
		if ctx.Err() != nil {
			return nil
		}
		return prompt.Completed{Seq: seq, Text: text, Common: common, Names: names}
	})
}
