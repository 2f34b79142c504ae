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
func (f *Flags) With(id, word string) *Flags {
	if f.Of(id) == word {
		return f
	}
	out := &Flags{ids: slices.Clone(f.IDs()), words: map[string]string{}}
	if f != nil {
		maps.Copy(out.words, f.words)
	}
	if word == "" {
		delete(out.words, id)
		out.ids = slices.DeleteFunc(out.ids, func(other string) bool { return other == id })
		return out
	}
	if out.words[id] == "" {
		out.ids = append(out.ids, id)
	}
	out.words[id] = word
	return out
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

// Apply returns flags after changes, in their order.
func (f *Flags) Apply(changes []Change) *Flags {
	for _, c := range changes {
		f = f.With(c.ID, c.Word)
	}
	return f
}
