package scheme

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParseScheme(t *testing.T) {
	tests := []struct {
		text, want string
		layers     string // used ones
	}{
		{"A", "A", "A"},
		{" B + pattern ", "B+pattern", "B pattern"},
		{"0.7*B+0.30*pattern", "0.7*B+0.3*pattern", "B pattern"},
		{"1*A + 2.0*B", "A+2*B", "A B"},
		{"3*B+3*A", "3*B+3*A", "B A"},
		{"A+B+A", "2*A+B", "A B"},
		{"0*A+B", "0*A+B", "B"},
		{".5*A", "0.5*A", "A"},
		{"5.*A", "5*A", "A"},
		{"1e-05*A+1E21*B", "1e-05*A+1e+21*B", "A B"},
		{"+2*A", "2*A", "A"},
		{"concat( B , 0.5 * pattern )", "concat(B,0.5*pattern)", "B pattern"},
		{"concat(3*B,4*B)", "concat(5*B)", "B"},
		{"rrf(A,C)", "rrf(A,C)", "A C"},
		{"rrf(A+B,rrf(concat(B,C),A),0.5*C)", "rrf(A+B,rrf(concat(B,C),A),0.5*C)", "A B C"},
		{"mixed-8.x_1", "mixed-8.x_1", "mixed-8.x_1"},
		{"znorm( A + 2.0*C|pca8+A )", "znorm(2*A+2*C|pca8)", "A C|pca8"},
		{"rrf(znorm(A),0.5*znorm)", "rrf(znorm(A),0.5*znorm)", "A znorm"},
		{"qe( B+2.0*C , 5 , 3.0 )", "qe(B+2*C,5,3)", "B C"},
		{"qe(znorm(A),100,.5)", "qe(znorm(A),100,0.5)", "A"},
		{"krecip( B + 2.0*C )", "krecip(B+2*C)", "B C"},
		{"qe(A,1,-0)", "qe(A,1,0)", "A"},
		{"hub( B )+0.5*pattern", "hub(B)+0.5*pattern", "B pattern"},
		{"hub(B,10)+hub(B,5)+B+2*hub(B)", "3*hub(B)+hub(B,5)+B", "B"},
		{"rrf(hub(C|pca8 , 1),hub)", "rrf(hub(C|pca8,1),hub)", "C|pca8 hub"},
		{"concat+rrf", "concat+rrf", "concat rrf"}, // without a parenthesis they are layers
		{"C|pca256", "C|pca256", "C|pca256"},
		{"C | lda07 @ category", "C|lda7@category", "C|lda7@category"},
		{"hub(C|wccn@path/2,5)+.5*C|matrix( p/W.npy )", "hub(C|wccn@path/2,5)+0.5*C|matrix(p/W.npy)", "C|wccn@path/2 C|matrix(p/W.npy)"},
		{" 0.5 * C | centre | pca0128 + B", "0.5*C|centre|pca128+B", "C|centre|pca128 B"},
		{"concat(B,0.5*C|zscore)", "concat(B,0.5*C|zscore)", "B C|zscore"},
		{"rrf(C|whiten64@1.0,C|whiten64@.50)", "rrf(C|whiten64,C|whiten64@0.5)", "C|whiten64 C|whiten64@0.5"},
		{"C|whiten8@1e-5+C|whiten8 @ 0.00001", "2*C|whiten8@1e-05", "C|whiten8@1e-05"},
		{"pca2|pca2", "pca2|pca2", "pca2|pca2"}, // before a bar it is a layer
	}
	for _, tt := range tests {
		s, err := ParseScheme(tt.text)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if got := s.String(); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.text, got, tt.want)
		}
		if got := strings.Join(s.Layers(), " "); got != tt.layers {
			t.Errorf("%q: uses %s, want %s", tt.text, got, tt.layers)
		}
	}
}

