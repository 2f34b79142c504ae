package page

import (
	"fmt"
	"strings"
)

// parse returns what tells the rows that hold a text: all of its words, each a part of a name, or a column and a value
// with <, = or > between them. It returns nil for a text without words.
func (l *RowList) parse(text string) (func(i int) bool, error) {
	var all []func(i int) bool
	for _, word := range strings.Fields(strings.ToLower(text)) {
		holds, err := l.parseWord(word)
		if err != nil {
			return nil, err
		}
		if holds != nil {
			all = append(all, holds)
		}
	}
	if all == nil {
		return nil, nil
	}
	return func(i int) bool {
		for _, holds := range all {
			if !holds(i) {
				return false
			}
		}
		return true
	}, nil
}

// parseWord returns what tells the rows of a word, or nil if the word is not written to its end.
func (l *RowList) parseWord(word string) (func(i int) bool, error) {
	at := strings.IndexAny(word, "<=>")
	if at <= 0 {
		return func(i int) bool { return l.holds(i, word) }, nil
	}
	column, err := l.named(word[:at])
	if err != nil {
		return nil, err
	}
	sign, value := word[at:at+1], word[at+1:]
	if rest, ok := strings.CutPrefix(value, "="); ok {
		sign, value = sign+"=", rest
	}
	if value == "" {
		return nil, nil
	}
	want, isNumber := leading(value)
	if sign == "=" && !l.columns[column].right && l.columns[column].value == nil {
		return func(i int) bool { return strings.Contains(strings.ToLower(l.text(i, column)), value) }, nil
	}
	if !isNumber {
		return nil, fmt.Errorf("%s: want a number after %s", word, word[:at]+sign)
	}
	return func(i int) bool {
		n, ok := l.number(i, column)
		return ok && compares(n, sign, want)
	}, nil
}

// compares reports whether n is as a sign says of want; no NaN is.
func compares(n float64, sign string, want float64) bool {
	switch sign {
	case "<":
		return n < want
	case "<=":
		return n <= want
	case ">":
		return n > want
	case ">=":
		return n >= want
	}
	return n == want
}

// number returns the number of a cell.
func (l *RowList) number(i, column int) (float64, bool) {
	if value := l.columns[column].value; value != nil {
		return value(i), true
	}
	return leading(l.text(i, column))
}

// holds reports whether a column of names has a text in a row.
func (l *RowList) holds(i int, part string) bool {
	if l.isHeading(i) {
		return false
	}
	for j, c := range l.columns {
		if !c.right && strings.Contains(strings.ToLower(l.text(i, j)), part) {
			return true
		}
	}
	return false
}

// named returns the column with a name, written without blanks, or the first whose name begins so.
func (l *RowList) named(name string) (int, error) {
	begins := -1
	heads := l.heads()
	for i, head := range heads {
		switch head = strings.ToLower(strings.ReplaceAll(head, " ", "")); {
		case head == name:
			return i, nil
		case begins < 0 && strings.HasPrefix(head, name):
			begins = i
		}
	}
	if begins < 0 {
		return 0, fmt.Errorf("no column is called %s; there are %s", name, strings.Join(heads, ", "))
	}
	return begins, nil
}
