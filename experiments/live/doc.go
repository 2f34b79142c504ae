// Package live has the means of schemes over queries while their weights move.
//
// A Sample is the queries of neighbourhoods, in the order in which those are built: at
// any time the queries that are known are a random sample of all. Counts are the hits of
// one scheme over them, Rows the means of several schemes at one moment, with the paired
// difference of each to another. A query whose ranking is not proven is left out and
// counted; Resolve searches for it. When all queries are known, a mean has the bits of an
// evaluation's.
//
// Intervals and p are those of the normal approximation: they take one pass over the
// queries. Where few queries differ, p is exact. Settle replaces them by an evaluation's resampling.
//
//	s, err := live.NewSample(g, neighbours, filter, labels)
//	rows, err := s.Rows(ctx, schemes)  // some ms for 10,000 queries
//	err = s.Resolve(ctx, schemes[0])   // what is not proven, in the background
//	rows, err = s.Settle(ctx, rows)    // when all queries are known
//
// All methods may be called concurrently, while the neighbourhoods are built.
package live
