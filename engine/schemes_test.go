package engine

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"strata/engine/derive"
	"strata/engine/items"
	"strata/engine/kernel"
	"strata/engine/neighbour"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// laidSchemes are schemes that need to know of whole layers.
var laidSchemes = []string{
	"znorm(A)", "znorm(A+B)", "znorm(0.3*A+2*B+0*C)", "rrf(znorm(A+B),C)", "rrf(znorm(3*B),znorm(A+B))",
	"hub(A)", "hub(B,3)", "hub(B)+0.5*A", "A+2*hub(B,1)+0.3*C", "hub(A)+B+hub(B)", "0*hub(A)+B", "rrf(hub(A,7),B)",
	"qe(B,5,3)", "qe(A+0.5*B,100,0.7)", "qe(znorm(A+B),3,0)", "qe(2*B+C,1,10)",
	"krecip(B)", "krecip(A+0.5*B)", "krecip(2*C+0*A+B)",
	"hub(A+0.5*B)", "hub(2*B,3)", "hub(A+0*C+B,1)", "hub(A+0.7*C+0.3*B)", "rrf(hub(A+B),hub(B+A,3),C)",
	"mean(hub(A+0.5*B))", "best(hub(B+C,5))",
	"best(B)", "best(concat(A,C))", "best(rrf(A,C))", "best(znorm(A+B))",
	"mean(B)", "mean(A+0.5*B)", "mean(concat(A,2*B))", "mean(rrf(B,C))", "mean(znorm(A+B))", "mean(hub(B,3)+A)",
}

// moments are the mean and the second moments of a layer's unit rows.
type moments struct {
	mean   []float64
	second [][]float64
}

// unit returns a row of length 1, or zeros for one without a score.
func (o *oracle) unit(layer string, row int) []float64 {
	values, square := o.layers[layer][row], o.square[layer][row]
	u := make([]float64, len(values))
	if square > 0 && !math.IsInf(square, 1) {
		for i, x := range values {
			u[i] = x / math.Sqrt(square)
		}
	}
	return u
}

// momentsOf sums the moments of a layer over blocks of 512 rows, from their definition.
func (o *oracle) momentsOf(layer string) moments {
	if m, ok := o.known[layer]; ok {
		return m
	}
	dim := len(o.layers[layer][0])
	scored, ones := 0, slices.Repeat([]float64{1}, 512)
	m := moments{make([]float64, dim), make([][]float64, dim)}
	for i := range m.second {
		m.second[i] = make([]float64, dim)
	}
	for lo := 0; lo < o.n; lo += 512 {
		columns := make([][]float64, dim)
		for i := range columns {
			columns[i] = make([]float64, 512)
		}
		for r := lo; r < min(lo+512, o.n); r++ {
			if s := o.square[layer][r]; s > 0 && !math.IsInf(s, 1) {
				scored++
			}
			for i, x := range o.unit(layer, r) {
				columns[i][r-lo] = x
			}
		}
		for i := range dim {
			m.mean[i] += product(columns[i], ones)
			for j := i; j < dim; j++ {
				m.second[i][j] += product(columns[i], columns[j])
			}
		}
	}
	for i := range dim {
		m.mean[i] /= float64(scored)
		for j := i; j < dim; j++ {
			m.second[i][j] /= float64(scored)
		}
	}
	if o.known == nil {
		o.known = map[string]moments{}
	}
	o.known[layer] = m
	return m
}

// spread returns σ of the cosines of row q with all scored rows of a layer.
func (o *oracle) spread(layer string, q int) float64 {
	m, u := o.momentsOf(layer), o.unit(layer, q)
	image := make([]float64, len(u))
	for i := range u {
		image[i] = float64(m.second[i][i]*u[i]) + 2*product(m.second[i][i+1:], u[i+1:])
	}
	mean := product(m.mean, u)
	return math.Sqrt(product(image, u) - float64(mean*mean))
}

