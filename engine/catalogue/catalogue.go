package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"strata/engine"
	"strata/engine/layer"
	"strata/engine/manifest"
)

// Options say how the items table of a folder is made.
type Options struct {
	Folder      string
	Levels      string // names of the folders on the way to a picture, category/brand; _ is no column
	Pattern     string // of the names of files without extension, {brand}_{_}
	Join        string // the path of a table with more columns, or ""
	On          string // its column with names of files; "" is the first that may be
	List        string // the path of a file that lists the pictures to take, a line each, or ""
	Sample      int    // pictures to draw; 0 takes all
	Seed        uint64
	FollowLinks bool // symbolic links may lead out of the folder
}

// Check checks the names of levels and the pattern.
func (o Options) Check() error {
	_, err := parseLevels(o.Levels)
	if err == nil {
		_, err = parsePattern(o.Pattern)
	}
	return err
}

// Make makes the table. It writes nothing.
func (o Options) Make(ctx context.Context) (*Table, error) {
	levels, err := parseLevels(o.Levels)
	if err != nil {
		return nil, err
	}
	fields, err := parsePattern(o.Pattern)
	if err != nil {
		return nil, err
	}
	t, err := o.Plain(ctx)
	if err != nil {
		return nil, err
	}
	t.addFolders(levels)
	t.addFields(fields)
	t.noteParted(fields)
	if err := t.checkNames(); err != nil {
		return nil, err
	}
	if o.List != "" {
		if err := t.takeListed(o.List); err != nil {
			return nil, err
		}
	}
	if o.Join != "" {
		if err := t.join(ctx, o.Join, o.On); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Join, err)
		}
	}
	t.draw(o.Sample, o.Seed)
	return t, nil
}

// Plain makes the table of all pictures, without labels.
func (o Options) Plain(ctx context.Context) (*Table, error) {
	path, err := o.free()
	if err != nil {
		return nil, err
	}
	found, err := Find(ctx, o.Folder, o.FollowLinks)
	if err != nil {
		return nil, err
	}
	if len(found.Names) == 0 {
		return nil, found.none()
	}
	return newTable(path, found), nil
}

// free returns the path of the table, unless the folder has one.
func (o Options) free() (string, error) {
	info, err := os.Stat(o.Folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s: there is no such folder", o.Folder)
	case err != nil:
		return "", err
	case !info.IsDir():
		return "", fmt.Errorf("%s: pictures lie in a folder, this is a file", o.Folder)
	}
	root, files, err := layer.OpenFolder(o.Folder, o.FollowLinks)
	if err != nil {
		return "", err
	}
	defer root.Close() //nolint:errcheck // it is only read
	m, err := manifest.Read(files, o.Folder)
	if err != nil {
		return "", err
	}
	is, err := engine.FindItems(files, o.Folder, m)
	if err == nil {
		return "", fmt.Errorf("%s: it has an items table, %s, which is not replaced", o.Folder, is)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return filepath.Join(o.Folder, "items.csv"), nil
}
