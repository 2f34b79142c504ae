package neighbour

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"strata/engine/items"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// DefaultNeighbours is the default number of a query's nearest rows in a layer. It proves the top
// 10 of nearly all queries.
const DefaultNeighbours = 100

// defaultNeighbourMemory is the default limit of the memory of neighbourhoods, in bytes.
const defaultNeighbourMemory = 1 << 30

// Plan says which neighbourhoods to build.
type Plan struct {
	Name    string   // of their file, as a layer is named; "": they are not kept
	Layers  []string // of the gallery or derived; each once
	Queries []int    // rows, without repetition
	M       int      // number of nearest rows of a layer; 0 means DefaultNeighbours
	Seed    uint64   // of the order of the queries; 0 means 1
	Budget  int64    // bytes; 0 means 1 GiB
}

// Gallery is a gallery whose neighbourhoods are kept.
type Gallery = rank.Layers

// Neighbours hold, for each query of a set, the M nearest rows of every layer, and the canonical
// cosines of all these rows in all layers. From these follows the exact top k of any sum of the
// layers, and of most other schemes. The proof is Fagin, Lotem and Naor's Threshold Algorithm (JCSS
// 66, 2003) over truncated lists. A row in no list has in every layer at most the cosine of the
// list's last row. So its score is at most the score that the scheme's own operations give for
// these cosines. This holds with rounding: every operation of a sum with weights of at least 0 is
// monotonic. A ranking whose last hit precedes that limit is proven. The others need a full search.
//
// The lists are those of the candidates without a filter. Filters and further excluded rows only
// remove rows, so the bounds hold under them, too.
//
// Queries are built in a drawn order. So the built queries are a sample of all at any time. All
// methods may be called concurrently. Each query is available to readers as soon as it is built.
// Neighbours read their gallery, and must not be used after it is closed.
type Neighbours struct {
	G      Gallery
	name   string
	m      int
	seed   uint64
	budget int64
	base   *items.Candidates
	Order  []int32 // the queries, in the order in which they are built
	places []int32 // by row: its place in order, or -1

	Hoods []atomic.Pointer[Neighbourhood] // by place; nil: not built
	build sync.Mutex                      // held by Build, one at a time

	mu     sync.Mutex
	layers []string // only ever appended to, and copied then
	done   int      // the first done places are built in all layers
	limit  int      // places from limit on do not fit into the budget
	sizes  Usage
	note   string // why those that were kept did not serve
}

// Neighbourhood is the neighbourhood of one query. It is immutable once it is published.
type Neighbourhood struct {
	Rows    []int32   // the members, ascending
	Cosines []float64 // by layer, then by member: canonical, NaN where there is none
	Borders []Border  // by layer
	Least   int32     // the lowest candidate that is no member; math.MaxInt32 if there is none
}

// Border is the end of a layer's list.
type Border struct {
	Cosine float64 // of its last row; −Inf where the list holds all rows that have a score
	Row    int32   // its last row; −1 if the list holds all rows with a score
}

// whole reports whether the list holds all rows with a score.
func (b Border) whole() bool { return b.Row < 0 }

// column returns the members' cosines in a layer.
func (h *Neighbourhood) column(layer int) []float64 {
	n := len(h.Rows)
	return h.Cosines[layer*n : (layer+1)*n : (layer+1)*n]
}

// bytes returns the memory of the neighbourhood, with its entry in Hoods.
func (h *Neighbourhood) bytes() int64 {
	return int64(unsafe.Sizeof(*h)+unsafe.Sizeof(h)) +
		int64(len(h.Rows))*4 + int64(len(h.Cosines))*8 + int64(len(h.Borders))*int64(unsafe.Sizeof(Border{}))
}

// Usage says how many queries are built, and how much memory they take.
type Usage struct {
	Queries int   // of the plan
	Done    int   // the first Done queries of the order are built in all layers
	Members int64 // rows that are kept, over all queries
	Bytes   int64
	Budget  int64
	Cut     bool // the budget does not hold all queries: it stays with the first Done
}

