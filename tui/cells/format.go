package cells

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"strata/engine/inert"

	"github.com/charmbracelet/x/ansi"
)

// Thousands writes n with commas: 9,583.
func Thousands[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Number writes x with the given number of decimals, and without the zero before the point: .993,
// 1.000, -.020. It writes "-" for NaN.
func Number(x float64, decimals int) string {
	if math.IsNaN(x) {
		return "-"
	}
	s := strconv.FormatFloat(x, 'f', decimals, 64)
	switch {
	case strings.HasPrefix(s, "0."):
		return s[1:]
	case strings.HasPrefix(s, "-0."):
		if strings.Trim(s, "-0.") == "" {
			return s[2:]
		}
		return "-" + s[2:]
	}
	return s
}

// Signed writes a difference with its sign and three decimals.
func Signed(x float64) string {
	if x > 0 {
		return "+" + Number(x, 3)
	}
	return Number(x, 3)
}

// Chance writes a p with the given number of decimals: one that is less than they can show as <.001. It writes "-" for
// NaN.
func Chance(p float64, decimals int) string {
	if least := math.Pow10(-decimals); p < least {
		return "<" + Number(least, decimals)
	}
	return Number(p, decimals)
}

// ScoreIn writes a score with as many decimals as fit in width cells, at most four.
func ScoreIn(x float64, width int) string {
	for decimals := 4; decimals > 0; decimals-- {
		if s := Number(x, decimals); len(s) <= width {
			return s
		}
	}
	return Number(x, 0)
}

// SizeOf writes a number of bytes with a unit.
func SizeOf(n int64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return strconv.FormatInt(n>>30, 10) + " GB"
	case n >= 1<<30:
		return strconv.FormatFloat(float64(n)/(1<<30), 'f', 1, 64) + " GB"
	case n >= 1<<20:
		return strconv.FormatInt(n>>20, 10) + " MB"
	}
	return strconv.FormatInt((n+1023)>>10, 10) + " kB"
}

// Plural returns the form of the word for n things.
func Plural(word string, n int) string {
	stem, y := strings.CutSuffix(word, "y")
	switch {
	case n == 1:
		return word
	case y:
		return stem + "ies"
	}
	return word + "s"
}

// Cut returns a text of a gallery or a person, safe to show, in at most width cells.
func Cut(s string, width int) string {
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(inert.Text(s), width, "…")
}

// CutID returns an id in at most width cells. It is cut in its middle: ids begin with what they are of, and differ at
// their ends.
func CutID(id string, width int) string {
	id = inert.Text(id)
	w := ansi.StringWidth(id)
	if w <= width || width <= 2 {
		return Cut(id, width)
	}
	head := ansi.Truncate(id, (width-1)/2, "")
	rest := width - 1 - ansi.StringWidth(head)
	tail := ansi.TruncateLeft(id, w-rest, "")
	for n := w - rest + 1; ansi.StringWidth(tail) > rest; n++ { // a wide character was cut in two
		tail = ansi.TruncateLeft(id, n, "")
	}
	return head + "…" + tail
}

// Padded pads styled text with blanks on the right, or cuts it, to exactly width cells.
func Padded(s string, width int) string {
	w := ansi.StringWidth(s)
	if w > width {
		s = ansi.Truncate(s, max(width, 0), "")
		w = ansi.StringWidth(s) // less than width if a wide character was cut off
	}
	return s + strings.Repeat(" ", max(width-w, 0))
}

// Flush returns left and right at the two ends of width cells. It cuts left if both do not fit.
func Flush(left, right string, width int) string {
	w := ansi.StringWidth(right)
	if w == 0 || w >= width {
		return Padded(left, width)
	}
	if lw := ansi.StringWidth(left); lw > width-w-1 {
		left = ansi.Truncate(left, max(0, width-w-1), "…")
	}
	return Padded(left, width-w) + right
}

// Right pads plain text with blanks on the left to width cells.
func Right(s string, width int) string {
	return strings.Repeat(" ", max(0, width-ansi.StringWidth(s))) + s
}

// WeightText writes a weight for the screen in at most five cells.
func WeightText(w float64) string {
	s := strings.TrimPrefix(fmt.Sprintf("%.4g", w), "0")
	if s == "" {
		return "0"
	}
	if len(s) > 5 {
		s = fmt.Sprintf("%.0e", w)
	}
	return s
}

// CommonStart returns how all of the texts begin, of which there is one at least.
func CommonStart(texts []string) string {
	common := texts[0]
	for _, text := range texts[1:] {
		n := 0
		for n < min(len(common), len(text)) && common[n] == text[n] {
			n++
		}
		common = strings.ToValidUTF8(common[:n], "")
	}
	return common
}
