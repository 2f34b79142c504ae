// Package layer gives access to the rows of a matrix in its files: in one mapped file or several,
// contiguous or at a distance. It also computes the rows' lengths, samples and hashes their bytes,
// surveys their values, and runs work on blocks of rows.
//
// # Nouns
//
// A layer is a named matrix of Rows × Dim elements of one type. A source is a file that holds rows
// of layers. A segment is a run of rows in one source, at an equal distance. The lengths of a layer
// are the canonical squared length of each row and its root. Both are NaN for a row that is zero or
// not finite; such a row has no score. A vector is a query's part in one layer.
//
// # Files that change
//
// A matrix is read from its file. If the file becomes shorter, a read causes a memory fault; Guard
// and Parallel turn it into a *FaultError. Unchanged compares size and time of the mapped files
// with those at opening. A replacement file is ignored; the old mapping stays valid.
//
// # Ownership and concurrency
//
// A layer owns no memory: the gallery owns its bytes, which are valid until the gallery is closed.
// Rows that are passed to a function are valid until the function returns. All methods of Layer may
// be called concurrently. Results do not depend on the number of goroutines.
package layer
