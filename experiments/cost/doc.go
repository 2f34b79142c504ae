// Package cost measures what approximate search costs.
//
// A Cost compares ways to search with the exact ranking, scheme by scheme, over the same
// queries; Costs is its outcome. A Way is one way with its setting: codes, components or
// a graph. Each way holds some bytes for each item, which are counted, and finds a part
// of the exact first k: its recall, in which rows of equal score stand for one another.
// The difference of its precision to that of the exact ranking is paired and tested like
// that of two schemes.
//
// All ways take the same candidates. Codes and components skip other rows as the exact
// search does. A graph holds the candidates of all queries, and is asked for as many
// more hits as one query has rows that are not candidates; queries with too few hits
// are counted. Times are taken with nothing beside, and written to files of their own.
package cost
