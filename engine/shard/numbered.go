package shard

import (
	"cmp"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Whole checks that of shards that are ParseNumbered from 0 to a number that each names all
// are there.
func Whole(names []string) error {
	var set []Name
	for _, name := range names {
		if s, ok := Parse(name); ok {
			set = append(set, s)
		}
	}
	if len(set) == 0 {
		return nil
	}
	return check(set)
}

// Numbered is the name of a file with a number of its own among others.
type Numbered struct {
	Base    string // img_emb of img_emb_12.npy
	Number  int
	Pattern string // img_emb_*.npy
}

var (
	endNumber = regexp.MustCompile(`^(.*[^0-9])([0-9]{1,9})$`)
	numbers   = regexp.MustCompile(`[0-9]+`)
)

// ParseNumbered parses the name of one of several files: C-00003-of-00008.npy, img_emb_3.npy.
// Their numbers follow a mark.
func ParseNumbered(name string) (Numbered, bool) {
	if s, ok := Parse(name); ok {
		return Numbered{s.Base, s.number, s.Pattern()}, true
	}
	stem, rest, _ := strings.Cut(name, ".")
	m := endNumber.FindStringSubmatch(stem)
	if m == nil || !strings.ContainsAny(m[1][len(m[1])-1:], "_-") || len(m[1]) < 2 {
		return Numbered{}, false
	}
	n, _ := strconv.Atoi(m[2]) // digits
	return Numbered{m[1][:len(m[1])-1], n, m[1] + "*." + rest}, true
}

// Numbers returns the numbers of files that have one of their own, in the order of the names. It
// returns nil if one has none, or is one of a stated number of shards: of those Whole finds gaps.
func Numbers(names []string) []int {
	var numbers []int
	for _, name := range names {
		n, ok := ParseNumbered(path.Base(name))
		if _, stated := Parse(name); !ok || stated {
			return nil
		}
		numbers = append(numbers, n.Number)
	}
	return numbers
}

// ByNumber orders names as people do: those that differ in a number by that.
func ByNumber(a, b string) int {
	for a != "" && b != "" {
		x, y := numbers.FindStringIndex(a), numbers.FindStringIndex(b)
		if x == nil || y == nil || a[:x[0]] != b[:y[0]] {
			break
		}
		p, q := strings.TrimLeft(a[x[0]:x[1]], "0"), strings.TrimLeft(b[y[0]:y[1]], "0")
		if c := cmp.Or(cmp.Compare(len(p), len(q)), strings.Compare(p, q)); c != 0 {
			return c
		}
		a, b = a[x[1]:], b[y[1]:]
	}
	return strings.Compare(a, b)
}
