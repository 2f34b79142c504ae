package engine

import (
	"errors"
	"fmt"
)

// guard is the guard of what reads the gallery's files: an error names the file.
func (g *Gallery) guard(work func() error) error { return g.explain(guard(work)) }

// reading is guard for work that reads the named layers: it fails when the matrix
// of one of them has changed since the gallery was opened.
func (g *Gallery) reading(layers []string, work func() error) error {
	for _, name := range layers {
		l, err := g.Layer(name)
		if err != nil {
			continue // the work says so, or derives it
		}
		if err := l.unchanged(); err != nil {
			return err
		}
	}
	return g.guard(work)
}

// explain replaces a fault by an error that names the file.
func (g *Gallery) explain(err error) error {
	fault := (*faultError)(nil)
	if !errors.As(err, &fault) {
		return err
	}
	for _, l := range g.AllLayers() {
		for _, s := range l.segments {
			if at, ok := within(fault.addr, s.from.data); ok {
				return fmt.Errorf("%s: byte %d of %d cannot be read: the file was changed or its disk fails; open the gallery again", s.from.path, at, len(s.from.data))
			}
		}
		if c := g.codesOf(l); c != nil {
			if at, ok := within(fault.addr, c.file); ok {
				return fmt.Errorf("%s: byte %d of %d cannot be read: the file was changed or its disk fails; open the gallery again", c.path, at, len(c.file))
			}
		}
	}
	return err
}
