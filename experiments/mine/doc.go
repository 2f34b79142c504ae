// Package mine looks for failures of schemes.
//
// A Mining compares two schemes, the present one (A) and a candidate (B). Mined is its outcome:
// classes, queries (Loss), first hits (Mistake), items (Hub) and rankings (Disagreement). Each list
// is sorted so that the cases to inspect come first. Package eval finds the duplicates.
//
// Mined is read-only once made.
package mine
