package script

import "strconv"

// Undo takes back the last steps that changed query, schemes or filter.
type Undo struct {
	Steps int // at least 1
}

// Redo does again what undo steps took back, as long as nothing else was changed.
type Redo struct {
	Steps int // at least 1
}

// Keyword returns undo.
func (Undo) Keyword() string { return "undo" }

// Keyword returns redo.
func (Redo) Keyword() string { return "redo" }

func (s Undo) String() string { return times(s, s.Steps) }
func (s Redo) String() string { return times(s, s.Steps) }

// times returns the line of a step that may be done several times.
func times(s Step, n int) string {
	if n == 1 {
		return s.Keyword()
	}
	return stepLine(s, strconv.Itoa(n))
}

func (p *parser) undo() (Step, error) {
	n, err := p.times()
	return Undo{n}, err
}

func (p *parser) redo() (Step, error) {
	n, err := p.times()
	return Redo{n}, err
}

// times reads a number of steps, 1 if none stands there.
func (p *parser) times() (int, error) {
	if p.done() {
		return 1, nil
	}
	return p.count("a number of steps", 1<<31-1)
}
