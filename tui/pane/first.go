package pane

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"strata/engine/layer"
	"strata/engine/scheme"
)

// firstLayers is the number of layers that a new session has rows of.
const firstLayers = 3

// FirstSchemes are the schemes of a new session where gallery.yaml names none: up to three layers by themselves, and
// their sum. Layers whose names differ only in numbers are taps of one network, of which the later ones are the
// deeper: the deepest of every such family comes first, then what lies halfway to the first.
func FirstSchemes(layers []*layer.Layer) []scheme.Scheme {
	var schemes []scheme.Scheme
	var sum scheme.Scheme
	for _, name := range chosenLayers(layers) {
		t := scheme.Term{Weight: 1, Factor: scheme.FactorNamed(name)}
		schemes = append(schemes, scheme.Scheme{Terms: []scheme.Term{t}})
		sum.Terms = append(sum.Terms, t)
	}
	if len(sum.Terms) > 1 {
		schemes = append(schemes, sum)
	}
	return schemes
}

// chosenLayers returns the names of the first layers, by family, within which the deeper ones come last.
func chosenLayers(layers []*layer.Layer) []string {
	all := families(layers)
	chosen := make([][]int, len(all)) // places within each family
	left := firstLayers
	for round := 0; left > 0 && round < len(layers); round++ {
		for n, names := range all {
			if at := halfway(len(names), round); left > 0 && at >= 0 {
				chosen[n] = append(chosen[n], at)
				left--
			}
		}
	}
	var names []string
	for n, places := range chosen {
		slices.Sort(places)
		for _, at := range places {
			names = append(names, all[n][at])
		}
	}
	return names
}

// halfway returns the place that is taken of n in a round: the last, that in the middle, the first; -1: none is left.
func halfway(n, round int) int {
	places := slices.Compact([]int{n - 1, (n - 1) / 2, 0})
	if round >= len(places) {
		return -1
	}
	return places[round]
}

// digits are numbers within a name.
var digits = regexp.MustCompile(`[0-9]+`)

// families groups the names of layers that differ only in numbers, in the order of the gallery; the names of a family
// are in the order of their numbers.
func families(layers []*layer.Layer) [][]string {
	var all [][]string
	at := map[string]int{}
	for _, l := range layers {
		stem := digits.ReplaceAllString(l.Name, "#")
		n, ok := at[stem]
		if !ok {
			n = len(all)
			at[stem], all = n, append(all, nil)
		}
		all[n] = append(all[n], l.Name)
	}
	for _, names := range all {
		slices.SortStableFunc(names, byNumbers)
	}
	return all
}

// byNumbers compares names that differ only in numbers, by those.
func byNumbers(a, b string) int {
	x, y := digits.FindAllString(a, -1), digits.FindAllString(b, -1)
	for i := range min(len(x), len(y)) {
		m, n := strings.TrimLeft(x[i], "0"), strings.TrimLeft(y[i], "0")
		if c := cmp.Or(cmp.Compare(len(m), len(n)), strings.Compare(m, n)); c != 0 {
			return c
		}
	}
	return strings.Compare(a, b)
}
