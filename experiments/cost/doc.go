// Package cost measures what approximate search costs.
//
// A Cost compares ways to search with the exact ranking, scheme by scheme, over the same queries;
// Costs is its outcome. A Way is one way with its setting: codes, components or a graph. The bytes
// that a way holds for each item are counted. Its recall is the share of the exact first k that it
// finds; rows of equal score are interchangeable. The difference between its precision and that of
// the exact ranking is paired and tested as for two schemes.
//
// All ways take the same candidates. Codes and components skip other rows as the exact search does.
// A graph holds the candidates of all queries. A query asks it for additional hits: as many as the
// graph has rows that are not candidates of the query. Queries with too few hits are counted.
// Nothing else runs while times are taken, and they are written to files of their own.
package cost
