// Package graph searches by a graph of neighbours: HNSW (Malkov and Yashunin, 2018) as USearch
// implements it. It uses the C interface of USearch's library, which is loaded on demand.
//
// A graph finds most of the nearest vectors, not all. Its results are not exact, and are never
// shown as a ranking. Exact search is compared with it.
//
// # Why USearch
//
// USearch is maintained, several databases search with it, its licence is Apache 2.0, and its C
// interface is small. In pure Go there is github.com/coder/hnsw. Its latest release, v0.6.1 of
// 2024, has four faults: it removes another element than the worst from its heap, bounds the result
// by k where the algorithm bounds it by ef, does not select diverse neighbours, and begins at
// whatever item a map yields first, so that the same search gives different answers. A study of it
// would measure these faults.
//
// # The library
//
// FindLibrary looks for libusearch_c at the given path, at the path in STRATA_USEARCH_LIBRARY, in
// the user's cache (go run ./fixtures/usearch builds it there), and in the system's folders. It
// needs version 2. Programs built without cgo, and programs for Windows, cannot load it and return
// ErrNoCgo; their other functions work.
//
// # Reproducible graphs
//
// Vectors are added one after another, in the caller's order, from one thread, and the library
// draws levels from a generator with a fixed seed. So the same vectors, library and processor give
// the same graph and the same answers. Another processor may have other instructions and round
// products differently.
//
// # Ownership and concurrency
//
// An Index owns memory of the library until Close. Add is for one goroutine, and not concurrent
// with Search. Search may be called concurrently, by at most Options.Searchers goroutines. SetEf
// must not be concurrent with Search.
//
//	library, err := graph.FindLibrary("", os.Getenv)
//	...
//	x, err := graph.New(library, graph.Options{Dim: 512, Rows: 1000, M: 16, EfConstruction: 128})
//	...
//	defer x.Close()
//	err = x.Add(0, vector)
//	rows, err := x.Search(query, 10)
package graph