func TestParseSchemeErrors(t *testing.T) {
	deep := strings.Repeat("rrf(", 100_000)
	tests := []struct {
		name, text string
		column     int
		want       string
	}{
		{"empty", "", 1, `expected a layer, found "the end"`},
		{"blank", "  ", 3, "expected a layer"},
		{"missing term", "A+", 3, "expected a layer"},
		{"two layers", "A B", 3, `expected + or the end, found "B"`},
		{"number alone", "0.5", 4, "expected * after the weight"},
		{"no star", "0.5A", 4, `expected * after the weight, found "A"`},
		{"negative", "A+-0.3*B", 3, "weight -0.3 is negative"},
		{"minus zero", "A+-0*B", 3, "weight -0 is negative"},
		{"infinite", "inf*A", 1, `weight "inf" is not a finite number`},
		{"not a number", "NaN*A", 1, `weight "NaN" is not a finite number`},
		{"overflow", "1e999*A", 1, "weight 1e999 is not finite"},
		{"too large", "1e31*A", 1, "is neither 0 nor between 1e-30 and 1e+30"},
		{"too small", "1e-31*A", 1, "is neither 0 nor between"},
		{"two points", "1.2.3*A", 1, `"1.2.3" is not a number`},
		{"point", ".*A", 1, `"." is not a number`},
		{"bare exponent", "1e*A", 1, `"1e" is not a number`},
		{"all zero", "0*A+0*B", 1, "every weight is 0"},
		{"zero in rrf", "rrf(A,0*B)", 7, "every weight is 0"},
		{"sum of weights", "1e30*A+1e30*A", 1, "the weights of A add to more than"},
		{"concat not closed", "concat(A", 9, "expected , or )"},
		{"concat empty", "concat()", 8, "expected a layer"},
		{"concat of sum", "concat(A+B)", 9, `expected , or ), found "+"`},
		{"rrf of one", "rrf(A)", 6, "rrf takes two schemes or more"},
		{"qe without numbers", "qe(A)", 5, `expected , and the number of hits, found ")"`},
		{"qe without a power", "qe(A,5)", 7, `expected , and the power, found ")"`},
		{"qe of none", "qe(A,0,3)", 6, "qe takes a number of hits from 1 to 100"},
		{"qe of many", "qe(A,101,3)", 6, "from 1 to 100"},
		{"qe of a fraction", "qe(A,2.5,3)", 6, "from 1 to 100"},
		{"qe of a negative power", "qe(A,5,-1)", 8, "qe takes a power from 0 to 10"},
		{"qe of a large power", "qe(A,5,11)", 8, "qe takes a power from 0 to 10"},
		{"qe of no power", "qe(A,5,1.2.3)", 8, "qe takes a power from 0 to 10"},
		{"qe of infinity", "qe(A,5,1e999)", 8, "qe takes a power from 0 to 10"},
		{"qe not closed", "qe(A,5,3", 9, `expected ), found "the end"`},
		{"qe of rrf", "qe(rrf(A,B),5,3)", 4, "qe takes a sum or znorm"},
		{"qe of concat", "qe(concat(A,B),5,3)", 4, "qe takes a sum or znorm"},
		{"qe of hub", "qe(A+hub(B),5,3)", 4, "qe takes layers without hub("},
		{"qe in rrf", "rrf(A,qe(B,5,3))", 7, "qe( stands alone"},
		{"qe in qe", "qe(qe(B,5,3),5,3)", 4, "qe( stands alone"},
		{"krecip of rrf", "krecip(rrf(A,B))", 8, "krecip takes a sum without hub("},
		{"krecip of hub", "krecip(A+hub(B))", 8, "krecip takes a sum without hub("},
		{"krecip of krecip", "krecip(krecip(A))", 8, "krecip( stands alone"},
		{"krecip in rrf", "rrf(A,krecip(B))", 7, "krecip( stands alone"},
		{"krecip not closed", "krecip(A", 9, `expected + or ), found "the end"`},
		{"best of best", "best(best(A))", 6, "best( stands alone, in no other scheme"},
		{"best of mean", "best( mean(A))", 7, "mean( stands alone, in no other scheme"},
		{"mean of qe", "mean(qe(A,1,1))", 6, "qe( stands alone, in no other scheme"},
		{"mean in rrf", "rrf(A,mean(B))", 7, "mean( stands alone, in no other scheme"},
		{"best not closed", "best(A", 7, `expected + or ), found "the end"`},
		{"best of a list", "best(A,B)", 7, `expected + or ), found ","`},
		{"best in a sum", "A+best(B)", 3, "best( is not known here"},
		{"qe in a sum", "A+qe(B,5,3)", 3, "qe( is not known here"},
		{"hub not closed", "hub(A", 6, `expected , or ), found "the end"`},
		{"hub of a sum as a term", "hub(A+B)+C", 1, "hub( of a sum is no term of another"},
		{"hub of a sum behind a term", "C+hub(A+B)", 3, "hub( of a sum is no term of another"},
		{"hub of a sum of many", "hub(A+B,101)", 9, "from 1 to 100"},
		{"hub of a sum not closed", "hub(A+B", 8, `expected , or ), found "the end"`},
		{"hub of a sum of a hub", "hub(A+hub(B))", 7, "hub( stands in a sum only"},
		{"hub of a sum in znorm", "znorm(hub(A+B))", 7, "hub( stands in a sum only"},
		{"krecip of hub of a sum", "krecip(hub(A+B))", 8, "krecip takes a sum without hub("},
		{"qe of hub of a sum", "qe(hub(A+B),3,1)", 4, "qe takes a sum or znorm"},
		{"hub of nothing", "hub(0*A+0*B)", 1, "every weight is 0"},
		{"hub of none", "hub(A,0)", 7, `hub takes a number of nearest rows from 1 to 100, not "0"`},
		{"hub of many", "hub(A,101)", 7, "from 1 to 100"},
		{"hub of a fraction", "hub(A,1.5)", 7, `not "1.5"`},
		{"hub of text", "A+hub(A,x)", 9, `not ""`},
		{"hub in concat", "concat(A,hub(A))", 10, "hub( stands in a sum only"},
		{"hub in znorm", "znorm(A+2*hub(A))", 11, "hub( stands in a sum only"},
		{"hub of hub", "hub(hub(A))", 5, "hub( is not known here"},
		{"transform of hub", "hub(A)|pca3", 7, "expected + or the end"},
		{"znorm not closed", "znorm(A", 8, `expected + or ), found "the end"`},
		{"znorm of a list", "znorm(A,B)", 8, `expected + or ), found ","`},
		{"znorm of nothing", "znorm(0*A)", 1, "every weight is 0"},
		{"znorm in a sum", "A+znorm(B)", 3, "znorm( is not known here"},
		{"znorm of rrf", "znorm(rrf(A,B))", 7, "rrf( is not known here"},
		{"rrf in a sum", "A+rrf(A,B)", 3, "rrf( is not known here"},
		{"sum of rrf", "rrf(A,B)+C", 9, `expected + or the end, found "+"`},
		{"unknown function", "max(A,B)", 1, "max( is not known here"},
		{"no transform", "C|", 3, `expected a transform (pcaN, whitenN, whitenN@POWER, centre, zscore, ldaN@LABEL, wccn@LABEL, matrix(FILE)), found "the end"`},
		{"unknown transform", "A+C|umap2", 5, `there is no transform "umap2" (there is pcaN, whitenN, whitenN@POWER, centre, zscore, ldaN@LABEL, wccn@LABEL, matrix(FILE))`},
		{"unknown behind known", "C|centre|center", 10, `there is no transform "center"`},
		{"more behind the number", "C|pca2x", 3, `there is no transform "pca2x"`},
		{"no number", "C|pca", 3, "pca needs a number of components from 1 to 1048576 right behind it"},
		{"number apart", "C|pca 3", 3, "pca needs a number of components"},
		{"zero components", "C|whiten0", 3, "whiten needs a number of components from 1"},
		{"many components", "C|pca99999999999999999999", 3, "pca needs a number of components from 1"},
		{"number too much", "C|zscore3", 3, "zscore takes no number"},
		{"power of pca", "C|pca3@2", 7, "pca takes no power, only whiten does"},
		{"power 0", "C|whiten3@0", 11, "a power is a number above 0 and at most 4"},
		{"power negative", "C|whiten3@-1", 11, "a power is a number above 0"},
		{"power infinite", "C|whiten3@1e999", 11, "a power is a number above 0"},
		{"power too small", "C|whiten3@1e-999", 11, "a power is a number above 0"},
		{"power missing", "C|whiten3@", 11, "a power is a number above 0"},
		{"power no number", "C|whiten3@1.2.3", 11, "a power is a number above 0"},
		{"nine transforms", "C" + strings.Repeat("|centre", 9), 59, "a layer takes at most 8 transforms"},
		{"characters, not bytes", "Ä+B", 1, "expected a layer"},
		{"behind a wide one", "A+é", 3, `expected a layer, found "é"`},
		{"unclosed", "A)", 2, `found ")"`},
		{"nested deep", "rrf(A,rrf(A,rrf(A,rrf(A,rrf(A,rrf(A,rrf(A,rrf(A,rrf(A,B)))))))))", 47, "schemes nest at most 8 deep"},
		{"a hundred thousand deep", deep, 4096, "a scheme has at most 4096 characters, this one 400000"},
		{"deep within the length", deep[:4096], 33, "schemes nest at most 8 deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseScheme(tt.text)
			var se *SyntaxError
			if !errors.As(err, &se) {
				t.Fatalf("got %v", err)
			}
			if se.Column != tt.column || !strings.Contains(se.Reason, tt.want) {
				t.Errorf("got column %d, %s\nwant column %d, %s", se.Column, se.Reason, tt.column, tt.want)
			}
			if len(err.Error()) > 400 {
				t.Errorf("the message has %d bytes", len(err.Error()))
			}
		})
	}
}

