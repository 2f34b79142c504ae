package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"strata/engine/onnx"
	"strata/experiments/eval"
	"strata/experiments/sweep"
	"strata/experiments/table"
)

// The least width of the axis in the text of a sweep, the largest of a layer's name, and the
// number of poolings up to which cells have intervals.
const (
	leastAxis   = 12
	widestDepth = 24
	fewPoolings = 2
)

// WriteSweep draws P@10 by depth: a paragraph for each label, a row for each tensor with the
// value under every pooling, and the interval of the row's best. * marks the highest of all.
func WriteSweep(w io.Writer, s *sweep.Swept) error {
	var b strings.Builder
	names := depthNames(s)
	for l, label := range s.Evaluation.Labels {
		best := s.Best(l)
		if best < 0 {
			fmt.Fprintf(&b, "%s: no query is judged\n\n", table.Quote(label))
			continue
		}
		writeSweepLabel(&b, s, l, best, names)
		sum := s.Summary(best, l)
		fmt.Fprintf(&b, "%s %s, ceiling %s, random %s; %s\n", table.Quote(label), eval.Skips(sum),
			table.Rounded(sum.Ceiling), table.Rounded(sum.Baseline), bestLine(s, l, best))
		b.WriteString("\n")
	}
	if n := len(s.Kept); n > 0 {
		var kept []string
		for _, p := range s.Kept {
			kept = append(kept, p.Layer)
		}
		fmt.Fprintf(&b, "kept: %s\n", strings.Join(kept, ", "))
	}
	_, err := io.WriteString(w, strings.TrimSuffix(b.String(), "\n")+"\n")
	return err
}

// bestLine names the highest layer, and says in how many resamples it is the highest.
func bestLine(s *sweep.Swept, label, best int) string {
	at := s.Evaluation.SummaryAt(best, label, eval.Micro, 0)
	return fmt.Sprintf("highest %s, in %s of the resamples", s.Points[best].Layer, table.Rounded(s.Evaluation.Standings[at].First))
}

// depthNames returns the names of a sweep's rows, by depth: of layers, without their pooling.
func depthNames(s *sweep.Swept) []string {
	var names []string
	for d := range s.Depths() {
		i := slices.IndexFunc(s.Points, func(p sweep.Point) bool { return p.Depth == d+1 })
		name, _, _ := strings.Cut(s.Points[i].Layer, "-")
		if p := s.Points[i]; strings.HasPrefix(p.Layer, p.Tensor+"-") {
			name = p.Tensor
		}
		names = append(names, name)
	}
	return names
}

// cellWidth returns the width of a pooling's column.
func cellWidth(s *sweep.Swept, p onnx.Pooling) int {
	width := 7
	if len(s.Poolings) <= fewPoolings {
		width = 15
	}
	return max(width, utf8.RuneCountInString(p.String()))
}

// sweepCell returns a value; of few poolings with half the width of its interval.
func sweepCell(s *sweep.Swept, sum eval.Summary, best bool) string {
	cell := table.Rounded(sum.Value)
	if len(s.Poolings) <= fewPoolings {
		cell += " ±" + table.Rounded((sum.High-sum.Low)/2)
	}
	if best {
		cell += "*"
	}
	return cell
}

// writeSweepLabel draws the paragraph of a label.
func writeSweepLabel(b *strings.Builder, s *sweep.Swept, label, best int, names []string) {
	wide := utf8.RuneCountInString(s.Summary(best, label).Metric.String()) + 1 + utf8.RuneCountInString(table.Quote(s.Evaluation.Labels[label]))
	for _, n := range names {
		wide = max(wide, min(utf8.RuneCountInString(n), widestDepth))
	}
	strip := Strip{Low: math.Inf(1), High: math.Inf(-1)}
	head := padText(fmt.Sprintf("%s %s", s.Summary(best, label).Metric, table.Quote(s.Evaluation.Labels[label])), wide)
	for _, p := range s.Poolings {
		head += "  " + padText(p.String(), cellWidth(s, p))
	}
	strip.Cells = max(textWidth-utf8.RuneCountInString(head)-2, leastAxis)
	for d := range names {
		if i := s.BestAt(d+1, label); i >= 0 {
			sum := s.Summary(i, label)
			strip.Low, strip.High = min(strip.Low, sum.Low), max(strip.High, sum.High)
		}
	}
	low, high := table.Rounded(strip.Low), table.Rounded(strip.High)
	fmt.Fprintf(b, "%s  %s%s\n", head, padText(low, strip.Cells-len(high)), high)
	for d, name := range names {
		line := padText(name, wide)
		for _, p := range s.Poolings {
			cell := "-"
			if i := s.At(d+1, p); i >= 0 && s.Summary(i, label).N > 0 {
				cell = sweepCell(s, s.Summary(i, label), i == best)
			}
			line += "  " + padText(cell, cellWidth(s, p))
		}
		if i := s.BestAt(d+1, label); i >= 0 {
			sum := s.Summary(i, label)
			before, dot, after := strip.Interval(sum.Low, sum.Value, sum.High)
			line += "  " + before + dot + after
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}
