package engine

import (
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"strata/engine/code"
	"strata/engine/fence"
	"strata/engine/items"
	"strata/engine/kernel"
	"strata/engine/layer"
	"strata/engine/rank"
)

// codedBench opens the gallery that STRATA_BENCH_GALLERY names, with codes: one of
// four layers, as fixtures/generate makes them.
func codedBench(b *testing.B) (*Gallery, *items.Candidates) {
	g := benchGallery(b)
	if err := g.PrepareCodes(b.Context(), code.Options{Build: true}); err != nil {
		b.Fatal(err)
	}
	all, err := g.Candidates(nil)
	if err != nil {
		b.Fatal(err)
	}
	return g, all
}

// benchSums are schemes that search code paths of one and of several layers.
var benchSums = []string{"A", "B", "C", "pattern", "A+B+C", "concat(A,B,C)", "0.7*A+0.3*B+C+0.2*pattern"}

// BenchmarkCodedQuery is a new query from codes, with the rows that are rescored.
// bytes/s are of the matrices that it need not read.
func BenchmarkCodedQuery(b *testing.B) {
	g, all := codedBench(b)
	for _, text := range benchSums {
		b.Run(text, func(b *testing.B) {
			schemes := parseAll(b, g, []string{text})
			size := 0
			for _, name := range schemes[0].Layers() {
				l, _ := g.Layer(name)
				size += l.Rows * l.Bytes()
			}
			b.SetBytes(int64(size))
			q, rescored := 0, 0
			for b.Loop() {
				r, err := rank.NewSearcher(g, 1).Search(b.Context(), q*7919%g.Len(), schemes, 10, all)
				if err != nil {
					b.Fatal(err)
				}
				if !r[0].Coded {
					b.Fatal("not from codes")
				}
				rescored += r[0].Rescored
				q++
			}
			b.ReportMetric(float64(rescored)/float64(b.N), "rescored/op")
		})
	}
}

// BenchmarkCodedSlider moves weights over the columns of one query, and reports the
// 95th percentile beside the mean.
func BenchmarkCodedSlider(b *testing.B) {
	g, all := codedBench(b)
	for _, text := range []string{"%g*A+B+C+pattern", "concat(%g*A,B,C,pattern)", "rrf(%g*A+B,C)"} {
		b.Run(text, func(b *testing.B) {
			s := rank.NewSearcher(g, 1<<30)
			if err := s.Warm(b.Context(), 77, parseAll(b, g, []string{fmt.Sprintf(text, 0.5)})); err != nil { // as sessions do
				b.Fatal(err)
			}
			var took []time.Duration
			step, rescored := 0, 0
			for b.Loop() {
				schemes := parseAll(b, g, []string{fmt.Sprintf(text, 0.01*float64(1+step%300))})
				began := time.Now()
				r, err := s.Search(b.Context(), 77, schemes, 10, all)
				if err != nil {
					b.Fatal(err)
				}
				rescored += r[0].Rescored
				if step > 0 {
					took = append(took, time.Since(began))
				}
				step++
			}
			b.ReportMetric(float64(rescored)/float64(step), "rescored/op")
			slices.Sort(took)
			if len(took) > 0 {
				b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			}
		})
	}
}

// BenchmarkBuildCodes codes the largest layer.
func BenchmarkBuildCodes(b *testing.B) {
	g, _ := codedBench(b)
	l := slices.MaxFunc(g.Layers, func(a, b *layer.Layer) int { return a.Dim - b.Dim })
	b.SetBytes(int64(l.Rows) * int64(l.Bytes()))
	folder := b.TempDir()
	for b.Loop() {
		c, err := code.PrepareCodes(b.Context(), l, fence.In(folder, "."), code.Options{Build: true})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
		if err := removeCodes(folder, l); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkRankAllSchemes ranks 256 queries under one scheme and under twenty, from
// codes.
func BenchmarkRankAllSchemes(b *testing.B) {
	g, all := codedBench(b)
	queries := items.Sample(g.Len(), 256, 1)
	var texts []string
	for i := range 20 {
		texts = append(texts, fmt.Sprintf("%g*A+%g*B+C", 1+0.1*float64(i), 2-0.05*float64(i)))
	}
	for _, n := range []int{1, 20} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			schemes := parseAll(b, g, texts[:n])
			rescored := 0
			for b.Loop() {
				err := g.RankAll(b.Context(), queries, schemes, 10, all, func(_ int, r []rank.Ranking) { rescored = r[0].Rescored })
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rescored), "rescored")
		})
	}
}

// BenchmarkRead reads the bytes of A, B and C, at the machine's speed.
func BenchmarkRead(b *testing.B) {
	g, _ := codedBench(b)
	size := 0
	for _, l := range g.Layers[:3] {
		size += l.Size()
	}
	b.SetBytes(int64(size))
	var sum atomic.Uint64
	for b.Loop() {
		for _, l := range g.Layers[:3] {
			raw := l.Whole
			err := layer.Parallel(b.Context(), len(raw), 4<<20, func(lo, hi int) { sum.Add(kernel.ReadSum(raw[lo:hi], 1)) })
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkFirstSearch is the first search of a gallery that was just opened, with the codes that it
// has: opening it, opening them, and a query with all layers.
func BenchmarkFirstSearch(b *testing.B) {
	g, _ := codedBench(b)
	var took [3][]float64 // by act: milliseconds
	q := 0
	for b.Loop() {
		began := time.Now()
		lap := func(act int) {
			took[act] = append(took[act], time.Since(began).Seconds()*1000)
			began = time.Now()
		}
		g, err := Open(b.Context(), g.Path)
		if err != nil {
			b.Fatal(err)
		}
		lap(0)
		if err := g.PrepareCodes(b.Context(), code.Options{Early: true}); err != nil {
			b.Fatal(err)
		}
		lap(1)
		all, err := g.Candidates(nil)
		if err != nil {
			b.Fatal(err)
		}
		r, err := rank.NewSearcher(g, 1).Search(b.Context(), q*7919%g.Len(), parseAll(b, g, []string{"A+B+C+pattern"}), 10, all)
		if err != nil || !r[0].Coded {
			b.Fatal("not from codes: ", err)
		}
		lap(2)
		if err := g.Close(); err != nil {
			b.Fatal(err)
		}
		q++
	}
	for act, name := range []string{"open-ms", "codes-ms", "search-ms"} {
		slices.Sort(took[act])
		b.ReportMetric(took[act][len(took[act])/2], name)
	}
}
