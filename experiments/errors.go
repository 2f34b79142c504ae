package experiments

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrNoGallery is returned by a step that needs a gallery when none is open.
	ErrNoGallery = errors.New("no gallery is open: a script begins with a gallery step")
	// ErrNoQuery is returned by a search before a query was chosen.
	ErrNoQuery = errors.New("no query is chosen: a query or image step must come before")
	// ErrNoExtractor is returned by an image step where no features can be computed.
	ErrNoExtractor = errors.New("features of new pictures cannot be computed here")
	// ErrNothingToExport is returned by an export before the evaluation or the
	// search whose table it asks for.
	ErrNothingToExport = errors.New("there is nothing to export yet")
)

// StepError is the failure of a script's step.
type StepError struct {
	File string
	Line int // from 1
	Err  error
}

func (e *StepError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// Difference is the first indented line of a script that is not what running
// the script gives.
type Difference struct {
	File     string
	Line     int // from 1: that of the expected line, or of the last line before a missing one
	Expected string
	Got      string
	Kind     DifferenceKind
	Derived  string // a derived layer that the script had otherwise: the cause; "" for none
	Hint     string // what may be the reason; "": not known
}

// DifferenceKind says in what way a line differs.
type DifferenceKind uint8

// The kinds of a difference.
const (
	OtherLine   DifferenceKind = iota // the script has one line, running gives another
	MissingLine                       // running gives a line that the script does not have
	ExtraLine                         // the script has a line that running does not give
)

func (d *Difference) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: ", d.File, d.Line)
	switch d.Kind {
	case OtherLine:
		fmt.Fprintf(&b, "expected %q, got %q", d.Expected, d.Got)
	case MissingLine:
		fmt.Fprintf(&b, "after this line %q is missing", d.Got)
	case ExtraLine:
		fmt.Fprintf(&b, "expected %q, got no more lines", d.Expected)
	}
	if d.Derived != "" {
		fmt.Fprintf(&b, " (%s is not the derived layer that the script had: another machine or fit computed it)", d.Derived)
	}
	if d.Hint != "" {
		b.WriteString("; " + d.Hint)
	}
	return b.String()
}
