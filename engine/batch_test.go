package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"strata/engine/format"
	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/fixtures/need"
)

// newTestBatch returns a batch that is prepared, and its worker for all queries
// in one tile.
func newTestBatch(t *testing.T, g *Gallery, queries []int, texts []string, k int, among *items.Candidates, each func(int, []rank.Ranking)) (*rank.Batch, *rank.BatchWorker) {
	t.Helper()
	b := &rank.Batch{G: g, Schemes: parseAll(t, g, texts), K: k, Among: among, Each: each, Queries: queries}
	if err := b.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.TileQueries()
	return b, rank.NewBatchWorker(b, len(queries))
}

// TestLeafBound compares the float32 scores of every leaf with the canonical
// ones: they differ by no more than its bound, and the same rows have none.
func TestLeafBound(t *testing.T) {
	texts := []string{"A", "B", "A+B+C", "0.7*B+0.3*C", "1e-30*A+1e30*B", "concat(A,B)", "concat(1e-9*A,3*B,1e9*C)", "concat(7*C)", "hub(A)", "hub(A)+hub(B)+hub(C)", "A+1e-3*hub(B,1)"}
	for seed := range uint64(6) {
		const rows = 700
		g, _, among := testGallery(t, 40+seed, rows)
		queries := items.Sample(rows, 30, seed)
		_, w := newTestBatch(t, g, queries, texts, 10, among, nil)
		for i, l := range w.Layers {
			w.PackQueries(i, l, queries)
		}
		w.Block(queries, 0, rows)
		for f := range w.Leaves {
			l := &w.Leaves[f]
			if l.Scheme.Kind == scheme.Concat {
				w.ConcatFactors(l, 0, rows)
			}
			for q, query := range queries {
				w.Pairs.Start(query)
				for row, s := range w.Evaluate(l, q, query, 0, rows) {
					scorer := w.Pairs.Scorer(l.Scheme)
					want := scorer.Score(row)
					if math.IsNaN(want) != (s != s) || math.Abs(float64(s)-want) > l.Bound {
						t.Fatalf("seed %d, %s, rows %d and %d: %v for %v, bound %g", seed, l.Scheme, query, row, s, want, l.Bound)
					}
				}
			}
		}
	}
}

// TestNominated draws exact scores in clusters and float32 scores within the
// bound of them: the exact top k must be among the nominees, ties by row included.
func TestNominated(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	g := open(t, writeGallery(t, "id\n"+strings.Join(ids(4000), "\n"), map[string]matrix{"A": constant(4000)}))
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	crowded := 0
	for trial := range 300 {
		rows := 1 + rng.IntN(4000)
		k := rng.IntN(1 + rows/5)
		bound := math.Ldexp(1, -8-rng.IntN(20))
		clusters := 1 + rng.IntN(1+trial%10*5)
		exact, scores := make([]rank.Hit, rows), make([]float32, rows)
		for row := range exact {
			exact[row] = rank.Hit{Row: row, Score: float64(rng.IntN(clusters))/float64(clusters) + bound*float64(rng.IntN(3))}
			shift := bound * []float64{-0.999, 0, 0.999, 2*rng.Float64() - 1}[rng.IntN(4)]
			scores[row] = float32(exact[row].Score + shift)
			if math.Abs(float64(scores[row])-exact[row].Score) > bound {
				scores[row] = float32(exact[row].Score) // the bound is under a float32's half place
				bound = max(bound, math.Abs(float64(scores[row])-exact[row].Score))
			}
			if rng.IntN(10) == 0 {
				exact[row].Score, scores[row] = math.NaN(), float32(math.NaN())
			}
		}
		left := []int32{int32(rng.IntN(rows))}
		exact = slices.Delete(exact, int(left[0]), int(left[0])+1)
		exact = slices.DeleteFunc(exact, func(h rank.Hit) bool { return !h.Scored() })
		slices.SortFunc(exact, rank.Better)

		var n rank.Nominated
		most := []int{0, 0, 1000, 10_000}[rng.IntN(4)]
		n.Reset(k, rows, most)
		var above []int32
		for lo := 0; lo < rows; lo += 1000 {
			above = n.Offer(scores[lo:min(lo+1000, rows)], []float64{bound}, lo, among, left, above)
		}
		if len(n.Rows) >= max(rank.NomineeRoom(k), most) {
			t.Fatalf("trial %d: %d rows are kept", trial, len(n.Rows))
		}
		if n.Crowded {
			crowded++
			continue
		}
		n.Prune()
		in := map[int32]bool{}
		for _, c := range n.Rows {
			in[c.Row] = true
		}
		if in[left[0]] {
			t.Fatalf("trial %d: row %d is no candidate", trial, left[0])
		}
		for _, h := range exact[:min(k, len(exact))] {
			if !in[int32(h.Row)] {
				t.Fatalf("trial %d: k %d, bound %g: %+v is not nominated", trial, k, bound, h)
			}
		}
	}
	if crowded < 10 || crowded > 290 {
		t.Errorf("%d of 300 trials are crowded: both cases must occur", crowded)
	}
}

func ids(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint("i", i)
	}
	return ids
}

// constant returns a matrix of equal rows.
func constant(rows int) matrix {
	var m matrix
	for range rows {
		m.rows = append(m.rows, []float32{1, 2})
	}
	return m
}

