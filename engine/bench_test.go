package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"strata/engine/items"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/fixtures/matrices"
)

// benchGallery opens the gallery that STRATA_BENCH_GALLERY names.
func benchGallery(b *testing.B) *Gallery {
	dir := os.Getenv("STRATA_BENCH_GALLERY")
	if dir == "" {
		b.Skip("set STRATA_BENCH_GALLERY to a gallery's folder")
	}
	return open(b, filepath.Clean(dir))
}

// BenchmarkOpen opens a gallery and takes its fingerprint.
func BenchmarkOpen(b *testing.B) {
	dir := benchGallery(b).Path
	for b.Loop() {
		g, err := Open(b.Context(), dir)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := g.Fingerprint(b.Context()); err != nil {
			b.Fatal(err)
		}
		g.Close()
	}
}

// benchSchemes returns four schemes over the first layers of a gallery.
func benchSchemes(b *testing.B, g *Gallery) []scheme.Scheme {
	a, z := g.Layers[0].Name, g.Layers[len(g.Layers)-1].Name
	return parseAll(b, g, []string{a, z, a + "+" + z, "0.7*" + a + "+0.3*" + z})
}

// BenchmarkQuery is a new query under four schemes: it scans the layers.
func BenchmarkQuery(b *testing.B) {
	g := benchGallery(b)
	schemes := benchSchemes(b, g)
	all, _ := g.Candidates(nil)
	s := rank.NewSearcher(g, 1)
	q := 0
	for b.Loop() {
		if _, err := s.Search(b.Context(), q%g.Len(), schemes, 10, all); err != nil {
			b.Fatal(err)
		}
		q++
	}
}

// BenchmarkSlider is a new weight for a query whose columns are kept.
func BenchmarkSlider(b *testing.B) {
	g := benchGallery(b)
	schemes := benchSchemes(b, g)[3:]
	all, _ := g.Candidates(nil)
	s := rank.NewSearcher(g, 1<<30)
	for b.Loop() {
		if _, err := s.Search(b.Context(), 0, schemes, 10, all); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRankAll ranks every item of the gallery under ten schemes.
func BenchmarkRankAll(b *testing.B) {
	g := benchGallery(b)
	texts := []string{}
	for _, l := range g.Layers {
		texts = append(texts, l.Name)
	}
	a, y, z := g.Layers[0].Name, g.Layers[len(g.Layers)-2].Name, g.Layers[len(g.Layers)-1].Name
	texts = append(texts, a+"+"+z, "0.7*"+y+"+0.3*"+z, "concat("+y+",0.5*"+z+")", a+"+"+y+"+"+z, "rrf("+a+","+z+")")
	schemes := parseAll(b, g, texts)
	queries := items.Sample(g.Len(), g.Len(), 1)
	all, _ := g.Candidates(nil)
	for b.Loop() {
		if err := g.RankAll(b.Context(), queries, schemes, 10, all, func(int, []rank.Ranking) {}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(queries)*len(schemes))/b.Elapsed().Seconds(), "rankings/s")
}

// BenchmarkOpenFormats opens galleries of a million rows in every format that is
// mapped, and in 8 shards. matrices-µs is what finding and mapping the matrices takes
// of it; the rest is the items table.
func BenchmarkOpenFormats(b *testing.B) {
	const rows, dim = 1_000_000, 16
	items := []byte("id\n")
	for row := range rows {
		items = append(strconv.AppendInt(append(items, 'i'), int64(row), 10), '\n')
	}
	for _, kind := range []string{".npy", ".npz", ".safetensors", ".fvecs", ".bvecs", ".ivecs", ".fbin", ".u8bin", ".arrow"} {
		m := matrices.FromInts("A", matrices.Types(kind)[0], dim, ints(rows, dim, 3))
		for _, shards := range []int{1, 8} {
			dir := b.TempDir()
			write(b, dir, itemsFile, items)
			for i := range shards {
				name := "A" + kind
				if shards > 1 {
					name = fmt.Sprintf("A-%05d-of-%05d%s", i, shards, kind)
				}
				write(b, dir, name, encode(b, kind, m.Part(rows*i/shards, rows*(i+1)/shards)))
			}
			b.Run(fmt.Sprintf("%s/%d", kind, shards), func(b *testing.B) {
				var finding time.Duration
				for b.Loop() {
					g, err := Open(b.Context(), dir)
					if err != nil {
						b.Fatal(err)
					}
					if err := g.Close(); err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					finding += findMatrices(b, dir, rows)
					b.StartTimer()
				}
				b.ReportMetric(float64(finding.Microseconds())/float64(b.N), "matrices-µs")
			})
		}
	}
}

// findMatrices finds and maps the matrices of a folder and returns how long it took.
func findMatrices(b *testing.B, dir string, rows int) time.Duration {
	g, err := openFolder(dir, false)
	if err != nil {
		b.Fatal(err)
	}
	defer g.Close()
	began := time.Now()
	o := &opener{g: g, place: dir, files: map[string]*matrixFile{}}
	defer o.close()
	if err := o.find(b.Context()); err != nil {
		b.Fatal(err)
	}
	if g.Layers, err = o.settle(b.Context(), rows); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}
