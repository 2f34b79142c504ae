package experiments

import (
	"fmt"
	"strings"
)

// format is the number of the script and log format, in the header of a log.
const format = 1

// log appends results to the log in one write. Without results it does nothing.
func (s *Session) log(results []Result) error {
	var b strings.Builder
	for i := range results {
		r := &results[i]
		if _, ok := r.Step.(Gallery); ok {
			print := r.Lines[len(r.Lines)-1]
			fmt.Fprintf(&b, "# strata %d  gallery %s  seed %d\n", format, print, Evaluate{}.seed())
		}
		r.write(&b)
	}
	return s.append(b.String())
}

// append writes text to the log. After a failure, which may have left half a
// line, it writes nothing more and returns the same error.
func (s *Session) append(text string) error {
	if s.o.Log == nil || text == "" {
		return nil
	}
	s.logMu.Lock()
	defer s.logMu.Unlock()
	if s.logErr == nil {
		if _, err := s.o.Log.Write([]byte(text)); err != nil {
			s.logErr = fmt.Errorf("writing the log: %w", err)
		}
	}
	return s.logErr
}
