package command

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The widths of a help page, in columns.
const (
	narrowHelp = 60
	wideHelp   = 100
)

// group is a heading under which the help shows flags.
type group int

// The groups, in the order of the help.
const (
	data group = iota
	measure
	output
	machine
	general
)

// headings are the groups' texts.
var headings = [...]string{data: "Data", measure: "What to measure", output: "Output", machine: "Machine", general: "General"}

// measures are the texts of that group for commands that do not measure.
var measures = map[string]string{
	"search": "What to search", "replay": "What to run", "taps": "What to list", "extract": "What to compute", "derive": "What to compute",
	"items": "What to take",
}

// flagKind says under which group a flag stands, and what its value is called.
type flagKind struct {
	group group
	value string // "" for a flag without a value
}

// flagKinds has the flags of all commands. Flags of one name have one kind.
var flagKinds = map[string]flagKind{
	"among":              {data, "COLUMN=VALUE"},
	"array":              {data, "NAME"},
	"append":             {data, ""},
	"follow-links":       {data, ""},
	"include-outside":    {data, ""},
	"folders":            {data, "NAME/..."},
	"gallery":            {data, "FOLDER"},
	"ids":                {data, "FILE"},
	"image":              {data, "FILE"},
	"input":              {data, "NAME=NUMBER"},
	"join":               {data, "TABLE"},
	"pool":               {data, "POOL"},
	"lacking":            {data, ""},
	"list":               {data, "FILE"},
	"name":               {data, "PATTERN"},
	"on":                 {data, "COLUMN"},
	"query":              {data, "ID"},
	"sample":             {data, "ROWS"},
	"set":                {data, "NAME=VALUE"},
	"to":                 {data, "FOLDER"},
	"where":              {data, "COLUMN=VALUE"},
	"exclude-duplicates": {data, "COSINE"},
	"near":               {data, "COSINE"},

	"baseline":           {measure, "SCHEME"},
	"bits":               {measure, "BITS,..."},
	"stored":             {measure, "TYPE,..."},
	"channels":           {measure, "ORDER"},
	"check":              {measure, ""},
	"constraint":         {measure, "CONDITION"},
	"ef":                 {measure, "NUMBER,..."},
	"filter":             {measure, "TEXT"},
	"fit":                {measure, "HOW"},
	"front":              {measure, "METRIC"},
	"graph":              {measure, "TYPE"},
	"graph-construction": {measure, "NUMBER"},
	"graph-m":            {measure, "NUMBER"},
	"items":              {measure, "NUMBER"},
	"k":                  {measure, "NUMBER"},
	"label":              {measure, "LABEL"},
	"layers":             {measure, "LAYER,..."},
	"layout":             {measure, "LAYOUT"},
	"margin":             {measure, "NUMBER"},
	"mean":               {measure, "R,G,B"},
	"metric":             {measure, "METRIC,..."},
	"not-worse-than":     {measure, "RUN"},
	"objective":          {measure, "METRIC"},
	"pca":                {measure, "NUMBER,..."},
	"pictures":           {measure, "NUMBER"},
	"preset":             {measure, "NAME"},
	"queries":            {measure, "QUERIES"},
	"range":              {measure, "LOW,HIGH"},
	"repeats":            {measure, "NUMBER"},
	"require":            {measure, "CONDITION"},
	"rescore":            {measure, "NUMBER,..."},
	"scheme":             {measure, "SCHEME"},
	"schemes":            {measure, "SCHEMES"},
	"seed":               {measure, "SEED"},
	"share":              {measure, "SHARE"},
	"size":               {measure, "PIXELS"},
	"std":                {measure, "R,G,B"},
	"step":               {measure, "STEP"},
	"tap":                {measure, "TAP"},
	"taps":               {measure, "PATTERN,..."},
	"timed":              {measure, "NUMBER"},
	"tolerance":          {measure, "NUMBER"},

	"colors":       {output, "NUMBER"},
	"compare":      {output, ""},
	"csv":          {output, "FILE"},
	"csv-safe":     {output, ""},
	"force":        {output, ""},
	"format":       {output, "FORMAT,..."},
	"graphics":     {output, "HOW"},
	"json":         {output, ""},
	"keep":         {output, "LAYERS"},
	"layer":        {output, "NAME"},
	"log":          {output, "FILE"},
	"no-mouse":     {output, ""},
	"out":          {output, "FOLDER"},
	"plot":         {output, ""},
	"report":       {output, "FILE"},
	"report-query": {output, "ID"},
	"report-worst": {output, "NUMBER"},
	"restart":      {output, ""},
	"show":         {output, "ROWS"},
	"strict":       {output, ""},
	"trace":        {output, "FILE"},
	"trec":         {output, "NUMBER"},
	"type":         {output, "TYPE"},

	"jobs":        {machine, "NUMBER"},
	"model":       {machine, "FILE"},
	"onnxruntime": {machine, "PATH"},
	"provider":    {machine, "NAME"},
	"threads":     {machine, "NUMBER"},
	"usearch":     {machine, "PATH"},

	"help":            {general, ""},
	"version":         {general, ""},
	"no-descriptions": {general, ""},
}

