package extract

import (
	"context"
	"errors"
	"io/fs"

	"strata/engine"
	"strata/engine/catalogue"
	"strata/engine/manifest"
)

// listPictures writes an items.csv with an item for every picture in a folder, of these files,
// and the folders in it, by path, unless there is an items table. It says how many pictures
// are left out because they are of kinds that cannot be read, or links out of the folder.
func listPictures(ctx context.Context, folder fs.FS, dir string, m *manifest.Manifest, follow bool) (left []string, err error) {
	if _, err := engine.FindItems(folder, dir, m); !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	t, err := catalogue.Options{Folder: dir, FollowLinks: follow}.Plain(ctx)
	if err != nil {
		return nil, err
	}
	return t.Lost(), t.Write()
}
