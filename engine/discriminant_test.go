package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"strata/engine/format"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// labelled writes a gallery of so many classes and rows: groups of two, some rows without a class or
// with two, some that are gallery only. Features have a direction for each class, and noise.
func labelled(t *testing.T, seed uint64, rows, dim, classes int) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	var table strings.Builder
	table.WriteString("id,group,split,category\n")
	m := features(rng, rows, dim, false)
	for r := range rows {
		class := rng.IntN(classes)
		cell := fmt.Sprintf("c%d", class)
		switch r % 17 {
		case 4:
			cell = ""
		case 9:
			cell = "c0|c1"
		}
		group, split := "", "both"
		if r%5 < 2 {
			group = fmt.Sprintf("g%d", r/5)
		}
		if r%11 == 3 {
			split = "gallery"
		}
		fmt.Fprintf(&table, "i%d,%s,%s,%s\n", r, group, split, cell)
		m.rows[r][class%dim] += 1
	}
	return writeGallery(t, table.String(), map[string]matrix{"A": m})
}

// plainDiscriminant projects rows by the definition of LDA or WCCN, in float64 and without the code
// under test. A row without a score is nil.
func plainDiscriminant(g *Gallery, rows [][]float64, t scheme.Transform) [][]float64 {
	label, _ := g.Label(t.Of)
	unit := make([][]float64, len(rows))
	byClass := map[string][][]float64{}
	for r, row := range rows {
		norm := math.Sqrt(product(row, row))
		if !(norm > 0) || math.IsInf(norm, 0) {
			continue
		}
		for _, x := range row {
			unit[r] = append(unit[r], x/norm)
		}
		if cell := label.Cell(r); g.Beside().Fitted(r) && cell != "" && !strings.Contains(cell, "|") {
			byClass[cell] = append(byClass[cell], unit[r])
		}
	}
	d := len(rows[0])
	within, between, mean, n := mat.NewSymDense(d, nil), mat.NewSymDense(d, nil), make([]float64, d), 0.0
	means := map[string][]float64{}
	var apart [][]float64 // rows less the mean of their class
	for class, members := range byClass {
		m := make([]float64, d)
		for _, row := range members {
			for i, x := range row {
				m[i] += x / float64(len(members))
				mean[i] += x
			}
			n++
		}
		for _, row := range members {
			var less []float64
			for i, x := range row {
				less = append(less, x-m[i])
			}
			apart = append(apart, less)
		}
		means[class] = m
	}
	for i := range mean {
		mean[i] /= n
	}
	for _, x := range apart {
		within.SymRankOne(within, 1/n, mat.NewVecDense(d, x))
	}
	level, spread, noise := mat.Trace(within)/float64(d), 0.0, 0.0
	for i := range d {
		for j := range d {
			s := within.At(i, j)
			for _, x := range apart {
				noise += (x[i]*x[j] - s) * (x[i]*x[j] - s) / n / n
			}
			if i == j {
				s -= level
			}
			spread += s * s
		}
	}
	shrink := min(noise/spread, 1)
	within.ScaleSym(1-shrink, within)
	for i := range d {
		within.SetSym(i, i, within.At(i, i)+shrink*level)
	}
	for class, m := range means {
		less := mat.NewVecDense(d, nil)
		less.SubVec(mat.NewVecDense(d, m), mat.NewVecDense(d, mean))
		between.SymRankOne(between, float64(len(byClass[class]))/n, less)
	}
	var e mat.EigenSym
	e.Factorize(within, true)
	var v, white, inner mat.Dense // white: the symmetric inverse root of within
	e.VectorsTo(&v)
	roots := make([]float64, d)
	for i, x := range e.Values(nil) {
		roots[i] = 1 / math.Sqrt(x)
	}
	white.Product(&v, mat.NewDiagDense(d, roots), v.T())
	axes := mat.DenseCopyOf(white.T())
	if t.Kind == scheme.LDA {
		inner.Product(&white, between, &white)
		sym := mat.NewSymDense(d, nil)
		for i := range d {
			for j := i; j < d; j++ {
				sym.SetSym(i, j, inner.At(i, j))
			}
		}
		e.Factorize(sym, true) // ascending
		e.VectorsTo(&v)
		axes = mat.NewDense(t.N, d, nil)
		for k := range t.N {
			var axis mat.VecDense
			axis.MulVec(&white, v.ColView(d-1-k))
			axes.SetRow(k, axis.RawVector().Data)
		}
	} else {
		mean = make([]float64, d)
	}
	out := make([][]float64, len(rows))
	for r, row := range unit {
		if row == nil {
			continue
		}
		less := mat.NewVecDense(d, nil)
		less.SubVec(mat.NewVecDense(d, row), mat.NewVecDense(d, mean))
		var y mat.VecDense
		y.MulVec(axes, less)
		out[r] = y.RawVector().Data
	}
	return out
}

