package script

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"strata/engine/scheme"
	"strata/experiments/metric"
)

func TestParseStep(t *testing.T) {
	for _, c := range []struct{ name, line, want string }{
		{"gallery", "gallery demo", "gallery demo"},
		{"padding is not needed", "query knit-0012", "query   knit-0012"},
		{"more blanks", "query \t knit-0012  ", "query   knit-0012"},
		{"quoted without need", `query "knit-0012"`, "query   knit-0012"},
		{"quoted", `query "a, \"b\"\n"`, `query   "a, \"b\"\n"`},
		{"other letters", "query été", "query   été"},
		{"path with blanks", `gallery "/my galleries/x"`, `gallery "/my galleries/x"`},
		{"image", "image  photos/new.jpg", "image   photos/new.jpg"},
		{"quoted image", `image "my photos/a,b#c=d.jpg"`, `image   "my photos/a,b#c=d.jpg"`},
		{"schemes", "schemes A,  B + pattern,concat(B, 0.5*pattern), rrf(A,C)", "schemes A, B+pattern, concat(B,0.5*pattern), rrf(A,C)"},
		{"filter", "filter  category=Shirts  brand=\"a b\"", `filter  category=Shirts brand="a b"`},
		{"no filter", "filter none", "filter  none"},
		{"filter a label none", "filter none=none", "filter  none=none"},
		{"quoted column", `filter "brand name"="="`, `filter  "brand name"="="`},
		{"search", "search 10", "search  10"},
		{"bare evaluate", "evaluate", "evaluate over all seed 1"},
		{"clauses in any order", "evaluate seed 7 over 200", "evaluate over 200 seed 7"},
		{
			"all clauses", `evaluate A, B + pattern on category, "brand name" where category=Shirts over all seed 2`,
			`evaluate A, B+pattern on category, "brand name" where category=Shirts over all seed 2`,
		},
		{"clause words as names", `evaluate "on", over+A on "where" where on=over`, `evaluate "on", over+A on "where" where on=over over all seed 1`},
		{"clause words in quotes", `evaluate A where c="x over 3"`, `evaluate A where c="x over 3" over all seed 1`},
		{"largest seed", "evaluate seed 18446744073709551615", "evaluate over all seed 18446744073709551615"},
		{"compare", "compare A, B+C on x over 20", "compare A, B+C on x over 20 seed 1"},
		{"mine", "mine A,rrf(B,C) where a=b seed 4", "mine    A, rrf(B,C) where a=b over all seed 4"},
		{"mine the chosen ones", "mine", "mine    over all seed 1"},
		{"tune", "tune B, pattern for P@10 category", "tune    B, pattern for P@10 category over all seed 1 step 1/10 share 0.5"},
		{
			"all of tune", `tune B , C/ C|zscore,"for" share .25 for nDCG@5 "for" step 0.05 with P@10 brand name>=.4, AP(min)@7 "a,b" >= 1 front P@10 x, Rprec "with" seed 3 where a=with over 40`,
			`tune    B, C/C|zscore, "for" for nDCG@5 "for" with P@10 "brand name" >= 0.4, AP(min)@7 "a,b" >= 1 front P@10 x, Rprec "with" where a=with over 40 seed 3 step 1/20 share 0.25`,
		},
		{"require", "require  P@10 category>=.76 ", "require P@10 category >= 0.76"},
		{"require a label with blanks", `require nDCG@5 brand name >= 1`, `require nDCG@5 "brand name" >= 1`},
		{"require no worse", "require not-worse-than runs/before", "require not-worse-than runs/before margin 0.01"},
		{"require with a margin", `require not-worse-than "my runs/a" margin .5`, `require not-worse-than "my runs/a" margin 0.5`},
		{"require a run named margin", `require not-worse-than "margin"`, `require not-worse-than "margin" margin 0.01`},
		{"undo", "undo ", "undo"},
		{"undo one", "undo 1", "undo"},
		{"undo three", "undo 3", "undo    3"},
		{"redo", "redo  2", "redo    2"},
		{"decide", "decide", "decide"},
		{"decide for a scheme", "decide B + pattern", "decide  B+pattern"},
		{
			"all of decide", `decide on "brand name", "on" against rrf(A, against)`,
			`decide  against rrf(A,against) on "brand name", "on"`,
		},
		{"decide for a layer named on", `decide "on" against A`, `decide  "on" against A`},
		{"over a set", "evaluate A over hard seed 2", "evaluate A over hard seed 2"},
		{"over some of a set", "compare A, B over  10  of hard", "compare A, B over 10 of hard seed 1"},
		{"over a set named seed", `mine A, B over "seed" seed 2`, `mine    A, B over "seed" seed 2`},
		{"tune over a set", `tune A, B for P@10 x over 7 of "share"`, `tune    A, B for P@10 x over 7 of "share" seed 1 step 1/10 share 0.5`},
		{"flag", "flag knit-0012  wrong", "flag    knit-0012 wrong"},
		{"flag with blanks", `flag "a b" own word `, `flag    "a b" "own word"`},
		{"take a flag back", "flag a none", "flag    a none"},
		{"take a flag back with nothing", `flag a ""`, "flag    a none"},
		{"note", "note  the blue ones, \"mostly\"", "note    the blue ones, \"mostly\""},
		{"quoted note", `note "two\nlines"`, `note    "two\nlines"`},
		{"export", "export results/metrics.csv", "export  results/metrics.csv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			step, err := ParseStep(c.line)
			if err != nil {
				t.Fatal(err)
			}
			if got := step.String(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestParseStepErrors(t *testing.T) {
	for _, c := range []struct {
		name, line string
		column     int
		reason     string
	}{
		{"empty", "", 1, "expected a step"},
		{"indented", "  query a", 1, "expected a step"},
		{"unknown", "quary a", 1, `no step "quary"`},
		{"no id", "query", 6, "the id of an item"},
		{"two ids", "query a b", 9, "expected the end of the line"},
		{"no image", "image", 6, "the path of a picture"},
		{"two images", "image a.jpg b.jpg", 13, "expected the end of the line"},
		{"comma", "query a,b", 8, "double quotes"},
		{"open quote", `query "a`, 7, "not closed"},
		{"quote within", `query a"b"`, 8, "double quotes"},
		{"after a quote", `query "a"b`, 10, "expected a blank"},
		{"control character", "query a\x00", 8, "control character U+0000"},
		{"not UTF-8", "query \xffa", 7, "not valid UTF-8"},
		{"scheme", "schemes A, B+(C", 14, "expected a layer"},
		{"scheme after other letters", "schemes \"é, B\"", 10, "expected a layer"},
		{"negative weight", "schemes -1*A", 9, "negative"},
		{"empty scheme", "schemes A,,B", 11, "expected a layer"},
		{"no schemes", "schemes", 8, "expected a layer"},
		{"deep scheme", "schemes " + strings.Repeat("rrf(", 200) + "A", 41, "nest"},
		{"condition", "filter category", 16, "expected ="},
		{"condition without value", "filter category=", 17, "expected a value"},
		{"no condition", "filter", 7, "COLUMN=VALUE"},
		{"search zero", "search 0", 8, "whole number from 1"},
		{"search word", "search ten", 8, "whole number from 1"},
		{"search huge", "search 99999999999999999999", 8, "whole number from 1"},
		{"clause twice", "evaluate seed 1 seed 2", 17, "stands twice"},
		{"empty clause", "evaluate on over 3", 13, "nothing follows on"},
		{"labels with a comma at the end", "evaluate on a, over 3", 16, "expected a label"},
		{"seed zero", "evaluate seed 0", 15, "whole number from 1"},
		{"schemes and more", "evaluate A B", 12, "expected + or the end"},
		{"more after a clause", "evaluate over 3 4", 17, "one of on, where, over, seed"},
		{"compare one", "compare A on x", 9, "two schemes or more"},
		{"mine three", "mine A, B, C", 6, "two schemes, or those that are chosen, not 3"},
		{"mine one", "mine A over 3", 6, "not 1"},
		{"require nothing", "require", 8, "expected METRIC LABEL >= NUMBER"},
		{"require no number", "require P@10 category >= much", 9, "is no least value"},
		{"require above 1", "require P@10 category >= 1.5", 9, "a metric is from 0 to 1"},
		{"require less", "require P@10 category <= .5", 9, "expected METRIC LABEL >= NUMBER"},
		{"require several metrics", "require P category >= .5", 9, "P is not one metric"},
		{"require an unknown metric", "require Q@3 category >= .5", 9, "Q@3"},
		{"require no run", "require not-worse-than", 23, "the folder of a run"},
		{"require a run and more", "require not-worse-than a b", 26, "expected margin or the end of the line"},
		{"require no margin", "require not-worse-than a margin", 32, "above 0 and at most 1"},
		{"require a margin of 0", "require not-worse-than a margin 0", 33, "above 0 and at most 1"},
		{"require a margin and more", "require not-worse-than a margin 1 2", 35, "expected the end of the line"},
		{"tune nothing", "tune", 5, "expected a layer"},
		{"tune for nothing", "tune A, B", 6, "expected layers and what to tune them for"},
		{"tune a sum", "tune A, B+C for P@10 x", 9, "B+C is no layer"},
		{"tune a weight", "tune 2*A/B for P@10 x", 6, "2*A is no layer"},
		{"tune no layer", "tune A, for P@10 x", 9, "expected a layer"},
		{"tune no alternative", "tune A, B/ for P@10 x", 9, "expected a layer"},
		{"tune an open scheme", "tune A, B|pca for P@10 x", 9, "B|pca: column "},
		{"tune for no label", "tune A, B for P@10", 15, "expected a metric and a label"},
		{"tune for no metric", "tune A, B for Q@10 x", 15, `no metric "Q@10"`},
		{"tune with a small bound", "tune A, B for P@10 x with P@10 y > 0.5", 27, "expected METRIC LABEL >= NUMBER"},
		{"tune with the second", "tune A, B for P@10 x with P@10 y >= 0.5, P@10 z >= 2", 42, "is no least value of one"},
		{"tune with nothing", "tune A, B for P@10 x with", 26, "nothing follows with"},
		{"tune for twice", "tune A, B for P@10 x for P@10 y", 22, "for stands twice"},
		{"tune step", "tune A, B for P@10 x step 0.3", 27, "one of 1, 1/2, 1/3 to 1/100"},
		{"tune share", "tune A, B for P@10 x share 1", 28, "above 0 and under 1"},
		{"tune seed", "tune A, B for P@10 x seed 1 2", 29, "expected the end of the line or one of for, with"},
		{"undo nothing", "undo 0", 6, "not a number of steps"},
		{"undo what", "undo query", 6, "not a number of steps"},
		{"redo and more", "redo 1 2", 8, "expected the end of the line"},
		{"decide for two", "decide A, B", 8, "one scheme, against one, not 2"},
		{"decide against two", "decide A against B, C", 18, "one scheme, against one, not 2"},
		{"decide against nothing", "decide A against", 17, "nothing follows against"},
		{"decide on nothing", "decide on ", 11, "nothing follows on"},
		{"over no set", "evaluate over a:b", 15, "or the name of a set of queries"},
		{"over all of a set", "evaluate over 3 of all", 20, "all is no set of queries"},
		{"over some of nothing", "evaluate over 3 of", 19, "expected a set of queries after of"},
		{"over less than none", "evaluate over -1", 15, "whole number from 1"},
		{"flag nothing", "flag a", 7, "expected a flag, or none"},
		{"flag a control character", `flag a "b\n"`, 8, "is no flag"},
		{"empty note", "note", 5, "expected a text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			step, err := ParseStep(c.line)
			var se *Error
			if !errors.As(err, &se) {
				t.Fatalf("got %v, %v, not a ScriptError", step, err)
			}
			if se.Column != c.column || !strings.Contains(se.Reason, c.reason) {
				t.Errorf("got column %d: %s\nwant column %d: …%s…", se.Column, se.Reason, c.column, c.reason)
			}
		})
	}
}

func TestParseScript(t *testing.T) {
	script, err := ParseScript("s.strata", strings.NewReader(
		"\ufeff# strata 1\r\n\ngallery demo\r\n    240 items\n\n# comment\n\tlayer x\nquery a\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Line{
		{Step: Gallery{"demo"}, File: "s.strata", Line: 3, Expected: []ExpectedLine{{"240 items", 4}, {"layer x", 7}}},
		{Step: Query{"a"}, File: "s.strata", Line: 8},
	}
	if !reflect.DeepEqual(script.Lines, want) {
		t.Errorf("got %+v", script.Lines)
	}
}

func TestParseScriptErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"indented first", "# x\n\n  a\n", "s.strata:3:1: an indented line before the first step"},
		{"place", "gallery demo\n    1 items\nquery a b\n", "s.strata:3:9: expected the end"},
		{"long line", "note x\nnote " + strings.Repeat("x", MaxLine) + "\n", "s.strata:2:1: the line has more than 1048576 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseScript("s.strata", strings.NewReader(c.text))
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %s…", err, c.want)
			}
		})
	}
}

