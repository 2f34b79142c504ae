package script

import (
	"slices"
	"strconv"
	"strings"

	"strata/engine/scheme"
	"strata/experiments/table"
)

// Decide names the scheme of the last evaluation that is taken, what it takes the place of, and the
// labels for which that is decided. Exports named decision.html and decision.strata are of it.
type Decide struct {
	Scheme  *scheme.Scheme // nil: the best under the first label
	Against *scheme.Scheme // nil: the best of the others under the first label
	Labels  []string       // nil: all of the evaluation
}

// decideWords begin the clauses of a decide step.
var decideWords = []string{"against", "on"}

// Keyword returns decide.
func (Decide) Keyword() string { return "decide" }

func (s Decide) String() string {
	var parts []string
	if s.Scheme != nil {
		parts = append(parts, s.named(*s.Scheme))
	}
	if s.Against != nil {
		parts = append(parts, "against "+s.named(*s.Against))
	}
	if len(s.Labels) > 0 {
		names := make([]string, len(s.Labels))
		for i, l := range s.Labels {
			names[i] = table.QuoteAmong(l, decideWords)
		}
		parts = append(parts, "on "+strings.Join(names, ", "))
	}
	return strings.TrimRight(stepLine(s, strings.Join(parts, " ")), " ")
}

// named returns a scheme in quotes where it would be a word of the step.
func (Decide) named(s scheme.Scheme) string {
	text := s.String()
	if slices.Contains(decideWords, text) {
		return strconv.Quote(text)
	}
	return text
}

// decide parses [SCHEME] [against SCHEME] [on LABEL, …].
func (p *parser) decide() (Step, error) {
	var step Decide
	end, word := p.clause(decideWords, true)
	var err error
	if p.pos < end {
		if step.Scheme, err = p.oneScheme(end); err != nil {
			return nil, err
		}
	}
	err = p.clauses(decideWords, end, word, func(clause string, end int) (err error) {
		if clause == "against" {
			step.Against, err = p.oneScheme(end)
		} else {
			step.Labels, err = p.labels(end)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return step, nil
}

// oneScheme reads a single scheme up to end.
func (p *parser) oneScheme(end int) (*scheme.Scheme, error) {
	start := p.pos
	all, err := p.schemes(end)
	if err != nil {
		return nil, err
	}
	if len(all) > 1 {
		return nil, p.fail(start, "a decision is for one scheme, against one, not %d", len(all))
	}
	return &all[0], nil
}
