package items

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// overlapName begins the name of a label that counts how many labels two rows share.
const overlapName = "overlap("

// maxOverlap is the largest number of labels that one overlap counts.
const maxOverlap = 8

// overlap makes the label of a name overlap(a,b,…): relevant is what shares a value of one of the
// labels, and its gain is the number of labels shared. The caller holds mu.
func (s *Labels) overlap(name string) (*Label, error) {
	inside, closed := strings.CutSuffix(strings.TrimPrefix(name, overlapName), ")")
	if !closed || strings.ContainsAny(inside, "()") {
		return nil, fmt.Errorf("label %s: overlap takes names of labels: overlap(category,colour)", name)
	}
	names := strings.Split(inside, ",")
	if len(names) < 2 || len(names) > maxOverlap {
		return nil, fmt.Errorf("label %s: overlap takes 2 to %d labels, not %d", name, maxOverlap, len(names))
	}
	var of []*Label
	for _, n := range names {
		l, err := s.label(strings.TrimSpace(n))
		switch {
		case err != nil:
			return nil, err
		case l.Judged():
			return nil, fmt.Errorf("label %s: %s is judgements of pairs, which do not join with labels", name, l.Name)
		case l.LevelLabels != nil:
			return nil, fmt.Errorf("label %s: all levels of a column do not join; name one level", name)
		case slices.Contains(of, l):
			return nil, fmt.Errorf("label %s: %s stands there twice", name, l.Name)
		}
		of = append(of, l)
	}
	return Overlap(name, of)
}

// Overlap returns the label whose levels are: at least one label of those shared, at least two,
// up to all. Its own values are those of the labels, as label=value. An error names the row whose
// values make too many combinations.
func Overlap(name string, of []*Label) (*Label, error) {
	var levels []*Label
	for least := 1; least <= len(of); least++ {
		l, err := sharedAtLeast(name, of, least)
		if err != nil {
			return nil, err
		}
		levels = append(levels, l)
	}
	all := *levels[0]
	all.LevelLabels = levels
	return &all, nil
}

// sharedAtLeast returns the label whose values are the combinations of values of so many different
// labels: two rows share one just when they share a value of each of at least so many labels.
func sharedAtLeast(name string, of []*Label, least int) (*Label, error) {
	l := &Label{Name: name, Codes: make([]uint32, len(of[0].Codes)), cells: []string{""}, Sets: [][]uint32{nil}}
	cells, values := map[string]uint32{}, map[string]uint32{}
	var key []byte
	for row := range l.Codes {
		key = key[:0]
		for _, o := range of {
			key = binary.LittleEndian.AppendUint32(key, o.Codes[row])
		}
		code, ok := cells[string(key)]
		if !ok {
			set, err := l.combinations(of, row, least, values)
			if err != nil {
				return nil, err
			}
			if len(set) > 0 {
				code = uint32(len(l.cells))
				l.cells, l.Sets = append(l.cells, overlapCell(of, row)), append(l.Sets, set)
			}
			cells[string(key)] = code // 0, unknown, when too few are known
		}
		l.Codes[row] = code
	}
	l.Plain = l.onePerCell()
	return l, nil
}

// overlapCell returns the known cells of a row, as label=cell.
func overlapCell(of []*Label, row int) string {
	var parts []string
	for _, o := range of {
		if o.Known(row) {
			parts = append(parts, o.Name+"="+o.Cell(row))
		}
	}
	return strings.Join(parts, "&")
}

// combinations returns the codes of a row's combinations of values of so many labels, adding those
// that are new to the label and to known.
func (l *Label) combinations(of []*Label, row, size int, known map[string]uint32) ([]uint32, error) {
	var out []uint32
	for subset := range 1 << len(of) {
		if bits.OnesCount(uint(subset)) != size {
			continue
		}
		combined := []combination{{}}
		for i, o := range of {
			if subset>>i&1 == 0 {
				continue
			}
			if combined = with(combined, i, o, row); len(combined)+len(out) > maxJoint {
				return nil, fmt.Errorf("label %s: row %d: its values make more than %d combinations", l.Name, row, maxJoint)
			}
		}
		for _, c := range combined {
			code, ok := known[c.key]
			if !ok {
				code = uint32(len(l.Names))
				known[c.key] = code
				l.Names = append(l.Names, c.name)
			}
			out = append(out, code)
		}
	}
	slices.Sort(out)
	return out, nil
}

// combination is of values of different labels.
type combination struct {
	key  string // the places of the labels and the codes of the values
	name string
}

// with returns each combination with each of the row's values of the label at place i.
func with(combined []combination, i int, o *Label, row int) []combination {
	var longer []combination
	for _, c := range combined {
		for _, v := range o.ValueCodes(row) {
			key := binary.LittleEndian.AppendUint32(append([]byte(c.key), byte(i)), v)
			longer = append(longer, combination{string(key), strings.TrimPrefix(c.name+"&"+o.Name+"="+o.Names[v], "&")})
		}
	}
	return longer
}