func TestTooManySchemes(t *testing.T) {
	_, err := ParseStep("schemes " + strings.Repeat("A,", maxSchemes) + "A")
	if err == nil || !strings.Contains(err.Error(), "at most 256") {
		t.Errorf("got %v", err)
	}
}

// TestStepsMade prints steps that no parser made and reads them back.
func TestStepsMade(t *testing.T) {
	s, err := scheme.ParseScheme("on")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []Step{
		Gallery{"/a b"},
		Query{""},
		Query{"a\x1b[31m\u200b\xff"},
		Image{"/a b/é,\\.jpg"},
		Image{""},
		Schemes{[]scheme.Scheme{s}},
		Filter{},
		Filter{[]scheme.Condition{{Label: "a=b", Value: ""}, {Label: "on", Value: `"`}}},
		Search{3},
		Undo{1},
		Redo{4},
		Evaluate{Schemes: []scheme.Scheme{s}, Labels: []string{"over", "x y"}, Seed: 1, Over: 3},
		Tune{
			Layers: []string{"with", "B/C|zscore"}, Objective: metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 10}, Label: "over"}, Seed: 2, Parts: 7, Share: 1. / 3, Over: 9,
			Constraints: []metric.Constraint{{Target: metric.Target{Metric: metric.Metric{Kind: metric.RPrecision, K: 0}, Label: "a >= b, c"}, Least: 1e-7}}, Front: []metric.Target{{Metric: metric.Metric{Kind: metric.NDCG, K: 5}, Label: `"`}, {Metric: metric.Metric{Kind: metric.NDCG, K: 0}, Label: "share"}},
			Where: []scheme.Condition{{Label: "for", Value: "for"}},
		},
		Decide{},
		Decide{Scheme: &s, Against: &s, Labels: []string{"against", "x y", "over"}},
		Decide{Labels: []string{"on"}},
		Note{" x"},
		Note{""},
		Note{"a\nb"},
		Export{"a,b.csv"},
	} {
		got, err := ParseStep(step.String())
		if err != nil {
			t.Errorf("%s: %v", step, err)
		} else if !reflect.DeepEqual(got, step) {
			t.Errorf("%#v is read back as %#v", step, got)
		}
	}
}

