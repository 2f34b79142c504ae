package command

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"strata/engine"
	"strata/engine/code"
	"strata/engine/scheme"
	"strata/experiments"
	"strata/experiments/eval"
	"strata/experiments/metric"
	"strata/experiments/report"
	"strata/experiments/run"
	"strata/experiments/script"
	"strata/experiments/table"
)

// evalFlags are the flags of eval.
type evalFlags struct {
	schemes, labels, where []string
	ks                     []int
	metrics                []string
	baseline, trec         string
	compare, plot          bool
	near                   float64
	queries                string
	seed                   uint64
	out                    string
	report                 string
	reportQueries          []string
	reportWorst            int
	formats                []string
	csvSafe                bool
	require                []string
	notWorse               string
	margin                 float64
}

// csvSafeUsage describes --csv-safe, of every command that writes tables.
const csvSafeUsage = "for spreadsheets: write ' before text in CSV that begins like a formula (= + - @)"

// reportName is the name of the report in the folder of the tables.
const reportName = "report.html"

const evalLong = `Eval ranks the gallery for every query under every scheme and measures the mean
precision at k of each label, with a 95 % bootstrap interval over queries, and
compares the schemes in pairs. It prints a table. With --out it also writes
metrics.csv, per_query.csv, standings.csv, comparisons.csv and manifest.json into a
folder, and with --report the page report.html with tables, plots and pictures.
--report=FILE writes that page without the folder. --compare also prints how often a
scheme is the best of all in resamples of the queries, and the interval of its rank.

A label is a column; category/2 is the first two levels of one whose values are
paths (Women/Knit/Sweater), category/* all levels with gains, category&brand both,
overlap(category,brand) one of them, with the number of labels shared as gain.
Judgements are labels, too: qrels.csv in the gallery, with query, item and grade, or
files that gallery.yaml names.

Metrics beside P: Pcap, R, Success, AP, AP(hits), AP(min), RR, nDCG, Judged, each
at every --k; NAME@7 at 7. Without a cut-off: RR@all, AP@all, nDCG@all, Rprec,
MAP@R, AP(trapezoid); these rank more of the gallery for every query and scheme,
which takes many times as long. "all" is those with a cut-off but the variants of
AP, "deep" also those without. For grades there are also ERR, RBP or RBP(p=0.95), at
every --k, RBP@all and bpref. experiments/METRICS.md defines them.

For tests of a product, --require 'P@10 category >= .76' fails, with exit code 1 and a
line, unless every scheme has that mean. --not-worse-than RUN, a folder that eval
--out wrote of the same items and queries, fails unless of every scheme and label the
95 % interval of the paired difference lies above -margin. The tables are written
before. What cannot be compared is wrong usage, exit code 2.`

