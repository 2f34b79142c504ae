// Package mine looks for where schemes fail.
//
// A Mining sets two schemes side by side, the present one (A) and a candidate (B). Mined
// has what it found: classes, queries (Loss), first hits (Mistake), items (Hub) and
// rankings (Disagreement), each sorted so that what is worth a look comes first.
// Duplicates are those of package eval.
//
// Mined is read-only once made.
package mine
