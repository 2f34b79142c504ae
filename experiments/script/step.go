package script

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"strata/engine/scheme"
	"strata/experiments/table"
)

// Step is one act of a user. ParseStep makes steps from text, and String gives the
// canonical line, which ParseStep reads back to an equal step.
type Step interface {
	fmt.Stringer
	Keyword() string // that of the step's row in Kinds
}

// Seeded is a step that draws random numbers.
type Seeded interface {
	Step
	WithSeed(seed uint64) Step
}

// Kind is a kind of step: how its line is read and completed, and what it does. A
// session knows how to execute it, by its keyword.
type Kind struct {
	Keyword string
	Syntax  string   // of what follows the keyword
	Help    string   // a sentence
	Clauses []string // words that may stand in Syntax
	parse   func(*parser) (Step, error)
}

// evaluateSyntax is that of all steps that take the arguments of evaluate.
const evaluateSyntax = "[SCHEME, ...] [on LABEL, ...] [where COLUMN=VALUE ...] [over N|all|[N of] SET] [seed N]"

// Kinds are all kinds of steps, in the order in which messages name them.
var Kinds = []Kind{
	{"gallery", "NAME", "open a gallery: demo, the built-in one, or a folder", nil, (*parser).gallery},
	{"query", "ID", "search for an item", nil, (*parser).query},
	{"image", "PATH", "search for a picture from outside the gallery", nil, (*parser).image},
	{"schemes", "SCHEME, ...", "choose schemes", nil, (*parser).schemesStep},
	{"filter", "none|COLUMN=VALUE ...", "restrict the candidates", []string{"none"}, (*parser).filter},
	{"undo", "[N]", "take back the last steps that changed query, schemes or filter", nil, (*parser).undo},
	{"redo", "[N]", "do again what undo took back", nil, (*parser).redo},
	{"search", "K", "rank the candidates under every scheme", nil, (*parser).search},
	{"evaluate", evaluateSyntax, "measure schemes over many queries", table.EvaluateWords, (*parser).evaluateStep},
	{"compare", evaluateSyntax, "measure schemes and compare every pair", table.EvaluateWords, (*parser).compare},
	{"mine", evaluateSyntax, "look for where two schemes differ", table.EvaluateWords, (*parser).mine},
	{
		"tune", "LAYER, ... for METRIC LABEL [with METRIC LABEL >= NUMBER, ...] [front METRIC LABEL, ...] [where COLUMN=VALUE ...] [over N|all|[N of] SET] [seed N] [step 1/N] [share NUMBER]",
		"search the weights of layers", tuneWords, (*parser).tune,
	},
	{"require", "METRIC LABEL >= NUMBER|not-worse-than RUN [margin NUMBER]", "fail unless the last evaluation meets this", requireWords, (*parser).require},
	{"decide", "[SCHEME] [against SCHEME] [on LABEL, ...]", "take a scheme of the last evaluation", decideWords, (*parser).decide},
	{"flag", "ID wrong|duplicate|interesting|WORD|none", "say of an item that it is wrong, a duplicate, interesting, or another word", flagWords, (*parser).flag},
	{"note", "TEXT", "write a remark into the log", nil, (*parser).note},
	{"export", "FILE", "write a table or a report of what the last steps gave", nil, (*parser).export},
}

// kindOf returns the kind of a keyword, or nil.
func kindOf(keyword string) *Kind {
	for i := range Kinds {
		if Kinds[i].Keyword == keyword {
			return &Kinds[i]
		}
	}
	return nil
}

// Complete returns the words of the language that may end a line which is being
// typed: keywords for its first word, then those of its step's clauses. Names of a
// gallery are not among them.
func Complete(line string) []string {
	before, word := "", line
	if i := strings.LastIndexAny(line, " \t"); i >= 0 {
		before, word = line[:i], line[i+1:]
	}
	var words, out []string
	if fields := strings.Fields(before); len(fields) == 0 {
		for _, k := range Kinds {
			words = append(words, k.Keyword)
		}
	} else if k := kindOf(fields[0]); k != nil {
		words = k.Clauses
	}
	for _, w := range words {
		if strings.HasPrefix(w, word) {
			out = append(out, w)
		}
	}
	return out
}

