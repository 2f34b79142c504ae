package extract

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"strata/engine"
	"strata/engine/aside"
	"strata/engine/picture"
)

// listPictures writes an items.csv with an item for every picture in a folder
// and the folders in it, by path, unless there is an items table. An item's id is its path
// without extension, or with it where two would be the same. Hidden files and
// folders are left out, and so are pictures of kinds that cannot be read: it says how many.
func listPictures(ctx context.Context, dir string, m *engine.Manifest) (left string, err error) {
	if _, err := engine.FindItems(os.DirFS(dir), dir, m); !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	unread := map[string]int{}
	table := filepath.Join(dir, "items.csv")
	var files []string
	ids := map[string]int{}
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && picture.HasExtension(name, picture.Extensions):
			files = append(files, name)
			ids[strings.TrimSuffix(name, path.Ext(name))]++
		case !d.IsDir() && picture.HasExtension(name, picture.Unread):
			unread[strings.ToLower(path.Ext(name))]++
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	left = unreadPictures(dir, unread)
	if len(files) == 0 {
		text := fmt.Sprintf("%s: there is neither an items table nor a picture (%s)", dir, strings.Join(picture.Extensions, " "))
		if left != "" {
			text += "; " + left
		}
		return "", errors.New(text)
	}
	slices.Sort(files)
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	records := [][]string{{"id", "image"}}
	for _, name := range files {
		id := strings.TrimSuffix(name, path.Ext(name))
		if ids[id] > 1 {
			id = name
		}
		records = append(records, []string{id, name})
	}
	if err := w.WriteAll(records); err != nil {
		return "", err
	}
	return left, aside.WriteBytes(table, b.Bytes())
}

// unreadPictures says how many pictures of a folder, by extension, cannot be read; "" is
// none.
func unreadPictures(dir string, unread map[string]int) string {
	var kinds []string
	total := 0
	for _, ext := range slices.Sorted(maps.Keys(unread)) {
		kinds = append(kinds, fmt.Sprintf("%d %s", unread[ext], ext))
		total += unread[ext]
	}
	if total == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %d pictures are of kinds that are not read (%s): convert them to JPEG or PNG", dir, total, strings.Join(kinds, ", "))
}