// TestDiscriminantsPlain compares LDA and WCCN with their definitions. Axes may be turned: products of
// rows are compared.
func TestDiscriminantsPlain(t *testing.T) {
	for _, c := range []struct {
		rows, dim, classes int
		factor             string
	}{
		{700, 12, 5, "A|lda4@category"},
		{700, 12, 5, "A|lda2@category"},
		{60, 40, 4, "A|lda3@category"},
		{1300, 9, 20, "A|lda9@category"},
		{700, 12, 5, "A|wccn@category"},
		{60, 40, 4, "A|wccn@category"},
	} {
		g := open(t, labelled(t, 5, c.rows, c.dim, c.classes))
		l := derived(t, g, c.factor, DeriveOptions{})
		f, _ := scheme.ParseFactor(c.factor)
		want := plainDiscriminant(g, wideRows(g.Layers[0]), f.Transforms[0])
		got := wideRows(l.Layer)
		if step := l.Recipe.Stages[0]; step.Classes != c.classes || !(step.Shrinkage > 0 && step.Shrinkage <= 1) || l.Recipe.Fitted.Part != len(g.Beside().FitPart()) {
			t.Errorf("%s: the recipe says %+v, %+v", c.factor, step, l.Recipe.Fitted)
		}
		for a := 0; a < c.rows; a += 7 {
			for b := a; b < c.rows; b += 31 {
				if want[a] == nil || want[b] == nil {
					continue
				}
				w, p := product(want[a], want[b]), product(got[a], got[b])
				scale := math.Sqrt(product(want[a], want[a]) * product(want[b], want[b]))
				if !(math.Abs(w-p) <= 2e-5*max(scale, 1)) {
					t.Fatalf("%s, %d×%d: the product of rows %d and %d is %v, want %v", c.factor, c.rows, c.dim, a, b, p, w)
				}
			}
		}
	}
}

// TestDiscriminantsThreads: the bytes are the same with any number of threads, and the same as those
// that amd64 wrote (the hash is compared on every processor).
func TestDiscriminantsThreads(t *testing.T) {
	hashes := map[string]string{
		"A|lda4@category": "878c56107b5cb56e495e39c53645ace8110af41eeec53863465628b93be61a24",
		"A|wccn@category": "6de6b8d237980c0cf71f607bfbf9c85a91fe95deed74b84572b3f7854b401983",
	}
	for factor, want := range hashes {
		for _, threads := range []int{1, 2, 7} {
			before := runtime.GOMAXPROCS(threads)
			got := derived(t, open(t, labelled(t, 6, 900, 70, 6)), factor, DeriveOptions{}).Recipe.Matrix.SHA256
			runtime.GOMAXPROCS(before)
			if got != want {
				t.Errorf("%s, %d threads: %s, want %s", factor, threads, got, want)
			}
		}
	}
}

