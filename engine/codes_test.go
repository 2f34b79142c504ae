package engine

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"strata/engine/code"
	"strata/engine/fence"
	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/fixtures/need"
)

// prepare gives every layer of the gallery codes.
func prepare(t testing.TB, g *Gallery) {
	t.Helper()
	if err := g.PrepareCodes(t.Context(), code.Options{Build: true, All: true}); err != nil {
		t.Fatal(err)
	}
	for _, l := range g.Layers {
		if g.CodesOf(l) == nil {
			t.Fatalf("%s has no codes", l.Name)
		}
	}
}

func TestCertifiedIsSortEverything(t *testing.T) {
	coded, rescored := 0, 0
	seeds := uint64(12)
	if !need.Patient() {
		seeds = 6
	}
	for seed := range seeds {
		rows := []int{1, 2, 5, 30, 200, 1100}[seed%6]
		g, o, among := testGallery(t, 500+seed, rows)
		prepare(t, g)
		schemes := parseAll(t, g, testSchemes)
		for q := 0; q < rows; q += 1 + rows/7 {
			wants := o.rankAll(schemes, q)
			for i := range schemes {
				s := rank.NewSearcher(g, 1<<20) // without the canonical columns of other schemes
				for _, k := range []int{0, 1, 10, rows + 3} {
					got, err := s.Search(t.Context(), q, schemes[i:i+1], k, among)
					if err != nil {
						t.Fatal(err)
					}
					checkRankings(t, got, wants[i:i+1], k, fmt.Sprintf("seed %d, query %d of %d rows", seed, q, rows))
					if got[0].Coded && k > 0 {
						coded++
						rescored += got[0].Rescored
					}
				}
			}
		}
	}
	if coded < 100 || rescored < coded {
		t.Errorf("%d rankings came from codes, with %d rows rescored: the test says little", coded, rescored)
	}
}

// exactDot returns the product of two vectors, but for less than 10⁻³⁰ of their lengths.
func exactDot(a, b []float64) *big.Float {
	x, y := new(big.Float), new(big.Float)
	sum := new(big.Float).SetPrec(400)
	product := new(big.Float).SetPrec(400)
	for i := range a {
		sum.Add(sum, product.Mul(x.SetFloat64(a[i]), y.SetFloat64(b[i])))
	}
	return sum
}

// exactCosines returns the cosines of row q with all rows, but for less than 10⁻³⁰;
// squares holds the rows' products with themselves, nil without a score: NaN then.
func exactCosines(rows [][]float64, squares []*big.Float, q int) []float64 {
	cosines := make([]float64, len(rows))
	for r := range rows {
		if squares[q] == nil || squares[r] == nil {
			cosines[r] = math.NaN()
			continue
		}
		root := new(big.Float).SetPrec(400).Mul(squares[q], squares[r])
		root.Sqrt(root)
		cosines[r], _ = root.Quo(exactDot(rows[q], rows[r]), root).Float64()
	}
	return cosines
}