// TestFactorFiles: no two factors share a file.
func TestFactorFiles(t *testing.T) {
	seen := map[string]string{}
	for _, c := range []struct{ factor, want string }{
		{"C|pca256", "C.pca256"},
		{"C|centre|whiten64@0.5", "C.centre.whiten64@0.5"},
		{"C|lda7@a.centre", "C.lda7@a%2Ecentre"},
		{"C|wccn@path/2|centre", "C.wccn@path%2F2.centre"},
		{"C|matrix(p/W.npy)", "C.matrix(p%2FW%2Enpy)"},
		{"C.centre|whiten64@0.5", "C..centre.whiten64@0.5"},
		{"C.|zscore", "C...zscore"},
		{"C..zscore|zscore", "C....zscore.zscore"},
	} {
		f, err := ParseFactor(c.factor)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.FileName(); got != c.want || f.String() != c.factor || seen[got] != "" {
			t.Errorf("%s is spelled %s and kept as %s, want %s", c.factor, f, got, c.want)
		}
		seen[c.want] = c.factor
	}
	for _, bad := range []string{"", "C+B", "2*C", "C|", "rrf(A,B)", strings.Repeat("C|", 3000)} {
		if f, err := ParseFactor(bad); err == nil {
			t.Errorf("%q is taken for %s", bad, f)
		}
	}
}