// near returns r of every row, and of the query behind them if there is one, for a term that is
// corrected for hubs: the mean cosine of the nearest rows of a drawn bank.
func (o *oracle) near(t scheme.Term) []float64 {
	rows, square := o.layers[t.Factor.String()], o.square[t.Factor.String()]
	if r := o.hubs[t.Name()]; r != nil {
		return r
	}
	var scored []int
	for row, s := range square[:o.n] {
		if s > 0 && !math.IsInf(s, 1) && o.every(items.NoRow, row) {
			scored = append(scored, row)
		}
	}
	r := make([]float64, len(rows))
	for q := range r {
		item := q
		if q == o.n {
			item = items.NoRow
		}
		var cosines []float64
		for _, at := range items.Sample(len(scored), min(1024, len(scored)), 1) {
			row := scored[at]
			if s := square[q]; s > 0 && !math.IsInf(s, 1) && o.every(item, row) {
				cosines = append(cosines, product(rows[q], rows[row])/float64(math.Sqrt(s)*math.Sqrt(square[row])))
			}
		}
		slices.Sort(cosines)
		slices.Reverse(cosines)
		cosines = cosines[:min(t.Hub, len(cosines))]
		for _, c := range cosines {
			r[q] += c
		}
		r[q] /= float64(len(cosines))
	}
	if o.hubs == nil {
		o.hubs = map[string][]float64{}
	}
	o.hubs[t.Name()] = r
	return r
}

// nearSum is near for the scores of a sum.
func (o *oracle) nearSum(s scheme.Scheme) []float64 {
	if r := o.hubs[s.String()]; r != nil {
		return r
	}
	sum := scheme.Scheme{Terms: s.Terms}
	n := len(o.layers[s.Layers()[0]])
	var scored []int
	for row := range o.n {
		if o.every(items.NoRow, row) && !math.IsNaN(o.score(sum, row, row)) {
			scored = append(scored, row)
		}
	}
	r := make([]float64, n)
	for q := range r {
		item := q
		if q == o.n {
			item = items.NoRow
		}
		var scores []float64
		for _, at := range items.Sample(len(scored), min(1024, len(scored)), 1) {
			if s := o.score(sum, q, scored[at]); o.every(item, scored[at]) && !math.IsNaN(s) {
				scores = append(scores, s)
			}
		}
		slices.Sort(scores)
		slices.Reverse(scores)
		scores = scores[:min(s.N, len(scores))]
		for _, score := range scores {
			r[q] += score
		}
		r[q] /= float64(len(scores))
	}
	if o.hubs == nil {
		o.hubs = map[string][]float64{}
	}
	o.hubs[s.String()] = r
	return r
}

// settled returns the plain scheme that a scheme is for a query.
func (o *oracle) settled(s scheme.Scheme, q int) scheme.Scheme {
	out := scheme.Scheme{Kind: s.Kind, Terms: slices.Clone(s.Terms), N: s.N}
	for _, p := range s.Parts {
		out.Parts = append(out.Parts, o.settled(p, q))
	}
	if s.Kind != scheme.ZNorm {
		return out
	}
	out.Kind = scheme.Sum
	for i, t := range s.Terms {
		if square := o.square[t.Factor.String()][q]; t.Weight > 0 && square > 0 && !math.IsInf(square, 1) {
			out.Terms[i].Weight /= o.spread(t.Factor.String(), q)
		}
	}
	return out
}

// rankLaid returns the full rankings of every scheme.
func (o *oracle) rankLaid(schemes []scheme.Scheme, q int) [][]rank.Hit {
	all := make([][]rank.Hit, len(schemes))
	for i, s := range schemes {
		if s.Kind == scheme.QE {
			all[i] = o.rankExpanded(s, q)
			continue
		}
		if s.Kind == scheme.KRecip {
			all[i] = o.rankReciprocal(s.Parts[0], q)
			continue
		}
		if s.Listed() {
			all[i] = o.rankListings(s, q)
			continue
		}
		all[i] = o.rank(o.settled(s, q), q)
	}
	return all
}