// codeCases are layers that are hard to code.
func codeCases(rng *rand.Rand) map[string]matrix {
	const rows = 60
	make2 := func(dim int, value func(r, i int) float32) matrix {
		m := matrix{}
		for r := range rows {
			row := make([]float32, dim)
			for i := range row {
				row[i] = value(r, i)
			}
			m.rows = append(m.rows, row)
		}
		return m
	}
	normal := func(int, int) float32 { return float32(rng.NormFloat64()) }
	half := func(m matrix) matrix { m.half = true; return m }
	return map[string]matrix{
		"random":    make2(100, normal),
		"one":       make2(1, normal),
		"two":       make2(2, normal),
		"wide":      make2(3000, func(r, i int) float32 { return 1 + 0.2*normal(r, i) }),
		"blocks":    make2(768, func(_, i int) float32 { return 1 + float32(i%5) + normal(0, 0) }),
		"constant":  make2(64, func(_, i int) float32 { return float32(i) + 1 }),
		"columns":   make2(130, func(r, i int) float32 { return 5 + float32(i%2)*0.01*normal(r, i) }),
		"outliers":  make2(256, func(r, i int) float32 { return 1 + float32(max(0, r-55))*100*normal(r, i) }),
		"spikes":    make2(512, func(r, i int) float32 { return float32(1 - min(1, (r-i)*(r-i))) }),
		"neighbors": make2(64, func(_, i int) float32 { return math.Nextafter32(float32(i)+1, float32(rng.IntN(2))*100) }),
		"subnormal": make2(70, func(r, i int) float32 { return 1e-44 * float32(rng.IntN(9)) }),
		"huge":      make2(70, func(r, i int) float32 { return 1e38 * normal(r, i) }),
		"mixed":     make2(90, func(r, i int) float32 { return float32(math.Pow(10, float64(r-30))) * normal(r, i) }),
		"half":      half(make2(200, func(int, int) float32 { return 65504 * float32(rng.IntN(3)-1) })),
		"tinyhalf":  half(make2(200, func(int, int) float32 { return 6e-8 * float32(rng.IntN(4)) })),
		"opposite":  make2(128, func(r, i int) float32 { return float32(r%2*2-1) * float32(i+1) }),
	}
}

// TestCodeBounds compares the scores of codes with exact cosines: no difference
// passes its bound, and bounds of plain layers are small.
func TestCodeBounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	layers := codeCases(rng)
	g := open(t, writeGallery(t, "id\n"+strings.Join(ids(60), "\n"), layers))
	prepare(t, g)
	for _, l := range g.Layers {
		c := g.CodesOf(l)
		wide := make([][]float64, l.Rows)
		for r := range wide {
			wide[r] = make([]float64, l.Dim)
			l.Widen(wide[r], r)
		}
		squares := make([]*big.Float, l.Rows)
		for r := range squares {
			if !math.IsNaN(l.Lengths().Root[r]) {
				squares[r] = exactDot(wide[r], wide[r])
			}
		}
		queries := []int{0, 7, 31, 59}
		exact := map[int][]float64{}
		for _, q := range queries {
			exact[q] = exactCosines(wide, squares, q)
		}
		for _, coarse := range []bool{false, true} {
			worst, share := 0.0, 0.0
			for _, q := range queries {
				a, err := rank.ApproxByCodes(t.Context(), c, rank.Asked{Row: q}, coarse)
				if err != nil {
					t.Fatal(err)
				}
				for row, s := range a.Cosine {
					if math.IsNaN(l.Lengths().Root[q]) || math.IsNaN(l.Lengths().Root[row]) {
						if s == s {
							t.Fatalf("%s, rows %d and %d: %v, and one has no score", l.Name, q, row, s)
						}
						continue
					}
					off := math.Abs(float64(s) - exact[q][row])
					if b := a.Row(row); !(off <= b-layer.ScoreSlack) || b > a.Span(row/layer.CodeSpan) {
						t.Fatalf("%s, rows %d and %d: off by %g, bound %g of %g", l.Name, q, row, off, b, a.Span(row/layer.CodeSpan))
					}
					worst, share = max(worst, a.Row(row)), max(share, off/a.Row(row))
				}
			}
			t.Logf("%-10s dim %4d, coarse %v: bounds up to %.2g, errors up to %.3f of them", l.Name, l.Dim, coarse, worst, share)
			if limit := map[string]float64{"random": 0.05, "wide": 0.01, "constant": 1e-5, "neighbors": 1e-5}[l.Name]; limit > 0 && worst > limit && !coarse {
				t.Errorf("%s: bounds up to %g", l.Name, worst)
			}
		}
	}
}

