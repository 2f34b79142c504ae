package script

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"strata/engine/scheme"
	"strata/experiments/metric"
	"strata/experiments/table"
)

// Tune searches the weights of layers, as a tune.Tuning does.
type Tune struct {
	Layers      []string // A/B stands for either, as in a tune.Tuning
	Objective   metric.Target
	Constraints []metric.Constraint
	Front       []metric.Target    // nil: the objective's metric under every label
	Where       []scheme.Condition // the queries to take; none: all
	Set         string             // a named set of the gallery that holds the queries; "": all
	Over        int                // queries to draw of those; 0: all
	Seed        uint64             // of the draw, the division and the resampling; 0: 1
	Parts       int                // the grid's step is 1/Parts; 0: 10
	Share       float64            // of the queries, to tune on; 0: 0.5
}

// The defaults of a tune step and of strata tune.
const (
	DefaultParts = 10
	DefaultShare = 0.5
)

// tuneWords begin the clauses of a tune step.
var tuneWords = []string{"for", "with", "front", "where", "over", "seed", "step", "share"}

// Keyword returns tune.
func (Tune) Keyword() string { return "tune" }

// WithSeed returns the step with another seed.
func (s Tune) WithSeed(seed uint64) Step { s.Seed = seed; return s }

// Filled returns the step with its defaults spelled out.
func (s Tune) Filled() Tune {
	s.Seed = max(s.Seed, 1)
	if s.Parts == 0 {
		s.Parts = DefaultParts
	}
	if s.Share == 0 {
		s.Share = DefaultShare
	}
	return s
}

func (s Tune) String() string {
	s = s.Filled()
	layers := make([]string, len(s.Layers))
	for i, l := range s.Layers {
		layers[i] = table.QuoteAmong(l, tuneWords)
	}
	parts := []string{strings.Join(layers, ", "), "for " + s.Objective.Among(tuneWords)}
	if len(s.Constraints) > 0 {
		texts := make([]string, len(s.Constraints))
		for i, c := range s.Constraints {
			texts[i] = c.Among(tuneWords) + " >= " + table.Number(c.Least)
		}
		parts = append(parts, "with "+strings.Join(texts, ", "))
	}
	if len(s.Front) > 0 {
		texts := make([]string, len(s.Front))
		for i, t := range s.Front {
			texts[i] = t.Among(tuneWords)
		}
		parts = append(parts, "front "+strings.Join(texts, ", "))
	}
	if len(s.Where) > 0 {
		parts = append(parts, "where "+joinConditions(s.Where))
	}
	parts = append(parts, "over "+OverText(s.Over, s.Set, tuneWords...), "seed "+strconv.FormatUint(s.Seed, 10), fmt.Sprintf("step 1/%d", s.Parts), "share "+table.Number(s.Share))
	return stepLine(s, strings.Join(parts, " "))
}

// ParseGridStep returns the number of parts that a step of weights makes of 1: it
// is one of 1, 1/2, 1/3 to 1/100, as a fraction or a decimal.
func ParseGridStep(text string) (int, error) {
	if parts, ok := strings.CutPrefix(text, "1/"); ok {
		if n, err := strconv.Atoi(parts); err == nil && n >= 1 && n <= 100 {
			return n, nil
		}
	} else if step, err := strconv.ParseFloat(text, 64); err == nil && step > 0 {
		if n := math.Round(1 / step); n >= 1 && n <= 100 && 1/n == step {
			return int(n), nil
		}
	}
	return 0, fmt.Errorf("a step of weights is one of 1, 1/2, 1/3 to 1/100, as a fraction or a decimal, not %q", text)
}

// tune parses LAYER, … for METRIC LABEL, then other clauses.
func (p *parser) tune() (Step, error) {
	var step Tune
	start := p.pos
	end, word := p.clause(tuneWords, false)
	err := p.items(end, func(text string) error {
		layer, err := layerPlace(text)
		step.Layers = append(step.Layers, layer)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = p.clauses(tuneWords, end, word, func(clause string, end int) error { return p.tuneClause(&step, clause, end) })
	if err != nil {
		return nil, err
	}
	if step.Objective.Label == "" {
		return nil, p.fail(start, "expected layers and what to tune them for: tune LAYER, LAYER for METRIC LABEL")
	}
	return step.Filled(), nil
}

// layerPlace returns the layers of one place in canonical form.
func layerPlace(text string) (string, error) {
	var names []string
	for name := range strings.SplitSeq(text, "/") {
		s, err := scheme.ParseScheme(name)
		if err == nil && (s.Kind != scheme.Sum || len(s.Terms) != 1 || s.String() != s.Terms[0].Factor.String()) {
			err = fmt.Errorf("%s is no layer: weights are searched for layers, with transforms or without", s)
		}
		if err != nil {
			return "", err
		}
		names = append(names, s.String())
	}
	return strings.Join(names, "/"), nil
}

// items reads a list up to end: texts parted by commas, bare or between double
// quotes. An error of read stands at the item.
func (p *parser) items(end int, read func(text string) error) error {
	for {
		p.skip()
		start, stop := p.pos, p.item(end)
		text := strings.TrimRight(p.line[start:stop], " \t")
		if strings.HasPrefix(text, `"`) {
			if unquoted, err := strconv.Unquote(text); err == nil {
				text = unquoted
			}
		}
		if err := read(text); err != nil {
			var se *scheme.SyntaxError
			if errors.As(err, &se) {
				return p.fail(start, "%s: column %d: %s", table.Quote(se.Text), se.Column, se.Reason)
			}
			return p.fail(start, "%v", err)
		}
		if p.pos = stop; stop == end || !p.accept(',') {
			return nil
		}
	}
}

// tuneClause reads what follows a clause's word, up to end.
func (p *parser) tuneClause(step *Tune, clause string, end int) (err error) {
	start, text := p.pos, strings.TrimRight(p.line[p.pos:end], " \t")
	switch clause {
	case "for":
		step.Objective, err = metric.ParseTarget(text)
	case "with":
		return p.items(end, func(text string) error {
			c, err := metric.ParseConstraint(text)
			step.Constraints = append(step.Constraints, c)
			return err
		})
	case "front":
		return p.items(end, func(text string) error {
			t, err := metric.ParseTarget(text)
			step.Front = append(step.Front, t)
			return err
		})
	case "where":
		step.Where, err = p.conditions(end)
		return err
	case "over":
		step.Over, step.Set, err = p.over(end)
		return err
	case "seed":
		step.Seed, err = p.whole("a seed", 1<<64-1)
		return err
	case "step":
		step.Parts, err = ParseGridStep(text)
	case "share":
		step.Share, err = parseShare(text)
	}
	if err != nil {
		return p.fail(start, "%v", err)
	}
	p.pos = end
	return nil
}

// parseShare reads the part of the queries to tune on.
func parseShare(text string) (float64, error) {
	share, err := strconv.ParseFloat(text, 64)
	if err != nil || !(share > 0 && share < 1) {
		return 0, fmt.Errorf("the share of the queries to tune on is above 0 and under 1, not %q", text)
	}
	return share, nil
}
