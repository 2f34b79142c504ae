package derive

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"sync"

	"strata/engine/items"
	"strata/engine/scheme"
)

// Beside holds what transforms take beside the rows of a layer: labels, and matrices in the gallery's
// folder. Transforms that know labels are fitted on one part of the items; the queries of the other
// part test them. It may be used concurrently.
type Beside struct {
	folder fs.FS
	rows   int
	label  func(name string) (*items.Label, error)
	group  func(row int) string
	query  func(row int) bool

	once sync.Once
	part []int  // rows to fit on, ascending
	in   []bool // by row: it is in part

	mu      sync.Mutex
	classes map[string]*classes
}

// NewBeside returns what a gallery's transforms take. folder holds matrices; the functions are those
// of the gallery, and may be called concurrently.
func NewBeside(folder fs.FS, rows int, label func(string) (*items.Label, error), group func(int) string, query func(int) bool) *Beside {
	return &Beside{folder: folder, rows: rows, label: label, group: group, query: query, classes: map[string]*classes{}}
}

// partSeed draws the part of the items to fit on.
const partSeed = 1

// FitPart returns the rows to fit on, ascending: items that are no queries, and half of the queries,
// drawn with a fixed seed. A group is whole in one part: with a query in it, it is drawn as one.
func (b *Beside) FitPart() []int {
	b.once.Do(func() {
		units, unit := 0, make([]int, b.rows) // by row: its group, or itself
		byGroup := map[string]int{}
		for row := range unit {
			group := b.group(row)
			at, known := byGroup[group]
			if !known || group == "" {
				at = units
				units++
				byGroup[group] = at
			}
			unit[row] = at
		}
		asked := make([]bool, units)
		for row, at := range unit {
			asked[at] = asked[at] || b.query(row)
		}
		var tested []int // units with a query
		for at, is := range asked {
			if is {
				tested = append(tested, at)
			}
		}
		for _, i := range items.Sample(len(tested), len(tested)/2, partSeed) {
			asked[tested[i]] = false
		}
		b.in = make([]bool, b.rows)
		for row, at := range unit {
			if b.in[row] = !asked[at]; b.in[row] {
				b.part = append(b.part, row)
			}
		}
	})
	return b.part
}

// Fitted reports whether a row is in FitPart.
func (b *Beside) Fitted(row int) bool {
	b.FitPart()
	return b.in[row]
}

// classes are the classes of a label among the rows to fit on.
type classes struct {
	of    []int32 // by row of the gallery; −1: no class
	names []string
}

// classesOf returns the classes of a label: the values of items in FitPart that have just one. The
// error says what is missing for a fit.
func (b *Beside) classesOf(name string) (*classes, error) {
	part := b.FitPart()
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.classes[name]; c != nil {
		return c, nil
	}
	l, err := b.label(name)
	if err != nil {
		return nil, err
	}
	if l.Judged() || l.LevelLabels != nil {
		return nil, fmt.Errorf("label %s has no classes: it takes a column, or one level of a column", name)
	}
	c := &classes{of: make([]int32, b.rows)}
	for row := range c.of {
		c.of[row] = -1
	}
	at, counts := map[uint32]int32{}, []int(nil)
	for _, row := range part {
		values := l.Sets[l.Codes[row]]
		if len(values) != 1 {
			continue
		}
		class, known := at[values[0]]
		if !known {
			class = int32(len(c.names))
			at[values[0]] = class
			c.names, counts = append(c.names, l.Names[values[0]]), append(counts, 0)
		}
		c.of[row] = class
		counts[class]++
	}
	if err := enough(name, c.names, counts, len(part)); err != nil {
		return nil, err
	}
	b.classes[name] = c
	return c, nil
}

// enough says what counts of classes lack for a fit.
func enough(label string, names []string, counts []int, rows int) error {
	some, pair, last := 0, false, 0
	for class, n := range counts {
		if n > 0 {
			some, last = some+1, class
		}
		pair = pair || n > 1
	}
	switch {
	case some == 0:
		return fmt.Errorf("none of the %d items to fit on has one value of %s", rows, label)
	case some == 1:
		return fmt.Errorf("all %d items to fit on that have a value of %s have the same, %q: it takes two classes", counts[last], label, names[last])
	case !pair:
		return fmt.Errorf("no two of the %d items to fit on have the same value of %s", rows, label)
	}
	return nil
}

// MostComponents returns the largest N of ldaN@LABEL: one less than the label's classes.
func (b *Beside) MostComponents(label string) (int, error) {
	c, err := b.classesOf(label)
	if err != nil {
		return 0, err
	}
	return len(c.names) - 1, nil
}

// Hash returns the hash of all that the transforms of a factor take beside the rows: of labels the
// classes of the rows to fit on, of files the bytes. It is "" if they take nothing.
func (b *Beside) Hash(f scheme.Factor) (string, error) {
	sum, some := sha256.New(), false
	for _, t := range f.Transforms {
		switch {
		case t.Supervised():
			c, err := b.classesOf(t.Of)
			if err != nil {
				return "", fmt.Errorf("%s: %w", t, err)
			}
			_, _ = fmt.Fprintf(sum, "label %s\n", t.Of) // a hash takes all
			for _, row := range b.FitPart() {
				name := ""
				if class := c.of[row]; class >= 0 {
					name = c.names[class]
				}
				_, _ = fmt.Fprintf(sum, "%d %q\n", row, name)
			}
		case t.Kind == scheme.Matrix:
			m, err := b.matrix(t.Of)
			if err != nil {
				return "", fmt.Errorf("%s: %w", t, err)
			}
			_, _ = fmt.Fprintf(sum, "file %s %s\n", t.Of, m.hash)
		default:
			continue
		}
		some = true
	}
	if !some {
		return "", nil
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}