// TestFitPart: a group is whole in one part, what is no query is fitted on, and half of the others.
func TestFitPart(t *testing.T) {
	g := open(t, labelled(t, 7, 1000, 4, 3))
	b := g.Beside()
	side := map[string]bool{}
	var fitted, queries int
	for row := range g.Len() {
		in := b.Fitted(row)
		group := g.Group(row)
		if was, known := side[group]; group != "" && known && was != in {
			t.Errorf("group %s is on both sides", group)
		}
		side[group] = in
		if !g.IsQuery(row) && group == "" && !in {
			t.Errorf("row %d is no query, and not fitted on", row)
		}
		if g.IsQuery(row) {
			queries++
			if in {
				fitted++
			}
		}
	}
	if fitted < queries*4/10 || fitted > queries*6/10 {
		t.Errorf("%d of %d queries are fitted on", fitted, queries)
	}
	set, err := g.Queries().Set(Unfitted)
	if err != nil || len(set.Rows) != queries-fitted || slices.ContainsFunc(set.Rows, b.Fitted) {
		t.Errorf("the others are %v, %v", set, err)
	}
}

// TestDiscriminantsStale: another label makes the layer anew; a label of no use is refused by name.
func TestDiscriminantsStale(t *testing.T) {
	dir := labelled(t, 8, 300, 6, 4)
	first := derived(t, open(t, dir), "A|lda2@category", DeriveOptions{})
	if again := derived(t, open(t, dir), "A|lda2@category", DeriveOptions{}); again.Recipe.Made || !first.Recipe.Made {
		t.Error("it is not kept")
	}
	table, err := os.ReadFile(filepath.Join(dir, itemsFile))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, itemsFile, bytes.ReplaceAll(table, []byte(",c3\n"), []byte(",c2\n")))
	g := open(t, dir)
	found, err := CheckDerived(t.Context(), g, DerivedCheck{Rows: 10, Seed: 1})
	if at := slices.IndexFunc(found, func(f DerivedFile) bool { return strings.HasSuffix(f.Path, "A.lda2@category.json") }); err != nil || at < 0 || found[at].State != Outdated {
		t.Errorf("the check finds %+v, %v", found, err)
	}
	again := derived(t, g, "A|lda2@category", DeriveOptions{})
	if !again.Recipe.Made || !strings.Contains(again.Recipe.Replaced, "its label or its matrix file has changed") {
		t.Errorf("made %v because %q", again.Recipe.Made, again.Recipe.Replaced)
	}
	if found, err = CheckDerived(t.Context(), g, DerivedCheck{Rows: 10, Seed: 1}); err != nil || found[0].State != Current || found[0].Again.Rows != 10 {
		t.Errorf("the check finds %+v, %v", found, err)
	}
	for text, want := range map[string]string{
		"A+A|lda3@category":          "column 5: lda3@category asks for 3 components: the items to fit on have 3 classes of category, which allow 2 at most",
		"A|lda7@category":            "column 3: lda7@category asks for 7 components",
		"A|pca2|lda2@colour":         `column 8: lda2@colour: `,
		"A|lda2":                     `column 7: expected @ and a label, found "the end"`,
		"A|lda@category":             "column 3: lda needs a number of components",
		"A|wccn2@category":           "column 3: wccn takes no number",
		"A|wccn@":                    "expected a label, of letters, digits, _ . - and /",
		"A|matrix(p/W.npy)":          "column 3: the gallery has no file p/W.npy",
		"A|matrix(../W.npy)":         "matrix takes a .npy file within the gallery",
		"A|matrix(W.txt)":            "matrix takes a .npy file within the gallery",
		"hub(A|matrix(p/W.npy),2)":   "the gallery has no file p/W.npy",
		"A|wccn@category|lda9@group": "lda9@group",
	} {
		if _, err := g.ParseScheme(text); err == nil || !contains(err, want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for labels, want := range map[string]string{
		"a":                "all 20 items to fit on that have a value of category have the same, \"a\": it takes two classes",
		"":                 "none of the 20 items to fit on has one value of category",
		"0123456789abcdef": "",
	} {
		text := "id,category\n"
		for r := range 40 {
			cell := labels
			if len(labels) > 1 {
				cell, want = fmt.Sprint("v", r), "no two of the 20 items to fit on have the same value of category"
			}
			text += fmt.Sprintf("i%d,%s\n", r, cell)
		}
		g := open(t, writeGallery(t, text, map[string]matrix{"A": features(rand.New(rand.NewPCG(1, 1)), 40, 5, false)}))
		for _, factor := range []string{"A|lda1@category", "A|wccn@category"} {
			if _, err := g.ParseScheme(factor); err == nil || !contains(err, want) {
				t.Errorf("%s of %q: %v, want %q", factor, labels, err, want)
			}
		}
	}
}

// TestMatrixFile: a matrix in a file is a transform; its shape and its values are checked, and a file
// that has changed makes the layer anew.
func TestMatrixFile(t *testing.T) {
	dir := labelled(t, 9, 200, 6, 4)
	if err := os.Mkdir(filepath.Join(dir, "p"), 0o777); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(2, 2))
	values := make([]float64, 6*3)
	for i := range values {
		values[i] = rng.NormFloat64()
	}
	put := func(kind format.Type, rows, columns int64, values []float64) {
		b := format.NpyHead(kind, rows, columns)
		for _, v := range values {
			if kind == layer.Float32 {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
			} else {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
			}
		}
		write(t, filepath.Join(dir, "p"), "W.npy", b)
	}
	hashes := map[string]bool{}
	for _, kind := range []format.Type{layer.Float32, layer.Float64} {
		put(kind, 6, 3, values)
		g := open(t, dir)
		l := derived(t, g, "A|matrix(p/W.npy)", DeriveOptions{})
		for r, row := range wideRows(g.Layers[0]) {
			norm := math.Sqrt(product(row, row))
			got := make([]float64, 3)
			l.Widen(got, r)
			for j := range 3 {
				want := 0.0
				for i, x := range row {
					want += x / norm * values[i*3+j]
				}
				if !(norm > 0) || math.IsInf(norm, 0) {
					want = 0
				}
				if !(math.Abs(got[j]-want) < 1e-6) {
					t.Fatalf("row %d, component %d is %v, want %v", r, j, got[j], want)
				}
			}
		}
		if !l.Recipe.Made || l.Recipe.Stages[0].SHA256 == "" || hashes[l.Recipe.Stages[0].SHA256] {
			t.Errorf("made %v, %+v", l.Recipe.Made, l.Recipe.Stages)
		}
		hashes[l.Recipe.Stages[0].SHA256] = true
		if again := derived(t, open(t, dir), "A|matrix(p/W.npy)", DeriveOptions{}); again.Recipe.Made {
			t.Error("it is not kept")
		}
		found, err := CheckDerived(t.Context(), g, DerivedCheck{Rows: 10, Seed: 1})
		if err != nil || found[0].State != Current || found[0].Again.Rows != 10 {
			t.Errorf("the check finds %+v, %v", found, err)
		}
		v, err := g.Transform(t.Context(), "A|matrix(p/W.npy)", map[string][]float32{"A": {1, 2, 3, 4, 5, 6}})
		if err != nil || len(v) != 3 {
			t.Errorf("a vector becomes %v, %v", v, err)
		}
	}
	for _, c := range []struct {
		rows, columns int64
		values        []float64
		want          string
	}{
		{3, 6, values, "column 3: p/W.npy holds 3×6, features × components, and A has 6 features"},
		{6, 3, values[:17], "p/W.npy: "},
	} {
		put(layer.Float64, c.rows, c.columns, c.values)
		if _, err := open(t, dir).ParseScheme("A|matrix(p/W.npy)"); err == nil || !contains(err, c.want) {
			t.Errorf("%d×%d: %v, want %q", c.rows, c.columns, err, c.want)
		}
	}
	values[7] = math.NaN()
	put(layer.Float64, 6, 3, values)
	f, _ := scheme.ParseFactor("A|matrix(p/W.npy)")
	if _, err := open(t, dir).Derive(t.Context(), f, DeriveOptions{}); err == nil || !contains(err, "p/W.npy: row 2, column 1: the value is not finite in float32") {
		t.Errorf("not finite: %v", err)
	}
}

// TestManyClasses: work that grows with the third power of the classes is refused before it begins.
func TestManyClasses(t *testing.T) {
	g := open(t, labelled(t, 3, 40_000, 2, 6000))
	f := parseAll(t, g, []string{"A|lda1@category"})[0].Terms[0].Factor
	_, err := g.Derive(t.Context(), f, DeriveOptions{})
	if want := "classes among the items to fit on: lda takes at most 4096"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}
