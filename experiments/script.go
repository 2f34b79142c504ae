package experiments

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxLine is the length of a script's longest line, in bytes.
const maxLine = 1 << 20

// Script is a parsed script.
type Script struct {
	Name  string // the file's name as given, for messages
	Lines []ScriptLine
}

// ScriptLine is one step of a script, with the indented lines that stand under
// it: what the script expects the step to give.
type ScriptLine struct {
	Step     Step
	Line     int // from 1
	Expected []ExpectedLine
	Derived  []string // derived layers with their hashes, as a log names them under the step; not compared
}

// ExpectedLine is an indented line of a script.
type ExpectedLine struct {
	Text string // without its indentation
	Line int    // from 1
}

// ParseScript parses a script, whose name is used in errors: *ScriptError for
// the text, others for reading.
func ParseScript(name string, r io.Reader) (*Script, error) {
	script := &Script{Name: name}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		text := lines.Text()
		if n == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		if err := script.add(n, strings.TrimRight(text, " \t\r")); err != nil {
			return nil, err
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, &ScriptError{File: name, Line: n + 1, Column: 1, Reason: fmt.Sprintf("the line has more than %d bytes", maxLine)}
	case err != nil:
		return nil, fmt.Errorf("%s: line %d: %w", name, n+1, err)
	}
	return script, nil
}

// add adds line n, whose end is trimmed.
func (s *Script) add(n int, text string) error {
	switch {
	case text == "" || text[0] == '#':
		if derived, ok := strings.CutPrefix(text, derivedNote); ok && len(s.Lines) > 0 {
			last := &s.Lines[len(s.Lines)-1]
			last.Derived = append(last.Derived, derived)
		}
		return nil
	case isBlank(text[0]):
		if len(s.Lines) == 0 {
			return &ScriptError{File: s.Name, Line: n, Column: 1, Text: text, Reason: "an indented line before the first step"}
		}
		last := &s.Lines[len(s.Lines)-1]
		last.Expected = append(last.Expected, ExpectedLine{Text: strings.TrimLeft(text, " \t"), Line: n})
		return nil
	}
	step, err := ParseStep(text)
	var se *ScriptError
	if errors.As(err, &se) {
		se.File, se.Line = s.Name, n
	}
	if err != nil {
		return err
	}
	s.Lines = append(s.Lines, ScriptLine{Step: step, Line: n})
	return nil
}

// ReadScript parses the script in a file.
func ReadScript(path string) (*Script, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ParseScript(path, f)
}
