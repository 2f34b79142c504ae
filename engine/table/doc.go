// Package table reads the text files of a gallery: the table of its items, row by row, and the list
// of its rows' ids.
//
// # Tables
//
// A table is a file of one of these kinds. Its name determines the kind:
//
//	.csv      RFC 4180: commas, a header line, cells with commas, quotes or line
//	          ends between double quotes
//	.tsv      tabs, a header line; there are no quotes: a " is a character of the cell
//	.jsonl    an object a line (.ndjson, too): texts, numbers as they are spelled,
//	          true, false, null (unknown), lists of texts (several values)
//	.parquet  columns of texts, integers, booleans, floats and lists of texts
//
// The first three may be compressed, as .gz or .zst. They are UTF-8, with or without a byte order
// mark. Lines end with LF or CR LF. Empty lines are skipped.
//
// A cell is text. A missing or null cell is empty: unknown. A | separates the values of a cell; a
// value within a list may not contain |. If a column first appears in a late row of JSON Lines, it
// is unknown in the rows before. In Parquet, a float is in the shortest form that reads back to it,
// and NaN is unknown. Columns of other kinds are left out, and Notes names them. Lists of numbers
// are left out without a note, since they are layers.
//
// # Bad input
//
// An error has the line, the row counted from 0, and the column. limits.go declares the limits
// beyond which a table is refused. A length in a file is not believed before the bytes are there,
// and the uncompressed size is limited.
//
//	r, err := table.Open("items.jsonl.gz", file)
//	...
//	defer r.Close()
//	for {
//		cells, err := r.Read() // by column; r.Columns names them
//		if err == io.EOF {
//			break
//		}
//		...
//	}
//
// # Ownership and concurrency
//
// A Reader is for one goroutine. It reads the file; the caller owns and closes it. The next Read
// reuses the slice of cells; the caller may keep the texts.
package table
