package engine

import (
	"errors"
	"fmt"

	"strata/engine/layer"
)

// guard is the guard of what reads the gallery's files: an error names the file.
func (g *Gallery) guard(work func() error) error { return g.explain(layer.Guard(work)) }

// Reading is guard for work that reads the named layers: it fails when the matrix
// of one of them has changed since the gallery was opened.
func (g *Gallery) Reading(layers []string, work func() error) error {
	for _, name := range layers {
		l, err := g.Layer(name)
		if err != nil {
			continue // the work says so, or derives it
		}
		if err := l.Unchanged(); err != nil {
			return err
		}
	}
	return g.guard(work)
}

// explain replaces a fault by an error that names the file.
func (g *Gallery) explain(err error) error {
	fault := (*layer.FaultError)(nil)
	if !errors.As(err, &fault) {
		return err
	}
	for _, l := range g.AllLayers() {
		for _, s := range l.Segments {
			if at, ok := layer.Within(fault.Addr, s.From.Data); ok {
				return fmt.Errorf("%s: byte %d of %d cannot be read: the file was changed or its disk fails; open the gallery again", s.From.Path, at, len(s.From.Data))
			}
		}
		if c := g.CodesOf(l); c != nil {
			if at, ok := layer.Within(fault.Addr, c.File); ok {
				return fmt.Errorf("%s: byte %d of %d cannot be read: the file was changed or its disk fails; open the gallery again", c.Path, at, len(c.File))
			}
		}
	}
	return err
}
