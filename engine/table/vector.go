package table

import (
	"slices"
	"strconv"
	"strings"
)

// Vector returns the columns of a vector: the one of that name, or NAME0, NAME1 and so on, or from
// NAME1 on. It is nil if there is none.
func Vector(columns []string, name string) []int {
	if c := slices.Index(columns, name); c >= 0 {
		return []int{c}
	}
	at := map[string]int{}
	for c, column := range columns {
		at[column] = c
	}
	var found []int
	for first := range 2 {
		for n := first; ; n++ {
			c, ok := at[name+strconv.Itoa(n)]
			if !ok {
				break
			}
			found = append(found, c)
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// IsVector reports whether a cell is a vector: at least four numbers in square brackets.
func IsVector(cell string) bool {
	inner, begins := strings.CutPrefix(cell, "[")
	inner, ends := strings.CutSuffix(inner, "]")
	if !begins || !ends {
		return false
	}
	numbers := Numbers(inner)
	for _, n := range numbers {
		if _, err := strconv.ParseFloat(n, 64); err != nil {
			return false
		}
	}
	return len(numbers) >= 4
}

// Numbers parts a text at commas, semicolons and blanks.
func Numbers(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(",; \t\r\n", c) })
}
