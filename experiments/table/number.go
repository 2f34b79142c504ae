package table

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Number returns a number as it stands in logs and tables: the shortest text
// that reads back to the same float64.
func Number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// Cell returns a number for a table; NaN is empty.
func Cell(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return Number(x)
}

// Rounded returns a number for people; NaN is a dash.
func Rounded(x float64) string {
	if math.IsNaN(x) {
		return "-"
	}
	return fmt.Sprintf("%.4f", x)
}

// Quantile returns the smallest of ascending values that a part p of them does not exceed.
func Quantile[T any](ascending []T, p float64) T {
	i := int(math.Ceil(p*float64(len(ascending)))) - 1
	return ascending[min(max(i, 0), len(ascending)-1)]
}

// Millis returns a time in milliseconds, to three digits.
func Millis(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 3, 64)
}

// Counted returns a number with its noun, whose plural ends in s.
func Counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
