package prompt

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	"strata/tui/cells"
)

// Found has the first items whose id begins with a text, and how many do.
type Found struct {
	Seq   int
	Text  string
	Rows  []int32
	Count int
}

// Matched takes what answers the text that is typed, unless its number is not seq.
func (p Prompt) Matched(msg tea.Msg, seq int, g *engine.Gallery) Prompt {
	switch msg := msg.(type) {
	case Found:
		if msg.Seq == seq {
			p.Matches = msg
			p = p.Tell(msg.matchText(g))
		}
	case Completed:
		if msg.Seq == seq && p.Kind == Image {
			p.Offered = msg
			p = p.Tell(msg.pathText())
		}
	}
	return p
}

// matchText says which items a jump would go to.
func (f Found) matchText(g *engine.Gallery) string {
	if f.Count == 0 {
		return "no id begins so"
	}
	ids := make([]string, len(f.Rows))
	for i, row := range f.Rows {
		ids[i] = g.ID(int(row))
	}
	text := strings.Join(ids, "  ")
	if f.Count > len(ids) {
		text += fmt.Sprintf("  … %s in all", cells.Thousands(f.Count))
	}
	return text
}

// shownNames is the number of names that a text may be continued to that are shown.
const shownNames = 5

// Completed has the names to which a path, or the last value of a restriction, may be continued.
type Completed struct {
	Seq    int    // of a path
	Text   string // what was typed so far
	Common string // the text up to where the names part
	Names  []string
}

// ValueText lists the values to which a restriction may be continued, or is "".
func (c Completed) ValueText() string {
	if len(c.Names) == 0 {
		return ""
	}
	text := "  ·  " + strings.Join(c.Names[:min(len(c.Names), shownNames)], "  ")
	if n := len(c.Names); n > shownNames {
		text += "  … " + cells.Thousands(n) + " in all"
	}
	if c.Common != c.Text {
		text += "  tab continues"
	}
	return text
}

// pictureEndings are the endings of files that a path is continued to.
var pictureEndings = []string{".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"}

// Continuations returns the names of folders and pictures that begin as a path ends, folders with a separator, and the
// path up to where they part.
func Continuations(path string) (common string, names []string) {
	folder, begin := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Join(FromHome(folder), "."))
	if err != nil {
		return path, nil
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, begin) || begin == "" && strings.HasPrefix(name, ".") {
			continue
		}
		folderToo := e.IsDir()
		if info, err := os.Stat(filepath.Join(FromHome(folder), name)); err == nil {
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
	return folder + cells.CommonStart(names), names
}

// pathText lists the names to which a path may be continued.
func (c Completed) pathText() string {
	switch n := len(c.Names); {
	case n == 0:
		return "no folder or picture begins so"
	case n > shownNames:
		return strings.Join(c.Names[:shownNames], "  ") + "  … " + cells.Thousands(n) + " in all, tab continues"
	}
	return strings.Join(c.Names, "  ") + "  tab continues"
}

// FromHome replaces a ~ at the head of a path by the user's folder, as a shell does.
func FromHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~")
	if home, err := os.UserHomeDir(); ok && err == nil && (rest == "" || os.IsPathSeparator(rest[0])) {
		return home + rest
	}
	return path
}