func FuzzParseStep(f *testing.F) {
	for _, seed := range []string{
		"gallery demo", `query "a b"`, `image "a b.jpg"`, "image ../a.jpg", "schemes A, concat(B,0.5*C)", "filter a=b \"c d\"=e", "search 10",
		`evaluate A, "on" on x, y where a="b c" over 3 seed 4`, "note x", "undo", "redo 3", "export metrics.csv", "compare A, B on x", "mine A, B over 3", "evaluate rrf(A, B on", "evaluate on 0(",
		"tune A, B/B|zscore for P@10 x", `tune "for", B for nDCG "a b" with P@5 x >= 0.4, R@5 "," >= 1 front P@1 x where a=b over 9 seed 2 step 1/3 share 0.2`,
		"tune A, B for AP(min)@3 x step 0.05", "tune A|pca8 for P@10 x y", `tune "A for P@1 x`,
		`decide "on" against B on x, "a b"`, "decide rrf(A, on on x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		step, err := ParseStep(line)
		if err != nil {
			var se *Error
			if !errors.As(err, &se) || se.Column < 1 || se.Column > len(line)+1 {
				t.Fatalf("%q: %#v", line, err)
			}
			return
		}
		again, err := ParseStep(step.String())
		if err != nil {
			t.Fatalf("%q prints as %q: %v", line, step, err)
		}
		if !reflect.DeepEqual(again, step) || again.String() != step.String() {
			t.Fatalf("%q prints as %q, which prints as %q", line, step, again)
		}
	})
}