func FuzzScheme(f *testing.F) {
	for _, s := range []string{"A", "0.7*B+0.3*pattern", "concat(A,2*B)", "rrf(A+B,rrf(C,A))", "rrf(znorm(A+2*B),C)", "0.5*hub(A,3)+B", "qe(A+B,5,.5)", "krecip(A+B)", "best(A+B)", "mean(rrf(A,B))", "hub(A+0.5*B,3)", "rrf(hub(2*A),hub(A+A|pca3))", "hub(A|whiten3@1e+0)+C", "1e-5*A", "A++B", "rrf(((", "\x00", "A|pca256", "A|centre|whiten8@.5+2*B|zscore", "A|lda7@c/2|wccn@d+B|matrix(p/W.npy)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseScheme(text)
		if err != nil {
			var se *SyntaxError
			if !errors.As(err, &se) || se.Column < 1 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		again, err := ParseScheme(s.String())
		if err != nil || again.String() != s.String() {
			t.Fatalf("%q is spelled %s, which parses to %s, %v", text, s, again, err)
		}
		if len(s.Layers()) == 0 || slices.Contains(s.Layers(), "") {
			t.Fatalf("%q uses the layers %q", text, s.Layers())
		}
	})
}

// TestSchemeCheck: a scheme that is checked as a value has the faults that its
// spelling has.
func TestSchemeCheck(t *testing.T) {
	check := func(f Factor) (int, string) {
		if f.Layer == "X" {
			return 0, "there is no X"
		}
		for i, transform := range f.Transforms {
			if transform.N > 100 {
				return 1 + i, "too many components"
			}
		}
		return 0, ""
	}
	one := Scheme{Terms: []Term{{1, FactorNamed("A"), 0, nil}}}
	hub := Scheme{Terms: []Term{{1, FactorNamed("A"), 5, nil}}}
	qe := Scheme{Kind: QE, Parts: []Scheme{one}, N: 5, Alpha: 3}
	deep := Scheme{Terms: []Term{{1, FactorNamed("A"), 0, nil}}}
	for range maxSchemeDepth {
		deep = Scheme{Kind: RRF, Parts: []Scheme{deep, deep}}
	}
	schemes := []Scheme{
		deep, qe,
		{Kind: KRecip, Parts: []Scheme{one}},
		{Kind: KRecip, Parts: []Scheme{hub}},
		{Kind: Best, Parts: []Scheme{hub}},
		{Kind: HubSum, Terms: []Term{{Weight: 1, Factor: FactorNamed("A")}, {Weight: 2, Factor: FactorNamed("B")}}, N: 101},
		{Kind: Mean, Parts: []Scheme{qe}},
		{Kind: RRF, Parts: []Scheme{one, {Kind: Mean, Parts: []Scheme{one}}}},
		{Kind: RRF, Parts: []Scheme{one, {Kind: KRecip, Parts: []Scheme{one}}}},
		{Kind: QE, Parts: []Scheme{one}, N: 0, Alpha: 3},
		{Kind: QE, Parts: []Scheme{one}, N: 5, Alpha: 30},
		{Kind: QE, Parts: []Scheme{hub}, N: 5, Alpha: 3},
		{Kind: RRF, Parts: []Scheme{one, qe}},
		{Kind: RRF, Parts: []Scheme{{Terms: []Term{{0, FactorNamed("A"), 0, nil}, {2, FactorNamed("B"), 0, nil}}}, {Kind: Concat, Terms: []Term{{0, FactorNamed("A"), 0, nil}}}}},
		{Kind: RRF, Parts: []Scheme{{Terms: []Term{{1, FactorNamed("A"), 0, nil}}}}},
		{Kind: Concat, Terms: []Term{{1, FactorNamed("A"), 0, nil}, {2, FactorNamed("B"), 5, nil}}},
		{Terms: []Term{{1, FactorNamed("A"), 0, nil}, {-1, FactorNamed("B"), 0, nil}}},
		{Terms: []Term{{1, FactorNamed("A"), 0, nil}, {1e40, FactorNamed("B"), 0, nil}}},
	}
	for _, text := range []string{
		"A", "0.5*A+X", "concat(A|pca3,2*X|centre)", "rrf(A,0.25*A|centre|pca200|zscore+B,X)", "A|whiten8@0.5+C|pca101", "rrf(X,A)", "hub(A+0.5*B,3)", "rrf(hub(2*A),hub(A+A))", "hub(A+X|pca3)", "znorm(A+X|pca3)", "znorm(A|pca200)", "A+2*hub(A|centre|pca200,3)", "hub(X)", "qe(A+X,3,1)", "qe(znorm(A),3,0.25)", "1e-05*A+B|zscore|whiten200@2",
	} {
		s, err := ParseScheme(text)
		if err != nil {
			t.Fatal(err)
		}
		schemes = append(schemes, s)
	}
	faults := 0
	for _, s := range schemes {
		_, want := ParseChecked(s.String(), check)
		got := s.Check(check)
		if (got == nil) != (want == nil) || got != nil && got.Error() != want.Error() {
			t.Errorf("%.80s: got %v, want %v", s, got, want)
		}
		if want != nil {
			faults++
		} else if parsed, err := ParseScheme(s.String()); err != nil || !parsed.Equal(s) {
			t.Errorf("%s is not equal to itself, read back: %v", s, err)
		}
	}
	if faults != 27 {
		t.Errorf("%d schemes have faults, want 27", faults)
	}
}
