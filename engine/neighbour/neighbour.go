package neighbour

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"strata/engine/fence"
	"strata/engine/items"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// DefaultNeighbours is the number of a query's nearest rows that are kept of every
// layer unless others are asked for. It proves the top 10 of nearly all queries.
const DefaultNeighbours = 100

// defaultNeighbourMemory bounds what neighbourhoods take unless a plan says otherwise.
const defaultNeighbourMemory = 1 << 30

// Plan says what Neighbours hold.
type Plan struct {
	Name    string   // of their file, as a layer is named; "": they are not kept
	Layers  []string // of the gallery or derived; each once
	Queries []int    // rows, each once
	M       int      // nearest rows of a layer; 0: DefaultNeighbours
	Seed    uint64   // of the order in which the queries come; 0: 1
	Budget  int64    // bytes; 0: 1 GiB
}

// Gallery is a gallery whose neighbours are kept.
type Gallery interface {
	rank.Layers
	// Candidates returns the rows that meet conditions.
	Candidates(conditions []scheme.Condition) (*items.Candidates, error)
	// DerivedFolder returns a folder for what can be computed again, and makes it.
	DerivedFolder(name string) (fence.Folder, error)
	// FindDerived returns the folder that has such a file.
	FindDerived(name string) (fence.Folder, error)
}

// Neighbours knows of each query of a set the M nearest rows of every layer, and the
// canonical cosines of all of them in all layers. From that follows the exact top k of
// any sum of those layers, and of most other schemes: Fagin, Lotem and Naor's Threshold
// Algorithm (JCSS 66, 2003) over lists that are cut off. A row that is in none of the
// lists has a cosine of at most that of a list's last row, in every layer, so its score
// is at most what the scheme's own operations give for those. Rounding keeps that true:
// every operation of a sum with weights of at least 0 is monotonous. A ranking whose
// last hit stands before that is proven; the others need a full search.
//
// The lists are those of the candidates without a filter. Filters, and further rows
// that are left out, only take rows away, so the bounds hold under them, too.
//
// Queries are built in a drawn order, so that those that are there are a sample of all
// at any time. All methods may be called concurrently; each query is there for readers
// as soon as it is built. Neighbours read their gallery, and must not be used once it
// is closed.
type Neighbours struct {
	G      Gallery
	name   string
	m      int
	seed   uint64
	budget int64
	base   *items.Candidates
	Order  []int32 // the queries, in the order in which they are built
	places []int32 // by row: its place in order, or -1

	Hoods []atomic.Pointer[Neighbourhood] // by place; nil: it is not built
	build sync.Mutex                      // held by the one Build that runs

	mu     sync.Mutex
	layers []string // only ever appended to, and copied then
	done   int      // the first places that are built in all layers
	limit  int      // places from here on do not fit into the budget
	sizes  Usage
	note   string // why those that were kept did not serve
}

// Neighbourhood is what is known of one query. It does not change once it is there.
type Neighbourhood struct {
	Rows    []int32   // the members, ascending
	Cosines []float64 // by layer, then by member: canonical, NaN where there is none
	Borders []Border  // by layer
	Least   int32     // the lowest candidate that is no member; math.MaxInt32: there is none
}

// Border is the end of a layer's list.
type Border struct {
	Cosine float64 // of its last row; −Inf where the list holds all rows that have a score
	Row    int32   // its last row; −1 where it holds all
}

// whole reports whether the list holds all rows with a score.
func (b Border) whole() bool { return b.Row < 0 }

// column returns the members' cosines in a layer.
func (h *Neighbourhood) column(layer int) []float64 {
	n := len(h.Rows)
	return h.Cosines[layer*n : (layer+1)*n : (layer+1)*n]
}

// bytes returns the memory that it takes, its place among the others included.
func (h *Neighbourhood) bytes() int64 {
	return int64(unsafe.Sizeof(*h)+unsafe.Sizeof(h)) +
		int64(len(h.Rows))*4 + int64(len(h.Cosines))*8 + int64(len(h.Borders))*int64(unsafe.Sizeof(Border{}))
}

// Usage says how far Neighbours are and what they take.
type Usage struct {
	Queries int   // of the plan
	Done    int   // the first of them, in their order, that are built in all layers
	Members int64 // rows that are kept, over all queries
	Bytes   int64
	Budget  int64
	Cut     bool // the budget does not hold all queries: it stays with the first Done
}

// NewNeighbours returns Neighbours of which nothing is built. An error names a query
// that is no row or stands twice, or a number that is out of range; a layer is looked
// up when it is built.
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

// maxNeighbours is the largest M: k is at most so much, too.
const maxNeighbours = 1<<16 - 1

// shuffle sorts rows ascending and puts them into the order of a seed: Durstenfeld's
// algorithm (CACM 7(7), 1964) over its PCG stream.
func shuffle(rows []int32, seed uint64) {
	slices.Sort(rows)
	pcg := rand.NewPCG(seed, 1)
	for i := len(rows) - 1; i > 0; i-- {
		j := int(items.Below(pcg, uint64(i+1)))
		rows[i], rows[j] = rows[j], rows[i]
	}
}

// Usage returns how far they are.
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

// Note says why neighbourhoods that were kept did not serve; "" if they did, or if
// there were none.
func (n *Neighbours) Note() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.note
}

// M returns the number of nearest rows that are kept of a layer.
func (n *Neighbours) M() int { return n.m }

// Queries returns the queries' rows in the order in which they are built. It is not
// to be changed.
func (n *Neighbours) Queries() []int32 { return n.Order }

// Place returns the place of a query, given by row, in the order of Queries, or -1 for
// a row that is none.
func (n *Neighbours) Place(query int) int {
	if query < 0 || query >= len(n.places) {
		return -1
	}
	return int(n.places[query])
}

// Layers returns the layers that are built, or will be.
func (n *Neighbours) Layers() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.layers
}

// AddLayers adds layers, which the next Build builds; those that are there do not
// count. What is built serves other schemes meanwhile.
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

// advance sets done anew. n.mu is held.
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

// publish makes a neighbourhood known, nil to drop it.
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

// limit is the score that rows outside of a neighbourhood do not exceed.
type limit struct {
	open  bool // there may be rows outside that have a score
	score float64
	least int32 // no row outside is below it
	last  int32 // no row outside whose score is equal is below or at it; −1: that is not known
}

// behind reports whether all rows outside stand behind one with a score. An equal
// score needs the order of rows to decide.
func (l limit) behind(score float64, row int32) bool {
	return !l.open || score > l.score || score == l.score && (row < l.least || row <= l.last)
}

// noLimit is the limit where there is nothing outside.
var noLimit = limit{score: math.Inf(-1), last: -1}
