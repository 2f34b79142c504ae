package metric

import "math"

// Bound holds, by query, the value of one metric for a perfect ranking (the ceiling) and the mean
// value for a random ranking (the baseline). The ceiling of a count is a count. An unknown value is
// NaN.
type Bound struct {
	Ceilings, Baselines []float64
}

// Ceiling returns the ceiling of query i.
func (b Bound) Ceiling(i int) float64 { return b.Ceilings[i] }

// Baseline returns the baseline of query i.
func (b Bound) Baseline(i int) float64 { return b.Baselines[i] }

// Odds holds the numbers that determine the random value of one query.
type Odds struct {
	M, R int     // candidates, and relevant ones
	N    int     // candidates known not to be relevant, for bpref
	Gain float64 // of all candidates
}

// Perfect returns the metric of a perfect ranking with r relevant candidates. A count is not
// divided by its unit. ERR and RBP depend on the grades of the tally.
func (m Metric) Perfect(r int, t *Tally) float64 {
	if m.Graded() && m.Kind != BinaryPreference {
		return t.valueOf(m, t.best(m.K))
	}
	switch m.Kind {
	case Precision:
		return float64(min(m.K, r))
	case Recall:
		return float64(min(m.K, r)) / float64(r)
	case AveragePrecision:
		if m.K > 0 {
			return float64(min(m.K, r)) / float64(r)
		}
	case JudgedShare:
		return math.NaN()
	}
	return 1
}

// Random returns the expectation of the metric over all orders of the candidates, in closed form.
// It is a sum of at most k or M terms. AP(hits), Judged and ERR have none: NaN.
func (m Metric) Random(o Odds, t *Tally) float64 {
	n, r, all := m.K, float64(o.R), float64(o.M)
	if n == 0 || n > o.M {
		n = o.M
	}
	some := r / all // the chance of a hit at any rank
	if p, ok := m.Kind.persistence(); ok {
		return o.persisted(n, p, t.largest)
	}
	switch m.Kind {
	case BinaryPreference:
		return o.preferred()
	case Precision:
		if m.K > o.M {
			return some * float64(o.M) / float64(m.K)
		}
		return some
	case CappedPrecision:
		return some * float64(n) / float64(min(m.K, o.R))
	case Recall:
		return float64(n) / all
	case RPrecision:
		return some
	case Success:
		return 1 - o.none(n)
	case ReciprocalRank:
		return o.reciprocalRank(n)
	case AveragePrecision:
		return o.sum(n) / r
	case AveragePrecisionMin:
		return o.sum(n) / float64(min(m.K, o.R))
	case AveragePrecisionAtR:
		return o.sum(o.R) / r
	case AveragePrecisionTrapezoid:
		return o.trapezoid() / r
	case NDCG:
		return o.discounted(n, t) / t.idealAt(m.K)
	}
	return math.NaN()
}

// none returns the probability that no relevant candidate is among the first n.
func (o Odds) none(n int) float64 {
	chance := 1.0
	for j := range n {
		chance *= max(0, float64(o.M-o.R-j)) / float64(o.M-j)
	}
	return chance
}

// reciprocalRank returns the expectation of 1/rank of the first hit, among the first n.
func (o Odds) reciprocalRank(n int) float64 {
	var sum float64
	chance := 1.0 // that there was no hit before
	for j := range n {
		sum += float64(chance*float64(o.R)/float64(o.M-j)) / float64(j+1)
		chance *= max(0, float64(o.M-o.R-j)) / float64(o.M-j)
	}
	return sum
}

// other returns the probability that a candidate is relevant, given that another one is.
func (o Odds) other() float64 { return float64(o.R-1) / float64(max(1, o.M-1)) }

// sum returns the expectation of S for the first n: the precision at a hit of rank i is (1 + the
// hits among i-1 others)/i.
func (o Odds) sum(n int) float64 {
	var sum float64
	for i := range n {
		sum += (1 + float64(float64(i)*o.other())) / float64(i+1)
	}
	return float64(o.R) / float64(o.M) * sum
}

// trapezoid returns the expectation of the sum over the hits of the mean of the precisions before
// and at the hit.
func (o Odds) trapezoid() float64 {
	sum := 1.0 // of rank 1, before which the precision is 1
	for i := 1; i < o.M; i++ {
		sum += (o.other() + (1+float64(float64(i)*o.other()))/float64(i+1)) / 2
	}
	return float64(o.R) / float64(o.M) * sum
}

// discounted returns the expectation of Σ gain/log2(rank+1) over the first n.
func (o Odds) discounted(n int, t *Tally) float64 {
	var sum float64
	for rank := 1; rank <= n; rank++ {
		sum += 1 / t.log2[rank]
	}
	return o.Gain / float64(o.M) * sum
}
