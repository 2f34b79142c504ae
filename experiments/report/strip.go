package report

import (
	"math"
	"strings"
)

// Strip is an axis on a line of a terminal. It is Cells wide and spans the values from Low to High.
// It draws to the nearest half cell, without colour.
type Strip struct {
	Low, High float64
	Cells     int
}

// half returns the half cell of a value, from 0 to 2·Cells-1.
func (s Strip) half(x float64) int {
	last := 2*s.Cells - 1
	if s.High <= s.Low {
		return last / 2
	}
	at := math.Round((x - s.Low) / (s.High - s.Low) * float64(last))
	return int(min(max(at, 0), float64(last)))
}

// Interval draws a mean with its interval, ╺━●━╸. before is the text before the dot, with leading
// blanks; after is the text behind it. All three are empty for a mean of NaN or a strip without
// cells.
func (s Strip) Interval(low, mean, high float64) (before, dot, after string) {
	if math.IsNaN(mean) || s.Cells < 1 {
		return "", "", ""
	}
	if math.IsNaN(low) || math.IsNaN(high) {
		low, high = mean, mean
	}
	first, at, last := s.half(low), s.half(mean)/2, s.half(high)
	before = strings.Repeat(" ", first/2)
	if n := at - first/2; n > 0 {
		end := "━"
		if first%2 == 1 {
			end = "╺"
		}
		before += end + strings.Repeat("━", n-1)
	}
	if n := last/2 - at; n > 0 {
		end := "━"
		if last%2 == 0 {
			end = "╸"
		}
		after = strings.Repeat("━", n-1) + end
	}
	return before, "●", after
}

// Bar draws a bar from 0 to a value; to the left for a negative value. A value other than 0 has at
// least half a cell. 0 is a thin line, and NaN is empty.
func (s Strip) Bar(x float64) string {
	if math.IsNaN(x) || s.Cells < 1 || s.High <= s.Low {
		return ""
	}
	unit := float64(s.Cells) / (s.High - s.Low)
	zero := int(math.Round(min(max(-s.Low*unit, 0), float64(s.Cells))))
	if x == 0 {
		return strings.Repeat(" ", min(zero, s.Cells-1)) + "▏"
	}
	n := max(int(math.Round(2*math.Abs(x)*unit)), 1) // in half cells
	if x > 0 {
		n = min(n, 2*(s.Cells-zero))
		return strings.Repeat(" ", zero) + strings.Repeat("█", n/2) + strings.Repeat("▌", n%2)
	}
	n = min(n, 2*zero)
	return strings.Repeat(" ", zero-(n+1)/2) + strings.Repeat("▐", n%2) + strings.Repeat("█", n/2)
}
