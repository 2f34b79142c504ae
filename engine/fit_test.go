package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// plain transforms rows by the definitions of TransformKind, in float64 and
// without any of the code under test; fitted are the rows to fit on. A row that
// is zero or not finite is nil.
func plain(rows [][]float64, fitted []int, ts []scheme.Transform) [][]float64 {
	for _, t := range ts {
		rows = plainOne(rows, fitted, t)
	}
	return rows
}

func plainOne(rows [][]float64, fitted []int, t scheme.Transform) [][]float64 {
	in := make([][]float64, len(rows))
	for r, row := range rows {
		norm := 0.0
		for _, x := range row {
			norm += x * x
		}
		if !(norm > 0) || math.IsInf(norm, 0) {
			continue
		}
		if t.Kind == scheme.ZScore {
			norm = 1
		}
		in[r] = make([]float64, len(row))
		for i, x := range row {
			in[r][i] = x / math.Sqrt(norm)
		}
	}
	var use [][]float64
	for _, r := range fitted {
		if in[r] != nil {
			use = append(use, in[r])
		}
	}
	d := len(use[0])
	mean, square := make([]float64, d), make([]float64, d)
	cov := mat.NewSymDense(d, nil)
	for _, row := range use {
		for i, x := range row {
			mean[i] += x / float64(len(use))
		}
	}
	for _, row := range use {
		for i := range row {
			square[i] += (row[i] - mean[i]) * (row[i] - mean[i]) / float64(len(use))
			for j := i; j < d; j++ {
				cov.SetSym(i, j, cov.At(i, j)+(row[i]-mean[i])*(row[j]-mean[j])/float64(len(use)))
			}
		}
	}
	var e mat.EigenSym
	var v mat.Dense
	e.Factorize(cov, true)
	e.VectorsTo(&v)
	out := make([][]float64, len(rows))
	for r, row := range in {
		if row == nil {
			continue
		}
		for i := range row {
			row[i] -= mean[i]
			if t.Kind == scheme.ZScore && square[i] < 1e-20 {
				row[i] = 0
			} else if t.Kind == scheme.ZScore {
				row[i] /= math.Sqrt(square[i])
			}
		}
		if t.N == 0 {
			out[r] = row
			continue
		}
		for c := range t.N {
			value, sign, x := e.Values(nil)[d-1-c], 0.0, 0.0
			for i := range row {
				a := v.At(i, d-1-c)
				if math.Abs(a) > math.Abs(sign) {
					sign = a
				}
				x += row[i] * a
			}
			switch {
			case t.Kind == scheme.PCA:
			case value > 1e-10*e.Values(nil)[d-1]:
				x /= math.Pow(value, t.Power/2)
			default:
				x = 0
			}
			out[r] = append(out[r], math.Copysign(x, x*sign))
		}
	}
	return out
}

// features draws rows with variances that differ well from feature to feature, a
// mean, a constant feature, and some rows that are zero or not finite.
func features(rng *rand.Rand, rows, dim int, half bool) matrix {
	m := matrix{half: half}
	for r := range rows {
		row := make([]float32, dim)
		for i := range row {
			row[i] = float32(1 + 3*rng.NormFloat64()/float64(1+i))
		}
		row[dim/2] = .3
		switch r {
		case 3, 700:
			clear(row)
		case 5:
			row[1] = float32(math.NaN())
		case 6:
			row[0] = float32(math.Inf(-1))
		}
		m.rows = append(m.rows, row)
	}
	return m
}

// wideRows returns a layer's rows.
func wideRows(l *layer.Layer) [][]float64 {
	rows := make([][]float64, l.Rows)
	for r := range rows {
		rows[r] = make([]float64, l.Dim)
		l.Widen(rows[r], r)
	}
	return rows
}

func itemsOf(n int) string {
	s := "id,category\n"
	for i := range n {
		s += fmt.Sprintf("i%d,c%d\n", i, i%7)
	}
	return s
}

