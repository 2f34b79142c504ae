package experiments

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"strata/engine"
)

// Step is one act of a user. The steps are the types below; ParseStep makes
// them from text, and String gives the canonical line, which ParseStep reads
// back to an equal step.
type Step interface {
	fmt.Stringer
	step()
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
	Schemes []engine.Scheme // at least one
}

// Filter restricts the candidates of searches and evaluations.
type Filter struct {
	Conditions []engine.Condition // none: every item is a candidate
}

// Search ranks the candidates for the query under every scheme.
type Search struct {
	K int // hits a scheme, at least 1
}

// Evaluate measures schemes over many queries.
type Evaluate struct {
	Schemes []engine.Scheme    // nil: the chosen ones
	Labels  []string           // nil: all
	Where   []engine.Condition // the queries to take; none: all
	Over    int                // queries to draw of those; 0: all
	Seed    uint64             // of the draw and of the resampling; 0: 1, the default
}

// Note writes a remark into the log.
type Note struct {
	Text string
}

// Export writes what the last step of a kind gave as a table. The end of the
// file's name says which one, and its format: of an evaluation metrics.csv or
// per_query.csv, of a comparison comparisons.csv, of a search rankings.csv, of a
// mine or a tune step one of those that strata mine and strata tune write; or with
// .jsonl, .parquet.
type Export struct {
	File string
}

func (Gallery) step()  {}
func (Query) step()    {}
func (Image) step()    {}
func (Schemes) step()  {}
func (Filter) step()   {}
func (Search) step()   {}
func (Evaluate) step() {}
func (Note) step()     {}
func (Export) step()   {}

func (s Gallery) String() string { return stepLine("gallery", quote(s.Name)) }
func (s Query) String() string   { return stepLine("query", quote(s.ID)) }
func (s Image) String() string   { return stepLine("image", quote(s.Path)) }
func (s Schemes) String() string { return stepLine("schemes", joinSchemes(s.Schemes)) }
func (s Search) String() string  { return stepLine("search", strconv.Itoa(s.K)) }
func (s Export) String() string  { return stepLine("export", quote(s.File)) }

func (s Filter) String() string {
	if len(s.Conditions) == 0 {
		return stepLine("filter", "none")
	}
	return stepLine("filter", joinConditions(s.Conditions))
}

func (s Evaluate) String() string { return stepLine("evaluate", s.clauses()) }

// clauses returns the arguments.
func (s Evaluate) clauses() string {
	var parts []string
	if len(s.Schemes) > 0 {
		parts = append(parts, joinSchemes(s.Schemes))
	}
	if len(s.Labels) > 0 {
		names := make([]string, len(s.Labels))
		for i, l := range s.Labels {
			names[i] = quote(l)
		}
		parts = append(parts, "on "+strings.Join(names, ", "))
	}
	if len(s.Where) > 0 {
		parts = append(parts, "where "+joinConditions(s.Where))
	}
	over := "all"
	if s.Over > 0 {
		over = strconv.Itoa(s.Over)
	}
	parts = append(parts, "over "+over, "seed "+strconv.FormatUint(s.seed(), 10))
	return strings.Join(parts, " ")
}

// seed returns the seed, or the default.
func (s Evaluate) seed() uint64 { return max(s.Seed, 1) }

func (s Note) String() string {
	text := s.Text
	if text == "" || text[0] == '"' || strings.TrimSpace(text) != text || !engine.Printable(text) {
		text = strconv.Quote(text)
	}
	return stepLine("note", text)
}

// stepLine puts a keyword and its arguments on a line; short keywords are
// padded, so that arguments stand in one column.
func stepLine(keyword, args string) string { return fmt.Sprintf("%-7s %s", keyword, args) }

func joinSchemes(schemes []engine.Scheme) string {
	texts := make([]string, len(schemes))
	for i, s := range schemes {
		texts[i] = s.String()
		if slices.Contains(evaluateWords, texts[i]) {
			texts[i] = strconv.Quote(texts[i])
		}
	}
	return strings.Join(texts, ", ")
}

func joinConditions(conditions []engine.Condition) string {
	texts := make([]string, len(conditions))
	for i, c := range conditions {
		texts[i] = c.String()
	}
	return strings.Join(texts, " ")
}

// evaluateWords begin the clauses of an evaluate step.
var evaluateWords = []string{"on", "where", "over", "seed"}

// quote returns a name as it stands in scripts and logs: see engine.Quote.
func quote(name string) string { return engine.Quote(name, evaluateWords...) }

// legible returns a text as it is, or between Go's quotes if it holds what cannot
// be printed, the end of a line say.
func legible(text string) string {
	if engine.Printable(text) {
		return text
	}
	return strconv.Quote(text)
}

// printable is engine.Printable.
func printable(text string) bool { return engine.Printable(text) }

// number returns a number as it stands in logs and tables: the shortest text
// that reads back to the same float64.
func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