// NewNeighbours returns Neighbours of which nothing is built. An error names a query that is no row
// or that is repeated, or a number that is out of range. Layers are looked up when they are built.
func NewNeighbours(g Gallery, p Plan) (*Neighbours, error) {
	n := &Neighbours{
		G: g, name: p.Name, m: p.M, seed: max(p.Seed, 1), budget: p.Budget,
		layers: slices.Clone(p.Layers), limit: len(p.Queries),
	}
	if n.m == 0 {
		n.m = DefaultNeighbours
	}
	if n.budget == 0 {
		n.budget = defaultNeighbourMemory
	}
	switch {
	case n.m < 1 || n.m > maxNeighbours:
		return nil, fmt.Errorf("neighbours: %d nearest rows of a layer: there are 1 to %d", n.m, maxNeighbours)
	case n.budget < 0:
		return nil, fmt.Errorf("neighbours: a budget of %d bytes", n.budget)
	case n.name != "" && !scheme.IsLayerName(n.name):
		return nil, fmt.Errorf("neighbours: the name %q is not a letter, then letters, digits, _, . or -", n.name)
	}
	for i, name := range n.layers {
		if slices.Contains(n.layers[:i], name) {
			return nil, fmt.Errorf("neighbours: layer %s stands twice", name)
		}
	}
	n.places = make([]int32, g.Len())
	for row := range n.places {
		n.places[row] = -1
	}
	n.Order = make([]int32, len(p.Queries))
	for i, q := range p.Queries {
		if q < 0 || q >= g.Len() {
			return nil, fmt.Errorf("neighbours: query %d of %d is row %d, the gallery has %d", i, len(p.Queries), q, g.Len())
		}
		if n.places[q] >= 0 {
			return nil, fmt.Errorf("neighbours: row %d is a query twice", q)
		}
		n.places[q], n.Order[i] = 0, int32(q)
	}
	shuffle(n.Order, n.seed)
	for place, q := range n.Order {
		n.places[q] = int32(place)
	}
	n.Hoods = make([]atomic.Pointer[Neighbourhood], len(n.Order))
	n.sizes = Usage{Queries: len(n.Order), Budget: n.budget}
	var err error
	n.base, err = g.Candidates(nil)
	return n, err
}

// maxNeighbours is the largest M, and the largest k.
const maxNeighbours = 1<<16 - 1

// shuffle sorts rows ascending and then shuffles them with a seed: Durstenfeld's algorithm (CACM
// 7(7), 1964) over the PCG stream of the seed.
func shuffle(rows []int32, seed uint64) {
	slices.Sort(rows)
	pcg := rand.NewPCG(seed, 1)
	for i := len(rows) - 1; i > 0; i-- {
		j := int(items.Below(pcg, uint64(i+1)))
		rows[i], rows[j] = rows[j], rows[i]
	}
}

// Usage returns the present usage.
func (n *Neighbours) Usage() Usage {
	n.mu.Lock()
	defer n.mu.Unlock()
	u := n.sizes
	u.Done, u.Cut = n.done, n.limit < len(n.Order)
	return u
}

// String returns the usage for people.
func (u Usage) String() string {
	text := fmt.Sprintf("neighbours of %d of %d queries: %d rows, %.1f MB of %.1f", u.Done, u.Queries, u.Members, float64(u.Bytes)/1e6, float64(u.Budget)/1e6)
	if u.Cut {
		text += ", which holds no more"
	}
	return text
}

// Note says why a file of neighbourhoods was not used. It is "" if the file was used, or if there
// was none.
func (n *Neighbours) Note() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.note
}

// M returns the number of nearest rows of a layer.
func (n *Neighbours) M() int { return n.m }

// Queries returns the queries' rows in the order of building. The caller must not change it.
func (n *Neighbours) Queries() []int32 { return n.Order }

// Place returns the place of a query, given by row, in the order of Queries. It returns -1 for a
// row that is no query.
func (n *Neighbours) Place(query int) int {
	if query < 0 || query >= len(n.places) {
		return -1
	}
	return int(n.places[query])
}

// Layers returns the layers that are built or will be built.
func (n *Neighbours) Layers() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.layers
}

// AddLayers adds layers. The next Build builds them. Names that are there already are ignored.
// Built layers serve other schemes meanwhile.
func (n *Neighbours) AddLayers(names ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	layers := slices.Clone(n.layers)
	for _, name := range names {
		if !slices.Contains(layers, name) {
			layers = append(layers, name)
		}
	}
	n.layers = layers
	n.advance()
}

// advance recomputes done. n.mu is held.
func (n *Neighbours) advance() {
	if n.done > 0 && !n.complete(n.done-1) {
		n.done = 0
	}
	for n.done < n.limit && n.complete(n.done) {
		n.done++
	}
	n.done = min(n.done, n.limit)
}

// complete reports whether a query is built in all layers. n.mu is held.
func (n *Neighbours) complete(place int) bool {
	h := n.Hoods[place].Load()
	return h != nil && len(h.Borders) == len(n.layers)
}

// publish makes a neighbourhood visible to readers; nil drops it.
func (n *Neighbours) publish(place int, h *Neighbourhood) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if old := n.Hoods[place].Swap(h); old != nil {
		n.sizes.Bytes -= old.bytes()
		n.sizes.Members -= int64(len(old.Rows))
	}
	if h != nil {
		n.sizes.Bytes += h.bytes()
		n.sizes.Members += int64(len(h.Rows))
	}
	n.advance()
}

// limit is an upper bound of the scores of the rows outside a neighbourhood.
type limit struct {
	open  bool // there may be rows outside that have a score
	score float64
	least int32 // no row outside is below it
	last  int32 // no row outside whose score is equal is below or at it; −1: that is not known
}

// behind reports whether all rows outside rank behind the given row. If a score equals the limit,
// the order of rows decides.
func (l limit) behind(score float64, row int32) bool {
	return !l.open || score > l.score || score == l.score && (row < l.least || row <= l.last)
}

// noLimit is the limit if there are no rows outside.
var noLimit = limit{score: math.Inf(-1), last: -1}
