package engine

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"strata/engine/layer"
)

// TestSurvey compares a survey with a plain count over random matrices that have
// something of everything.
func TestSurvey(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, half := range []bool{false, true} {
		for _, shape := range [][2]int{{1, 1}, {2, 3}, {40, 1}, {7, 130}, {3000, 70}} {
			m := randomMatrix(rng, shape[0], shape[1], half)
			for r, row := range m.rows {
				if rng.IntN(30) == 0 { // all the same
					row = slices.Repeat([]float32{2}, len(row))
				}
				if rng.IntN(30) == 0 {
					row = slices.Clone(row)
					row[rng.IntN(len(row))] = -layer.MaxHalf
				}
				if zero := !slices.ContainsFunc(row, func(v float32) bool { return v != 0 }); len(row) > 10 && !zero {
					row = slices.Clone(row)
					row[3], row[9], row[5] = 0, 0, 7
				}
				m.rows[r] = row
			}
			items := "id\n"
			for r := range m.rows {
				items += string(rune('a'+r%26)) + strings.Repeat("x", r/26) + "\n"
			}
			g := open(t, writeGallery(t, items, map[string]matrix{"A": m}))
			s, err := g.Survey(t.Context(), g.Layers[0], nil)
			if err != nil {
				t.Fatal(err)
			}
			want := surveyRef(g.Layers[0])
			if got := *s; !sameSurvey(got, want) {
				t.Errorf("half %t, %v:\ngot  %+v\nwant %+v", half, shape, got, want)
			}
		}
	}
}

func sameSurvey(a, b layer.Survey) bool {
	if a.NonFinite.Value != a.NonFinite.Value && b.NonFinite.Value != b.NonFinite.Value {
		a.NonFinite.Value, b.NonFinite.Value = 0, 0
	}
	return a == b
}

