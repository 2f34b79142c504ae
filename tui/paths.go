package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"strata/engine"
	"strata/tui/cells"
)

// found has the first items whose id begins with a text, and how many do.
type found struct {
	seq   int
	text  string
	rows  []int32
	count int
}

// matchText says which items a jump would go to.
func (f found) matchText(g *engine.Gallery) string {
	if f.count == 0 {
		return "no id begins so"
	}
	ids := make([]string, len(f.rows))
	for i, row := range f.rows {
		ids[i] = g.ID(int(row))
	}
	text := strings.Join(ids, "  ")
	if f.count > len(ids) {
		text += fmt.Sprintf("  … %s in all", cells.Thousands(f.count))
	}
	return text
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

// fromHome replaces a ~ at the head of a path by the user's folder, as a shell does.
func fromHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~")
	if home, err := os.UserHomeDir(); ok && err == nil && (rest == "" || os.IsPathSeparator(rest[0])) {
		return home + rest
	}
	return path
}
