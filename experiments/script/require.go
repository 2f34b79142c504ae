package script

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"strata/experiments/metric"
	"strata/experiments/table"
)

// Require is a condition that the schemes of the last evaluation must meet. A script
// whose evaluation does not meet it fails.
type Require struct {
	Least metric.Constraint // the mean of every scheme; without Run

	Run    string  // "", or a folder that eval --out wrote, whose schemes none may be worse than
	Margin float64 // by how much, with Run: the lower end of the paired interval lies above −Margin
}

// DefaultMargin is the margin of a require step and of strata eval --not-worse-than.
const DefaultMargin = 0.01

// notWorse begins the second form of a require step.
const notWorse = "not-worse-than"

// requireWords are the words of a require step.
var requireWords = []string{notWorse, "margin"}

// Keyword returns require.
func (Require) Keyword() string { return "require" }

func (s Require) String() string {
	if s.Run == "" {
		return stepLine(s, s.Least.Among(requireWords)+" >= "+table.Number(s.Least.Least))
	}
	return stepLine(s, notWorse+" "+table.QuoteAmong(s.Run, requireWords)+" margin "+table.Number(s.Margin))
}

// ParseMargin returns the margin that a text says: above 0 and at most 1.
func ParseMargin(text string) (float64, error) {
	margin, err := strconv.ParseFloat(text, 64)
	if err == nil {
		err = CheckMargin(margin)
	}
	if err != nil {
		return 0, fmt.Errorf("a margin is a number above 0 and at most 1, not %q", text)
	}
	return margin, nil
}

// CheckMargin returns an error for a margin that is none: from a difference of 0 on
// nothing could be met, and no metric differs by more than 1.
func CheckMargin(margin float64) error {
	if margin > 0 && margin <= 1 && !math.IsNaN(margin) {
		return nil
	}
	return fmt.Errorf("a margin is a number above 0 and at most 1, not %s", table.Number(margin))
}

// require parses METRIC LABEL >= NUMBER, or not-worse-than RUN [margin NUMBER].
func (p *parser) require() (Step, error) {
	start := p.pos
	if word := p.until(isBlank); word != notWorse {
		text := strings.TrimRight(p.line[start:], " \t")
		least, err := metric.ParseConstraint(text)
		if err != nil {
			return nil, p.fail(start, "%v", err)
		}
		p.pos = len(p.line)
		return Require{Least: least}, nil
	}
	step := Require{Margin: DefaultMargin}
	var err error
	p.skip()
	if step.Run, err = p.name("the folder of a run"); err != nil {
		return nil, err
	}
	if p.skip(); p.done() {
		return step, nil
	}
	at := p.pos
	if word := p.until(isBlank); word != "margin" {
		return nil, p.fail(at, "expected margin or the end of the line, found %q", word)
	}
	p.skip()
	at = p.pos
	if step.Margin, err = ParseMargin(p.until(isBlank)); err != nil {
		return nil, p.fail(at, "%v", err)
	}
	return step, nil
}
