package scheme

// AllQueries is the word for all queries of a gallery.
const AllQueries = "all"

// IsSetName reports whether a text can be the name of a set of queries: it is as a layer's, and not
// AllQueries.
func IsSetName(s string) bool { return IsLayerName(s) && s != AllQueries }