// TestDerivePlain compares every transform with the definitions.
func TestDerivePlain(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 0))
	for _, c := range []struct {
		name      string
		rows, dim int
		half      bool
		factor    string
		o         DeriveOptions
	}{
		{"pca", 1300, 20, false, "A|pca7", DeriveOptions{}},
		{"pca of float16", 600, 33, true, "A|pca33", DeriveOptions{}},
		{"whiten", 800, 9, false, "A|whiten5", DeriveOptions{}},
		{"whiten fully, one axis is flat", 800, 9, false, "A|zscore|whiten9", DeriveOptions{}},
		{"whiten half", 800, 9, true, "A|whiten5@0.5", DeriveOptions{}},
		{"whiten more", 300, 9, false, "A|whiten3@2.5", DeriveOptions{}},
		{"centre", 513, 17, false, "A|centre", DeriveOptions{}},
		{"zscore, a feature is constant", 512, 17, true, "A|zscore", DeriveOptions{}},
		{"chain", 1100, 12, false, "A|centre|pca6|zscore", DeriveOptions{}},
		{"sample", 1100, 12, false, "A|zscore|whiten6", DeriveOptions{Rows: 400, Seed: 9}},
		{"few rows", 9, 12, false, "A|pca5", DeriveOptions{}},
		{"wide", 300, 130, true, "A|pca64", DeriveOptions{Rows: AllRows}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := open(t, writeGallery(t, itemsOf(c.rows), map[string]matrix{"A": features(rng, c.rows, c.dim, c.half)}))
			f, err := scheme.ParseFactor(c.factor)
			if err != nil {
				t.Fatal(err)
			}
			l, err := g.Derive(t.Context(), f, c.o)
			if err != nil {
				t.Fatal(err)
			}
			fitted := items.Sample(c.rows, c.rows, 0)
			if c.o.Rows > 0 {
				fitted = items.Sample(c.rows, c.o.Rows, c.o.Seed)
			}
			want := plain(wideRows(g.Layers[0]), fitted, f.Transforms)
			for r, row := range wideRows(l) {
				if want[r] == nil {
					want[r] = make([]float64, len(row))
				}
				norm := math.Sqrt(product(want[r], want[r]))
				for i, x := range row {
					if d := math.Abs(x - want[r][i]); !(d <= 2e-6*max(norm, 1)) {
						t.Fatalf("row %d: feature %d is %v, want %v", r, i, x, want[r][i])
					}
				}
			}
			last := g.Recipe(l.Name).Stages[len(g.Recipe(l.Name).Stages)-1]
			if last.Out != l.Dim || last.Rows > len(fitted) || last.Rows < len(fitted)-4 {
				t.Errorf("the recipe says %+v of %d rows", last, len(fitted))
			}
		})
	}
}

// TestDeriveErrors: what cannot be fitted is an error that says why.
func TestDeriveErrors(t *testing.T) {
	same := matrix{rows: [][]float32{{1, 2, 3}, {1, 2, 3}, {2, 4, 6}}}
	zero := matrix{rows: [][]float32{{1, 2, 3}, {0, 0, 0}, {float32(math.NaN()), 1, 1}}}
	g := open(t, writeGallery(t, itemsOf(3), map[string]matrix{"same": same, "zero": zero}))
	one := open(t, writeGallery(t, itemsOf(1), map[string]matrix{"A": {rows: [][]float32{{1, 2}}}}))
	for _, c := range []struct {
		g            *Gallery
		factor, want string
	}{
		{g, "same|pca2", "deriving same|pca2: same|pca2: its rows are all the same"},
		{g, "same|centre", "deriving same|centre: no row is left with a value that is not zero"},
		{g, "zero|zscore", "deriving zero|zscore: zero|zscore: it takes 2 rows or more that are neither zero nor without a finite length to fit on, there are 1"},
		{g, "same|pca4", "pca4 asks for 4 components, same has 3 features"},
		{g, "no|pca1", `has no layer "no"`},
		{one, "A|pca2", "pca2 asks for 2 components, A has 1 rows"},
		{one, "A|pca1", "there are 1"},
		{one, "A|centre", "there are 1"},
	} {
		f, err := scheme.ParseFactor(c.factor)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.g.Derive(t.Context(), f, DeriveOptions{}); err == nil || !contains(err, c.want) {
			t.Errorf("%s: %v, want %s", c.factor, err, c.want)
		}
		folder, err := c.g.Derived()
		if err != nil {
			t.Fatal(err)
		}
		if names := listed(t, folder); len(names) > 0 {
			t.Errorf("%s leaves %v", c.factor, names)
		}
	}
}

// TestRelease: pages that were given back have the same values when they are read
// again, whatever part of a mapping was given back.
func TestRelease(t *testing.T) {
	m := features(rand.New(rand.NewPCG(12, 0)), 900, 24, false)
	l := open(t, writeGallery(t, itemsOf(900), map[string]matrix{"A": m})).Layers[0]
	for _, c := range [][2]int{{0, 900}, {1, 899}, {300, 301}, {170, 512}, {5, 5}} {
		l.Release(c[0], c[1])
		for r, row := range wideRows(l) {
			for i, x := range row {
				if want := float64(m.rows[r][i]); x != want && !math.IsNaN(want) {
					t.Fatalf("%v: row %d: value %d is %v, want %v", c, r, i, x, want)
				}
			}
		}
	}
}
