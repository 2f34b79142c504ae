package engine

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/adrg/xdg"

	"strata/engine/derive"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"

	"strata/fixtures/need"
)

func contains(err error, text string) bool { return strings.Contains(err.Error(), text) }

// listed returns the names of a folder's entries.
func listed(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// madeLayer is a derived layer with its recipe.
type madeLayer struct {
	*layer.Layer
	Recipe *derive.Recipe
}

func derived(t *testing.T, g *Gallery, factor string, o DeriveOptions) madeLayer {
	t.Helper()
	f, err := scheme.ParseFactor(factor)
	if err != nil {
		t.Fatal(err)
	}
	l, err := g.Derive(t.Context(), f, o)
	if err != nil {
		t.Fatal(err)
	}
	return madeLayer{l, g.Recipe(l.Name)}
}

// someGallery writes a gallery of features.
func someGallery(t *testing.T, seed uint64, rows int) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	return writeGallery(t, itemsOf(rows), map[string]matrix{"A": features(rng, rows, 24, false), "B.x": features(rng, rows, 10, true)})
}

// TestDeriveKept: a derived layer is kept, found again, and made anew when its
// source, its matrix or the question is another.
func TestDeriveKept(t *testing.T) {
	dir := someGallery(t, 1, 900)
	first := derived(t, open(t, dir), "A|pca5", DeriveOptions{})
	if !first.Recipe.Made || first.Recipe.Replaced != "" || first.Recipe.Stages[0].Rows != 896 || first.Recipe.Stages[0].Kept <= 0.5 {
		t.Errorf("the first is %+v", first.Recipe)
	}
	kept := filepath.Join(dir, ".strata")
	if names := listed(t, kept); !slices.Equal(names, []string{"A.pca5.fit.npy", "A.pca5.json", "A.pca5.npy"}) {
		t.Errorf("it keeps %v", names)
	}
	matrixFile := filepath.Join(kept, "A.pca5.npy")
	bytes, err := os.ReadFile(matrixFile)
	if err != nil {
		t.Fatal(err)
	}
	again := func(name, replaced string, o DeriveOptions) {
		t.Helper()
		l := derived(t, open(t, dir), "A|pca5", o)
		if l.Recipe.Made != (replaced != "" || o.Rows == 300) || !strings.Contains(l.Recipe.Replaced, replaced) {
			t.Errorf("%s: made %v, replaced because %q", name, l.Recipe.Made, l.Recipe.Replaced)
		}
		if o == (DeriveOptions{}) && l.Recipe.Matrix.SHA256 != first.Recipe.Matrix.SHA256 {
			t.Errorf("%s: another hash", name)
		}
	}
	again("found", "", DeriveOptions{})
	again("all rows", "", DeriveOptions{Rows: 5000, Seed: 4})

	broken := slices.Clone(bytes)
	broken[len(broken)-1] ^= 1
	write(t, kept, "A.pca5.npy", broken)
	again("changed matrix", "it has the SHA-256 ", DeriveOptions{})
	write(t, kept, "A.pca5.npy", bytes[:len(bytes)-4])
	again("short matrix", "it has the SHA-256 ", DeriveOptions{})
	if err := os.Remove(matrixFile); err != nil {
		t.Fatal(err)
	}
	again("no matrix", "it is not there, and its recipe is", DeriveOptions{})
	recipe, err := os.ReadFile(filepath.Join(kept, "A.pca5.json"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, kept, "A.pca5.json", recipe[:50])
	again("broken recipe", "its recipe is not one", DeriveOptions{})
	write(t, kept, "A.pca5.json", []byte(strings.Replace(string(recipe), `"A|pca5"`, `"A|pca6"`, 1)))
	again("recipe of another", `its recipe is for "A|pca6"`, DeriveOptions{})
	write(t, kept, "A.pca5.json", []byte(strings.Replace(string(recipe), `"format": 1`, `"format": 99`, 1)))
	again("another format", "format 99", DeriveOptions{})
	again("a sample", "", DeriveOptions{Rows: 300, Seed: 2})
	if l := derived(t, open(t, dir), "A|pca5", DeriveOptions{}); l.Recipe.Made || l.Recipe.Fitted != (derive.RecipeFit{Sample: 300, Seed: 2}) {
		t.Errorf("whoever asks for no rows takes what is kept, not %+v", l.Recipe)
	}
	write(t, dir, "A.npy", features(rand.New(rand.NewPCG(99, 0)), 900, 24, false).npy())
	l := derived(t, open(t, dir), "A|pca5", DeriveOptions{})
	if !l.Recipe.Made || !strings.Contains(l.Recipe.Replaced, "made of another matrix A (float32 900x24)") || l.Recipe.Matrix.SHA256 == first.Recipe.Matrix.SHA256 {
		t.Errorf("a new source: %+v", l.Recipe)
	}
}

// TestDeriveThreads: the bytes of all three files do not depend on the number of
// threads.
func TestDeriveThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	first := map[string]string{}
	for _, threads := range []int{1, 2, 7} {
		runtime.GOMAXPROCS(threads)
		dir := someGallery(t, 2, 1500)
		derived(t, open(t, dir), "A|zscore|whiten20@0.5", DeriveOptions{Rows: 1100})
		kept := filepath.Join(dir, ".strata")
		for _, name := range listed(t, kept) {
			b, err := os.ReadFile(filepath.Join(kept, name))
			if err != nil {
				t.Fatal(err)
			}
			if threads == 1 {
				first[name] = string(b)
			} else if string(b) != first[name] {
				t.Errorf("%s differs with %d threads", name, threads)
			}
		}
	}
	if len(first) != 3 {
		t.Errorf("there are %d files", len(first))
	}
}

