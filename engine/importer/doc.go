// Package importer writes matrices that a gallery cannot open as they are into layers of it.
//
// # Nouns
//
// An Import names a source, and the layer that it becomes: a file of any format that package format
// reads, a folder with one vector a file, or a table with vectors in its cells. Imported says what was
// written. A Pool makes one vector of the tokens of an item. A mark counts the rows that are on the disk.
//
// # Import
//
// The rows are written in the order of the items table to .strata/import/NAME.npy. They are
// brought to the disk before the mark counts them, so a killed import continues with the
// counted rows. The finished matrix is renamed into its place. The bytes do not depend on
// interruptions.
//
// An Import is for one goroutine.
package importer
