// Package scheme defines the language that combines layers into one score. It parses and prints
// schemes, and the names of layers, labels and values in them. Its errors say where a text or a
// name is wrong. It does not depend on a gallery.
//
// # Nouns
//
// The name of a layer is a letter, then letters, digits, _, . or -. A transform turns a layer into
// another one. A factor is a layer with its transforms; its spelling is the name of a derived
// layer. A term is a factor with a weight. A scheme combines terms, or other schemes. A condition,
// LABEL=VALUE, keeps the items whose label holds a value.
//
// # Grammar
//
//	scheme = sum | concat | rrf | znorm | hubs | qe | krecip | listed
//	sum    = term { "+" term }               term = [ weight "*" ] ( factor | hub )
//	hub    = "hub(" factor [ "," n ] ")"
//	hubs   = "hub(" sum [ "," n ] ")"
//	concat = "concat(" term { "," term } ")"
//	rrf    = "rrf(" scheme "," scheme { "," scheme } ")"
//	znorm  = "znorm(" sum ")"
//	qe     = "qe(" ( sum | znorm ) "," n "," α ")"
//	krecip = "krecip(" sum ")"
//	listed = ( "best(" | "mean(" ) ( sum | concat | rrf | znorm | hubs ) ")"
//
//	factor    = layer { "|" transform }
//	transform = pcaN | whitenN | whitenN@POWER | centre | zscore | ldaN@LABEL | wccn@LABEL | matrix(FILE)
//
// A sum scores Σ w·cos / Σ w. A concatenation is the cosine of the concatenated raw vectors, each
// scaled by its weight. Rank fusion scores Σ 1/(60+rank) over the full rankings of its schemes.
// znorm is a sum with weights w/σ, where σ is the standard deviation of a layer's cosines with the
// query. hub, in a sum, is 2·cos − r(q) − r(x), where r is the mean of a row's n nearest in a bank;
// of a whole sum, which is no term then, it is the same of the sum's scores.
// qe searches a second time, with the query and its first n hits, weighted by their scores to the
// power α. krecip ranks the first 100 hits again by the neighbours that they share. best and mean rank
// listings by the largest or the mean score of their photos. These four stand alone.
//
// Package rank computes the scores, package derive the transforms.
//
// Every scheme has one canonical spelling. Scheme.String returns it, and ParseScheme reads it back
// to an equal scheme. An error of ParseScheme has the column, in characters from 1.
//
// # Ownership and concurrency
//
// All types are values, and the package keeps no state. Everything may run concurrently, as long as
// no goroutine changes the slices of a shared scheme.
//
//	s, err := scheme.ParseScheme("B+0.5*C|pca128")
//	fmt.Println(s.Layers(), s)
package scheme