// TestKinds: every row of the table reads the steps that have its keyword, and its
// clauses are words of its syntax.
func TestKinds(t *testing.T) {
	lines := map[string]string{
		"gallery": "demo", "query": "a", "image": "a.jpg", "schemes": "A", "filter": "none", "undo": "", "redo": "2", "search": "3",
		"evaluate": "", "compare": "", "mine": "", "tune": "A, B for P@10 category", "require": "P@10 category >= 0.5", "decide": "",
		"flag": "a wrong", "note": "x", "export": "metrics.csv",
	}
	for _, k := range Kinds {
		step, err := ParseStep(k.Keyword + " " + lines[k.Keyword])
		if err != nil {
			t.Errorf("%s: %v", k.Keyword, err)
			continue
		}
		if step.Keyword() != k.Keyword || kindOf(step.Keyword()) == nil || k.Help == "" {
			t.Errorf("%+v gives a step of keyword %s", k, step.Keyword())
		}
		for _, word := range k.Clauses {
			if !strings.Contains(k.Syntax, word) {
				t.Errorf("%s: the syntax does not name %s", k.Keyword, word)
			}
		}
	}
}

func TestComplete(t *testing.T) {
	for line, want := range map[string]string{
		"":                "gallery query image schemes filter undo redo search evaluate compare mine tune require decide flag note export",
		"e":               "evaluate export",
		"evaluate o":      "on over",
		"tune A for x se": "seed",
		"filter ":         "none",
		"nothing o":       "",
		"query o":         "",
	} {
		if got := strings.Join(Complete(line), " "); got != want {
			t.Errorf("%q: got %s, want %s", line, got, want)
		}
	}
}

