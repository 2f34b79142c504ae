package experiments

// Compare evaluates schemes and compares every pair of them.
type Compare Evaluate

// Mine looks for where two schemes fail, and where they differ. It has two
// schemes, or none, when the chosen ones are two.
type Mine Evaluate

func (Compare) step() {}

func (Mine) step() {}

func (s Compare) String() string { return stepLine("compare", Evaluate(s).clauses()) }

func (s Mine) String() string { return stepLine("mine", Evaluate(s).clauses()) }

// study parses the arguments of a compare or a mine step, which are those of
// evaluate.
func (p *parser) study(keyword string) (Step, error) {
	start := p.pos
	step, err := p.evaluate()
	if err != nil {
		return nil, err
	}
	of := step.(Evaluate)
	switch {
	case keyword == "compare" && len(of.Schemes) == 1:
		return nil, p.fail(start, "a comparison is of two schemes or more, or of those that are chosen")
	case keyword == "compare":
		return Compare(of), nil
	case len(of.Schemes) != 0 && len(of.Schemes) != 2:
		return nil, p.fail(start, "mine takes two schemes, or those that are chosen, not %d", len(of.Schemes))
	}
	return Mine(of), nil
}
