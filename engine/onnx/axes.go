package onnx

import (
	"math"
	"slices"
	"strings"
)

// role is what a factor of a dimension counts.
type role uint8

// The roles.
const (
	ofAnything role = iota // not known
	ofPictures
	ofChannels
	ofPlaces
)

// factor is a part of a dimension. The size of a dimension is the product of its
// factors', of which the first moves slowest: so are 12 heads of 64 channels one
// dimension of 768, and pictures and places that a Reshape has joined.
type factor struct {
	role role
	size int64 // -1 where it is not known
	lead int64 // of places, how many tokens stand before the patches; -1 where that is not known
}

// axis is a dimension as its factors. One without factors has size 1 and counts nothing.
type axis []factor

// apart returns the factor of a single picture, which may stand in any dimension, and the
// others.
func (a axis) apart() (single, others axis) {
	for _, f := range a {
		if f.role == ofPictures && f.size == 1 && len(a) > 1 {
			single = append(single, f)
		} else {
			others = append(others, f)
		}
	}
	return single, others
}

// role returns what the axis counts, and whether all of its factors count that; a single
// picture beside others does not matter.
func (a axis) role() (role, bool) {
	got := ofAnything
	_, a = a.apart()
	for i, f := range a {
		switch {
		case f.role == ofAnything:
			return ofAnything, false
		case i > 0 && f.role != got:
			return ofAnything, false
		}
		got = f.role
	}
	return got, len(a) > 0
}

// size returns the size of the axis, -1 where it is not known.
func (a axis) size() int64 {
	n := int64(1)
	for _, f := range a {
		if n = times(n, f.size); n < 0 {
			return -1
		}
	}
	return n
}

// times multiplies sizes; -1 is one that is not known, or too large to be one.
func times(a, b int64) int64 {
	if a < 0 || b < 0 || b > 0 && a > math.MaxInt64/4096/b {
		return -1
	}
	return a * b
}

// one returns an axis of one factor.
func one(r role, size int64) axis { return axis{{role: r, size: size}} }

// part returns n of the places of an axis, from a place on; from is -1 where that is
// not known. What is not places keeps its role alone.
func (a axis) part(from, n int64) axis {
	r, ok := a.role()
	if !ok {
		return one(ofAnything, n)
	}
	single, a := a.apart()
	f := factor{role: r, size: n}
	if r == ofPlaces {
		f.lead = -1
		if len(a) == 1 && a[0].lead == 0 {
			f.lead = 0
		} else if len(a) == 1 && a[0].lead > 0 && from >= 0 {
			f.lead = max(0, a[0].lead-from)
			if n >= 0 {
				f.lead = min(f.lead, n)
			}
		}
	}
	return append(single, f)
}

// split splits a factor into one of n and the rest.
func (f factor) split(n int64) (first, rest factor) {
	first, rest = f, f
	first.size, rest.size = n, f.size/n
	if f.lead != 0 {
		first.lead, rest.lead = -1, -1
	}
	return first, rest
}

// regroup returns the factors of axes in their order as axes of other sizes, as a
// Reshape does it. Of the sizes one may be -1, which takes what is left. It reports
// false if the factors do not say where the new dimensions come from.
func regroup(from []axis, sizes []int64) ([]axis, bool) {
	factors := slices.Concat(from...)
	sizes, ok := solve(factors, sizes)
	if !ok {
		return nil, false
	}
	out := make([]axis, len(sizes))
	for i, want := range sizes {
		got := int64(1)
		for len(factors) > 0 && (got < want || want == 1 && factors[0].size == 1 && len(out[i]) == 0) {
			f := factors[0]
			factors = factors[1:]
			if need := want / got; f.size > need {
				if want%got != 0 || f.size%need != 0 {
					return nil, false
				}
				first, rest := f.split(need)
				f, factors = first, append([]factor{rest}, factors...)
			}
			out[i] = append(out[i], f)
			got *= f.size
		}
		if got != want {
			return nil, false
		}
	}
	if len(factors) > 0 { // of size 1, all of them
		if len(out) == 0 {
			return out, true
		}
		last := &out[len(out)-1]
		*last = slices.Concat(*last, factors)
	}
	return settle(out), true
}

// solve replaces the size that is not known by what is left of the factors.
func solve(factors []factor, sizes []int64) ([]int64, bool) {
	total := axis(factors).size()
	if total <= 0 {
		return nil, false
	}
	out, open, known := slices.Clone(sizes), -1, int64(1)
	for i, n := range sizes {
		switch {
		case n < 0 && open >= 0, n == 0:
			return nil, false
		case n < 0:
			open = i
		default:
			known = times(known, n)
		}
	}
	switch {
	case known < 1 || total%known != 0, open < 0 && total != known:
		return nil, false
	case open >= 0:
		out[open] = total / known
	}
	return out, true
}

// settle gives a single picture a dimension of its own, if there is one of size 1: a
// model of one picture may say its dimension where it likes.
func settle(axes []axis) []axis {
	free := slices.IndexFunc(axes, func(a axis) bool { return len(a) == 0 })
	if free < 0 {
		return axes
	}
	for i, a := range axes {
		at := slices.IndexFunc(a, func(f factor) bool { return f.role == ofPictures && f.size == 1 })
		if at < 0 {
			continue
		}
		if len(a) > 1 {
			axes[free] = axis{a[at]}
			axes[i] = slices.Delete(slices.Clone(a), at, at+1)
		}
		break
	}
	return axes
}

// spell returns what axes count, as N×C×P; ? is what is not known, and NP are pictures
// and places in one dimension.
func spell(axes []axis) string {
	var out []string
	for _, a := range axes {
		text := ""
		for _, f := range a {
			if letter := string("?NCP"[f.role]); !strings.HasSuffix(text, letter) {
				text += letter
			}
		}
		if text == "" {
			text = "1"
		}
		out = append(out, text)
	}
	return strings.Join(out, "×")
}

// layout returns where axes have pictures and channels, UnknownLayout if that is not
// clear or is none of the layouts.
func layout(axes []axis) Layout {
	at := map[role]int{}
	for i, a := range axes {
		r, ok := a.role()
		switch _, twice := at[r]; {
		case len(a) == 0:
			continue // of size 1: a place
		case !ok, twice && r != ofPlaces:
			return UnknownLayout
		}
		at[r] = i
	}
	n, hasN := at[ofPictures]
	c, hasC := at[ofChannels]
	switch last := len(axes) - 1; {
	case !hasN || !hasC || len(axes) < 3:
		return UnknownLayout
	case n == 0 && c == 1:
		return ChannelsFirst
	case n == 0 && c == last:
		return ChannelsLast
	case n == 1 && c == 2 && last == 2:
		return PlacesFirst
	}
	return UnknownLayout
}

// lead returns how many tokens stand before the patches, -1 where that is not known.
func lead(axes []axis) int64 {
	n, found := int64(0), false
	for _, a := range axes {
		for _, f := range a {
			if f.role != ofPlaces {
				continue
			}
			if found && (f.lead != 0 || n != 0) {
				return -1
			}
			n, found = f.lead, true
		}
	}
	if !found {
		return -1
	}
	return n
}
