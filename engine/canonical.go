package engine

// pairs computes canonical products of one query with single rows, and keeps
// them: what rescoring needs. It is for one goroutine.
type pairs struct {
	query  int
	layers map[string]*pairLayer
}

// pairLayer is one layer's part: the widened query and the products so far.
type pairLayer struct {
	layer        *Layer
	length       *Lengths
	wide         []float64
	square, root float64
	dots         map[int]float64
}

// newPairs prepares the layers, whose lengths must be known.
func newPairs(layers []*Layer) *pairs {
	p := &pairs{layers: map[string]*pairLayer{}}
	for _, l := range layers {
		p.layers[l.Name] = &pairLayer{layer: l, length: l.Lengths(), wide: make([]float64, l.Dim), dots: map[int]float64{}}
	}
	return p
}

// add makes p ready for one more layer, in which v is the query, or forgets its
// products there.
func (p *pairs) add(l *Layer, v vector) {
	p.layers[l.Name] = newPairs([]*Layer{l}).layers[l.Name]
	p.startVector(l.Name, v)
}

// start makes q the query and forgets the products of the last one.
func (p *pairs) start(q int) {
	p.query = q
	for _, l := range p.layers {
		clear(l.dots)
		l.layer.Widen(l.wide, q)
		l.square, l.root = l.length.Square[q], l.length.Root[q]
	}
}

// startVector makes a vector of the layer's length the query in a layer.
func (p *pairs) startVector(layer string, v vector) {
	p.query = noRow
	l := p.layers[layer]
	clear(l.dots)
	copy(l.wide, v.wide)
	l.square, l.root = v.square, v.root
}

// dot returns the canonical product of the query with a row.
func (l *pairLayer) dot(row int) float64 {
	d, ok := l.dots[row]
	if !ok {
		d = l.once(row)
		l.dots[row] = d
	}
	return d
}

// once is dot for a product that is not asked for again. Unlike dot it may be
// called concurrently.
func (l *pairLayer) once(row int) float64 {
	var one [1]float64
	l.layer.scan(one[:], l.wide, row)
	return one[0]
}

// Cosine is the canonical cosine of two rows in a layer; NaN where one of them
// has no score.
type Cosine struct {
	Layer string
	Value float64
}
