package experiments

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"strata/experiments/script"
)

// agree reports whether a line is the expected one, within the tolerance. With one,
// lines that are a hash of what the tolerance allows to differ are passed over: those of
// exports, and of features.
func (r *replay) agree(step script.Step, expected, got string) bool {
	if expected == got {
		return true
	}
	if r.o.Tolerance == 0 {
		return false
	}
	_, export := step.(script.Export)
	_, image := step.(script.Image)
	if export || image && strings.HasPrefix(expected, featuresLine) && strings.HasPrefix(got, featuresLine) {
		r.passed++
		return true
	}
	return agreeWithin(expected, got, r.o.Tolerance)
}

// numberWord is a word of a result line, or what stands between words.
var numberWord = regexp.MustCompile(`[^][ ,;:()=]+|[][ ,;:()=]+`)

// agreeWithin reports whether two lines are the same but for numbers that differ by at
// most tolerance. Whole numbers on both sides, which are counts and ranks, are the same.
func agreeWithin(expected, got string, tolerance float64) bool {
	a, b := numberWord.FindAllString(expected, -1), numberWord.FindAllString(got, -1)
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] == b[i] {
			continue
		}
		x, errX := strconv.ParseFloat(a[i], 64)
		y, errY := strconv.ParseFloat(b[i], 64)
		if errX != nil || errY != nil || isWhole(a[i]) && isWhole(b[i]) || !(math.Abs(x-y) <= tolerance) {
			return false
		}
	}
	return true
}

func isWhole(word string) bool { return !strings.ContainsAny(word, ".eE") }
