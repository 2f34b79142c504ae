package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"strata/engine/kernel"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// randomFeatures draws a query that is no item, adds it to the oracle as a row
// behind the gallery's, and returns it. Some vectors are a row's, zero or not
// finite.
func randomFeatures(rng *rand.Rand, g *Gallery, o *oracle) map[string][]float32 {
	features := map[string][]float32{}
	for _, l := range g.Layers {
		v := make([]float32, l.Dim)
		kind := rng.IntN(8)
		for i := range v {
			switch kind {
			case 0:
				v[i] = float32(o.layers[l.Name][rng.IntN(o.n)][i])
			case 1:
				v[i] = 0
			default:
				v[i] = float32(rng.ExpFloat64())
			}
			if l.Type == layer.Float16 {
				v[i] = kernel.Half(kernel.ToHalf(v[i]))
			}
		}
		if kind == 2 {
			v[rng.IntN(len(v))] = float32(math.NaN())
		}
		wide := make([]float64, len(v))
		for i, x := range v {
			wide[i] = float64(x)
		}
		features[l.Name] = v
		o.layers[l.Name] = append(o.layers[l.Name][:o.n:o.n], wide)
		o.square[l.Name] = append(o.square[l.Name][:o.n:o.n], product(wide, wide))
	}
	return features
}

// TestSearchVectorsIsSortEverything ranks for queries that are no items.
// Everything is a candidate but what split and filter leave out.
func TestSearchVectorsIsSortEverything(t *testing.T) {
	for seed := range uint64(12) {
		rows := []int{1, 2, 5, 30, 200, 1100}[seed%6]
		g, o, among := testGallery(t, 200+seed, rows)
		rng := rand.New(rand.NewPCG(seed, 2))
		s := rank.NewSearcher(g, 1<<20)
		texts := testSchemes
		if rows == 30 || rows == 200 { // fewer rows may all be equal
			texts = slices.Concat(testSchemes, laidSchemes)
		}
		every, err := g.Candidates(nil)
		if err != nil {
			t.Fatal(err)
		}
		o.every = every.HasFor
		o.group = func(row int) string {
			if row == o.n { // the query is no item
				return ""
			}
			return g.Group(row)
		}
		schemes := parseAll(t, g, texts)
		for range 4 {
			q, err := g.NewVectors(randomFeatures(rng, g, o))
			if err != nil {
				t.Fatal(err)
			}
			o.hubs = nil // they have the query's, too
			wants := o.rankLaid(schemes, o.n)
			for _, k := range []int{0, 1, 10, rows + 3} {
				got, err := s.SearchVectors(t.Context(), q, schemes, k, among)
				if err != nil {
					t.Fatal(err)
				}
				checkRankings(t, got, wants, k, fmt.Sprintf("seed %d, %d rows", seed, rows))
			}
			if n := among.Count(-1); n != len(wants[0]) {
				t.Fatalf("seed %d: %d candidates, not %d", seed, n, len(wants[0]))
			}
			cosines, err := rank.VectorCosines(t.Context(), g, g.AllLayers(), q, rows-1)
			if err != nil {
				t.Fatal(err)
			}
			for i, l := range g.Layers {
				want := o.score(scheme.Scheme{Terms: []scheme.Term{{Weight: 1, Factor: scheme.FactorNamed(l.Name)}}}, o.n, rows-1)
				if c := cosines[i].Value; c != want && !(math.IsNaN(c) && math.IsNaN(want)) {
					t.Fatalf("seed %d: cosine %v in %s, not %v", seed, c, l.Name, want)
				}
			}
		}
	}
}

// TestVectorsOfARow searches for a row's own values: the row itself comes first,
// and the columns are kept apart from the row's.
func TestVectorsOfARow(t *testing.T) {
	g, o, _ := testGallery(t, 4, 200)
	all, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	scheme := parseAll(t, g, []string{"A"})
	row := slices.IndexFunc(o.square["A"], func(s float64) bool { return s > 0 && !math.IsInf(s, 0) })
	for !o.among(o.n, row) {
		row++
	}
	v := make([]float32, len(o.layers["A"][row]))
	for i, x := range o.layers["A"][row] {
		v[i] = float32(x)
	}
	q, err := g.NewVectors(map[string][]float32{"A": v})
	if err != nil {
		t.Fatal(err)
	}
	s := rank.NewSearcher(g, 1<<20)
	for range 2 {
		one, err := s.Search(t.Context(), row, scheme, 3, all)
		if err != nil {
			t.Fatal(err)
		}
		other, err := s.SearchVectors(t.Context(), q, scheme, 4, all)
		if err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(other[0].Hits, func(h rank.Hit) bool { return h.Row == row && h.Score > 0.999999999 })
		if !found || slices.ContainsFunc(one[0].Hits, func(h rank.Hit) bool { return h.Row == row }) {
			t.Fatalf("for row %d itself %v, for its values %v", row, one[0].Hits, other[0].Hits)
		}
	}
	if u := s.Usage(); u.Queries != 2 {
		t.Errorf("columns of %d queries are kept, not of 2", u.Queries)
	}
}

