// Package check looks for what makes the results of a gallery unbelievable.
//
// A Check reads items table, layers and pictures. A Finding is one thing it found, with
// its Severity: error, warning or note. A Report has all findings, the worst first.
// Parity compares features that are computed here with the gallery's rows, by an
// Extractor, which is used by one goroutine at a time.
package check
