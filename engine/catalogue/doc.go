// Package catalogue makes the items table of a folder of pictures.
//
// # Nouns
//
// Pictures are the files of a folder, and of the folders in it, whose names end as those
// of pictures do. What is Left is neither a picture nor shown: hidden files, links that
// lead out of the folder, names that no table can hold. Levels are names of the folders on
// the way to a picture, a column each. A pattern cuts columns out of the names of files. A
// join takes columns from another table, by the names of files.
//
// # Tables
//
// A row of the table is a picture. Its id is its path without extension, or with it where
// two would be the same, unless the joined table has ids. The column path holds the folders
// on the way to it with slashes between them, so that path/1 and path/2 are labels, too.
//
//	t, err := catalogue.Options{Folder: "shop", Levels: []string{"category", "brand"}}.Make(ctx)
//	if err != nil {
//		return err
//	}
//	return t.Write()
//
// Rows are in the order of the paths, bytewise, or in that of a list of files. The same
// folder and options give the same bytes. A table that is there is never replaced.
package catalogue
