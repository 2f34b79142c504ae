package metric

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"strata/experiments/table"
)

// Target is a metric under a label, averaged over queries: P@10 category.
type Target struct {
	Metric Metric
	Label  string
}

// String returns the metric and the label. ParseTarget reads it back.
func (t Target) String() string { return t.Among(nil) }

// Among is String for a context in which words have a meaning: a label that equals one is quoted.
func (t Target) Among(words []string) string {
	metric := t.Metric.String()
	if t.Metric.K == 0 && t.Metric.Kind.has().cut == cutOrAll {
		metric += "@all" // a bare name asks for every cut-off
	}
	return metric + " " + table.QuoteAmong(t.Label, words)
}

// Constraint is the least value that a scheme must have for a target.
type Constraint struct {
	Target
	Least float64
}

// String returns the target and its least value. ParseConstraint reads it back.
func (c Constraint) String() string { return c.Target.String() + " >= " + table.Number(c.Least) }

// ParseTarget parses METRIC LABEL: P@10 category, nDCG@5 'brand name'. ParseMetrics defines the
// metric, with its cut-off. The label is the rest, with or without Go's quotes. ParseTarget does
// not check that the label exists.
func ParseTarget(text string) (Target, error) {
	name, label, _ := strings.Cut(strings.TrimSpace(text), " ")
	label = strings.TrimSpace(label)
	if strings.HasPrefix(label, `"`) {
		plain, err := strconv.Unquote(label)
		if err != nil {
			return Target{}, fmt.Errorf("%q: %s is not a name in quotes", text, label)
		}
		label = plain
	}
	if name == "" || label == "" {
		return Target{}, fmt.Errorf("%q: expected a metric and a label, such as P@10 category", text)
	}
	metrics, err := ParseMetrics([]string{name}, nil)
	if err != nil {
		return Target{}, err
	}
	if len(metrics) != 1 {
		return Target{}, fmt.Errorf("%q: %s is not one metric; with a cut-off it is, such as P@10", text, name)
	}
	return Target{metrics[0], label}, nil
}

// ParseConstraint parses TARGET >= NUMBER.
func ParseConstraint(text string) (Constraint, error) {
	at := strings.LastIndex(text, ">=")
	if at < 0 {
		return Constraint{}, fmt.Errorf("%q: expected METRIC LABEL >= NUMBER, such as P@10 brand >= 0.4", text)
	}
	target, err := ParseTarget(text[:at])
	if err != nil {
		return Constraint{}, err
	}
	bound := strings.TrimSpace(text[at+2:])
	least, err := strconv.ParseFloat(bound, 64)
	if err != nil || math.IsNaN(least) || least < 0 || least > 1 {
		return Constraint{}, fmt.Errorf("%q: a metric is from 0 to 1, so %q is no least value of one", text, bound)
	}
	return Constraint{target, least}, nil
}