// TestCertifiedHardLayers ranks galleries that are hard to code.
func TestCertifiedHardLayers(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	layers := codeCases(rng)
	g := open(t, writeGallery(t, "id\n"+strings.Join(ids(60), "\n"), layers))
	prepare(t, g)
	o := newOracle(layers, func(q, row int) bool { return q != row })
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, l := range g.Layers {
		texts = append(texts, l.Name, "2*"+l.Name+"+0.01*random", "concat("+l.Name+",wide)", "rrf("+l.Name+",outliers)")
	}
	schemes := parseAll(t, g, texts)
	s := rank.NewSearcher(g, 1<<20)
	for _, q := range []int{0, 1, 20, 59} {
		for _, k := range []int{1, 5, 14} {
			got, err := s.Search(t.Context(), q, schemes, k, among)
			if err != nil {
				t.Fatal(err)
			}
			checkRankings(t, got, o.rankAll(schemes, q), k, fmt.Sprint("query ", q))
		}
	}
}

// TestCertifiedNearTies puts rows at distances of 10⁻⁹ and less from one another,
// in clusters, with copies.
func TestCertifiedNearTies(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	const rows, dim = 2500, 96
	m := matrix{}
	var base []float32
	for r := range rows {
		if r%50 == 0 {
			base = make([]float32, dim)
			for i := range base {
				base[i] = 1 + 0.3*float32(rng.NormFloat64())
			}
		}
		row := slices.Clone(base)
		for range rng.IntN(4) {
			at := rng.IntN(dim)
			row[at] = math.Nextafter32(row[at], float32(rng.IntN(3)-1)*100)
		}
		m.rows = append(m.rows, row)
	}
	layers := map[string]matrix{"A": m, "B": randomMatrix(rng, rows, 200, true)}
	g := open(t, writeGallery(t, "id\n"+strings.Join(ids(rows), "\n"), layers))
	prepare(t, g)
	o := newOracle(layers, func(q, row int) bool { return q != row })
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	schemes := parseAll(t, g, []string{"A", "B", "A+B", "A+1e-7*B", "concat(A,B)", "rrf(A,B)", "rrf(A+B,B)"})
	s := rank.NewSearcher(g, 1<<20)
	for _, q := range []int{0, 49, 1250, 2499} {
		got, err := s.Search(t.Context(), q, schemes, 10, among)
		if err != nil {
			t.Fatal(err)
		}
		checkRankings(t, got, o.rankAll(schemes, q), 10, fmt.Sprint("query ", q))
		for _, r := range got {
			if !r.Coded && r.Scheme.Kind != scheme.RRF {
				t.Errorf("query %d, %s: not from codes", q, r.Scheme)
			}
		}
	}
}

// TestAdversarialBound gives every row the score that its bound allows to be
// farthest off, by choosing residuals along the query: certified search must still
// find the rows whose approximate scores are too low.
func TestAdversarialBound(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 1))
	const rows, dim = 800, 64
	query := make([]float32, dim)
	for i := range query {
		query[i] = float32(rng.NormFloat64())
	}
	m := matrix{rows: [][]float32{query}}
	for len(m.rows) < rows {
		base := make([]float32, dim)
		for i := range base {
			base[i] = query[i] + 0.5*float32(rng.NormFloat64())
		}
		m.rows = append(m.rows, base)
	}
	for round := range 3 { // the codes change with the rows, so a few rounds
		layers := map[string]matrix{"A": m}
		g := open(t, writeGallery(t, "id\n"+strings.Join(ids(rows), "\n"), layers))
		prepare(t, g)
		o := newOracle(layers, func(q, row int) bool { return q != row })
		among, err := g.Candidates(nil)
		if err != nil {
			t.Fatal(err)
		}
		schemes := parseAll(t, g, []string{"A"})
		got, err := rank.NewSearcher(g, 1<<20).Search(t.Context(), 0, schemes, 10, among)
		if err != nil {
			t.Fatal(err)
		}
		checkRankings(t, got, o.rankAll(schemes, 0), 10, fmt.Sprint("round ", round))
		a, err := rank.ApproxByCodes(t.Context(), g.CodesOf(g.Layers[0]), rank.Asked{Row: 0}, true)
		if err != nil {
			t.Fatal(err)
		}
		// Rows are moved so that their true scores stand in a narrow band, at which
		// codes put them in any order.
		next := matrix{rows: [][]float32{query}}
		for row := 1; row < rows; row++ {
			off := o.score(schemes[0], 0, row) - float64(a.Cosine[row])
			moved := slices.Clone(m.rows[row])
			pull := float32(0.9 - o.score(schemes[0], 0, row) + 2*off)
			for i := range moved {
				moved[i] += pull * query[i]
			}
			next.rows = append(next.rows, moved)
		}
		m = next
	}
}

