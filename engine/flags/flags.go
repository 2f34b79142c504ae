package flags

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"strata/engine/scheme"
)

// File is the name of the file that holds the flags of a gallery.
const File = "flags.csv"

// None is the word that takes a flag back in scripts. No flag is this word.
const None = "none"

// The limits of flags.
const (
	maxWord = 64      // characters of a word
	maxID   = 1 << 20 // bytes of an id
)

// Suggested are words for flags.
func Suggested() []string { return []string{"wrong", "duplicate", "interesting"} }

// Flags are words by id. The nil value has none.
type Flags struct {
	ids   []string // in the order in which they were flagged first
	words map[string]string
}

// CheckWord returns an error for a text that cannot be a flag.
func CheckWord(word string) error {
	switch {
	case word == "" || strings.TrimSpace(word) != word || !scheme.Printable(word):
		return fmt.Errorf("%q is no flag: a flag is a word that can be printed, without blanks around it", word)
	case word == None:
		return fmt.Errorf("%q is no flag: it takes a flag back", word)
	case utf8.RuneCountInString(word) > maxWord:
		return fmt.Errorf("a flag has at most %d characters", maxWord)
	}
	return nil
}

// Len returns the number of flagged ids.
func (f *Flags) Len() int {
	if f == nil {
		return 0
	}
	return len(f.ids)
}

// IDs returns the flagged ids in the order of the file. They are not to be changed.
func (f *Flags) IDs() []string {
	if f == nil {
		return nil
	}
	return f.ids
}

// Of returns the flag of an id, or "".
func (f *Flags) Of(id string) string {
	if f == nil {
		return ""
	}
	return f.words[id]
}

// Words returns the words in use, each once, sorted.
func (f *Flags) Words() []string {
	if f == nil {
		return nil
	}
	return slices.Compact(slices.Sorted(maps.Values(f.words)))
}

// With returns flags in which an id has a word; "" takes its flag back.
func (f *Flags) With(id, word string) *Flags { return f.Apply([]Change{{id, word}}) }

// draft returns a copy that set changes, and that done ends.
func (f *Flags) draft() *Flags {
	out := &Flags{ids: slices.Clone(f.IDs()), words: map[string]string{}}
	if f != nil {
		maps.Copy(out.words, f.words)
	}
	return out
}

// set changes a draft: an id has a word, or none.
func (f *Flags) set(id, word string) {
	switch was := f.words[id]; {
	case word == "":
		delete(f.words, id)
		return
	case was == "":
		f.ids = append(f.ids, id)
	}
	f.words[id] = word
}

// done leaves out of a draft the ids that lost their flag. One that got another since stands where it
// got that.
func (f *Flags) done() *Flags {
	left := maps.Clone(f.words)
	at := len(f.ids)
	for i := len(f.ids) - 1; i >= 0; i-- {
		if id := f.ids[i]; left[id] != "" {
			delete(left, id)
			at--
			f.ids[at] = id
		}
	}
	f.ids = f.ids[at:]
	return f
}

// Read reads a file's content.
func Read(r io.Reader) (*Flags, error) {
	rows := csv.NewReader(r)
	head, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	head[0] = strings.TrimPrefix(head[0], "\ufeff")
	if !slices.Equal(head, []string{"id", "flag"}) {
		return nil, fmt.Errorf("the columns are %q, not id and flag", strings.Join(head, ","))
	}
	f := &Flags{words: map[string]string{}}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return nil, err
		}
		if err := f.add(row[0], row[1]); err != nil {
			line, _ := rows.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// add adds a row of a file.
func (f *Flags) add(id, word string) error {
	if err := CheckWord(word); err != nil {
		return err
	}
	switch {
	case id == "":
		return errors.New("the id is empty")
	case len(id) > maxID:
		return fmt.Errorf("the id has more than %d bytes", maxID)
	case f.words[id] != "":
		return fmt.Errorf("the id %q stands twice", id)
	}
	f.ids = append(f.ids, id)
	f.words[id] = word
	return nil
}

// Bytes returns the content of the file.
func (f *Flags) Bytes() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{{"id", "flag"}}
	for _, id := range f.IDs() {
		rows = append(rows, []string{id, f.words[id]})
	}
	_ = w.WriteAll(rows) // a buffer does not fail
	return b.Bytes()
}

// Change is a flag that an id gets, or loses.
type Change struct{ ID, Word string }

// Apply returns flags after changes, in their order; "" takes a flag back.
func (f *Flags) Apply(changes []Change) *Flags {
	out := f.draft()
	for _, c := range changes {
		out.set(c.ID, c.Word)
	}
	return out.done()
}