// ParseScript parses a script, whose name is used in errors: *Error for
// the text, others for reading. It includes no other files and sets no variables:
// see ReadScript.
func ParseScript(name string, r io.Reader) (*Script, error) {
	p := &scriptParser{script: &Script{Name: name}, name: name}
	if err := p.parse(r); err != nil {
		return nil, err
	}
	return p.script, nil
}

func TestContinue(t *testing.T) {
	for line, want := range map[string]string{
		"e":          "e",
		"ev":         "evaluate ",
		"evaluate o": "evaluate o",
		"tune A se":  "tune A seed ",
		"query x":    "query x",
		"comp":       "compare ",
		"flag a w":   "flag a wrong ",
	} {
		if got := Continue(line); got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
}

func TestUsage(t *testing.T) {
	for line, want := range map[string]string{
		"":            "gallery · query · image · schemes · filter · undo · redo · search · evaluate · compare · mine · tune · require · decide · flag · note · export",
		"e":           "evaluate · export",
		"filter":      "restrict the candidates: filter none|COLUMN=VALUE ...",
		" search 3":   "rank the candidates under every scheme: search K",
		"undo\t":      "take back the last steps that changed query, schemes or filter: undo [N]",
		"frobnicate":  "",
		"e something": "",
	} {
		if got := Usage(line); got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
}
