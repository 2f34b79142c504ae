package engine

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"strata/engine/items"
	"strata/engine/neighbour"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// neighbourBench opens the gallery that STRATA_BENCH_GALLERY names: one of 10,000 items
// and four layers, as fixtures/generate makes them. STRATA_BENCH_QUERIES says how many
// queries are drawn, if not 10,000.
func neighbourBench(b *testing.B) (g *Gallery, p neighbour.Plan, all *items.Candidates) {
	g = benchGallery(b)
	for _, l := range g.Layers {
		p.Layers = append(p.Layers, l.Name)
	}
	queries := 10_000
	if text := os.Getenv("STRATA_BENCH_QUERIES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		queries = n
	}
	p.Queries = items.Sample(g.Len(), queries, 1)
	all, err := g.Candidates(nil)
	if err != nil {
		b.Fatal(err)
	}
	return g, p, all
}

// sliderSums returns weightings of all layers, of which one moves.
func sliderSums(layers []string) []scheme.Scheme {
	schemes := make([]scheme.Scheme, 20)
	for i := range schemes {
		for at, name := range layers {
			w := 0.25 + 0.5*float64(at)
			if at == 0 {
				w = 0.05 * float64(i+1)
			}
			schemes[i].Terms = append(schemes[i].Terms, scheme.Term{Weight: w, Factor: scheme.FactorNamed(name)})
		}
	}
	return schemes
}

// BenchmarkNeighbourSlider is P@10 of all labels over all queries for a new weighting of
// all layers, and what is proven of it.
func BenchmarkNeighbourSlider(b *testing.B) {
	g, p, all := neighbourBench(b)
	n := built(b, g, p)
	schemes := sliderSums(p.Layers)
	counts := neighbour.HitCounts{Ks: []int{10}, Labels: g.Labels()}
	var times []time.Duration
	proven, asked := 0, 0
	for b.Loop() {
		began := time.Now()
		if err := n.CountHits(b.Context(), schemes[len(times)%len(schemes)], all, &counts); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(began))
		for _, s := range counts.States {
			asked++
			if s != neighbour.Unproven {
				proven++
			}
		}
	}
	slices.Sort(times)
	u := n.Usage()
	b.ReportMetric(float64(times[len(times)*95/100].Microseconds())/1000, "p95-ms")
	b.ReportMetric(100*float64(proven)/float64(asked), "%proven")
	b.ReportMetric(float64(u.Bytes)/1e6, "MB")
	b.ReportMetric(float64(u.Bytes)/float64(u.Members), "bytes/member")
	b.ReportMetric(float64(u.Members)/float64(u.Done), "members/query")
}

// BenchmarkNeighbourProofs reports the share of queries that are proven under schemes of
// all kinds, for k of 10 and 30.
func BenchmarkNeighbourProofs(b *testing.B) {
	g, p, all := neighbourBench(b)
	n := built(b, g, p)
	l := p.Layers
	for _, text := range []string{
		l[0], l[0] + "+" + l[1], "0.2*" + l[0] + "+" + l[len(l)-1], "0.7*" + l[0] + "+0.3*" + l[1] + "+" + l[2],
		fmt.Sprintf("concat(%s,%s)", l[0], l[1]), fmt.Sprintf("concat(%s,%s,%s)", l[0], l[1], l[2]),
		fmt.Sprintf("rrf(%s,%s)", l[0], l[2]), fmt.Sprintf("rrf(%s,%s+%s)", l[0], l[1], l[2]),
	} {
		for _, k := range []int{10, 30} {
			b.Run(fmt.Sprintf("%s/k=%d", text, k), func(b *testing.B) {
				scheme := parseAll(b, g, []string{text})[0]
				counts := neighbour.HitCounts{Ks: []int{k}}
				for b.Loop() {
					if err := n.CountHits(b.Context(), scheme, all, &counts); err != nil {
						b.Fatal(err)
					}
				}
				failed := 0
				for _, s := range counts.States {
					if s == neighbour.Unproven {
						failed++
					}
				}
				b.ReportMetric(100*float64(len(counts.States)-failed)/float64(len(counts.States)), "%proven")
			})
		}
	}
}

// BenchmarkNeighbourBuild builds neighbourhoods, and ranks the same queries under one
// scheme of all layers, the work of an evaluation: the ratio is what building costs.
func BenchmarkNeighbourBuild(b *testing.B) {
	g, p, all := neighbourBench(b)
	scheme := sliderSums(p.Layers)[9:10]
	var building, ranking time.Duration
	for b.Loop() {
		began := time.Now()
		if err := g.RankAll(b.Context(), p.Queries, scheme, 10, all, func(int, []rank.Ranking) {}); err != nil {
			b.Fatal(err)
		}
		ranking += time.Since(began)
		began = time.Now()
		built(b, g, p)
		building += time.Since(began)
	}
	b.ReportMetric(building.Seconds()/float64(b.N), "build-s")
	b.ReportMetric(ranking.Seconds()/float64(b.N), "rank-s")
	b.ReportMetric(building.Seconds()/ranking.Seconds(), "ratio")
}