// rankExpanded ranks under a query expansion: the expanded query is row n of every layer meanwhile.
func (o *oracle) rankExpanded(s scheme.Scheme, q int) []rank.Hit {
	first := o.rank(o.settled(s.Parts[0], q), q)
	for _, name := range s.Layers() {
		rows, square := o.layers[name], o.square[name]
		dim := len(rows[0])
		total := make([]float64, dim)
		add := func(w float64, row int) {
			if !(square[row] > 0 && square[row] < math.Inf(1)) {
				return
			}
			for i, x := range rows[row] {
				total[i] += float64(w * (x / math.Sqrt(square[row])))
			}
		}
		add(1, q)
		for _, h := range first[:min(s.N, len(first))] {
			if h.Score > 0 {
				add(kernel.Pow(h.Score, s.Alpha), h.Row)
			}
		}
		for i, x := range total {
			total[i] = float64(float32(x))
		}
		if !(square[q] > 0 && square[q] < math.Inf(1)) {
			clear(total)
		}
		o.layers[name], o.square[name] = append(rows[:o.n:o.n], total), append(square[:o.n:o.n], product(total, total))
		defer func() { o.layers[name], o.square[name] = rows, square }()
	}
	plain := o.settled(s.Parts[0], o.n)
	var hits []rank.Hit
	for row := range o.n {
		if o.among(q, row) {
			hits = append(hits, rank.Hit{Row: row, Score: o.score(plain, o.n, row)})
		}
	}
	sortHits(hits)
	return hits
}

// rankListings ranks listings: it goes through all photos of each, by row.
func (o *oracle) rankListings(s scheme.Scheme, q int) []rank.Hit {
	photos := map[string][]rank.Hit{} // by listing
	for _, h := range o.rank(o.settled(s.Parts[0], q), q) {
		listing := o.group(h.Row)
		if listing == "" {
			listing = fmt.Sprint("row ", h.Row)
		}
		photos[listing] = append(photos[listing], h)
	}
	var hits []rank.Hit
	for _, of := range photos {
		hit := of[0]
		if s.Kind == scheme.Mean {
			of = slices.DeleteFunc(of, func(h rank.Hit) bool { return !h.Scored() })
			slices.SortFunc(of, func(a, b rank.Hit) int { return a.Row - b.Row })
			sum := 0.0
			for _, h := range of {
				sum += h.Score
			}
			hit.Score = sum / float64(len(of))
		}
		hits = append(hits, hit)
	}
	sortHits(hits)
	return hits
}

// rankReciprocal ranks again by shared neighbours, from the definition: sets as maps of rows.
func (o *oracle) rankReciprocal(part scheme.Scheme, q int) []rank.Hit {
	hits := o.rank(part, q)
	rows := []int{q}
	for _, h := range hits[:min(100, len(hits))] {
		if h.Scored() {
			rows = append(rows, h.Row)
		}
	}
	if len(rows) == 1 {
		return hits
	}
	sorted := map[int][]int{}
	near := func(i, k int) []int { // i and its k nearest
		if out := sorted[i]; out != nil {
			return out[:min(k+1, len(out))]
		}
		var others []rank.Hit
		for _, j := range rows {
			if j != i && (o.group(i) == "" || o.group(i) != o.group(j)) {
				others = append(others, rank.Hit{Row: j, Score: o.score(part, i, j)})
			}
		}
		sortHits(others)
		out := []int{i}
		for _, h := range others {
			out = append(out, h.Row)
		}
		sorted[i] = out
		return out[:min(k+1, len(out))]
	}
	reciprocal := func(i, k int) (set []int) {
		for _, j := range near(i, k) {
			if slices.Contains(near(j, k), i) {
				set = append(set, j)
			}
		}
		return set
	}
	codes := map[int][]float64{} // by row, by place in rows
	for _, i := range rows {
		set := reciprocal(i, 20)
		wide := slices.Clone(set)
		for _, j := range set {
			half := reciprocal(j, 10)
			shared := 0
			for _, x := range half {
				if slices.Contains(set, x) {
					shared++
				}
			}
			if 3*shared >= 2*len(half) {
				wide = append(wide, half...)
			}
		}
		code, total := make([]float64, len(rows)), 0.0
		for at, j := range rows {
			if slices.Contains(wide, j) {
				code[at] = kernel.Pow(math.E, max(1+o.score(part, i, j), 0))
				total += code[at]
			}
		}
		for at := range code {
			code[at] /= total
		}
		codes[i] = code
	}
	mean := func(i int) []float64 {
		out, over := make([]float64, len(rows)), near(i, 5)
		for _, j := range over {
			for at, v := range codes[j] {
				out[at] += v
			}
		}
		for at := range out {
			out[at] /= float64(len(over))
		}
		return out
	}
	query := mean(q)
	for i := range hits {
		distance := 1.0
		if i < 100 && hits[i].Scored() {
			least, most := 0.0, 0.0
			for at, v := range mean(hits[i].Row) {
				least += min(v, query[at])
				most += max(v, query[at])
			}
			distance = 1 - least/most
		}
		hits[i].Score = 1 - float64((1-0.3)*distance) - float64(0.3*(1-hits[i].Score))
	}
	sortHits(hits)
	return hits
}