// TestDerivedSearch: a derived layer ranks as the same matrix does as a layer.
func TestDerivedSearch(t *testing.T) {
	g := open(t, someGallery(t, 3, 800))
	chained := derived(t, g, "A|centre|pca8", DeriveOptions{})
	rng := rand.New(rand.NewPCG(3, 0))
	layers := map[string]matrix{"A": features(rng, 800, 24, false), "B.x": features(rng, 800, 10, true), "P": {}, "Z": {}}
	z := derived(t, g, "B.x|zscore", DeriveOptions{})
	for r := range 800 {
		p, q := make([]float64, 8), make([]float64, 10)
		chained.Widen(p, r)
		z.Widen(q, r)
		for name, row := range map[string][]float64{"P": p, "Z": q} {
			narrow := make([]float32, len(row))
			for i, x := range row {
				narrow[i] = float32(x)
			}
			layers[name] = matrix{rows: append(layers[name].rows, narrow)}
		}
	}
	stored := open(t, writeGallery(t, itemsOf(800), layers))
	texts := []string{"A|centre|pca8", "A+0.5*A|centre|pca8", "concat(A|centre|pca8,0.5*B.x|zscore)", "rrf(A,A|centre|pca8+B.x|zscore)"}
	rename := strings.NewReplacer("A|centre|pca8", "P", "B.x|zscore", "Z")
	var schemes, plain []scheme.Scheme
	for _, text := range texts {
		s, err := g.ParseScheme(text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := stored.ParseScheme(rename.Replace(text))
		if err != nil {
			t.Fatal(err)
		}
		schemes, plain = append(schemes, s), append(plain, p)
	}
	fresh := open(t, g.Path) // has nothing open: searching opens what is kept
	if got := fresh.Missing(schemes...); !slices.Equal(got, []string{"A|centre|pca8", "B.x|zscore"}) {
		t.Errorf("missing are %q", got)
	}
	all, _ := fresh.Candidates(nil)
	want, _ := stored.Candidates(nil)
	for _, q := range []int{0, 3, 41} {
		got, err := rank.NewSearcher(fresh, 1<<20).Search(t.Context(), q, schemes, 20, all)
		if err != nil {
			t.Fatal(err)
		}
		expected, err := rank.NewSearcher(stored, 1<<20).Search(t.Context(), q, plain, 20, want)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		batch := open(t, g.Path)
		err = batch.RankAll(t.Context(), []int{q}, schemes, 20, all, func(_ int, rankings []rank.Ranking) {
			mu.Lock()
			defer mu.Unlock()
			for i := range rankings {
				if !sameHits(rankings[i].Hits, expected[i].Hits) || !sameHits(got[i].Hits, expected[i].Hits) {
					t.Errorf("query %d, %s: %v and %v, want %v", q, texts[i], rankings[i].Hits, got[i].Hits, expected[i].Hits)
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := fresh.Missing(schemes...); got != nil {
		t.Errorf("still missing are %q", got)
	}
	cosines, err := rank.Cosines(t.Context(), fresh, fresh.AllLayers(), 0, 1)
	if err != nil || len(cosines) != 4 || len(fresh.AllLayers()) != 4 || fresh.AllLayers()[3].Name != "B.x|zscore" {
		t.Errorf("cosines %v, %v of %d layers", cosines, err, len(fresh.AllLayers()))
	}
}

// TestTransform: an item's vectors become its row of the derived layer, bit for
// bit, also where the parameters are read from disk.
func TestTransform(t *testing.T) {
	g := open(t, someGallery(t, 4, 700))
	for _, factor := range []string{"A|centre|whiten9@0.5", "B.x|zscore|pca3", "A"} {
		if factor != "A" {
			derived(t, g, factor, DeriveOptions{})
		}
		again := open(t, g.Path)
		for _, row := range []int{0, 3, 5, 699} {
			vectors := map[string][]float32{}
			for _, l := range g.Layers {
				v, wide := make([]float32, l.Dim), make([]float64, l.Dim)
				l.Widen(wide, row)
				for i, x := range wide {
					v[i] = float32(x)
				}
				vectors[l.Name] = v
			}
			for _, g := range []*Gallery{g, again} {
				got, err := g.Transform(t.Context(), factor, vectors)
				if err != nil {
					t.Fatal(err)
				}
				l, err := g.Layer(factor)
				if err != nil {
					t.Fatal(err)
				}
				for i, x := range got {
					if want := layer.Elements[float32](l.Whole)[row*l.Dim+i]; math.Float32bits(x) != math.Float32bits(want) {
						t.Fatalf("%s: row %d: value %d is %v, the layer has %v", factor, row, i, x, want)
					}
				}
			}
		}
	}
	if _, err := g.Transform(t.Context(), "A|centre", map[string][]float32{"A": {1}}); err == nil || !contains(err, "has 1 features, the layer 24") {
		t.Errorf("short vector: %v", err)
	}
	if _, err := g.Transform(t.Context(), "A|centre", nil); err == nil || !contains(err, "no vector of layer A") {
		t.Errorf("no vector: %v", err)
	}
	path := filepath.Join(g.Path, ".strata", "B..x.zscore.pca3.fit.npy")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-2] ^= 1
	write(t, filepath.Dir(path), filepath.Base(path), b)
	_, err = open(t, g.Path).Transform(t.Context(), "B.x|zscore|pca3", map[string][]float32{"B.x": make([]float32, 10)})
	if err == nil || !contains(err, "its SHA-256 is") {
		t.Errorf("changed parameters: %v", err)
	}
}

// TestDeriveElsewhere: a gallery that cannot be written, and one that lies in no
// folder, keep their derived layers in the cache; what lies in a folder is found
// though nothing can be written there.
func TestDeriveElsewhere(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	dir := someGallery(t, 5, 300)
	blocked := someGallery(t, 5, 300)
	write(t, blocked, ".strata", []byte("a file in the way"))
	for _, make := range []func() *Gallery{
		func() *Gallery { return open(t, blocked) },
		func() *Gallery {
			g, err := OpenFS(t.Context(), "built in", os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { g.Close() })
			return g
		},
	} {
		for i, want := range []bool{true, false} {
			l := derived(t, make(), "A|pca3", DeriveOptions{})
			if l.Recipe.Made != want || !strings.HasPrefix(l.File, xdg.CacheHome) {
				t.Errorf("time %d: made %v in %s", i+1, l.Recipe.Made, l.File)
			}
		}
	}
	derived(t, open(t, dir), "A|zscore", DeriveOptions{})
	kept := filepath.Join(dir, ".strata")
	if err := os.Chmod(kept, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(kept, 0o755) })
	if l := derived(t, open(t, dir), "A|zscore", DeriveOptions{}); l.Recipe.Made {
		t.Error("a kept layer was made again")
	}
	t.Setenv("XDG_CACHE_HOME", filepath.Join(kept, "A.zscore.json")) // no folder can be made in a file
	xdg.Reload()
	embedded, err := OpenFS(t.Context(), "built in", os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer embedded.Close()
	if _, err := embedded.Derive(t.Context(), scheme.Factor{Layer: "A", Transforms: []scheme.Transform{{Kind: scheme.Centre}}}, DeriveOptions{}); err == nil || !contains(err, "deriving A|centre: there is no place for it") {
		t.Errorf("without any place: %v", err)
	}
}

// TestDeriveCancelled cancels at every report of progress in turn: nothing is
// left, and the next derivation gives what it always gives.
func TestDeriveCancelled(t *testing.T) {
	dir := someGallery(t, 6, 1200)
	f := scheme.Factor{Layer: "A", Transforms: []scheme.Transform{{Kind: scheme.PCA, N: 4}}}
	for at := 0; ; at++ {
		g := open(t, dir)
		ctx, cancel := context.WithCancel(t.Context())
		reports := 0
		g.WatchDeriving(func(d Derivation) {
			if d.Layer == "" {
				return
			}
			if reports == at {
				cancel()
				g.stop() // nobody waits for the second in which another may come
			}
			reports++
		})
		_, err := g.Derive(ctx, f, DeriveOptions{})
		cancel()
		if cerr := g.Close(); cerr != nil {
			t.Fatal(cerr)
		}
		if err == nil {
			if at < 5 {
				t.Errorf("there were %d reports", at)
			}
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		for _, name := range listed(t, filepath.Join(dir, ".strata")) {
			if strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".json") && at < 5 {
				t.Fatalf("cancelled at report %d, there is %s", at, name)
			}
		}
	}
}

// TestDeriveTogether: who asks for what is being made gets the same layer, and who
// gives up does not stop the others.
func TestDeriveTogether(t *testing.T) {
	g := open(t, someGallery(t, 7, 1200))
	begun, goOn := make(chan struct{}), make(chan struct{})
	made := 0
	g.WatchDeriving(func(d Derivation) {
		if d.Share == 0 && d.Layer != "" {
			made++
			close(begun)
			<-goOn
		}
	})
	f := scheme.Factor{Layer: "A", Transforms: []scheme.Transform{{Kind: scheme.Whiten, N: 4, Power: 1}}}
	impatient, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := g.Derive(impatient, f, DeriveOptions{})
		gone <- err
	}()
	<-begun
	if now := g.Deriving(); now.Layer != "A|whiten4" {
		t.Errorf("%+v is being made", now)
	}
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	var wg sync.WaitGroup
	layers := make([]*layer.Layer, 4)
	for i := range layers {
		wg.Go(func() { layers[i], _ = g.Derive(t.Context(), f, DeriveOptions{}) })
	}
	close(goOn)
	wg.Wait()
	for _, l := range layers {
		if l == nil || l != layers[0] {
			t.Errorf("got the layers %v", layers)
		}
	}
	if made != 1 || g.Deriving().Layer != "" {
		t.Errorf("it was made %d times, and %+v is being made", made, g.Deriving())
	}
}

// TestDeriveKilled: whatever of the files a killed program left, and in whichever
// state, the next one makes the layer whole.
func TestDeriveKilled(t *testing.T) {
	dir := someGallery(t, 8, 400)
	want := derived(t, open(t, dir), "A|pca2", DeriveOptions{}).Recipe.Matrix.SHA256
	kept := filepath.Join(dir, ".strata")
	full := map[string][]byte{}
	for _, name := range listed(t, kept) {
		b, err := os.ReadFile(filepath.Join(kept, name))
		if err != nil {
			t.Fatal(err)
		}
		full[name] = b
	}
	other := derived(t, open(t, dir), "A|pca2", DeriveOptions{Rows: 100}).Recipe
	for i, left := range []map[string][]byte{
		{".A.pca2.npy.x1": full["A.pca2.npy"][:100]},
		{"A.pca2.npy": full["A.pca2.npy"]},
		{"A.pca2.npy": full["A.pca2.npy"], "A.pca2.fit.npy": full["A.pca2.fit.npy"]},
		{"A.pca2.npy": full["A.pca2.npy"], "A.pca2.json": recipeText(t, other)},
		{"A.pca2.npy": full["A.pca2.npy"], "A.pca2.json": full["A.pca2.json"][:20]},
	} {
		if err := os.RemoveAll(kept); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(kept, 0o777); err != nil {
			t.Fatal(err)
		}
		for name, b := range left {
			write(t, kept, name, b)
		}
		if l := derived(t, open(t, dir), "A|pca2", DeriveOptions{}); !l.Recipe.Made || l.Recipe.Matrix.SHA256 != want {
			t.Errorf("case %d: %+v", i, l.Recipe)
		}
	}
}

func recipeText(t *testing.T, r *derive.Recipe) []byte {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestDeriveMemory: what is allocated does not grow with the rows.
func TestDeriveMemory(t *testing.T) {
	need.Long(t)
	allocated := func(rows int) uint64 {
		g := open(t, writeGallery(t, itemsOf(rows), map[string]matrix{"A": features(rand.New(rand.NewPCG(9, 0)), rows, 40, false)}))
		if _, err := g.Fingerprint(t.Context()); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		derived(t, g, "A|zscore|pca30|centre", DeriveOptions{Rows: AllRows})
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	few, many := allocated(2000), allocated(30_000)
	if many > few+few/2 {
		t.Errorf("2,000 rows take %d bytes, 30,000 rows %d", few, many)
	}
}
