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

func quantile[T any](ascending []T, p float64) T {
	i := int(math.Ceil(p*float64(len(ascending)))) - 1
	return ascending[min(max(i, 0), len(ascending)-1)]
}

func millis(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 3, 64)
}
