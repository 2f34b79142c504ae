package stats

import (
	"math"
	"slices"
)

// The limits of an exact p. Up to enumerated differences all divisions are
// looked at; with more, the distribution is computed as long as it takes no more
// than convolved multiplications, over sums up to largestSum.
const (
	enumerated = 20
	convolved  = 1 << 25
	largestSum = 1 << 22
)

// negligible is the chance under which a part of a distribution is left out; a p
// is at least smallestP.
const (
	negligible = 1e-36
	smallestP  = 1e-30
)

// ExactP returns the two-sided p of the paired permutation test: the chance that
// the sum of the differences, each with either sign at even chances, is at
// least as far from 0 as their sum is. It is not asked to do more than what
// takes some milliseconds, and reports false where that would not do.
//
// The signed sum is Σ|d| less twice the sum of those that turn negative, and the
// differences of one size v give v times a binomial number: the distribution is
// the convolution of as many binomial ones as there are sizes. All terms are
// positive, so it is exact but for the rounding of some thousand operations, and
// for chances under 10⁻³⁰, which are given as that.
func ExactP(differences []int64) (p float64, ok bool) {
	var sizes []int64
	var sum, total int64
	for _, d := range differences {
		if d != 0 {
			sizes = append(sizes, max(d, -d))
			sum += d
			total += max(d, -d)
		}
	}
	sum = max(sum, -sum)
	switch {
	case sum == 0:
		return 1, true
	case len(sizes) <= enumerated:
		return enumerate(sizes, sum), true
	case total > largestSum:
		return 0, false
	}
	slices.Sort(sizes)
	var groups []sizeGroup
	for _, v := range sizes {
		if n := len(groups); n > 0 && groups[n-1].size == v {
			groups[n-1].count++
		} else {
			groups = append(groups, sizeGroup{v, 1})
		}
	}
	if convolutionCost(groups) > convolved {
		return 0, false
	}
	// p is the chance that what turns negative is at most (total-sum)/2, and by
	// symmetry the same at the other end.
	return min(1, max(smallestP, 2*lowerTail(groups, (total-sum)/2))), true
}

// enumerate returns the part of all 2ⁿ signs that give a sum as far from 0 as
// sum. The first sign stays, by symmetry; the others go through a Gray code.
func enumerate(sizes []int64, sum int64) float64 {
	var now int64
	for _, v := range sizes {
		now += v
	}
	positive := make([]bool, len(sizes))
	for i := range positive {
		positive[i] = true
	}
	all := 1 << (len(sizes) - 1)
	far := 0
	for step := 1; ; step++ {
		if now >= sum || -now >= sum {
			far++
		}
		if step == all {
			return float64(far) / float64(all)
		}
		i := 1
		for bit := step; bit&1 == 0; bit >>= 1 {
			i++
		}
		if positive[i] {
			now -= 2 * sizes[i]
		} else {
			now += 2 * sizes[i]
		}
		positive[i] = !positive[i]
	}
}

// sizeGroup is a number of differences of one size.
type sizeGroup struct {
	size  int64
	count int
}

// spread is the number of standard deviations from the mean beyond which chances
// are left out, at most: exp(-13²/2) < 10⁻³⁶.
const spread = 13

// convolutionCost estimates the multiplications of lowerTail.
func convolutionCost(groups []sizeGroup) float64 {
	var cost, variance, total float64
	for _, g := range groups {
		v, n := float64(g.size), float64(g.count)
		width := min(total, 2*spread*math.Sqrt(variance)) + 1
		cost += width * (min(n, spread*math.Sqrt(n)) + 1)
		variance += float64(v*v) * n / 4
		total += float64(v * n)
	}
	return cost
}

// chances is a distribution over the integers from lo.
type chances struct {
	lo int64
	p  []float64
}

// lowerTail returns the chance that the sum, over the groups, of size times a
// binomial number of count even trials is at most most.
func lowerTail(groups []sizeGroup, most int64) float64 {
	sum := chances{0, []float64{1}}
	for _, g := range groups[:len(groups)-1] {
		sum = sum.plus(binomial(g.count), g.size).trimmed()
	}
	// The last one needs no distribution of its own, only its tails.
	last := groups[len(groups)-1]
	tail := binomial(last.count)
	for i := 1; i < len(tail.p); i++ {
		tail.p[i] += tail.p[i-1]
	}
	var p float64
	for i, chance := range sum.p {
		left := most - sum.lo - int64(i)
		if left < 0 {
			break
		}
		if at := left/last.size - tail.lo; at >= 0 {
			p += float64(chance * tail.p[min(at, int64(len(tail.p)-1))])
		}
	}
	return p
}

// plus returns the distribution of the sum of c's number and size times that of b.
func (c chances) plus(b chances, size int64) chances {
	sum := chances{c.lo + b.lo*size, make([]float64, int64(len(c.p))+int64(len(b.p)-1)*size)}
	for j, factor := range b.p {
		to := sum.p[int64(j)*size:][:len(c.p)]
		for i, chance := range c.p {
			to[i] += float64(chance * factor)
		}
	}
	return sum
}

// trimmed returns the distribution without negligible ends.
func (c chances) trimmed() chances {
	for c.p[0] < negligible {
		c.p = c.p[1:]
		c.lo++
	}
	for c.p[len(c.p)-1] < negligible {
		c.p = c.p[:len(c.p)-1]
	}
	return c
}

// binomial returns the distribution of the number of heads among n tosses,
// without negligible ends: from the middle outwards by the ratio of neighbours,
// then divided by its sum.
func binomial(n int) chances {
	half := n / 2
	p := make([]float64, n+1)
	p[half] = 1
	sum := 1.0
	for j := half; j < n && p[j] >= negligible; j++ {
		p[j+1] = p[j] * float64(n-j) / float64(j+1)
		sum += p[j+1]
	}
	for j := half; j > 0 && p[j] >= negligible; j-- {
		p[j-1] = p[j] * float64(j) / float64(n-j+1)
		sum += p[j-1]
	}
	for j := range p {
		p[j] /= sum
	}
	return chances{0, p}.trimmed()
}

// Holm returns the p-values adjusted by Holm's method (A simple sequentially
// rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979),
// by their places.
func Holm(ps []float64) []float64 {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case ps[a] < ps[b]:
			return -1
		case ps[a] > ps[b]:
			return 1
		}
		return 0
	})
	adjusted := make([]float64, len(ps))
	var largest float64
	for rank, i := range order {
		largest = max(largest, min(1, ps[i]*float64(len(ps)-rank)))
		adjusted[i] = largest
	}
	return adjusted
}
