package rank

import (
	"context"
	"sync/atomic"
)

// Way is a way in which a ranking was found, or in which it could not be proven.
type Way int

// The ways. A search that is not proven goes on with the next way.
const (
	ByCoarse     Way = iota // a search from 4-bit codes
	ByFine                  // a search from 8-bit codes
	ByColumns               // from the canonical scores of all rows
	ByTile                  // one of many queries, from float32 products
	ByCodedTile             // the same, from the products of codes
	ByNeighbours            // from a neighbourhood
	CodesFailed             // codes did not prove a search
	TileFailed              // a tile did not prove a ranking
	NeighboursFailed
	ways
)

// Ways are the names of all ways, in their order.
var Ways = [ways]string{
	"4-bit codes", "8-bit codes", "columns", "tiles", "tiles of codes", "neighbourhoods",
	"failed proofs of codes", "failed proofs of tiles", "failed proofs of neighbourhoods",
}

// Trial makes small galleries take the ways that only large ones take by themselves, and counts the
// ways. It changes no ranking. A nil Trial changes and counts nothing. Count and Taken may be called
// concurrently.
type Trial struct {
	Queries, Rows int // of a tile, at most; 0: as memory allows
	Room          int // rows that are collected for one query, at most; 0: as many as pay

	taken [ways]atomic.Int64
}

// trialKey is the key of a context's Trial.
type trialKey struct{}

// WithTrial returns a context whose rankings are those of a trial.
func WithTrial(ctx context.Context, t *Trial) context.Context {
	return context.WithValue(ctx, trialKey{}, t)
}

// TrialOf returns the trial of a context, or nil.
func TrialOf(ctx context.Context) *Trial {
	t, _ := ctx.Value(trialKey{}).(*Trial)
	return t
}

// Count counts n rankings that took a way.
func (t *Trial) Count(w Way, n int) {
	if t != nil {
		t.taken[w].Add(int64(n))
	}
}

// Taken returns how many rankings took a way.
func (t *Trial) Taken(w Way) int64 { return t.taken[w].Load() }

// squeeze limits the rows that a collection holds.
func (t *Trial) squeeze(n *Nominated) {
	if t != nil && t.Room > 0 {
		n.limit = min(n.limit, t.Room)
		n.maxRescored = n.limit
	}
}

// tile limits the size of a tile.
func (t *Trial) tile(queries, rows int) (fewerQueries, fewerRows int) {
	if t == nil {
		return queries, rows
	}
	if t.Queries > 0 {
		queries = min(queries, t.Queries)
	}
	if t.Rows > 0 {
		rows = min(rows, t.Rows)
	}
	return queries, rows
}
