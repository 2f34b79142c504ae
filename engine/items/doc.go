// Package items holds the items table of a gallery by columns: ids, paths of pictures,
// groups, splits and labels, each with one cell a row. It also says which rows answer a
// query.
//
// # Nouns
//
// An item is a row, counted from 0. A label is a column; a cell of it may hold several
// values, parted by |, and an empty cell is unknown. Two items that share a value are
// relevant to one another under the label. Candidates are the rows that may answer.
//
// # Columns
//
// The columns id, image, group and split have a meaning of their own; all others are
// labels. Rows of one group are photos of one listing and never answer one another. A
// split is query, gallery or both; an empty cell is both.
//
// The rows are those of the table, unless a list of ids gives their order: then items
// that are not on the list are left out, and Table.Notes says how many.
//
// # Derived labels
//
// Where values are paths, as in Women/Knit/Sweater, category/2 has their first two
// levels, and category/* all of them: items are relevant under it when they share the
// first level, with a gain that counts the levels shared. category&brand is both at once:
// items are relevant when they share a value of each.
//
// Values are stored once and cells refer to them by code, so a label takes four bytes a
// row and the texts of its distinct cells.
//
// # Ownership and concurrency
//
// A Table, its labels and its candidates own their memory. They do not change once they
// are made, and may be read concurrently. Builders are for one goroutine.
package items
