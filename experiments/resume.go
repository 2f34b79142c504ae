package experiments

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"strata/experiments/script"
)

// LeftGallery returns the gallery that a script opens last: the built-in one, or a path.
func LeftGallery(from *script.Script) (string, error) {
	for _, line := range slices.Backward(from.Lines) {
		if step, ok := line.Step.(script.Gallery); ok {
			return fromFolder(from, step.Name), nil
		}
	}
	return "", &StepError{File: from.Name, Line: 1, Err: ErrNoGallery}
}

// fromFolder returns a gallery that a script names, whose relative path starts at the script's folder.
func fromFolder(from *script.Script, name string) string {
	if name == Builtin || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(from.Name), name)
}

// Resume opens a gallery and makes query, schemes and filter those that a script leaves. It searches and
// measures nothing, and writes no files. The log gets the shortest steps that lead there.
// It returns what the script's states asked for, as Moments does: undo of this session does
// not go back to them.
//
// A step that the gallery does not allow, and a gallery step whose fingerprint is that of
// another gallery in another place, are a *StepError.
func (s *Session) Resume(ctx context.Context, gallery string, from *script.Script) ([]State, error) {
	var moments []State
	_, err := s.do(ctx, func(x *execution) ([]script.Step, error) {
		if err := x.follow(ctx, gallery, from); err != nil {
			return nil, err
		}
		moments = x.state.asked()
		x.results = nil
		return append([]script.Step{script.Gallery{Name: gallery}}, x.state.now().steps()...), nil
	})
	return moments, err
}

// follow executes the steps of a script that change what is asked, from its last gallery step on, which
// forgets what was before. Only the filter that is left need let items through: flags that others had
// need not be there any more.
func (x *execution) follow(ctx context.Context, gallery string, from *script.Script) error {
	lines, filtered := from.Lines, script.Line{}
	for i, line := range slices.Backward(lines) {
		if _, ok := line.Step.(script.Gallery); ok {
			lines = lines[i:]
			break
		}
	}
	x.lax = true
	elsewhere := "" // the gallery of the log, if that is another place
	for _, line := range lines {
		var err error
		filter := script.Filter{Conditions: x.state.filter}.String()
		switch step := line.Step.(type) {
		case script.Gallery:
			if _, err := x.step(ctx, script.Gallery{Name: gallery}); err != nil {
				return err
			}
			name := fromFolder(from, step.Name)
			err = x.isGallery(ctx, name, line.Expected)
			if elsewhere = ""; err == nil && !samePath(name, x.state.gallery.g.Path) {
				elsewhere = name
			}
		case script.Image:
			if !filepath.IsAbs(step.Path) {
				step.Path = filepath.Join(filepath.Dir(from.Name), step.Path)
			}
			_, err = x.step(ctx, step)
		case script.Query, script.Schemes, script.Filter, script.Undo, script.Redo:
			_, err = x.step(ctx, step)
		}
		if err != nil && elsewhere != "" {
			err = fmt.Errorf("%w; the log is of %s, and %s is open", err, elsewhere, x.state.gallery.g.Path)
		}
		if err != nil {
			return &StepError{File: line.File, Line: line.Line, Err: err}
		}
		if (script.Filter{Conditions: x.state.filter}).String() != filter {
			filtered = line
		}
	}
	x.lax = false
	if x.state.gallery == nil {
		return &StepError{File: from.Name, Line: 1, Err: ErrNoGallery}
	}
	if err := x.setFilter(x.state.filter); err != nil {
		return &StepError{File: filtered.File, Line: filtered.Line, Err: err}
	}
	return nil
}

// isGallery returns an error if the open gallery is not the one that a log's lines are about.
// One whose features have changed since is still the same, in the same place. A log that ends before the
// fingerprint, or within it, says no more.
func (x *execution) isGallery(ctx context.Context, name string, facts []script.ExpectedLine) error {
	g := x.state.gallery.g
	if len(facts) == 0 || samePath(name, g.Path) {
		return nil
	}
	print, err := g.Fingerprint(ctx)
	if err != nil {
		return err
	}
	if logged := facts[len(facts)-1].Text; strings.HasPrefix(logged, "sha256:") && !strings.HasPrefix(print, logged) {
		return fmt.Errorf("this is of another gallery, %s with %s; %s has %s", name, logged, g.Path, print)
	}
	return nil
}

// samePath reports whether two names of galleries are of one place.
func samePath(a, b string) bool {
	if a == Builtin || b == Builtin {
		return a == b
	}
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	return errA == nil && errB == nil && a == b
}
