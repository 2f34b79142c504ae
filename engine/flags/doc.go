// Package flags keeps what people say of items: a word for each flagged item, such as wrong,
// duplicate or interesting.
//
// A Flags is a value that never changes. It is read from and written to a file flags.csv with the
// columns id and flag, a row an item. Ids need not be those of items: what a file holds is kept. With
// makes another value, and Update changes a file that other programs may change, too.
package flags
