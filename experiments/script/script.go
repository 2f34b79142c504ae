package script

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MaxLine is the length of a script's longest line, in bytes.
const MaxLine = 1 << 20

// Script is a parsed script.
type Script struct {
	Name      string // the file's name as given, for messages
	Lines     []Line
	Variables map[string]bool // that the script's files set or use
}

// Line is one step of a script, with the indented lines that stand under
// it: what the script expects the step to give.
type Line struct {
	Step     Step
	File     string // that has the line: the script's, or one that it includes
	Line     int    // from 1
	Expected []ExpectedLine
	Derived  []string // derived layers with their hashes, as a log names them under the step; not compared
}

// ExpectedLine is an indented line of a script.
type ExpectedLine struct {
	Text string // without its indentation
	Line int    // from 1
}

// scriptParser adds the lines of one file to a script.
type scriptParser struct {
	script  *Script
	name    string                            // of the file
	steps   int                               // of this file since its start, or since a line that is no step
	special func(line string) (bool, error)   // executes lines that are no steps; nil: there are none
	replace func(line string) (string, error) // replaces variables; nil: there are none
}

func (p *scriptParser) parse(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, MaxLine)
	n := 0
	for lines.Scan() {
		n++
		line := lines.Text()
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if err := p.add(n, strings.TrimRight(line, " \t\r")); err != nil {
			return err
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return &Error{File: p.name, Line: n + 1, Column: 1, Reason: fmt.Sprintf("the line has more than %d bytes", MaxLine)}
	case err != nil:
		return fmt.Errorf("%s: line %d: %w", p.name, n+1, err)
	}
	return nil
}

// add adds line n, whose end is trimmed.
func (p *scriptParser) add(n int, line string) error {
	s := p.script
	switch {
	case line == "" || line[0] == '#':
		if derived, ok := strings.CutPrefix(line, DerivedNote); ok && p.steps > 0 {
			last := &s.Lines[len(s.Lines)-1]
			last.Derived = append(last.Derived, derived)
		}
		return nil
	case isBlank(line[0]):
		if p.steps == 0 {
			return &Error{File: p.name, Line: n, Column: 1, Text: line, Reason: "an indented line before the first step"}
		}
		last := &s.Lines[len(s.Lines)-1]
		last.Expected = append(last.Expected, ExpectedLine{Text: strings.TrimLeft(line, " \t"), Line: n})
		return nil
	}
	step, err := p.step(line)
	var se *Error
	if errors.As(err, &se) && se.Line == 0 { // not of an included file
		se.File, se.Line = p.name, n
	}
	if err != nil {
		return err
	}
	if step == nil {
		p.steps = 0
		return nil
	}
	p.steps++
	s.Lines = append(s.Lines, Line{Step: step, File: p.name, Line: n})
	return nil
}

// step returns the step of a line, or nil when the line is none.
func (p *scriptParser) step(line string) (Step, error) {
	if p.special == nil {
		return ParseStep(line)
	}
	line, err := p.replace(line)
	if err != nil {
		return nil, err
	}
	if special, err := p.special(line); special || err != nil {
		return nil, err
	}
	return ParseStep(line)
}

// DerivedNote stands before a derived layer in logs.
const DerivedNote = "# derived "

// Indent stands before the lines of a result in scripts and logs.
const Indent = "    "