// TestLaidSchemesAreSortEverything compares all ways to a ranking with the sorted gallery.
func TestLaidSchemesAreSortEverything(t *testing.T) {
	proofs := neighbourProofs{}
	for seed := range uint64(4) {
		rows := []int{30, 700}[seed%2]
		g, o, among := testGallery(t, 2200+seed, rows)
		every, err := g.Candidates(nil)
		if err != nil {
			t.Fatal(err)
		}
		o.every, o.group = every.HasFor, g.Group
		schemes := parseAll(t, g, laidSchemes)
		var queries []int
		var wants [][][]rank.Hit
		for q := 0; q < rows; q += 1 + rows/6 {
			queries = append(queries, q)
			wants = append(wants, o.rankLaid(schemes, q))
		}
		n := built(t, g, neighbour.Plan{Layers: []string{"A", "B", "C"}, Queries: allRows(rows), M: 20, Seed: seed + 1})
		proofs.schemes = schemes
		trials := []*rank.Trial{nil, {Rows: 128, Queries: 3}, {Room: 12}}
		for _, coded := range []bool{false, true} {
			if coded {
				prepare(t, g)
			}
			for i, k := range []int{1, 10, rows + 1} {
				what := fmt.Sprintf("seed %d, coded %v, %d rows", seed, coded, rows)
				ctx := rank.WithTrial(t.Context(), trials[i])
				s := rank.NewSearcher(g, 1<<20)
				for i, q := range queries[:min(4, len(queries))] {
					got, err := s.Search(ctx, q, schemes, k, among)
					if err != nil {
						t.Fatal(err)
					}
					checkRankings(t, got, wants[i], k, fmt.Sprintf("%s, query %d", what, q))
				}
				for i, got := range rankAll(t, g, queries, schemes, k, among) {
					checkRankings(t, got, wants[i], k, fmt.Sprintf("%s, query %d of all", what, queries[i]))
				}
				proofs.check(t, n, queries, wants, k, among, what)
			}
		}
	}
	proofs.log(t, "laid")
	for s, proven := range proofs.proven {
		if proven == 0 && !proofs.schemes[s].Whole() {
			t.Errorf("%s: none of %d rankings is proven by neighbourhoods", proofs.schemes[s], proofs.asked)
		}
	}
}

