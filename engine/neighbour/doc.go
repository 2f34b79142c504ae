// Package neighbour keeps neighbourhoods. A neighbourhood proves the ranking of a query under any
// weights, without a pass over the rows.
//
// Neighbours keep the 100 nearest rows of each query in every layer, and the canonical cosines of
// all these rows in all layers. From them follows the exact top k of a sum, with a proof, for
// nearly all queries and for any weights and filter; of many concatenations and fusions, too. So
// ranking 10,000 queries under other weights is arithmetic over some hundred rows each. A ranking
// that is not proven is searched for. Neighbourhoods lie in .strata/neighbours/NAME.hoods, with the
// hashes of their sources.
//
//	found, err := n.Load(ctx)   // reads the file
//	err = n.Build(ctx, nil)     // builds the missing ones; they can be used meanwhile
//	err = n.Save(ctx)
//	err = n.RankAll(ctx, rows, schemes, 10, all, each)
package neighbour