func evalCommand() *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:   "eval GALLERY",
		Short: "Measure the precision of schemes over many queries",
		Long:  evalLong,
		Example: "strata eval demo --scheme C --scheme B+pattern\n" +
			"strata eval demo --scheme A --scheme B --label 'category&brand' --metric nDCG,AP --compare\n" +
			"strata eval demo --scheme A --scheme B --out results --report --report-query knit-0012\n" +
			"strata eval demo --scheme mixed8 --label category --require 'P@10 category >= .65'",
		Args:              reportArguments(&f.report, "scheme"),
		ValidArgsFunction: completeFolder,
		RunE:              func(cmd *cobra.Command, args []string) error { return evaluate(cmd, f, args[0]) },
	}
	cmd.Flags().StringArrayVar(&f.schemes, "scheme", nil, "a scheme to evaluate; repeats")
	cmd.Flags().StringArrayVar(&f.labels, "label", nil, "a label to judge by; repeats (default: all)")
	cmd.Flags().StringArrayVar(&f.where, "where", nil, "take queries of which COLUMN=VALUE is true; repeats")
	cmd.Flags().IntSliceVar(&f.ks, "k", metric.DefaultKs(), "ranks at which metrics are measured")
	cmd.Flags().StringSliceVar(&f.metrics, "metric", nil, "metrics beside P, or all, or deep; repeats")
	cmd.Flags().BoolVar(&f.compare, "compare", false, "print the comparisons of schemes, too")
	cmd.Flags().BoolVar(&f.plot, "plot", false, "draw the means with their intervals, too")
	cmd.Flags().StringVar(&f.baseline, "baseline", "", "compare all with this one of the schemes (default: every pair)")
	cmd.Flags().StringVar(&f.trec, "trec", "", "write rankings and judgements of so many queries, or all, for trec_eval")
	addNear(cmd.Flags(), &f.near)
	cmd.Flags().StringVar(&f.queries, "queries", "all", queriesUsage)
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "seed of the draw and of the resampling")
	cmd.Flags().StringVar(&f.out, "out", "", "write the tables into this folder, too")
	addFormats(cmd.Flags(), &f.formats)
	cmd.Flags().BoolVar(&f.csvSafe, "csv-safe", false, csvSafeUsage)
	addReport(cmd.Flags(), &f.report)
	cmd.Flags().StringArrayVar(&f.reportQueries, "report-query", nil, "show the pictures of this query's hits in the report; repeats")
	cmd.Flags().StringArrayVar(&f.require, "require", nil, "METRIC LABEL >= NUMBER: fail unless every scheme has it; repeats")
	cmd.Flags().StringVar(&f.notWorse, "not-worse-than", "", "fail unless no scheme is worse than it, or the only one, of this folder")
	cmd.Flags().Float64Var(&f.margin, "margin", script.DefaultMargin, "by how much --not-worse-than lets a scheme be worse")
	cmd.Flags().IntVar(&f.reportWorst, "report-worst", report.DefaultWorst, "show those of so many queries that lose most")
	return cmd
}

// addNear adds the flag that leaves duplicates out.
func addNear(flags *pflag.FlagSet, near *float64) {
	flags.Float64Var(near, "exclude-duplicates", 0, "leave items with the picture of the query, or with a cosine of so much under the schemes' layers, out of its candidates")
	flags.Lookup("exclude-duplicates").NoOptDefVal = strconv.FormatFloat(eval.DefaultNear, 'g', -1, 64)
}

// checkNear returns an error for a cosine that is none.
func checkNear(near float64) error {
	if near >= 0 && near <= 1 {
		return nil
	}
	return usagef("--exclude-duplicates is a cosine above 0 and at most 1, not %v", near)
}

// writeLeftOut says which duplicates were left out; d is nil when none were looked for.
func writeLeftOut(cmd *cobra.Command, d *eval.Duplicates) error {
	if d == nil {
		return nil
	}
	warnUnread(cmd, d)
	_, err := fmt.Fprintf(shown(cmd), "duplicates that are no candidates of each other: %d pairs (same picture, or cosine ≥ %v under %s)\n", len(d.Pairs), d.Near, d.Scheme)
	return err
}

// addFormats adds the flag of the formats of tables.
func addFormats(flags *pflag.FlagSet, formats *[]string) {
	flags.StringSliceVar(formats, "format", []string{"csv"}, "write the tables as csv, jsonl, parquet; repeats")
}

// addReport adds the flag of a report.
func addReport(flags *pflag.FlagSet, report *string) {
	flags.StringVar(report, "report", "", "write a report, an HTML file, into --out, or as --report=FILE")
	flags.Lookup("report").NoOptDefVal = reportName
}

// reportArguments checks that there is one gallery, as takesGallery does. The file of a report may stand
// after --report as if it were an argument, since that flag needs no value.
func reportArguments(report *string, flag string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 2 && *report == reportName && strings.HasSuffix(args[1], ".html") {
			*report = args[1]
			return nil
		}
		return takesGallery(flag)(cmd, args)
	}
}

// reportPath returns the file of the report that a flag asks for, or "".
func reportPath(report, out string) string {
	if report == reportName {
		return filepath.Join(out, reportName)
	}
	return report
}

// sheets returns the contact sheets of the report that the flags ask for.
func (f evalFlags) sheets() (report.Sheets, error) {
	sheets := report.Sheets{Queries: f.reportQueries, Worst: f.reportWorst}
	switch {
	case f.report == "" && len(f.reportQueries) > 0:
		return sheets, usagef("--report-query goes with --report")
	case f.report == reportName && f.out == "":
		return sheets, usagef("--report needs --out, the folder to write into, or a file: --report=FILE")
	case f.reportWorst < 0 || f.reportWorst > report.MaxSheets:
		return sheets, usagef("--report-worst is from 0 to %d, not %d", report.MaxSheets, f.reportWorst)
	case len(f.reportQueries) > report.MaxSheets:
		return sheets, usagef("--report-query repeats at most %d times, not %d", report.MaxSheets, len(f.reportQueries))
	}
	return sheets, nil
}