func TestVectorFaults(t *testing.T) {
	g, _, among := testGallery(t, 4, 30)
	dim := func(name string) int {
		l, err := g.Layer(name)
		if err != nil {
			t.Fatal(err)
		}
		return l.Dim
	}
	for _, c := range []struct {
		name     string
		features map[string][]float32
		want     string
	}{
		{"unknown layer", map[string][]float32{"D": {1}}, `no layer "D"`},
		{"length", map[string][]float32{"A": make([]float32, dim("A")+1)}, fmt.Sprintf("layer A has %d features, the query's vector has %d", dim("A"), dim("A")+1)},
	} {
		if _, err := g.NewVectors(c.features); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want …%s…", c.name, err, c.want)
		}
	}
	features := map[string][]float32{"A": make([]float32, dim("A")), "C": make([]float32, dim("C"))}
	features["A"][0], features["C"][0] = 1, 1
	q, err := g.NewVectors(features)
	if err != nil {
		t.Fatal(err)
	}
	s := rank.NewSearcher(g, 1<<20)
	_, err = s.SearchVectors(t.Context(), q, parseAll(t, g, []string{"A", "rrf(C,A+B)"}), 3, among)
	if err == nil || !strings.HasPrefix(err.Error(), "the query is no item of "+g.Name+" and has no vector for layer B, only for A, C: ") {
		t.Errorf("a layer without a vector: got %v", err)
	}
	cosines, err := rank.VectorCosines(t.Context(), g, g.AllLayers(), q, 0)
	if err != nil || !math.IsNaN(cosines[1].Value) {
		t.Errorf("the cosine in B is %v, %v; it has no vector", cosines, err)
	}
	features["C"][0] = 2
	other, err := g.NewVectors(features)
	if err != nil || other.Hash() == q.Hash() || !strings.HasPrefix(q.Hash(), "sha256:") {
		t.Errorf("hashes %s and %s, %v", q.Hash(), other.Hash(), err)
	}
	same, err := g.NewVectors(features)
	if err != nil || same.Hash() != other.Hash() {
		t.Errorf("equal queries have hashes %s and %s, %v", same.Hash(), other.Hash(), err)
	}
}

// TestVectorsInDerivedLayers searches for an item's own values in layers that are
// derived: it is the nearest to itself there, too.
func TestVectorsInDerivedLayers(t *testing.T) {
	g, o, _ := testGallery(t, 4, 200)
	all, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	schemes := parseAll(t, g, []string{"A|centre", "A|zscore", "A+A|pca1"})
	row := 0
	for s := o.square["A"][row]; !(s > 0 && s < math.Inf(1)) || !o.among(o.n, row); s = o.square["A"][row] {
		row++
	}
	v := make([]float32, len(o.layers["A"][row]))
	for i, x := range o.layers["A"][row] {
		v[i] = float32(x)
	}
	q, err := g.NewVectors(map[string][]float32{"A": v})
	if err != nil {
		t.Fatal(err)
	}
	s := rank.NewSearcher(g, 1<<20)
	rankings, err := s.SearchVectors(t.Context(), q, schemes, 5, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rankings {
		if !slices.ContainsFunc(r.Hits, func(h rank.Hit) bool { return h.Row == row && h.Score > 0.999999 }) {
			t.Errorf("%s: row %d is not among the nearest to its values: %v", r.Scheme, row, r.Hits)
		}
	}
	cosines, err := rank.VectorCosines(t.Context(), g, g.AllLayers(), q, row)
	if err != nil || len(cosines) != 6 {
		t.Fatalf("%v, %v", cosines, err)
	}
	for _, c := range cosines {
		if strings.HasPrefix(c.Layer, "A") != (c.Value > 0.999999) {
			t.Errorf("the cosine in %s is %v", c.Layer, c.Value)
		}
	}
	_, err = s.SearchVectors(t.Context(), q, parseAll(t, g, []string{"C|centre"}), 5, all)
	if err == nil || !strings.Contains(err.Error(), "no vector for layer C|centre, only for A:") {
		t.Errorf("a layer derived from one without a vector: %v", err)
	}
}
