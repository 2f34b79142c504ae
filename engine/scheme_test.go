package engine

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
		{"concat+rrf", "concat+rrf", "concat rrf"}, // without a parenthesis they are layers
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
		{"rrf in a sum", "A+rrf(A,B)", 3, "rrf( is not known here"},
		{"sum of rrf", "rrf(A,B)+C", 9, `expected + or the end, found "+"`},
		{"unknown function", "max(A,B)", 1, "max( is not known here"},
		{"transform", "C|pca256", 2, "transforms of layers are not known"},
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
			var se *SchemeError
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

func TestGalleryParseScheme(t *testing.T) {
	g := open(t, writeGallery(t, twoItems, map[string]matrix{"A": twoRows()["A"], "pattern": twoRows()["A"]}))
	_, err := g.ParseScheme("A+0.5*patern")
	var se *SchemeError
	if !errors.As(err, &se) || se.Column != 7 || !strings.Contains(se.Reason, `no layer "patern" (there is pattern)`) {
		t.Errorf("got %v", err)
	}
}

func FuzzScheme(f *testing.F) {
	for _, s := range []string{"A", "0.7*B+0.3*pattern", "concat(A,2*B)", "rrf(A+B,rrf(C,A))", "1e-5*A", "A++B", "rrf(((", "\x00", "A|pca256"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseScheme(text)
		if err != nil {
			var se *SchemeError
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
