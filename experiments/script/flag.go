package script

import (
	"strings"

	"strata/engine/flags"
	"strata/experiments/table"
)

// Flag gives an item a flag, in the place of the one that it has.
type Flag struct {
	ID   string
	Word string // "": the item's flag is taken back
}

// flagWords are words that may end a flag step.
var flagWords = append(flags.Suggested(), flags.None)

// Keyword returns flag.
func (Flag) Keyword() string { return "flag" }

func (s Flag) String() string {
	word := flags.None
	if s.Word != "" {
		word = table.Quote(s.Word)
	}
	return stepLine(s, table.Quote(s.ID)+" "+word)
}

// flag parses ID WORD, or ID none. A word with blanks may stand without quotes.
func (p *parser) flag() (Step, error) {
	id, err := p.name("the id of an item")
	if err != nil {
		return nil, err
	}
	p.skip()
	start := p.pos
	word, err := p.text()
	if err != nil {
		return nil, p.fail(start, "expected a flag, or none")
	}
	if strings.TrimSpace(word) == flags.None || word == "" {
		return Flag{ID: id}, nil
	}
	if err := flags.CheckWord(word); err != nil {
		return nil, p.fail(start, "%v", err)
	}
	return Flag{ID: id, Word: word}, nil
}
