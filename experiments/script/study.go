package script

// Compare evaluates schemes and compares every pair of them.
type Compare Evaluate

// Mine looks for where two schemes fail, and where they differ. It has two
// schemes, or none, when the chosen ones are two.
type Mine Evaluate

// Keyword returns compare.
func (Compare) Keyword() string { return "compare" }

// Keyword returns mine.
func (Mine) Keyword() string { return "mine" }

func (s Compare) String() string { return stepLine(s, Evaluate(s).clauses()) }
func (s Mine) String() string    { return stepLine(s, Evaluate(s).clauses()) }

// WithSeed returns the step with another seed.
func (s Compare) WithSeed(seed uint64) Step { s.Seed = seed; return s }

// WithSeed returns the step with another seed.
func (s Mine) WithSeed(seed uint64) Step { s.Seed = seed; return s }

// compare parses the arguments of a compare step, which are those of evaluate.
func (p *parser) compare() (Step, error) {
	start := p.pos
	of, err := p.evaluate()
	if err == nil && len(of.Schemes) == 1 {
		err = p.fail(start, "a comparison is of two schemes or more, or of those that are chosen")
	}
	return Compare(of), err
}

// mine parses the arguments of a mine step, which are those of evaluate.
func (p *parser) mine() (Step, error) {
	start := p.pos
	of, err := p.evaluate()
	if n := len(of.Schemes); err == nil && n != 0 && n != 2 {
		err = p.fail(start, "mine takes two schemes, or those that are chosen, not %d", n)
	}
	return Mine(of), err
}