// files returns the contact sheets of the report and where the files go, as the flags say. format: the formats of tables
// are among them.
func (f evalFlags) files(format bool) (report.Sheets, run.Folder, error) {
	sheets, err := f.sheets()
	if err == nil && format && f.out == "" {
		err = usagef("--format needs --out, the folder to write the tables into")
	}
	if err != nil {
		return sheets, run.Folder{}, err
	}
	into, err := folder(f.out, f.report, f.formats, f.csvSafe)
	return sheets, into, err
}

// folder returns where a study's files go, as the flags say.
func folder(out, report string, formats []string, csvSafe bool) (run.Folder, error) {
	f := run.Folder{Out: out, Page: reportPath(report, out), CSVSafe: csvSafe, Version: version(), Command: os.Args}
	var err error
	f.Formats, err = table.ParseFormats(formats)
	return f, err
}

func evaluate(cmd *cobra.Command, f evalFlags, gallery string) error {
	plan, err := f.plan()
	if err != nil {
		return err
	}
	requirements, err := f.requirements(cmd.Flags().Changed("margin"))
	if err != nil {
		return err
	}
	sheets, into, err := f.files(cmd.Flags().Changed("format"))
	if err != nil {
		return err
	}
	g, err := openShown(cmd.Context(), gallery)
	if err != nil {
		return err
	}
	defer closeLate(cmd, g)
	if plan.Schemes, err = parseSchemes(g, f.schemes); err != nil {
		return err
	}
	if err := plan.CheckRequirements(g, requirements); err != nil {
		return err
	}
	useCodes(cmd, g)
	if plan.Neighbours, err = experiments.KeptNeighbours(cmd.Context(), g, experiments.LayersOf(plan.Schemes), plan.Over); err != nil {
		return err
	}
	run := report.Run{Gallery: g, Plan: plan, Near: f.near, Sheets: sheets, Folder: into}
	if f.baseline != "" {
		if run.Baseline, err = baseline(g, plan.Schemes, f.baseline); err != nil {
			return err
		}
	}
	p := newProgress(cmd.ErrOrStderr(), f.phases()...)
	outcome, err := run.Do(cmd.Context(), p.counter())
	p.end()
	if err != nil {
		return err
	}
	warnFaults(cmd, g)
	if err := f.print(cmd, outcome); err != nil {
		return err
	}
	return require(cmd, outcome.Evaluation, requirements)
}

// print writes the tables that the flags ask for.
func (f evalFlags) print(cmd *cobra.Command, outcome *report.Outcome) error {
	if err := writeLeftOut(cmd, outcome.Duplicates); err != nil {
		return err
	}
	if err := outcome.Evaluation.WriteTable(shown(cmd)); err != nil {
		return err
	}
	if f.compare {
		if err := eval.WriteComparisonTable(shown(cmd), outcome.Comparisons); err != nil {
			return err
		}
		if err := outcome.Evaluation.WriteStandingTable(shown(cmd)); err != nil {
			return err
		}
	}
	if f.plot {
		return report.WriteMeansPlot(shown(cmd), outcome.Evaluation)
	}
	return nil
}

// requirements returns what the flags require, with the run that they name.
func (f evalFlags) requirements(margin bool) ([]eval.Requirement, error) {
	var all []eval.Requirement
	for _, text := range f.require {
		least, err := metric.ParseConstraint(text)
		if err != nil {
			return nil, usagef("--require %w", err)
		}
		all = append(all, eval.Requirement{Require: script.Require{Least: least}})
	}
	switch {
	case f.notWorse == "" && margin:
		return nil, usagef("--margin goes with --not-worse-than")
	case f.notWorse == "":
		return all, nil
	}
	if err := script.CheckMargin(f.margin); err != nil {
		return nil, usagef("--margin: %w", err)
	}
	than, err := eval.OpenRequirement(script.Require{Run: f.notWorse, Margin: f.margin})
	return append(all, than), err
}