// TestCrowded ranks where too many rows tie to be nominated, in galleries of
// equal rows and of one feature, with little room for nominees.
func TestCrowded(t *testing.T) {
	const rows, k = 1300, 10
	rng := rand.New(rand.NewPCG(7, 7))
	layers := map[string]matrix{"A": constant(rows), "B": randomMatrix(rng, rows, 1, false), "C": randomMatrix(rng, rows, 30, true)}
	g := open(t, writeGallery(t, "id\n"+strings.Join(ids(rows), "\n"), layers))
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	o := newOracle(layers, func(q, row int) bool { return q != row })
	queries := []int{0, 1, 2, 3, 700, 1299}
	got := make([][]rank.Ranking, len(queries))
	b, w := newTestBatch(t, g, queries, []string{"A", "B", "C", "A+B", "concat(A,C)", "rrf(A,B)"}, k, among,
		func(i int, rankings []rank.Ranking) { got[i] = rankings })
	b.Most = 0
	if err := w.Tile(t.Context(), 0, len(queries)); err != nil {
		t.Fatal(err)
	}
	for i, q := range queries {
		checkRankings(t, got[i], o.rankAll(b.Schemes, q), k, fmt.Sprint("query ", q))
		if !w.Nominees[i][0].Crowded || w.Nominees[i][2].Crowded {
			t.Errorf("query %d: A is crowded: %v, C: %v", q, w.Nominees[i][0].Crowded, w.Nominees[i][2].Crowded)
		}
	}
}

// TestTileMemory: what a goroutine keeps is bounded, whatever k, the number of
// schemes and the number of features.
func TestTileMemory(t *testing.T) {
	m := map[string]matrix{"A": constant(2000), "B": {rows: make([][]float32, 2000)}}
	for r := range m["B"].rows {
		m["B"].rows[r] = []float32{1}
	}
	g := open(t, writeGallery(t, "id\n"+strings.Join(ids(2000), "\n"), m))
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	queries := make([]int, 2000)
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("A+%d*B", i+1))
	}
	for _, tt := range []struct {
		name string
		k    int
		dim  int // of A, as it were
		text []string
	}{
		{"plain", 10, 2048, []string{"A", "B", "A+B"}},
		{"200 schemes", 10, 2048, many},
		{"large k", 65535, 2048, many},
		{"most features", 10, format.MaxDim, []string{"A", "rrf(A,B)"}},
		{"less than a span of codes", 10, 3 << 16, []string{"A", "A+B"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &rank.Batch{G: g, Schemes: parseAll(t, g, tt.text), K: tt.k, Among: among, Queries: queries}
			if err := b.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.Layers = slices.Clone(b.Layers)
			b.Layers[0] = &layer.Layer{Name: "A", Dim: tt.dim}
			size := b.TileQueries()
			if size < 1 || b.RowsAtATime < 1 {
				t.Fatalf("a tile of %d × %d", size, b.RowsAtATime)
			}
			if r := b.RowsAtATime; r%layer.CodeSpan != 0 && layer.CodeSpan%r != 0 {
				t.Errorf("blocks of %d rows begin within a span of codes and reach into the next", r)
			}
			ranked := 0
			for _, f := range b.Leaves {
				if f.Ranked {
					ranked++
				}
			}
			if packed := 4 * tt.dim * max(size, b.RowsAtATime); packed > rank.PackMemory {
				t.Errorf("%d bytes of packed vectors", packed)
			}
			if most := max(b.Most, rank.NomineeRoom(min(tt.k, g.Len()))); 8*most*size*ranked > rank.NomineeMemory {
				t.Errorf("%d nominees for each of %d × %d rankings", most, size, ranked)
			}
		})
	}
}

// TestRankAllFromCodes ranks by tiles of codes, with a layer of rank fusion and one
// without codes among them.
func TestRankAllFromCodes(t *testing.T) {
	texts := []string{"A", "B", "C", "A+B", "0.7*B+0.3*C", "concat(A,B)", "concat(B,0.5*C)", "A+0*B+2.5*C", "1e-20*A+1e20*B"}
	seeds, queriesOf := uint64(9), 40
	if !need.Patient() {
		seeds, queriesOf = 5, 8
	}
	for seed := range seeds {
		rows := []int{1, 3, 140, 1100, 2300}[seed%5]
		g, o, among := testGallery(t, 600+seed, rows)
		prepare(t, g)
		texts := texts
		switch seed % 3 {
		case 1:
			texts = append(slices.Clone(texts), "rrf(A,A+C)")
		case 2:
			if err := g.CodesOf(g.Layers[0]).Close(); err != nil {
				t.Fatal(err)
			}
			g.coded.codes.Delete(g.Layers[0])
		}
		schemes := parseAll(t, g, texts)
		var queries []int
		var wants [][][]rank.Hit
		for q := 0; q < rows; q += 1 + rows/queriesOf {
			queries = append(queries, q)
			wants = append(wants, o.rankAll(schemes, q))
		}
		for _, k := range []int{0, 1, 10, rows + 1} {
			coded := 0
			for i, got := range rankAll(t, g, queries, schemes, k, among) {
				checkRankings(t, got, wants[i], k, fmt.Sprintf("seed %d, query %d of %d rows", seed, queries[i], rows))
				for _, r := range got {
					if r.Coded {
						coded++
					}
				}
			}
			if rows > 1000 && k == 10 && coded < len(queries) {
				t.Errorf("seed %d: %d rankings of %d queries from codes", seed, coded, len(queries))
			}
		}
	}
}
