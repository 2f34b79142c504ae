// Package neighbour keeps neighbourhoods: what proves the ranking of a query under any
// weights without a pass over the rows.
//
// Neighbours keep, of each query of a set, the 100 nearest rows of every layer, and the
// canonical cosines of all these rows in all layers. From them follows the exact top k of a
// sum for nearly all queries, whatever its weights and the filter, with a proof for each;
// of many concatenations and fusions, too. So another weighting of 10,000 queries is
// arithmetic over some hundred rows each. A ranking that is not proven is searched for.
// They lie in .strata/neighbours/NAME.hoods, with the hashes of what they were made of.
//
//	found, err := n.Load(ctx)   // reads what is kept
//	err = n.Build(ctx, nil)     // builds what is missing; it serves meanwhile
//	err = n.Save(ctx)
//	err = n.RankAll(ctx, rows, schemes, 10, all, each)
package neighbour