// The groups of commands in the help of strata.
const (
	searching = "search"
	measuring = "measure"
	preparing = "prepare"
	others    = "others"
)

// addHelp makes the help of all commands the one of this file, and gives commands
// their groups.
func addHelp(root *cobra.Command) {
	for _, g := range []cobra.Group{
		{ID: searching, Title: "Search and scripts"},
		{ID: measuring, Title: "Measure and compare"},
		{ID: preparing, Title: "Prepare a gallery"},
		{ID: others, Title: "Others"},
	} {
		root.AddGroup(&g)
	}
	for name, group := range map[string]string{
		"search": searching, "replay": searching, "flags": searching, "resume": searching,
		"eval": measuring, "diff": measuring, "tune": measuring, "sweep": measuring, "mine": measuring, "cost": measuring, "bench": measuring,
		"items": preparing, "extract": preparing, "taps": preparing, "derive": preparing, "import": preparing, "check": preparing,
		"doctor": others,
	} {
		for _, c := range root.Commands() {
			if c.Name() == name {
				c.GroupID = group
			}
		}
	}
	root.SetHelpCommandGroupID(others)
	root.SetCompletionCommandGroupID(others)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		_, _ = io.WriteString(cmd.OutOrStdout(), newPage(cmd.OutOrStdout()).help(cmd)) // there is nowhere left to complain
	})
}

// helpPage is how a help page is set.
type helpPage struct {
	width    int
	coloured bool
}