// TestApproximate finds most of the exact top, and says what it is.
func TestApproximate(t *testing.T) {
	g, o, among := testGallery(t, 509, 1100)
	prepare(t, g)
	s := rank.NewSearcher(g, 1<<20)
	schemes := parseAll(t, g, []string{"B", "A+B", "concat(A,B)", "rrf(A,C)"})
	got, err := s.SearchApproximate(t.Context(), 5, schemes, 10, among)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range got {
		want := o.rank(schemes[i], 5)[:10]
		if r.Approximate != (schemes[i].Kind != scheme.RRF) {
			t.Errorf("%s: approximate is %v", r.Scheme, r.Approximate)
		}
		if len(r.Hits) != 10 || r.Rescored != 0 && r.Approximate {
			t.Errorf("%s: %d hits, %d rows rescored", r.Scheme, len(r.Hits), r.Rescored)
		}
		for j, h := range r.Hits {
			if math.Abs(h.Score-want[j].Score) > 0.02 {
				t.Errorf("%s: hit %d scores %v, the exact one %v", r.Scheme, j, h.Score, want[j].Score)
			}
		}
	}
}

// TestCodesOfPhotographs counts the rows that are rescored on real features.
func TestCodesOfPhotographs(t *testing.T) {
	need.Long(t)
	g := open(t, need.Gallery(t, "myntra-224"))
	folder := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", folder)
	for _, l := range g.Layers {
		c, err := code.PrepareCodes(t.Context(), l, fence.In(folder, "."), code.Options{Build: true})
		if err != nil {
			t.Fatal(err)
		}
		c.Measure()
		g.coded.codes.Store(l, c)
	}
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	schemes := parseAll(t, g, []string{"A", "B", "C", "mixed8", "pattern", "A+B+C", "concat(A,B,C)", "rrf(A,C)"})
	sums, most, full := make([]int, len(schemes)), make([]int, len(schemes)), make([]int, len(schemes))
	queries := items.Sample(g.Len(), 40, 1)
	exact := rankAll(t, g, queries, schemes, 10, among)
	for _, fine := range []bool{false, true} {
		clear(sums)
		clear(most)
		clear(full)
		for i, q := range queries {
			s := rank.NewSearcher(g, 1)
			if fine {
				if err := s.Warm(t.Context(), q, schemes); err != nil {
					t.Fatal(err)
				}
			}
			got, err := s.Search(t.Context(), q, schemes, 10, among)
			if err != nil {
				t.Fatal(err)
			}
			for j, r := range got {
				if !sameHits(r.Hits, exact[i][j].Hits) {
					t.Fatalf("query %d, %s: codes give\n%v, tiles\n%v", q, r.Scheme, r.Hits, exact[i][j].Hits)
				}
				if !r.Coded {
					full[j]++
				}
				sums[j] += r.Rescored
				most[j] = max(most[j], r.Rescored)
			}
		}
		for j, sc := range schemes {
			mean := float64(sums[j]) / float64(len(queries))
			t.Logf("fine %v: %-14s %7.1f rows rescored, at most %d; %d of %d queries by canonical columns", fine, sc, mean, most[j], full[j], len(queries))
			if limit := map[bool]float64{true: 30, false: 200}[fine]; sc.Kind != scheme.RRF && (mean > limit || full[j] > 0) {
				t.Errorf("%s: %g rows are rescored on average, all rows for %d queries", sc, mean, full[j])
			}
		}
	}
}

