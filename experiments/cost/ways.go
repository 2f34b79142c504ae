package cost

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"strata/engine"
	"strata/engine/convert"
	"strata/engine/items"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// The families of ways to search.
const (
	exactFamily  = "exact"
	storedFamily = "stored"
	codesFamily  = "codes"
	pcaFamily    = "pca"
	graphFamily  = "graph"
)

// Way is a way to search for the items that a scheme ranks first.
type Way struct {
	Name   string // exact, float16, codes4, pca128, graph-ef64
	Family string // exact, stored, codes, pca or graph
	Depth  int    // number of candidates that get exact scores; 0 means none: the order is the way's own
	Bytes  int64  // bytes that it holds in memory for all items: counted
	Beside int64  // bytes of the matrices from which it reads single rows, which may lie on a disk; 0 if it reads none
}

// String returns the name, and the number of candidates that are rescored.
func (w Way) String() string {
	if w.Depth == 0 {
		return w.Name
	}
	return fmt.Sprintf("%s, best %d rescored", w.Name, w.Depth)
}

// Graph is an approximate index of vectors: the *graph.Index of engine/graph.
type Graph interface {
	Version() string
	Add(row int, vector []float32) error
	SetEf(ef int) error
	Search(vector []float32, n int) ([]int, error)
	Bytes() int64
	Close() error
}

// method finds the candidates of a query in one way.
type method interface {
	// search returns the n best candidates by the method's own scores, or fewer. It may be called
	// concurrently.
	search(ctx context.Context, q, n int) ([]int, error)
	// all calls each with the n best candidates of every query, in no order and from several
	// goroutines. i is the query's index.
	all(ctx context.Context, queries []int, n int, each func(i int, rows []int) error) error
	// prefix reports whether a shorter result is always a prefix of a longer one.
	prefix() bool
}

// exactMethod ranks exactly by layers as they are held.
type exactMethod struct {
	g      rank.Layers
	scheme scheme.Scheme
	among  *items.Candidates
}

func (m exactMethod) prefix() bool { return true }

func (m exactMethod) search(ctx context.Context, q, n int) ([]int, error) {
	found, err := rank.NewSearcher(m.g, 1).Search(ctx, q, []scheme.Scheme{m.scheme}, n, m.among)
	if err != nil {
		return nil, err
	}
	return scoredRows(found[0].Hits), nil
}

func (m exactMethod) all(ctx context.Context, queries []int, n int, each func(int, []int) error) error {
	errs := make([]error, len(queries))
	err := rank.All(ctx, m.g, queries, []scheme.Scheme{m.scheme}, n, m.among, func(i int, rankings []rank.Ranking) {
		errs[i] = each(i, scoredRows(rankings[0].Hits))
	})
	if i := slices.IndexFunc(errs, func(e error) bool { return e != nil }); err == nil && i >= 0 {
		err = errs[i]
	}
	return err
}

// scoredRows returns the rows of hits that have a score.
func scoredRows(hits []rank.Hit) []int {
	rows := make([]int, 0, len(hits))
	for _, h := range hits {
		if h.Scored() {
			rows = append(rows, h.Row)
		}
	}
	return rows
}

// scoringMethod ranks all candidates by approximate scores, from a rank.CodeSearch or a
// rank.PrefixSearch.
type scoringMethod struct {
	scores interface {
		Search(ctx context.Context, q, k int, among *items.Candidates) ([]rank.Hit, error)
	}
	among *items.Candidates
}

func (m scoringMethod) prefix() bool { return true }

func (m scoringMethod) search(ctx context.Context, q, n int) ([]int, error) {
	hits, err := m.scores.Search(ctx, q, n, m.among)
	return scoredRows(hits), err
}

func (m scoringMethod) all(ctx context.Context, queries []int, n int, each func(int, []int) error) error {
	return oneByOne(ctx, m, 1, queries, n, each) // a search uses all processors
}

// graphMethod searches a graph. The graph holds the candidates of all queries that have a score.
type graphMethod struct {
	graph  Graph
	joined *convert.Joined
	among  *items.Candidates
	ef     int // as SetEf was told
}

func (m graphMethod) prefix() bool { return false }

// search asks the graph for additional rows, as many as are not candidates of this query: the query
// itself and its group. It drops these rows from the result.
func (m graphMethod) search(_ context.Context, q, n int) ([]int, error) {
	vector := make([]float32, m.joined.Dim())
	scored, err := m.joined.Row(vector, q)
	if err != nil || !scored {
		return nil, err
	}
	found, err := m.graph.Search(vector, n+m.among.Count(-1)-m.among.Count(q))
	rows := slices.DeleteFunc(found, func(row int) bool { return !m.among.HasFor(q, row) })
	return rows[:min(n, len(rows))], err
}

func (m graphMethod) all(ctx context.Context, queries []int, n int, each func(int, []int) error) error {
	if err := m.graph.SetEf(m.ef); err != nil {
		return err
	}
	return oneByOne(ctx, m, runtime.GOMAXPROCS(0), queries, n, each)
}

// oneByOne searches for each query, from the given number of goroutines.
func oneByOne(ctx context.Context, m method, workers int, queries []int, n int, each func(int, []int) error) error {
	group, running := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i, q := range queries {
		if running.Err() != nil {
			break
		}
		group.Go(func() error {
			rows, err := m.search(running, q, n)
			if err != nil {
				return err
			}
			return each(i, rows)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// matrixBytes returns the size of the matrices of a scheme's layers.
func matrixBytes(g *engine.Gallery, s scheme.Scheme) (int64, error) {
	var all int64
	for _, name := range s.Layers() {
		l, err := g.Layer(name)
		if err != nil {
			return 0, err
		}
		all += int64(l.Rows) * int64(l.Dim) * l.Type.Size()
	}
	return all, nil
}