// Usage says what the step of a line that is being typed does and how it is written; the
// keywords that may be meant, while none is written out; nothing if there is no such step.
func Usage(line string) string {
	line = strings.TrimLeft(line, " \t")
	word := line
	if i := strings.IndexAny(line, " \t"); i >= 0 {
		word = line[:i]
	}
	switch k := kindOf(word); {
	case k != nil:
		return k.Help + ": " + strings.TrimSpace(k.Keyword+" "+k.Syntax)
	case word == line:
		return strings.Join(Complete(word), " · ")
	}
	return ""
}

// Continue returns a line that is being typed, as far as it is clear how it goes on: its
// last word continued to what the words of Complete begin with, and a blank behind the only one.
func Continue(line string) string {
	words := Complete(line)
	if len(words) == 0 {
		return line
	}
	common := words[0]
	for _, w := range words[1:] {
		for !strings.HasPrefix(w, common) {
			common = common[:len(common)-1]
		}
	}
	if len(words) == 1 {
		common += " "
	}
	return line[:strings.LastIndexAny(line, " \t")+1] + common
}

// Gallery opens a gallery. It forgets the query, the schemes and the filter.
type Gallery struct {
	Name string // demo, the built-in one, or the path of a folder
}

// Query chooses the item that is searched for.
type Query struct {
	ID string
}

// Image makes a picture from outside the gallery what is searched for.
type Image struct {
	Path string // of its file
}

// Schemes chooses the schemes, in the order of the screen's rows.
type Schemes struct {
	Schemes []scheme.Scheme // at least one
}

// Filter restricts the candidates of searches and evaluations.
type Filter struct {
	Conditions []scheme.Condition // none: every item is a candidate
}

// Search ranks the candidates for the query under every scheme.
type Search struct {
	K int // hits a scheme, at least 1
}

// Evaluate measures schemes over many queries.
type Evaluate struct {
	Schemes []scheme.Scheme    // nil: the chosen ones
	Labels  []string           // nil: all
	Where   []scheme.Condition // the queries to take; none: all
	Set     string             // a named set of the gallery that holds the queries; "": all
	Over    int                // queries to draw of those; 0: all
	Seed    uint64             // of the draw and of the resampling; 0: 1, the default
}

// Note writes a remark into the log.
type Note struct {
	Text string
}

// Export writes what the last step of a kind gave as a table. The end of the
// file's name says which one, and its format: of an evaluation metrics.csv,
// per_query.csv or standings.csv, of a comparison comparisons.csv, of a search
// rankings.csv, of a mine or a tune step one of those that strata mine and strata tune
// write; or with .jsonl, .parquet. report.html is the page of an evaluation,
// decision.html that of a decision, and decision.strata its script.
type Export struct {
	File string
}

// Keyword returns gallery.
func (Gallery) Keyword() string { return "gallery" }

// Keyword returns query.
func (Query) Keyword() string { return "query" }

// Keyword returns image.
func (Image) Keyword() string { return "image" }

// Keyword returns schemes.
func (Schemes) Keyword() string { return "schemes" }

// Keyword returns filter.
func (Filter) Keyword() string { return "filter" }

// Keyword returns search.
func (Search) Keyword() string { return "search" }

// Keyword returns evaluate.
func (Evaluate) Keyword() string { return "evaluate" }

// Keyword returns note.
func (Note) Keyword() string { return "note" }

// Keyword returns export.
func (Export) Keyword() string { return "export" }

