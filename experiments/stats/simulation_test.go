package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"strata/fixtures/need"
)

// trial draws hits among ten of two schemes for queries in classes. A query's
// chance depends on the query and, with spread, on its class and scheme: then
// differences within a class go together. lift is a's advantage.
type trial struct {
	queries, classes int
	lift, spread     float64
}

// draw returns hits by scheme, then query, and by query its class.
func (tr trial) draw(rng *rand.Rand) (hits [2][]int64, class []int) {
	effects := make([]float64, tr.classes)
	for c := range effects {
		effects[c] = tr.spread * (2*rng.Float64() - 1)
	}
	for j := range tr.queries {
		c := j % tr.classes
		class = append(class, c)
		base := 0.2 + 0.5*rng.Float64()
		for s, chance := range []float64{base + tr.lift + effects[c], base} {
			n := int64(0)
			for range 10 {
				if rng.Float64() < chance {
					n++
				}
			}
			hits[s] = append(hits[s], n)
		}
	}
	return hits, class
}

// pairings returns the comparison over queries and that over classes.
func pairings(hits [2][]int64, class []int, classes int) (byQuery, byClass *Pairing) {
	byQuery = &Pairing{Columns: [][]int64{hits[0], hits[1]}}
	byClass = &Pairing{Columns: [][]int64{make([]int64, classes), make([]int64, classes)}, Sizes: make([]int64, classes)}
	for j, c := range class {
		byClass.Columns[0][c] += hits[0][j]
		byClass.Columns[1][c] += hits[1][j]
		byClass.Sizes[c]++
	}
	return byQuery, byClass
}

// coverage returns how often the intervals over queries and over classes hold
// the true difference, which is the lift.
func coverage(t *testing.T, tr trial, rounds int) (byQuery, byClass float64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(tr.queries), uint64(tr.classes)))
	for round := range rounds {
		hits, class := tr.draw(rng)
		q, c := pairings(hits, class, tr.classes)
		for i, p := range []*Pairing{q, c} {
			if err := p.Draw(t.Context(), Stream{uint64(round), 0, DrawQueries + Purpose(i)}); err != nil {
				t.Fatal(err)
			}
			if got := p.Compare(0, 1, 10); got.Low <= tr.lift && tr.lift <= got.High {
				if i == 0 {
					byQuery++
				} else {
					byClass++
				}
			}
		}
	}
	return byQuery / float64(rounds), byClass / float64(rounds)
}

// TestIntervalsCover: 95 % intervals hold the true difference about that often.
// Over 200 rounds the standard error is 1.5 %.
func TestIntervalsCover(t *testing.T) {
	need.Long(t)
	byQuery, byClass := coverage(t, trial{queries: 50, classes: 25, lift: 0.05}, 200)
	if byQuery < 0.91 || byQuery > 0.985 || byClass < 0.90 || byClass > 0.985 {
		t.Errorf("independent queries: %.3f over queries, %.3f over classes", byQuery, byClass)
	}
	t.Logf("independent queries: %.3f over queries, %.3f over classes", byQuery, byClass)

	// Where the queries of a class go together, only the classes' interval covers.
	byQuery, byClass = coverage(t, trial{queries: 150, classes: 25, lift: 0.02, spread: 0.2}, 200)
	if byQuery > 0.88 || byClass < 0.90 || byClass > 0.985 {
		t.Errorf("dependent queries: %.3f over queries, %.3f over classes", byQuery, byClass)
	}
	t.Logf("dependent queries: %.3f over queries, %.3f over classes", byQuery, byClass)
}

// TestPUniform: with equal schemes, p ≤ x about x of the time for every x, of the
// exact p and of the one from random divisions; and never more often, but for
// chance. The limit is that of Kolmogorov and Smirnov at 0.1 %.
func TestPUniform(t *testing.T) {
	need.Long(t)
	const rounds = 500
	rng := rand.New(rand.NewPCG(9, 9))
	var exact, random, byClass []float64
	for round := range rounds {
		hits, class := trial{queries: 60, classes: 30}.draw(rng)
		q, c := pairings(hits, class, 30)
		by, _ := q.differences(0, 1)
		p, ok := ExactP(by)
		if !ok {
			t.Fatal("no exact p")
		}
		exact = append(exact, p)
		if err := q.Divide(t.Context(), Stream{uint64(round), 0, DivideQueries}); err != nil {
			t.Fatal(err)
		}
		random = append(random, q.Permute(0, 1))
		by, _ = c.differences(0, 1)
		p, _ = ExactP(by)
		byClass = append(byClass, p)
		// The two agree within four standard errors of the random one.
		if d := math.Abs(random[round] - exact[round]); d > 4*math.Sqrt(exact[round]*(1-exact[round])/Resamples)+2.0/Resamples {
			t.Errorf("round %d: p is %v, and %v by random divisions", round, exact[round], random[round])
		}
	}
	limit := 1.95 / math.Sqrt(rounds)
	for name, ps := range map[string][]float64{"exact": exact, "random": random, "by class": byClass} {
		slices.Sort(ps)
		for i, p := range ps {
			if d := float64(i+1)/rounds - p; d > limit {
				t.Errorf("%s: %d of %d are at most %v", name, i+1, rounds, p)
				break
			}
			// Sums of hits are whole numbers, so a p steps by some hundredths.
			if d := p - float64(i)/rounds; d > limit+0.06 {
				t.Errorf("%s: only %d of %d are under %v", name, i, rounds, p)
				break
			}
		}
	}
}

// TestPower: a difference is found as often as a t test's power says.
func TestPower(t *testing.T) {
	const rounds = 400
	tr := trial{queries: 100, classes: 50, lift: 0.06}
	rng := rand.New(rand.NewPCG(10, 9))
	found := 0
	var mean, square float64
	for range rounds {
		hits, _ := tr.draw(rng)
		q := &Pairing{Columns: [][]int64{hits[0], hits[1]}}
		by, sum := q.differences(0, 1)
		if p, _ := ExactP(by); p <= 0.05 {
			found++
		}
		mean += float64(sum) / float64(10*tr.queries*rounds)
		for _, d := range by {
			square += float64(d*d) / float64(100*tr.queries*rounds)
		}
	}
	if math.Abs(mean-tr.lift) > 0.01 {
		t.Fatalf("the simulation has a difference of %v", mean)
	}
	z := tr.lift / math.Sqrt((square-mean*mean)/float64(tr.queries))
	want := distuv.UnitNormal.CDF(z - 1.96)
	if got := float64(found) / rounds; math.Abs(got-want) > 0.08 {
		t.Errorf("found %.3f of the time, want about %.3f", got, want)
	}
}

// TestHolmFamily: with ten true hypotheses, one is rejected at most 5 % of the time.
func TestHolmFamily(t *testing.T) {
	const rounds = 300
	rng := rand.New(rand.NewPCG(11, 9))
	rejected := 0
	for range rounds {
		var ps []float64
		for range 10 {
			hits, _ := trial{queries: 50, classes: 50}.draw(rng)
			by, _ := (&Pairing{Columns: [][]int64{hits[0], hits[1]}}).differences(0, 1)
			p, _ := ExactP(by)
			ps = append(ps, p)
		}
		if slices.Min(Holm(ps)) <= 0.05 {
			rejected++
		}
	}
	if rate := float64(rejected) / rounds; rate > 0.05+3*math.Sqrt(0.05*0.95/rounds) {
		t.Errorf("%d of %d families reject a true hypothesis", rejected, rounds)
	}
}
