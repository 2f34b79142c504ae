package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonTable reads a .jsonl file.
type jsonTable struct {
	lines
	in     *jsontext.Decoder
	buffer bytes.Buffer   // the current line
	column map[string]int // by key, between its quotes
	keys   [][]byte       // by column
	header []string
	list   []bool // by column
	odd    []Left // by column: its cells that are no text; Cells counts them
	sound  []bool // by column: a cell is text
	text   []byte // of the row's cells
	spans  []span // by column
	cells  []string
	raw    bool // lists are cells, as they are spelled
}

// span is the place of a cell within a text of one or several rows.
type span struct{ from, to int }

func openJSON(t *text) *jsonTable {
	return &jsonTable{lines: lines{text: t}, column: map[string]int{}, in: jsontext.NewDecoder(&bytes.Buffer{})}
}

func (j *jsonTable) names() []string  { return j.header }
func (j *jsonTable) lists(c int) bool { return j.list[c] }
func (j *jsonTable) notes() []string  { return nil }

func (j *jsonTable) left() []Left {
	var left []Left
	for c, l := range j.odd {
		if l.Cells == 0 {
			continue
		}
		if l.Name = j.header[c]; !j.sound[c] {
			l.Cells = 0
		}
		left = append(left, l)
	}
	return left
}

func (j *jsonTable) read() ([]string, error) {
	line, err := j.next()
	if err != nil {
		return nil, err
	}
	j.buffer.Reset()
	j.buffer.Write(line)
	j.in.Reset(&j.buffer, jsontext.AllowDuplicateNames(true)) // object looks for duplicate names
	j.text = j.text[:0]
	for c := range j.spans {
		j.spans[c] = span{-1, -1}
	}
	if err := j.object(); err != nil {
		return nil, err
	}
	text := string(j.text)
	j.cells = j.cells[:0]
	for _, s := range j.spans {
		cell := ""
		if s.from >= 0 {
			cell = text[s.from:s.to]
		}
		j.cells = append(j.cells, cell)
	}
	return j.cells, nil
}

// object reads the object of a line.
func (j *jsonTable) object() error {
	switch kind := j.in.PeekKind(); kind {
	case jsontext.KindBeginObject:
	case jsontext.KindBeginArray:
		return errors.New("it is a list: JSON Lines has an object a line")
	case jsontext.KindInvalid:
		_, err := j.in.ReadToken()
		return j.reason(err)
	default:
		return fmt.Errorf("it is %s: JSON Lines has an object a line", what(kind))
	}
	if _, err := j.in.ReadToken(); err != nil {
		return j.reason(err)
	}
	for guess := 0; j.in.PeekKind() != jsontext.KindEndObject; guess++ {
		key, err := j.in.ReadValue()
		if err != nil {
			return j.reason(err)
		}
		c, err := j.columnOf(key, guess)
		if err != nil {
			return err
		}
		if j.spans[c].from >= 0 {
			return fmt.Errorf("key %q stands twice", j.header[c])
		}
		guess = c
		from := len(j.text)
		if err := j.value(c); err != nil {
			return fmt.Errorf("key %q: %w", j.header[c], err)
		}
		j.spans[c] = span{from, len(j.text)}
	}
	if _, err := j.in.ReadToken(); err != nil {
		return j.reason(err)
	}
	if _, err := j.in.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind its object")
	}
	return nil
}

// columnOf returns the column of a key, and adds a new key. guess is the likely column: rows
// usually have their keys in the same order.
func (j *jsonTable) columnOf(key []byte, guess int) (int, error) {
	if guess < len(j.keys) && bytes.Equal(j.keys[guess], key) {
		return guess, nil
	}
	c, ok := j.column[string(key)]
	if ok {
		return c, nil
	}
	name, err := jsontext.AppendUnquote(nil, key)
	if err != nil {
		return 0, fmt.Errorf("key %s: %w", key, err)
	}
	for c, other := range j.header { // in another spelling: "\u0061"
		if other == string(name) {
			return c, nil
		}
	}
	if len(j.header) == maxColumns {
		return 0, fmt.Errorf("key %.80q: there are more than the %d columns allowed", name, maxColumns)
	}
	c = len(j.header)
	j.column[string(key)] = c
	j.keys = append(j.keys, bytes.Clone(key))
	j.header, j.list = append(j.header, string(name)), append(j.list, false)
	j.odd, j.sound = append(j.odd, Left{}), append(j.sound, false)
	j.spans = append(j.spans, span{-1, -1})
	return c, nil
}