// newPage returns a page as out takes it: coloured on a terminal, unless NO_COLOR
// is set.
func newPage(out io.Writer) helpPage {
	f, ok := out.(term.File)
	if !ok || !term.IsTerminal(f.Fd()) {
		return helpPage{width: wideHelp}
	}
	p := helpPage{width: wideHelp, coloured: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	if width, _, err := term.GetSize(f.Fd()); err == nil {
		p.width = min(max(width, narrowHelp), wideHelp)
	}
	return p
}

// heading returns a line above a part of the page.
func (p helpPage) heading(text string) string {
	if p.coloured {
		text = ansi.Style{}.Bold().Styled(text)
	}
	return "\n" + text + "\n"
}

// help returns the help of a command.
func (p helpPage) help(cmd *cobra.Command) string {
	var b strings.Builder
	b.WriteString(cmp.Or(cmd.Long, cmd.Short) + "\n")
	if cmd.Runnable() {
		b.WriteString(p.heading("Usage") + "  " + cmd.UseLine() + "\n")
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("  " + cmd.CommandPath() + " COMMAND\n")
	}
	if cmd.Example != "" {
		b.WriteString(p.heading("Examples") + indent(cmd.Example) + "\n")
	}
	b.WriteString(p.commands(cmd))
	for g, heading := range headings {
		if group(g) == measure {
			heading = cmp.Or(measures[cmd.Name()], heading)
		}
		b.WriteString(p.flags(cmd, group(g), heading))
	}
	return b.String()
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }

// commands returns the commands below cmd, a line each, by their groups.
func (p helpPage) commands(cmd *cobra.Command) string {
	var b strings.Builder
	groups := cmd.Groups()
	if len(groups) == 0 {
		groups = []*cobra.Group{{Title: "Commands"}}
	}
	for _, g := range groups {
		var lines strings.Builder
		for _, c := range cmd.Commands() {
			if c.GroupID == g.ID && (c.IsAvailableCommand() || c.Name() == "help") {
				fmt.Fprintf(&lines, "  %-*s  %s\n", cmd.Commands()[0].NamePadding(), c.Name(), c.Short)
			}
		}
		if lines.Len() > 0 {
			b.WriteString(p.heading(g.Title) + lines.String())
		}
	}
	return b.String()
}

// flags returns the flags of one group, with what they take, what they do and
// what they are by default. The lines of what they do fill the rest of the width.
func (p helpPage) flags(cmd *cobra.Command, g group, heading string) string {
	var names, texts []string
	widest := 0
	for _, set := range []*pflag.FlagSet{cmd.LocalFlags(), cmd.InheritedFlags()} {
		set.VisitAll(func(f *pflag.Flag) {
			if f.Hidden || flagKinds[f.Name].group != g {
				return
			}
			names = append(names, flagName(f))
			texts = append(texts, flagText(f))
			widest = max(widest, len(names[len(names)-1]))
		})
	}
	if len(names) == 0 {
		return ""
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for i, name := range names {
		lines := strings.Split(ansi.Wordwrap(texts[i], p.width-widest-4, ""), "\n")
		for k, line := range lines {
			if k > 0 {
				name = ""
			}
			_, _ = fmt.Fprintf(w, "  %s\t%s\n", name, line) // into memory
		}
	}
	_ = w.Flush()
	return p.heading(heading) + b.String()
}

// flagName returns a flag and its value as they are written.
func flagName(f *pflag.Flag) string {
	name := "    --" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", --" + f.Name
	}
	switch value := flagKinds[f.Name].value; {
	case value == "":
		return name
	case f.NoOptDefVal != "":
		return name + "[=" + value + "]"
	default:
		return name + " " + value
	}
}

// flagText returns what a flag does, the type of its value and its default, unless
// the text says so itself.
func flagText(f *pflag.Flag) string {
	var notes []string
	if kind := valueTypes[f.Value.Type()].short; kind != "" {
		notes = append(notes, kind)
	}
	switch def := strings.Trim(f.DefValue, "[]"); {
	case def == "" || def == "0" || def == "false" || strings.Contains(f.Usage, "default"):
	default:
		notes = append(notes, "default "+def)
	}
	if len(notes) == 0 {
		return f.Usage
	}
	return f.Usage + " (" + strings.Join(notes, "; ") + ")"
}

// valueType says what values a type of flags takes.
type valueType struct{ short, long string }

// valueTypes are the types of values by pflag's names. Booleans have none.
var valueTypes = map[string]valueType{
	"int":          {"integer", "a whole number"},
	"int64":        {"integer", "a whole number"},
	"uint64":       {"integer", "a whole number, not negative"},
	"float64":      {"number", "a number, such as 0.5"},
	"intSlice":     {"integers", "whole numbers with commas between them, such as 1,5,10"},
	"float64Slice": {"numbers", "numbers with commas between them, such as 0.5,0.25"},
	"string":       {"", "a text"},
	"stringArray":  {"", "a text"},
	"stringSlice":  {"", "texts with commas between them"},
}
