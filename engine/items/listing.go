package items

import (
	"slices"
	"sync"
)

// listing.go counts listings: the groups of the items table, whose rows are photos of one thing. A
// row without a group is a listing by itself. Its photos here are those that are candidates.

// Photos returns the candidates of query q that are of a row's listing, ascending.
func (c *Candidates) Photos(q, row int) []int32 {
	rows := []int32{int32(row)}
	if c.groups != nil {
		if code := c.Items.Group.Codes[row]; code != 0 {
			rows = c.groups[code]
		}
	}
	var photos []int32
	for _, row := range rows {
		if c.HasFor(q, int(row)) {
			photos = append(photos, row)
		}
	}
	return photos
}

// Listing returns what tells a row's listing from others.
func (c *Candidates) Listing(row int) int {
	if c.groups != nil {
		if code := c.Items.Group.Codes[row]; code != 0 {
			return -int(code)
		}
	}
	return row
}

// Largest returns the number of photos of the largest listing.
func (c *Candidates) Largest() int { return max(c.largest, 1) }

// Listings returns the number of listings that have a candidate of query q.
func (c *Candidates) Listings(q int) int {
	return c.total - c.further - c.lost(q, func(int) bool { return true })
}

// lost returns the number of listings of which all rows that meet a condition are excluded for
// query q, of those that have such a row.
func (c *Candidates) lost(q int, meets func(row int) bool) int {
	n := 0
	seen := map[int]bool{}
	for _, x := range c.Excluded(q) {
		row := int(x)
		if at := c.Listing(row); c.Has(row) && meets(row) && !seen[at] {
			seen[at] = true
			if !slices.ContainsFunc(c.Photos(q, row), func(x int32) bool { return meets(int(x)) }) {
				n++
			}
		}
	}
	return n
}

// with returns the number of listings with a row of the set that meets a condition.
func (c *Candidates) with(meets func(row int) bool) int {
	n := 0
	seen := map[int]bool{}
	for row := range c.Items.IDs {
		if !c.Has(row) || !meets(row) {
			continue
		}
		if at := c.Listing(row); at == row {
			n++
		} else if !seen[at] {
			seen[at] = true
			n++
		}
	}
	return n
}

// ListingRelevance is Relevance of listings: one is relevant to a query if one of its photos is. Its
// gain is the largest of its photos, and it is known whether it is relevant if that is known of one.
func (c *Candidates) ListingRelevance(l *Label) *Relevance {
	return &Relevance{Label: l, c: c, listings: &listingCounts{byCell: map[uint32]int{}, known: -1}}
}

// listingCounts are numbers of listings of the whole set, as far as they were asked for.
type listingCounts struct {
	mu     sync.Mutex
	byCell map[uint32]int // by the query's cell: the relevant ones
	known  int            // -1 until it is known
}

// countListings is Count of listings.
func (r *Relevance) countListings(q int) int {
	if r.Label.judged != nil {
		return len(r.grades(q, 1))
	}
	code := r.Label.Codes[q]
	if code == 0 {
		return 0
	}
	relevant := func(row int) bool { return r.Label.Relevant(q, row) }
	r.listings.mu.Lock()
	n, ok := r.listings.byCell[code]
	if !ok {
		n = r.c.with(relevant)
		r.listings.byCell[code] = n
	}
	r.listings.mu.Unlock()
	return n - r.c.lost(q, relevant)
}

// knownListings is Known of listings.
func (r *Relevance) knownListings(q int) int {
	if r.Label.judged != nil {
		return len(r.grades(q, 0))
	}
	r.listings.mu.Lock()
	if r.listings.known < 0 {
		r.listings.known = r.c.with(r.Label.Known)
	}
	n := r.listings.known
	r.listings.mu.Unlock()
	return n - r.c.lost(q, r.Label.Known)
}

// grades returns the largest grades of the listings that are judged for query q, of at least the given
// one.
func (r *Relevance) grades(q int, least uint8) map[int]uint8 {
	grades := map[int]uint8{}
	r.among(q, func(row int32, grade uint8) {
		if at := r.c.Listing(int(row)); grade >= least {
			grades[at] = max(grades[at], grade)
		}
	})
	return grades
}

// OfListings reports whether listings are counted.
func (r *Relevance) OfListings() bool { return r.listings != nil }

// Candidates returns the number of candidates of query q, or of listings among them.
func (r *Relevance) Candidates(q int) int {
	if r.listings != nil {
		return r.c.Listings(q)
	}
	return r.c.Count(q)
}

// Gain returns how relevant a hit is to query q, and whether that is known. The hit is a row, or the
// listing of a row.
func (r *Relevance) Gain(q, row int) (gain int, known bool) {
	if r.listings == nil {
		return r.Label.Gain(q, row), r.Label.Judges(q, row)
	}
	for _, photo := range r.c.Photos(q, row) {
		gain = max(gain, r.Label.Gain(q, int(photo)))
		known = known || r.Label.Judges(q, int(photo))
	}
	return gain, known
}
