package experiments

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// number returns a number as it stands in logs and tables: the shortest text
// that reads back to the same float64.
func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// cell returns a number for a table; NaN is empty.
func cell(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return number(x)
}

// rounded returns a number for people; NaN is a dash.
func rounded(x float64) string {
	if math.IsNaN(x) {
		return "-"
	}
	return fmt.Sprintf("%.4f", x)
}

// quantile returns the smallest of ascending values that a part p of them does not exceed.
func quantile[T any](ascending []T, p float64) T {
	i := int(math.Ceil(p*float64(len(ascending)))) - 1
	return ascending[min(max(i, 0), len(ascending)-1)]
}

// millis returns a time in milliseconds, to three digits.
func millis(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 3, 64)
}

// counted returns a number with its noun, whose plural ends in s.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