// TestLaidSchemesThreads: what is kept of whole layers has the same bits with any number of threads,
// and a gallery that finds it kept ranks as one that computes it.
func TestLaidSchemesThreads(t *testing.T) {
	g, _, among := testGallery(t, 2301, 1100)
	schemes := parseAll(t, g, laidSchemes)
	queries := []int{0, 3, 500, 1099}
	want := rankAll(t, g, queries, schemes, 20, among)
	files := valueFiles(t, g)
	if len(files) == 0 {
		t.Fatal("nothing is kept")
	}
	for _, threads := range []int{1, 2, 7} {
		before := runtime.GOMAXPROCS(threads)
		for name := range files {
			if err := os.Remove(filepath.Join(g.Path, DerivedFolder, derive.ValuesFolder, name)); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // the second finds what the first has kept
			again := open(t, g.Path)
			got := rankAll(t, again, queries, schemes, 20, among)
			for i := range queries {
				for s := range schemes {
					if !sameHits(got[i][s].Hits, want[i][s].Hits) {
						t.Errorf("%d threads, query %d, %s differs", threads, queries[i], schemes[s])
					}
				}
			}
			for name, text := range valueFiles(t, again) {
				if text != files[name] {
					t.Errorf("%d threads: %s has other bytes", threads, name)
				}
			}
		}
		runtime.GOMAXPROCS(before)
	}
}

// valueFiles returns the files of values of a gallery by name.
func valueFiles(t *testing.T, g *Gallery) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(g.Path, DerivedFolder, derive.ValuesFolder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = string(b)
	}
	return files
}

