package metric

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// graded.go has the measures that are computed from the gains of a ranking, one after another, and
// not from counts.

// RankBiased plus a persistence in hundredths, from 1 to 99, is the Kind of a rank-biased precision.
const RankBiased Kind = 100

// defaultPersistence is that of RBP without a number, in hundredths.
const defaultPersistence = 80

// rankBiased is the name of the measure.
const rankBiased = "RBP"

// persistence returns p of a rank-biased precision, and whether the measure is one.
func (k Kind) persistence() (p float64, ok bool) {
	return float64(k-RankBiased) / 100, k > RankBiased
}

// rankBiasedName returns the name of a rank-biased precision, as ir_measures has it.
func rankBiasedName(k Kind) string {
	if k == RankBiased+defaultPersistence {
		return rankBiased
	}
	p, _ := k.persistence()
	return rankBiased + "(p=" + strconv.FormatFloat(p, 'g', -1, 64) + ")"
}

// cutPersistence returns the measure whose name a text begins with, and the rest of it.
func cutPersistence(name string) (k Kind, rest string, err error) {
	if rest = strings.TrimPrefix(name, rankBiased); rest == "" || rest[0] != '(' {
		return RankBiased + defaultPersistence, rest, nil
	}
	in, rest, closed := strings.Cut(rest[1:], ")")
	p, err := strconv.ParseFloat(strings.TrimPrefix(in, "p="), 64)
	n := math.Round(p * 100)
	if err != nil || !closed || !(n >= 1 && n <= 99) || math.Abs(p*100-n) > 1e-9 {
		return 0, "", fmt.Errorf("metric %s: its persistence is from 0.01 to 0.99, in hundredths: %s(p=0.95)", name, rankBiased)
	}
	return RankBiased + Kind(n), rest, nil
}

// Graded reports whether the metric needs Tally.SetGrades.
func (m Metric) Graded() bool {
	return m.Kind == ExpectedReciprocalRank || m.Kind == BinaryPreference || m.Kind > RankBiased
}

// SetGrades sets what graded metrics need of a query: levels[d] candidates have a gain above d, no
// gain is above largest, and of so many candidates it is known that they are not relevant.
func (t *Tally) SetGrades(levels []int, largest, nonrelevant int) {
	t.levels = append(t.levels[:0], levels...)
	t.largest, t.nonrelevant = min(largest, MaxGain), nonrelevant
}

// within returns the gains of the first k of a ranking; 0 is all.
func within(gains []int8, k int) []int8 {
	if k > 0 {
		return gains[:min(k, len(gains))]
	}
	return gains
}

// valueOf returns a graded metric of a ranking.
func (t *Tally) valueOf(m Metric, gains []int8) float64 {
	gains = within(gains, m.K)
	switch m.Kind {
	case ExpectedReciprocalRank:
		return cascade(gains, t.largest)
	case BinaryPreference:
		return preferred(gains, t.r, t.nonrelevant) / float64(t.r)
	}
	p, _ := m.Kind.persistence()
	return persisted(gains, p, t.largest)
}

// best returns the gains of a perfect ranking, as many as there are up to k.
func (t *Tally) best(k int) []int8 {
	t.perfect = t.perfect[:0]
	for d := len(t.levels) - 1; d >= 0; d-- {
		for len(t.perfect) < t.levels[d] && (k == 0 || len(t.perfect) < k) {
			t.perfect = append(t.perfect, int8(d+1))
		}
	}
	return t.perfect
}

// cascade returns the expected reciprocal rank: a reader who stops at a gain g with the
// probability (2^g − 1)/2^largest, and has 1/rank of it.
func cascade(gains []int8, largest int) float64 {
	var sum float64
	reading := 1.0
	for i, gain := range gains {
		if gain <= 0 {
			continue
		}
		stops := math.Ldexp(1, int(gain)-largest) - math.Ldexp(1, -largest)
		sum += float64(reading*stops) / float64(i+1)
		reading *= 1 - stops
	}
	return sum
}

// persisted returns the rank-biased precision: the mean gain, over the largest, that a reader
// finds who goes on from each rank to the next with the probability p.
func persisted(gains []int8, p float64, largest int) float64 {
	var sum float64
	weight := 1 - p
	for _, gain := range gains {
		if gain > 0 {
			sum += float64(weight*float64(gain)) / float64(largest)
		}
		weight *= p
	}
	return sum
}

// preferred returns the sum over the hits of bpref: 1 less the part of the first r candidates
// known not to be relevant that stand before the hit. What is not known is passed over. It is
// m_bpref.c of trec_eval.
func preferred(gains []int8, r, nonrelevant int) float64 {
	var sum float64
	before := 0
	for _, gain := range gains {
		switch {
		case gain == 0:
			before++
		case gain > 0 && before == 0:
			sum++
		case gain > 0:
			sum += 1 - float64(min(before, r))/float64(min(nonrelevant, r))
		}
	}
	return sum
}

// persisted returns the expectation of the rank-biased precision for the first n.
func (o Odds) persisted(n int, p float64, largest int) float64 {
	var sum float64
	weight := 1 - p
	for range n {
		sum += weight
		weight *= p
	}
	return o.Gain / float64(o.M) / float64(largest) * sum
}

// preferred returns the expectation of bpref: the number of candidates known not to be relevant
// before a relevant one is 0 to N with the same chance.
func (o Odds) preferred() float64 {
	switch {
	case o.N == 0:
		return 1
	case o.N <= o.R:
		return .5
	}
	return 1 - (float64(o.R+1)/2+float64(o.N-o.R))/float64(o.N+1)
}
