// Package scheme defines the language in which layers are combined into one score. It
// parses and prints schemes, the names of layers, labels and values in them, and the
// errors that say where a text or a name is wrong. It knows no gallery.
//
// # Nouns
//
// A layer is named by a letter, then letters, digits, _, . or -. A transform turns a
// layer into another one; a factor is a layer with its transforms, and its spelling is
// the name of a derived layer. A term is a factor with a weight. A scheme combines terms,
// or other schemes. A condition, LABEL=VALUE, keeps the items whose label holds a value.
//
// # Grammar
//
//	scheme = sum | concat | rrf
//	sum    = term { "+" term }               term = [ weight "*" ] factor
//	concat = "concat(" term { "," term } ")"
//	rrf    = "rrf(" scheme "," scheme { "," scheme } ")"
//
//	factor    = layer { "|" transform }
//	transform = pcaN | whitenN | whitenN@POWER | centre | zscore
//
// A sum scores Σ w·cos / Σ w. A concatenation is the cosine of the concatenated raw
// vectors, each scaled by its weight. Rank fusion scores Σ 1/(60+rank) over the full
// rankings of its schemes. Package rank computes the scores, package derive the
// transforms.
//
// Every scheme has one canonical spelling, which Scheme.String returns and ParseScheme
// reads back to an equal scheme. An error of ParseScheme has the column, in characters
// from 1.
//
// # Ownership and concurrency
//
// All types are values. Nothing here has state, so everything may run concurrently, as
// long as nobody changes the slices of a scheme that others read.
//
//	s, err := scheme.ParseScheme("B+0.5*C|pca128")
//	fmt.Println(s.Layers(), s)
package scheme
