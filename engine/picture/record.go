package picture

import (
	"errors"
	"fmt"
	"io/fs"
	slash "path"
	"strings"

	"strata/engine/archive"
)

// PicturesRecord says where the items' pictures are: in archives, or in a table.
//
//	pictures: {archives: ["shard-*.tar"]}               the member 0001.jpg, in any folder, is the picture of the item 0001
//	pictures: {archives: ["*.tar"], member: image.jpg}  or, of a WebDataset, the member 0001.image.jpg
//	pictures: {file: items.parquet, column: image.bytes} a row's bytes are the picture of the item of that row
type PicturesRecord struct {
	Archives []string `yaml:"archives,omitempty,flow"` // .tar and .zip files in the gallery's folder; * ? [] as in path.Match
	Member   string   `yaml:"member,omitempty"`        // how the members' names go on behind the id and a dot
	File     string   `yaml:"file,omitempty"`          // a Parquet file, relative to the gallery's folder, with slashes
	Column   string   `yaml:"column,omitempty"`        // of byte arrays, a row an item; its path with dots
}

// Check checks what the types of the fields do not.
func (r *PicturesRecord) Check() error {
	switch {
	case len(r.Archives) > 0 && (r.File != "" || r.Column != ""):
		return errors.New("it names archives, and a file or a column: either")
	case len(r.Archives) == 0 && (r.File == "" || r.Column == ""):
		return errors.New("it names neither archives nor a file and its column")
	case len(r.Archives) == 0 && r.Member != "":
		return errors.New("it names a member, and no archives")
	case len(r.Archives) == 0 && !fs.ValidPath(r.File):
		return fmt.Errorf("file %q is not a path within the gallery's folder", r.File)
	case len(r.Archives) == 0 && !strings.HasSuffix(strings.ToLower(r.File), ".parquet"):
		return fmt.Errorf("file %q is no .parquet file", r.File)
	}
	for _, pattern := range r.Archives {
		if _, err := slash.Match(pattern, ""); err != nil || !fs.ValidPath(pattern) {
			return fmt.Errorf("archives: %q is not a pattern of paths within the gallery's folder", pattern)
		}
		if err := archive.Packed(pattern); err != nil {
			return fmt.Errorf("archives: %q: %w", pattern, err)
		}
		if !archive.Known(pattern) {
			return fmt.Errorf("archives: %q names no .tar and no .zip", pattern)
		}
	}
	return nil
}