// require prints what is met of requirements, and returns all that is not.
func require(cmd *cobra.Command, e *eval.Evaluation, all []eval.Requirement) error {
	var unmet eval.Unmet
	for _, r := range all {
		met, err := e.Require(cmd.Context(), r)
		var lacking *eval.Unmet
		if err != nil && !errors.As(err, &lacking) {
			return err
		}
		for _, line := range met {
			if _, err := fmt.Fprintf(shown(cmd), "met: %s\n", line); err != nil {
				return err
			}
		}
		if lacking != nil {
			unmet.Lines = append(unmet.Lines, lacking.Lines...)
		}
	}
	if unmet.Lines != nil {
		return &unmet
	}
	return nil
}

// phases returns what an evaluation does, in its order.
func (f evalFlags) phases() []phase {
	all := []phase{{"ranking", "queries", 20}, {name: "comparing and writing", weight: 2}}
	if f.near > 0 {
		all = append([]phase{{"looking for duplicates", "queries", 10}}, all...)
	}
	return all
}

// useCodes opens the codes of large layers, if there are any.
func useCodes(cmd *cobra.Command, g *engine.Gallery) {
	if err := g.PrepareCodes(cmd.Context(), code.Options{}); err != nil {
		warn(cmd, []string{err.Error()}) // it works without
	}
}

// baseline returns the scheme with which the others are compared.
func baseline(g *engine.Gallery, schemes []scheme.Scheme, text string) (*scheme.Scheme, error) {
	s, err := g.ParseScheme(text)
	if err != nil {
		return nil, err
	}
	for _, other := range schemes {
		if other.String() == s.String() {
			return &s, nil
		}
	}
	return nil, usagef("--baseline %s is none of the schemes", s)
}

// plan returns the plan that the flags say, without its schemes.
func (f evalFlags) plan() (eval.Plan, error) {
	plan := eval.Plan{Labels: f.labels, Ks: f.ks, Seed: f.seed, Macro: true}
	switch {
	case len(f.schemes) == 0:
		return plan, usagef("eval needs at least one --scheme")
	case f.trec != "" && f.out == "":
		return plan, usagef("--trec needs --out, the folder to write into")
	case f.seed == 0:
		return plan, usagef("--seed is at least 1")
	}
	if err := checkNear(f.near); err != nil {
		return plan, err
	}
	for _, k := range f.ks {
		if k < 1 || k > math.MaxUint16 {
			return plan, usagef("--k is from 1 to %d, not %d", math.MaxUint16, k)
		}
	}
	var err error
	if plan.Where, err = conditions("--where", f.where); err != nil {
		return plan, err
	}
	if plan.Metrics, err = metric.ParseMetrics(f.metrics, f.ks); err != nil {
		return plan, usageError{err}
	}
	if plan.Over, plan.Set, err = overQueries(f.queries); err != nil {
		return plan, err
	}
	if f.trec != "" {
		plan.Keep, err = keptQueries(f.trec)
	}
	return plan, err
}

// queriesUsage describes --queries, of every command that takes sets of queries.
const queriesUsage = "how many queries to draw, all, a set of queries of gallery.yaml, or 'N of SET'"

// overQueries reads what --queries says: how many queries to draw, 0 for all, and the set that holds them.
func overQueries(text string) (n int, set string, err error) {
	if n, set, err = script.ParseOver(text); err != nil {
		return 0, "", usagef("--queries is a number, all, a set of queries, or 'N of SET', not %q", text)
	}
	return n, set, nil
}

// keptQueries reads of how many queries rankings are written; -1 is all.
func keptQueries(text string) (int, error) {
	if text == scheme.AllQueries {
		return -1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, usagef("--trec is a number or all, not %q", text)
	}
	return n, nil
}

func parseSchemes(g *engine.Gallery, texts []string) ([]scheme.Scheme, error) {
	var schemes []scheme.Scheme
	for _, text := range texts {
		s, err := g.ParseScheme(text)
		if err != nil {
			return nil, err
		}
		schemes = append(schemes, s)
	}
	return schemes, nil
}
