package tui

import (
	"context"
	"errors"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	"strata/experiments"
	"strata/tui/cells"
	"strata/tui/picture"
)

// askImage makes a picture from outside the gallery the query. The item that was the query stays the one from which the
// next and the previous are counted.
func askImage(m Model, path string) (Model, tea.Cmd) {
	m.desk = m.desk.withImage(fromHome(path), m.thumbs, m.session)
	m.rows.cursor = min(m.rows.cursor, 0)
	return m.search(true)
}

// withImage returns the desk with a picture as the query.
func (d desk) withImage(path string, thumbs *picture.Thumbs, session *experiments.Session) desk {
	d.image = path
	d.photo = thumbs.Add(func() (image.Image, error) { return decoded(session.OpenPicture(path)) })
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
	m, err := engine.DecodePicture(r, picture.Allow)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	return m, nil
}

// fromHome replaces a ~ at the head of a path by the user's folder, as a shell does.
func fromHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~")
	if home, err := os.UserHomeDir(); ok && err == nil && (rest == "" || os.IsPathSeparator(rest[0])) {
		return home + rest
	}
	return path
}

// picture returns the number under which the query's picture is made.
func (d desk) picture() int {
	if d.image != "" {
		return d.photo
	}
	return d.query
}

// shownPaths is the number of names that a path may be continued to that are shown.
const shownPaths = 5

// completed has the names to which a path may be continued.
type completed struct {
	seq    int
	text   string // the path so far
	common string // the path up to where the names part
	names  []string
}

// complete looks for the files whose names begin as a path ends.
func (m Model) complete(text string) (Model, tea.Cmd) {
	var ctx context.Context
	m.looking, ctx = m.looking.next(m.ctx)
	seq := m.looking.seq
	return m, m.crew.run(func() tea.Msg {
		common, names := continuations(text)
		if ctx.Err() != nil {
			return nil
		}
		return completed{seq, text, common, names}
	})
}

// pictureEndings are the endings of files that a path is continued to.
var pictureEndings = []string{".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"}

// continuations returns the names of folders and pictures that begin as a path ends, folders with a separator, and the
// path up to where they part.
func continuations(path string) (common string, names []string) {
	folder, begin := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Join(fromHome(folder), "."))
	if err != nil {
		return path, nil
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, begin) || begin == "" && strings.HasPrefix(name, ".") {
			continue
		}
		folderToo := e.IsDir()
		if info, err := os.Stat(filepath.Join(fromHome(folder), name)); err == nil {
			folderToo = info.IsDir() // where a link leads
		}
		switch {
		case folderToo:
			names = append(names, name+string(filepath.Separator))
		case slices.Contains(pictureEndings, strings.ToLower(filepath.Ext(name))):
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return path, nil
	}
	common = names[0]
	for _, name := range names[1:] {
		n := 0
		for n < min(len(common), len(name)) && common[n] == name[n] {
			n++
		}
		common = strings.ToValidUTF8(common[:n], "")
	}
	return folder + common, names
}

// pathText lists the names to which a path may be continued.
func (c completed) pathText() string {
	switch n := len(c.names); {
	case n == 0:
		return "no folder or picture begins so"
	case n > shownPaths:
		return strings.Join(c.names[:shownPaths], "  ") + "  … " + cells.Thousands(n) + " in all, tab continues"
	}
	return strings.Join(c.names, "  ") + "  tab continues"
}