// TestValuesAreBelieved: a file that was changed, or that is of another matrix, is made again.
func TestValuesAreBelieved(t *testing.T) {
	g, _, among := testGallery(t, 2301, 200)
	schemes := parseAll(t, g, []string{"znorm(A+B)"})
	want := rankAll(t, g, []int{5}, schemes, 20, among)
	files := valueFiles(t, g)
	dir := filepath.Join(g.Path, DerivedFolder, derive.ValuesFolder)
	if found, err := CheckDerived(t.Context(), g, DerivedCheck{}); err != nil || len(found) != 2 || found[0].State != Current {
		t.Errorf("the check finds %v, %v", found, err)
	}
	for name, text := range files {
		broken := text[:len(text)-1] + string(text[len(text)-1]^1)
		for _, bad := range []string{broken, text[:len(text)-8], "", "strata values 1\n", text + "12345678"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(bad), 0o600); err != nil {
				t.Fatal(err)
			}
			state := Damaged
			if bad == broken {
				state = Outdated
			}
			found, err := CheckDerived(t.Context(), g, DerivedCheck{})
			if at := slices.IndexFunc(found, func(f DerivedFile) bool { return filepath.Base(f.Path) == name }); err != nil || at < 0 || found[at].State != state {
				t.Errorf("%s: the check finds %v, %v", name, found, err)
			}
			got := rankAll(t, open(t, g.Path), []int{5}, schemes, 20, among)
			if !sameHits(got[0][0].Hits, want[0][0].Hits) {
				t.Errorf("%s was believed", name)
			}
			if now := valueFiles(t, g)[name]; now != text {
				t.Errorf("%s was not made again", name)
			}
		}
	}
	for name := range files { // a sealed file under the name of another
		for other, text := range files {
			if name != other {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	got := rankAll(t, open(t, g.Path), []int{5}, schemes, 20, among)
	if !sameHits(got[0][0].Hits, want[0][0].Hits) {
		t.Error("values of another layer were believed")
	}
}

// TestStaleValues: values of a matrix that was written anew, and of items that may be found no more, are
// out of date.
func TestStaleValues(t *testing.T) {
	g, _, among := testGallery(t, 2301, 60)
	rankAll(t, g, []int{5}, parseAll(t, g, []string{"znorm(A+B)", "hub(B)"}), 20, among)
	states := func() string {
		again := open(t, g.Path)
		found, err := CheckDerived(t.Context(), again, DerivedCheck{})
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, f := range found {
			lines = append(lines, strings.TrimSpace(fmt.Sprint(filepath.Base(f.Path), " ", f.State == Current, " ", f.Why)))
		}
		slices.Sort(lines)
		return strings.Join(lines, "; ")
	}
	if got := states(); got != "A.moments true; B.hub10 true; B.moments true" {
		t.Error(got)
	}
	path := filepath.Join(g.Path, "A.npy")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-2] ^= 1
	write(t, g.Path, "A.npy", b)
	if got := states(); got != "A.moments false it is of another matrix; B.hub10 true; B.moments true" {
		t.Error(got)
	}
	write(t, g.Path, itemsFile, []byte("id\n"+strings.Join(ids(60), "\n")))
	if got := states(); !strings.Contains(got, "B.hub10 false it is of other items, or of others that may be found; B.moments true") {
		t.Error(got)
	}
}

// TestZNormRefuses: a layer in which all cosines of a query are the same is named, with the query.
func TestZNormRefuses(t *testing.T) {
	rows := 40
	m := matrix{}
	for r := range rows {
		m.rows = append(m.rows, []float32{float32(1 + r), float32(1 + r)})
	}
	layers := map[string]matrix{"A": m, "B": fewValues(rand.New(rand.NewPCG(7, 7)), rows, 3)}
	g := open(t, writeGallery(t, "id\n"+strings.Join(ids(rows), "\n"), layers))
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	schemes := parseAll(t, g, []string{"znorm(A+B)"})
	want := "layer A: the cosines of row 3 with all rows are the same but for rounding"
	var e *derive.SpreadError
	_, err = rank.NewSearcher(g, 1<<20).Search(t.Context(), 3, schemes, 5, among)
	if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
		t.Errorf("a search: %v", err)
	}
	err = g.RankAll(t.Context(), []int{3}, schemes, 5, among, func(int, []rank.Ranking) {})
	if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
		t.Errorf("many searches: %v", err)
	}
	n := built(t, g, neighbour.Plan{Layers: []string{"A", "B"}, Queries: allRows(rows), M: 20, Seed: 1})
	if _, err := n.Resolve(t.Context(), 3, schemes[0], 5, among); !errors.As(err, &e) {
		t.Errorf("neighbourhoods: %v", err)
	}
	for _, text := range []string{"znorm(B)", "znorm(B+0*A)"} {
		if _, err := rank.NewSearcher(g, 1<<20).Search(t.Context(), 3, parseAll(t, g, []string{text}), 5, among); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestZNormRefusesTheFirst: of many queries that are refused the first is named, with any number of
// threads.
func TestZNormRefusesTheFirst(t *testing.T) {
	rows := 400
	a, b := matrix{}, fewValues(rand.New(rand.NewPCG(7, 7)), rows, 3)
	for range rows {
		a.rows = append(a.rows, []float32{1, 1})
	}
	g := open(t, writeGallery(t, "id\n"+strings.Join(ids(rows), "\n"), map[string]matrix{"A": a, "B": b}))
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	queries := allRows(rows)
	slices.Reverse(queries)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(5))
	ctx := rank.WithTrial(t.Context(), &rank.Trial{Queries: 1})
	for _, text := range []string{"znorm(B+A)", "rrf(B,znorm(A))", "rrf(rrf(B,znorm(A)),B)", "qe(znorm(A),3,1)"} {
		for range 20 {
			err := g.RankAll(ctx, queries, parseAll(t, g, []string{"B", text}), 5, among, func(int, []rank.Ranking) {})
			if e := (*derive.SpreadError)(nil); !errors.As(err, &e) || e.Layer != "A" || e.Row != rows-1 {
				t.Fatalf("%s: %v", text, err)
			}
		}
	}
}

// TestListingsNeedGroups: without a column of groups there are no listings.
func TestListingsNeedGroups(t *testing.T) {
	g := open(t, writeGallery(t, "id\na\nb\n", map[string]matrix{"A": {rows: [][]float32{{1, 0}, {0, 1}}}}))
	s, err := scheme.ParseScheme("best(A)")
	if err != nil {
		t.Fatal(err)
	}
	want := `scheme "best(A)": column 1: the items table has no column group, which says what listing an item is a photo of: add one, or name it in gallery.yaml, items: {group: COLUMN}`
	if err := g.CheckScheme(s); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if _, err := g.ParseScheme(" mean(A)"); err == nil || !strings.Contains(err.Error(), "column 2: the items table has no column group") {
		t.Errorf("got %v", err)
	}
}
