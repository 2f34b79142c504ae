// Package layer gives access to the rows of a matrix where they lie: in one mapped file
// or several, one behind the other or at a distance. It also measures the rows, samples
// and hashes their bytes, surveys their values, and runs work on blocks of rows.
//
// # Nouns
//
// A layer is a named matrix of Rows × Dim elements of one type. A source is a file that
// layers lie in; a segment is a run of rows in one source, at an equal distance. The
// lengths of a layer are the canonical squared length of each row and its root: both are
// NaN for a row that is zero or not finite, and such a row has no score. A vector is a
// query's part in one layer.
//
// # Files that change
//
// A matrix is read where it lies. Guard and Parallel turn a memory fault, which a file
// that is cut short causes, into a *FaultError. Unchanged compares size and time of the
// mapped files with those at opening; a file that replaces a mapped one is ignored, and
// the old mapping stays valid.
//
// # Ownership and concurrency
//
// A layer owns no memory: its bytes are the gallery's and die with it. Rows that are
// passed to a function are valid until the function returns. All methods of Layer may be
// called concurrently. Results do not depend on the number of goroutines.
package layer
