package metric

import (
	"reflect"
	"strings"
	"testing"
)

// FuzzTarget: what is parsed is printed so that it is parsed to the same.
func FuzzTarget(f *testing.F) {
	for _, text := range []string{"P@10 category", `nDCG@5 "brand name"`, "P@10 category >= 0.4", "AP(hits)@3 a&b >= 1e-300", "P@ x", "P@99999999999999999999 x", `P@1 ">="`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if target, err := ParseTarget(text); err == nil {
			again, err := ParseTarget(target.String())
			if err != nil || !reflect.DeepEqual(again, target) {
				t.Fatalf("%q prints as %q: %+v, %v", text, target, again, err)
			}
		}
		if c, err := ParseConstraint(text); err == nil {
			again, err := ParseConstraint(c.String())
			if err != nil || !reflect.DeepEqual(again, c) {
				t.Fatalf("%q prints as %q: %+v, %v", text, c, again, err)
			}
		}
	})
}

func TestParseTarget(t *testing.T) {
	for _, c := range []struct{ text, want, wrong string }{
		{"P@10 category", "P@10 category", ""},
		{"  nDCG@5   brand name ", `nDCG@5 "brand name"`, ""},
		{`AP(min)@7 "brand name"`, `AP(min)@7 "brand name"`, ""},
		{"Rprec category/2", "Rprec category/2", ""},
		{"RR@all category", "RR@all category", ""},
		{"P@10", "", "expected a metric and a label"},
		{"", "", "expected a metric and a label"},
		{"P category", "", "P is not one metric; with a cut-off it is"},
		{"all category", "", "all is not one metric"},
		{"Q@10 category", "", `no metric "Q@10"`},
		{"P@0 category", "", "k is from 1 to 65535, not 0"},
		{`P@10 "category`, "", "not a name in quotes"},
	} {
		got, err := ParseTarget(c.text)
		switch {
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("%q: %v, want %q", c.text, err, c.wrong)
		case c.wrong == "" && (err != nil || got.String() != c.want):
			t.Errorf("%q: %s %v, want %s", c.text, got, err, c.want)
		case c.wrong == "":
			if again, err := ParseTarget(got.String()); err != nil || again != got {
				t.Errorf("%s reads back as %s %v", got, again, err)
			}
		}
	}
}

func TestParseConstraint(t *testing.T) {
	got, err := ParseConstraint("P@10 brand name>=.40")
	if err != nil || got.String() != `P@10 "brand name" >= 0.4` {
		t.Errorf("%s %v", got, err)
	}
	again, err := ParseConstraint(got.String())
	if err != nil || again != got {
		t.Errorf("%s reads back as %s %v", got, again, err)
	}
	for text, wrong := range map[string]string{
		"P@10 brand > 0.4":    "expected METRIC LABEL >= NUMBER",
		"P@10 brand >= 1.5":   "a metric is from 0 to 1",
		"P@10 brand >= NaN":   "a metric is from 0 to 1",
		"P@10 brand >= ":      "is no least value",
		"P@10 >= 0.4":         "expected a metric and a label",
		"Cosine brand >= 0.1": `no metric "Cosine"`,
	} {
		if _, err := ParseConstraint(text); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%q: %v, want %q", text, err, wrong)
		}
	}
}
