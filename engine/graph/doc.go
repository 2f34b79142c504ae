// Package graph searches by a graph of neighbours: HNSW (Malkov and Yashunin, 2018) as
// USearch has it, through the C interface of its library, which is loaded when it is
// asked for.
//
// A graph finds most of the nearest vectors, not all: nothing here is exact, and
// nothing of it is shown as a ranking. It is what exact search is compared with.
//
// # Why USearch
//
// It is maintained, it is what several databases search with, its licence is Apache
// 2.0, and its C interface is small. Of pure Go there is github.com/coder/hnsw; its
// latest release, v0.6.1 of 2024, takes another element than the worst from its heap,
// bounds the result by k where the algorithm bounds it by ef, links no diverse
// neighbours, and begins at whatever item a map yields first, so that the same search
// gives different answers. A study of that would be of those faults.
//
// # The library
//
// FindLibrary looks for libusearch_c where it is named, where STRATA_USEARCH_LIBRARY
// names it, in the user's cache (go run ./fixtures/usearch builds it there), and in
// the system's folders. Version 2 serves. Programs that were built without cgo, and
// those for Windows, cannot load it and say so; everything else of them works.
//
// # The same graph again
//
// Vectors are added one after another, in the caller's order, from one thread, and the
// library draws levels from a generator of fixed seed: the same vectors, library and
// processor give the same graph, and the same answers. Another processor may have
// other instructions and round products otherwise.
//
// # Ownership and concurrency
//
// An Index owns memory of the library's until Close. Add is for one goroutine, and not
// beside Search. Search may be called concurrently, by at most as many goroutines as
// Options say; SetEf not beside it.
//
//	library, err := graph.FindLibrary("", os.Getenv)
//	...
//	x, err := graph.New(library, graph.Options{Dim: 512, Rows: 1000, M: 16, EfConstruction: 128})
//	...
//	defer x.Close()
//	err = x.Add(0, vector)
//	rows, err := x.Search(query, 10)
package graph