// surveyRef is Survey, element by element.
func surveyRef(l *layer.Layer) layer.Survey {
	none := layer.Unscored{First: -1}
	s := layer.Survey{
		Layer: l, Bytes: int64(l.Rows * l.Bytes()), NonFinite: layer.Values{Row: -1, Column: -1}, Saturated: layer.Values{Row: -1, Column: -1},
		Zero: none, Same: none, ZeroColumns: none, ConstantColumns: none, Repeated: none, RepeatOf: -1, Outliers: none,
	}
	var lengths, byRow []float64
	var scored [][]float64
	var rows []int
	for row := range l.Rows {
		v := make([]float64, l.Dim)
		l.Widen(v, row)
		square, zero, same := 0.0, true, l.Dim > 1
		s.NonFinite.Tally(row, v, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
		if l.Type == layer.Float16 {
			s.Saturated.Tally(row, v, func(x float64) bool { return math.Abs(x) == layer.MaxHalf })
		}
		for _, x := range v {
			square += x * x
			zero = zero && x == 0
			same = same && x == v[0]
			if math.IsInf(x, 0) {
				s.Infinite++
			}
		}
		byRow = append(byRow, math.NaN())
		switch {
		case zero:
			s.Zero.Add(row)
			continue
		case !layer.Scores(square):
			continue
		}
		if same {
			s.Same.Add(row)
		}
		if i := slices.IndexFunc(scored, func(other []float64) bool { return slices.Equal(other, v) }); i >= 0 {
			if s.Repeated.Rows == 0 {
				s.RepeatOf = rows[i]
			}
			s.Repeated.Add(row)
		}
		scored, rows = append(scored, v), append(rows, row)
		byRow[row] = math.Sqrt(square)
		lengths = append(lengths, byRow[row])
	}
	if s.Scored = len(scored); s.Scored == 0 {
		return s
	}
	for c := range l.Dim {
		constant := !slices.ContainsFunc(scored, func(v []float64) bool { return v[c] != scored[0][c] })
		switch {
		case constant && scored[0][c] == 0:
			s.ZeroColumns.Add(c)
		case constant:
			s.ConstantColumns.Add(c)
		}
	}
	n := l.Lengths()
	slices.Sort(lengths)
	at := func(want float64) float64 { // the canonical root, which differs in the last bits
		return n.Root[slices.IndexFunc(n.Root, func(r float64) bool { return math.Abs(r-want) <= 1e-12*want })]
	}
	s.Lengths.Least, s.Lengths.Median, s.Lengths.Most = at(lengths[0]), at(lengths[len(lengths)/2]), at(lengths[len(lengths)-1])
	for row, r := range byRow {
		if r > 10*s.Lengths.Median || r < s.Lengths.Median/10 {
			s.Outliers.Add(row)
		}
	}
	return s
}

// TestSurveyRepeatsOfLikeRows surveys rows that have the same first bytes and the same length, some of them repeated.
func TestSurveyRepeatsOfLikeRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 9))
	const dim = 160
	m, table := matrix{}, "id\n"
	for r := range 300 {
		row := make([]float32, dim)
		row[100+rng.IntN(dim-100)] = 2
		m.rows = append(m.rows, row)
		table += strings.Repeat("x", r+1) + "\n"
	}
	g := open(t, writeGallery(t, table, map[string]matrix{"A": m}))
	s, err := g.Survey(t.Context(), g.Layers[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := surveyRef(g.Layers[0]); !sameSurvey(*s, want) || want.Repeated.Rows < 200 {
		t.Errorf("got %+v\nwant %+v", *s, want)
	}
}

func TestSurveyUnit(t *testing.T) {
	for name, c := range map[string]struct {
		m    matrix
		want bool
	}{
		"unit": {matrix{rows: [][]float32{{0.6, 0.8}, {1, 0}, {0, 0}}}, true},
		"half": {matrix{half: true, rows: [][]float32{{0.6, 0.8}, {0.7071, 0.7071}, {1, 0}}}, true},
		"raw":  {matrix{rows: [][]float32{{0.6, 0.8}, {1, 1}, {1, 0}}}, false},
	} {
		g := open(t, writeGallery(t, "id\na\nb\nc\n", map[string]matrix{"A": c.m}))
		s, err := g.Survey(t.Context(), g.Layers[0], nil)
		if err != nil || s.Unit != c.want {
			t.Errorf("%s: %t, %v", name, s != nil && s.Unit, err)
		}
	}
}

// A matrix that is cut short meanwhile is an error, not a crash.
func TestSurveyOfCutMatrix(t *testing.T) {
	rows := make([][]float32, 4096)
	items := strings.Builder{}
	items.WriteString("id\n")
	for i := range rows {
		rows[i] = slices.Repeat([]float32{float32(i)}, 64)
		items.WriteString(strings.Repeat("i", i+1) + "\n")
	}
	g := open(t, writeGallery(t, items.String(), map[string]matrix{"A": {rows: rows}}))
	if err := os.Truncate(g.Layers[0].File, 5000); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Survey(t.Context(), g.Layers[0], nil); err == nil || !strings.Contains(err.Error(), "A.npy: it had 1048704 bytes when the gallery was opened") {
		t.Error(err)
	}
}

// BenchmarkSurvey says how fast a layer is checked, beside what memory gives: see
// STRATA_BENCH_GALLERY.
func BenchmarkSurvey(b *testing.B) {
	dir := os.Getenv("STRATA_BENCH_GALLERY")
	if dir == "" {
		b.Skip("STRATA_BENCH_GALLERY names no gallery")
	}
	g := open(b, dir)
	limits, err := layer.MeasureLimits(b.Context(), g.Layers)
	if err != nil {
		b.Fatal(err)
	}
	for _, l := range g.Layers {
		b.Run(l.Name, func(b *testing.B) {
			size := int64(l.Rows) * int64(l.Bytes())
			b.SetBytes(size)
			for b.Loop() {
				if _, err := g.Survey(b.Context(), l, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds()/limits.Bandwidth, "of-memory")
		})
	}
}
