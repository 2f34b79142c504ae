package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	slash "path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"strata/engine/layer"
	"strata/engine/picture"
)

// Pictures are the pictures of a folder and the folders in it.
type Pictures struct {
	Folder string
	Names  []string // paths within the folder, with slashes, ascending
	Unread map[string]int
	Left   []Left // what else was not taken, by kind

	left map[string]*Left
}

// Left is a kind of files or folders that were not taken.
type Left struct {
	What  string
	Count int
	First string // a name
}

// String says how many, what and which is the first.
func (l Left) String() string { return fmt.Sprintf("%d %s, the first %q", l.Count, l.What, l.First) }

// The kinds of what is left out, in the order in which they are said.
const (
	leftNames   = "names that no table can hold"
	leftOut     = "links that lead out of the folder (--follow-links allows them)"
	leftBroken  = "links that lead nowhere"
	leftFolders = "folders that links lead to, and that are found elsewhere"
	leftSpecial = "files that are no regular files"
	leftHidden  = "hidden files and folders"
	leftOthers  = "files that are no pictures"
	leftEmpty   = "folders without a picture"
)

var leftKinds = []string{leftNames, leftOut, leftBroken, leftFolders, leftSpecial, leftHidden, leftOthers, leftEmpty}

// Find lists the pictures of a folder. With follow, links may lead out of it; a folder that
// links lead to is entered once, by whichever link or path is the first.
func Find(ctx context.Context, folder string, follow bool) (*Pictures, error) {
	path, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // it is only read
	w := &walk{ctx: ctx, path: path, files: layer.Inside(root, path), follow: follow, entered: map[string]bool{}}
	w.inside = w.files
	if follow {
		w.files = os.DirFS(path)
	}
	w.Folder, w.Unread, w.left = folder, map[string]int{}, map[string]*Left{}
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		_, err = w.folder(".", real)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", folder, err)
	}
	slices.Sort(w.Names)
	for _, what := range leftKinds {
		if l := w.left[what]; l != nil {
			w.Left = append(w.Left, *l)
		}
	}
	return &w.Pictures, nil
}

// walk finds pictures.
type walk struct {
	Pictures
	ctx     context.Context
	path    string
	files   fs.FS // those that may be taken
	inside  fs.FS // those in the folder
	follow  bool
	entered map[string]bool // real paths of folders
}

// leave counts a file or folder that is not taken.
func (w *walk) leave(what, name string) {
	l := w.left[what]
	if l == nil {
		l = &Left{What: what, First: name}
		w.left[what] = l
	}
	l.Count++
}

// folder returns the number of pictures in a folder and below, and takes them. real is its
// path without links.
func (w *walk) folder(name, real string) (pictures int, err error) {
	w.entered[real] = true
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	entries, err := fs.ReadDir(w.files, name)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		n, err := w.entry(slash.Join(name, e.Name()), filepath.Join(real, e.Name()), e)
		if err != nil {
			return 0, err
		}
		pictures += n
	}
	if pictures == 0 && name != "." {
		w.leave(leftEmpty, name)
	}
	return pictures, nil
}

// entry looks at a file or folder. Unless it is a link, real is its path without links.
func (w *walk) entry(name, real string, e fs.DirEntry) (pictures int, err error) {
	mode, link := e.Type(), e.Type()&fs.ModeSymlink != 0
	switch {
	case strings.HasPrefix(e.Name(), "."):
		if !own(e.Name()) {
			w.leave(leftHidden, name)
		}
		return 0, nil
	case !holds(name):
		w.leave(leftNames, name)
		return 0, nil
	case link:
		info, err := fs.Stat(w.files, name)
		if err != nil {
			w.leave(w.lost(name), name)
			return 0, nil
		}
		mode, real = info.Mode(), w.target(name)
	}
	switch {
	case mode.IsDir() && (real == "" || w.entered[real]):
		w.leave(leftFolders, name)
	case mode.IsDir():
		return w.folder(name, real)
	case picture.HasExtension(name, picture.Unread):
		w.Unread[strings.ToLower(slash.Ext(name))]++
	case !picture.HasExtension(name, picture.Extensions):
		w.leave(leftOthers, name)
	case !mode.IsRegular():
		w.leave(leftSpecial, name)
	default:
		w.Names = append(w.Names, name)
		return 1, nil
	}
	return 0, nil
}

// own reports whether a hidden name is one of the program's.
func own(name string) bool { return name == ".strata" || strings.HasSuffix(name, ".aside") }

// holds reports whether a table can hold a path: as UTF-8, without a line end that is
// read back as another one.
func holds(name string) bool {
	return utf8.ValidString(name) && !strings.Contains(name, "\r\n")
}

// lost says why a link cannot be followed.
func (w *walk) lost(name string) string {
	if _, err := os.Stat(filepath.Join(w.path, filepath.FromSlash(name))); err == nil {
		return leftOut
	}
	return leftBroken
}

// target returns the real path behind a link that may be followed, out of the folder; what
// lies inside is found where it lies, and "" stands for it.
func (w *walk) target(name string) string {
	if _, err := fs.Stat(w.inside, name); err == nil || !w.follow {
		return ""
	}
	real, err := filepath.EvalSymlinks(filepath.Join(w.path, filepath.FromSlash(name)))
	if err != nil {
		return ""
	}
	return real
}

// IDs returns an id for each picture: its path without extension, or with it where two
// would be the same.
func (p *Pictures) IDs() []string {
	taken := map[string]int{}
	for _, name := range p.Names {
		taken[name] += 2 // an id that is the whole name of another is not free
		taken[strings.TrimSuffix(name, slash.Ext(name))]++
	}
	ids := make([]string, len(p.Names))
	for i, name := range p.Names {
		ids[i] = strings.TrimSuffix(name, slash.Ext(name))
		if taken[ids[i]] > 1 {
			ids[i] = name
		}
	}
	return ids
}

// unread says how many pictures, by extension, are of kinds that cannot be read; "" is
// none.
func (p *Pictures) unread() string {
	var kinds []string
	total := 0
	for _, ext := range slices.Sorted(maps.Keys(p.Unread)) {
		kinds = append(kinds, fmt.Sprintf("%d %s", p.Unread[ext], ext))
		total += p.Unread[ext]
	}
	if total == 0 {
		return ""
	}
	return fmt.Sprintf("%d pictures are of kinds that are not read (%s): convert them to JPEG or PNG", total, strings.Join(kinds, ", "))
}

// none returns the error of a folder without a picture.
func (p *Pictures) none() error {
	text := fmt.Sprintf("%s: there is neither an items table nor a picture (%s)", p.Folder, strings.Join(picture.Extensions, " "))
	if note := p.unread(); note != "" {
		text += "; " + note
	}
	for _, l := range p.Left {
		text += "; " + l.String()
	}
	return errors.New(text)
}
