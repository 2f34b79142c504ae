// Package landscape has the means of all weights of two or three layers, over many queries.
//
// A Grid is the weights in whole steps: a line of them for two layers, a triangle for three.
// A node is one of them. A Landscape is what is known of a grid, and of one scheme of any
// weights between its nodes, at one moment. It is not changed: Sharper returns one of which
// more is known. Nodes come coarse first, then those between them. All means are over the
// same queries, whose number they have beside them; more queries come when all nodes have
// those that are there.
//
// A Relief is a landscape under one label: the means, the best of them, and how far it is
// ahead of each other node on the same queries. Interval and p are those of the normal
// approximation. The best was chosen on these queries; a contour, outside of which it is
// shown to be ahead, says as much and no more. When all is known, a mean has the bits of an
// evaluation's.
//
//	l, err := landscape.New(sample, sc, widths)
//	for !l.Final() {
//		l, err = l.Sharper(ctx, nil) // some ms for 10,000 queries and a node
//	}
//	r := l.Reliefs[0]
//	fmt.Println(l.Scheme(r.Best), r.Means[r.Best].Value)
package landscape