func (s Gallery) String() string { return stepLine(s, table.Quote(s.Name)) }
func (s Query) String() string   { return stepLine(s, table.Quote(s.ID)) }
func (s Image) String() string   { return stepLine(s, table.Quote(s.Path)) }
func (s Schemes) String() string { return stepLine(s, joinSchemes(s.Schemes)) }
func (s Search) String() string  { return stepLine(s, strconv.Itoa(s.K)) }
func (s Export) String() string  { return stepLine(s, table.Quote(s.File)) }

func (s Filter) String() string {
	if len(s.Conditions) == 0 {
		return stepLine(s, "none")
	}
	return stepLine(s, joinConditions(s.Conditions))
}

func (s Evaluate) String() string { return stepLine(s, s.clauses()) }

// clauses returns the arguments.
func (s Evaluate) clauses() string {
	var parts []string
	if len(s.Schemes) > 0 {
		parts = append(parts, joinSchemes(s.Schemes))
	}
	if len(s.Labels) > 0 {
		names := make([]string, len(s.Labels))
		for i, l := range s.Labels {
			names[i] = table.Quote(l)
		}
		parts = append(parts, "on "+strings.Join(names, ", "))
	}
	if len(s.Where) > 0 {
		parts = append(parts, "where "+joinConditions(s.Where))
	}
	parts = append(parts, "over "+OverText(s.Over, s.Set), "seed "+strconv.FormatUint(s.DrawSeed(), 10))
	return strings.Join(parts, " ")
}

// WithSeed returns the step with another seed.
func (s Evaluate) WithSeed(seed uint64) Step { s.Seed = seed; return s }

// DrawSeed returns the seed, or the default.
func (s Evaluate) DrawSeed() uint64 { return max(s.Seed, 1) }

func (s Note) String() string {
	text := s.Text
	if text == "" || text[0] == '"' || strings.TrimSpace(text) != text || !scheme.Printable(text) {
		text = strconv.Quote(text)
	}
	return stepLine(s, text)
}

// stepLine puts a step's keyword and its arguments on a line; short keywords are
// padded, so that arguments stand in one column.
func stepLine(s Step, args string) string { return fmt.Sprintf("%-7s %s", s.Keyword(), args) }

func joinSchemes(schemes []scheme.Scheme) string {
	texts := make([]string, len(schemes))
	for i, s := range schemes {
		texts[i] = s.String()
		if slices.Contains(table.EvaluateWords, texts[i]) {
			texts[i] = strconv.Quote(texts[i])
		}
	}
	return strings.Join(texts, ", ")
}

func joinConditions(conditions []scheme.Condition) string {
	texts := make([]string, len(conditions))
	for i, c := range conditions {
		texts[i] = c.String()
	}
	return strings.Join(texts, " ")
}

// Text returns the conditions, or nothing without any.
func (s Filter) Text() string { return joinConditions(s.Conditions) }

func (p *parser) gallery() (Step, error) {
	name, err := p.name("the name of a gallery")
	return Gallery{name}, err
}

func (p *parser) query() (Step, error) {
	id, err := p.name("the id of an item")
	return Query{id}, err
}

func (p *parser) image() (Step, error) {
	path, err := p.name("the path of a picture")
	return Image{path}, err
}

func (p *parser) schemesStep() (Step, error) {
	schemes, err := p.schemes(len(p.line))
	return Schemes{schemes}, err
}

func (p *parser) filter() (Step, error) {
	if strings.TrimRight(p.line[p.pos:], " \t") == "none" {
		p.pos = len(p.line)
		return Filter{}, nil
	}
	conditions, err := p.conditions(len(p.line))
	return Filter{conditions}, err
}

func (p *parser) search() (Step, error) {
	k, err := p.count("a number of hits", 1<<31-1)
	return Search{k}, err
}

func (p *parser) evaluateStep() (Step, error) {
	step, err := p.evaluate()
	return step, err
}

func (p *parser) note() (Step, error) {
	text, err := p.text()
	return Note{text}, err
}

func (p *parser) export() (Step, error) {
	file, err := p.name("the name of a file")
	return Export{file}, err
}