// value appends the text of the next value, a cell of the column.
func (j *jsonTable) value(column int) error {
	switch kind := j.in.PeekKind(); kind {
	case jsontext.KindBeginObject:
		j.leave(column, "objects", 0)
		return j.reason(j.in.SkipValue())
	case jsontext.KindBeginArray:
		if j.raw {
			return j.spelled(column)
		}
		return j.values(column)
	default:
		j.sound[column] = j.sound[column] || kind != jsontext.KindNull
		return j.scalar(kind)
	}
}

// spelled appends a list as it is spelled.
func (j *jsonTable) spelled(column int) error {
	v, err := j.in.ReadValue()
	if err != nil {
		return j.reason(err)
	}
	j.text, j.sound[column] = append(j.text, v...), true
	return nil
}

// leave leaves the cell of a column out, which holds lists of so many numbers, say.
func (j *jsonTable) leave(column int, holds string, dim int) {
	l := &j.odd[column]
	switch l.Cells++; {
	case l.Cells == 1:
		l.Holds, l.Dim, l.Place = holds, dim, j.place()
	case l.Holds != holds:
		l.Holds, l.Dim = "objects and lists", 0
	case l.Dim != dim:
		l.Dim = 0
	}
}

// scalar appends the text of a value that is no object and no list.
func (j *jsonTable) scalar(kind jsontext.Kind) error {
	v, err := j.in.ReadValue()
	if err != nil {
		return j.reason(err)
	}
	switch kind {
	case jsontext.KindString:
		if j.text, err = jsontext.AppendUnquote(j.text, v); err != nil {
			return j.reason(err)
		}
	case jsontext.KindNull:
	default:
		j.text = append(j.text, v...)
	}
	return nil
}

// values appends the texts of a list, parted by |. A list of something else is left out;
// a null in one of texts is no value.
func (j *jsonTable) values(column int) error {
	if _, err := j.in.ReadToken(); err != nil {
		return j.reason(err)
	}
	for first, begin := true, len(j.text); j.in.PeekKind() != jsontext.KindEndArray; {
		switch kind := j.in.PeekKind(); kind {
		case jsontext.KindString, jsontext.KindInvalid:
		case jsontext.KindNull:
			if err := j.in.SkipValue(); err != nil {
				return j.reason(err)
			}
			continue
		default:
			j.text = j.text[:begin]
			return j.others(column)
		}
		j.sound[column], j.list[column] = true, true
		if !first {
			j.text = append(j.text, '|')
		}
		first = false
		from := len(j.text)
		if err := j.scalar(jsontext.KindString); err != nil {
			return err
		}
		if bytes.IndexByte(j.text[from:], '|') >= 0 {
			return errMark(j.text[from:])
		}
	}
	_, err := j.in.ReadToken()
	return j.reason(err)
}

// others passes over the rest of a list that is none of texts.
func (j *jsonTable) others(column int) error {
	holds, n := "lists of numbers", 0
	for ; j.in.PeekKind() != jsontext.KindEndArray; n++ {
		switch kind := j.in.PeekKind(); kind {
		case jsontext.KindInvalid:
			_, err := j.in.ReadToken()
			return j.reason(err)
		case jsontext.KindNumber, jsontext.KindNull:
		default:
			holds = "lists of other than texts"
		}
		if err := j.in.SkipValue(); err != nil {
			return j.reason(err)
		}
	}
	if holds != "lists of numbers" {
		n = 0
	}
	j.leave(column, holds, n)
	_, err := j.in.ReadToken()
	return j.reason(err)
}

// reason returns what is wrong with a line.
func (j *jsonTable) reason(err error) error {
	if err == nil {
		return nil
	}
	at := j.in.InputOffset()
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		at, err = syntax.ByteOffset, syntax.Err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errors.New("the line ends within its object")
	}
	return fmt.Errorf("byte %d of the line: %w", at+1, err)
}

// what names a kind of value.
func what(kind jsontext.Kind) string {
	switch kind {
	case jsontext.KindString:
		return "a text"
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindTrue, jsontext.KindFalse, jsontext.KindNull:
		return map[jsontext.Kind]string{jsontext.KindTrue: "true", jsontext.KindFalse: "false", jsontext.KindNull: "null"}[kind]
	case jsontext.KindBeginArray:
		return "a list"
	}
	return "an object"
}
