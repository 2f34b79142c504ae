package cost

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"strata/experiments/table"
)

// WriteScale writes an extrapolation to Scale items, as arithmetic on the measured numbers, line by
// line. A number with * was measured; all others follow. Recall and precision are not extrapolated.
// The result depends on times.
func (c *Costs) WriteScale(w io.Writer) error {
	var b strings.Builder
	n, here := grouped(c.Scale), grouped(int64(c.Items))
	fmt.Fprintf(&b, "%s items, by arithmetic over what was measured with %s. * marks what was measured; all else follows from it.\n", n, here)
	fmt.Fprintf(&b, "Memory was read at %.1f* GB/s by %d processors. Scans are taken to grow with the items, fixed parts and all; what is small here\n", c.Limits.Bandwidth/1e9, c.Limits.Processors)
	fmt.Fprintf(&b, "may lie in caches, which hold nothing of so many items: of the two lines of a scan, the longer time counts.\n")
	fmt.Fprintf(&b, "A graph's search is taken to grow as the logarithm (Malkov and Yashunin), which nobody has measured here.\n")
	fmt.Fprintf(&b, "What recall and precision would be cannot be had by arithmetic.\n")
	for _, s := range c.Schemes {
		fmt.Fprintf(&b, "\n%s\n", s.Scheme)
		for i, way := range s.Ways {
			if way.Depth == 0 {
				c.scaleWay(&b, s, i)
			}
		}
		c.scaleRescoring(&b, s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// scaleWay writes the arithmetic of a way without rescoring.
func (c *Costs) scaleWay(b *strings.Builder, s SchemeCost, way int) {
	w := s.Ways[way]
	n, here := float64(c.Scale), float64(c.Items)
	item := c.perItem(w.Bytes)
	gigabytes := item * n / 1e9
	fmt.Fprintf(b, "%s\n", w.Name)
	fmt.Fprintf(b, "  memory   %.1f* bytes an item × %s = %.1f GB\n", item, grouped(c.Scale), gigabytes)
	p50 := table.Quantile(w.Time.All, .5).Seconds()
	if w.Family == graphFamily {
		growth := math.Log(n) / math.Log(here)
		fmt.Fprintf(b, "  query    %s* × ln %s / ln %s = %s × %.2f = %s\n",
			seconds(p50), grouped(c.Scale), grouped(int64(c.Items)), seconds(p50), growth, seconds(p50*growth))
		build := w.Time.Build.Seconds()
		fmt.Fprintf(b, "  build    %s* × %s / %s × %.2f = %s, by one thread\n",
			seconds(build), grouped(c.Scale), grouped(int64(c.Items)), growth, seconds(build*n/here*growth))
		return
	}
	fmt.Fprintf(b, "  query    %s* × %s / %s = %s\n", seconds(p50), grouped(c.Scale), grouped(int64(c.Items)), seconds(p50*n/here))
	if w.Name != "certified" { // it also holds codes of 8 bits, and seldom reads them
		fmt.Fprintf(b, "           no less than %.1f GB / %.1f* GB/s = %s\n", gigabytes, c.Limits.Bandwidth/1e9, seconds(gigabytes*1e9/c.Limits.Bandwidth))
	}
	if build := w.Time.Build.Seconds(); build > 0 && w.Family == codesFamily {
		fmt.Fprintf(b, "  build    %s* × %s / %s = %s\n", seconds(build), grouped(c.Scale), grouped(int64(c.Items)), seconds(build*n/here))
	}
}

// scaleRescoring writes the additional cost of rescoring for any way.
func (c *Costs) scaleRescoring(b *strings.Builder, s SchemeCost) {
	item := c.perItem(s.Ways[0].Bytes)
	fmt.Fprintf(b, "rescoring\n  disk     %.1f* bytes an item × %s = %.1f GB of matrices, in memory or not\n", item, grouped(c.Scale), item*float64(c.Scale)/1e9)
	seen := map[int]bool{}
	for _, w := range s.Ways {
		if w.Depth > 0 && !seen[w.Depth] {
			seen[w.Depth] = true
			fmt.Fprintf(b, "  reads    best %d × %.1f* bytes = %.2f MB a query\n", w.Depth, item, float64(w.Depth)*item/1e6)
		}
	}
}

// grouped returns a number with its digits in groups of three.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// seconds returns a time with three digits and a suitable unit.
func seconds(s float64) string {
	switch {
	case s < 1e-3:
		return fmt.Sprintf("%.3g µs", s*1e6)
	case s < 1:
		return fmt.Sprintf("%.3g ms", s*1e3)
	case s < 600:
		return fmt.Sprintf("%.3g s", s)
	case s < 7200:
		return fmt.Sprintf("%.0f min", s/60)
	case s < 48*3600:
		return fmt.Sprintf("%.3g h", s/3600)
	}
	return fmt.Sprintf("%.3g days", s/86400)
}