// TestEachProcessor repeats the tests of codes as on processors that can do less, with
// fewer queries of each gallery: what differs there are the kernels.
func TestEachProcessor(t *testing.T) {
	need.Long(t)
	for _, off := range []string{"avx512vnni", "avx512f", "avx2"} {
		t.Run(off, func(t *testing.T) {
			t.Parallel()
			test := exec.CommandContext(t.Context(), os.Args[0], "-test.short", "-test.run", "^Test(CodeBounds|Certified|Adversarial|RankAllFromCodes)")
			test.Env = append(os.Environ(), "GODEBUG=cpu."+off+"=off")
			if out, err := test.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestVectorsFromCodes searches for vectors that are no row, with and without codes.
func TestVectorsFromCodes(t *testing.T) {
	g, _, among := testGallery(t, 611, 1100)
	rng := rand.New(rand.NewPCG(15, 1))
	schemes := parseAll(t, g, []string{"A", "B", "A+B", "concat(A,B)", "rrf(A,B)"})
	var queries []*rank.Vectors
	for range 5 {
		features := map[string][]float32{}
		for _, l := range g.Layers {
			values := make([]float32, l.Dim)
			l0 := make([]float64, l.Dim)
			l.Widen(l0, rng.IntN(l.Rows))
			for i, v := range l0 {
				values[i] = float32(v) + 0.2*float32(rng.NormFloat64())
			}
			features[l.Name] = values
		}
		v, err := g.NewVectors(features)
		if err != nil {
			t.Fatal(err)
		}
		queries = append(queries, v)
	}
	var plain [][]rank.Ranking
	for _, v := range queries {
		r, err := rank.NewSearcher(g, 1<<20).SearchVectors(t.Context(), v, schemes, 10, among)
		if err != nil {
			t.Fatal(err)
		}
		plain = append(plain, r)
	}
	prepare(t, g)
	for i, v := range queries {
		s := rank.NewSearcher(g, 1<<20)
		for round := range 2 {
			got, err := s.SearchVectors(t.Context(), v, schemes, 10, among)
			if err != nil {
				t.Fatal(err)
			}
			for j := range got {
				if !sameHits(got[j].Hits, plain[i][j].Hits) {
					t.Errorf("vector %d, %s, round %d:\ngot  %v\nwant %v", i, schemes[j], round, got[j].Hits, plain[i][j].Hits)
				}
			}
			if err := s.WarmVectors(t.Context(), v, schemes); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestProject compares the axes' parts of rows with those that are computed in float64:
// what is left along the axes is less than code.AxesSlack.
func TestProject(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 1))
	layers := codeCases(rng)
	g := open(t, writeGallery(t, "id\n"+strings.Join(ids(60), "\n"), layers))
	prepare(t, g)
	for _, l := range g.Layers {
		c := g.CodesOf(l)
		wide := make([]float64, l.Dim)
		worst := 0.0
		for row, root := range l.Lengths().Root {
			if math.IsNaN(root) {
				continue
			}
			l.Widen(wide, row)
			for i := range wide {
				wide[i] = wide[i]/root - float64(c.Coder.Mu[i])
			}
			k, r := c.At(row)
			for j, a := range k.Axes {
				for i, e := range c.Coder.Axes[j*l.Dim : (j+1)*l.Dim] {
					wide[i] -= float64(a[r]) * float64(e)
				}
			}
			var square float64
			for j := range k.Axes {
				var along float64
				for i, e := range c.Coder.Axes[j*l.Dim : (j+1)*l.Dim] {
					along += float64(e) * wide[i]
				}
				square += along * along
			}
			worst = max(worst, math.Sqrt(square))
		}
		t.Logf("%-10s dim %4d: %.2g is left along %d axes", l.Name, l.Dim, worst, c.Coder.N)
		if worst > code.AxesSlack {
			t.Errorf("%s: %g is left along the axes, more than %g", l.Name, worst, code.AxesSlack)
		}
	}
}
