// Package table writes columns as CSV, JSON Lines and Parquet.
//
// A Table has columns and yields rows of text, which a Format writes: text, integers and
// numbers, in their shortest form that reads back to the same float64. Columns of one
// name are told apart. With CSVSafe, a spreadsheet takes no cell for a formula. The
// spelling of names and numbers in tables, logs and scripts is defined here, too.
package table
