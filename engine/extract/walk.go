package extract

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"strata/engine"
	"strata/engine/aside"
)

// pictureNames are the extensions of files that are taken for pictures where no
// items table names them; what they hold is told by their content.
var pictureNames = []string{".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"}

// listPictures writes an items.csv with an item for every picture in a folder
// and the folders in it, by path, unless there is an items table. An item's id is its path
// without extension, or with it where two would be the same. Hidden files and
// folders are left out.
func listPictures(ctx context.Context, dir string, m *engine.Manifest) error {
	if _, err := engine.FindItems(os.DirFS(dir), dir, m); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	table := filepath.Join(dir, "items.csv")
	var files []string
	ids := map[string]int{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && slices.Contains(pictureNames, strings.ToLower(path.Ext(name))):
			files = append(files, name)
			ids[strings.TrimSuffix(name, path.Ext(name))]++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s: there is neither an items table nor a picture (%s)", dir, strings.Join(pictureNames, " "))
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
		return err
	}
	return aside.WriteBytes(table, b.Bytes())
}
