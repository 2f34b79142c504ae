//go:build !unix

package fence

import "io/fs"

// nonblocking is no flag here: opening a file waits for nobody.
const nonblocking = 0

// Identity returns nothing here.
func Identity(fs.FileInfo) string { return "" }

// names cannot count the names of a file here.
func names(fs.FileInfo) uint64 { return 1 }
