// Package table reads the files of a gallery that hold text: the table of its
// items, row by row, and the list of its rows' ids.
//
// # Tables
//
// A table is a file of one of these kinds, told by its name:
//
//	.csv      RFC 4180: commas, a header line, cells with commas, quotes or line
//	          ends between double quotes
//	.tsv      tabs, a header line; there are no quotes: a " is a character of the cell
//	.jsonl    an object a line (.ndjson, too): texts, numbers as they are spelled,
//	          true, false, null (unknown), lists of texts (several values)
//	.parquet  columns of texts, integers, booleans, floats and lists of texts
//
// The first three may be packed, as .gz or .zst. They are UTF-8, with or without a
// byte order mark; lines end with LF or CR LF, and empty ones are skipped.
//
// A cell is text. One that a row lacks, or that is null, is empty: unknown.
// Several values of a cell are parted by |; a value within a list may not hold
// that mark. A column that appears in a late row of JSON Lines is unknown in those
// before. In Parquet, a float is in the shortest form that reads back to it, and
// NaN is unknown; columns of other kinds are left out, and Notes names them, but
// for lists of numbers, which are layers.
//
// # Bad input
//
// An error says the line, the row counted from 0, and the column. A table is
// refused beyond limits that are declared in limits.go: no length that a file
// states is believed before the bytes are there, and what is unpacked may not
// grow beyond all measure.
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
// A Reader is for one goroutine. It reads the file, which stays the caller's. The
// slice of cells is used again by the next Read; the texts in it are the caller's.
package table
