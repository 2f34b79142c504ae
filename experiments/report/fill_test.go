package report

import (
	"bytes"
	"html/template"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

// TestFill fills pages with views drawn at random, of texts that would break out of
// a page, and compares them with those of html/template, which knows where in a
// page a value stands.
func TestFill(t *testing.T) {
	other := template.Must(template.New("").Funcs(template.FuncMap{"broken": broken}).ParseFS(pageFiles, "*.html"))
	rng := rand.New(rand.NewPCG(8, 1))
	for name, view := range map[string]any{"page.html": &pageView{}, "page_study.html": &studyView{}} {
		filled := 0
		for range 400 {
			draw(rng, reflect.ValueOf(view).Elem(), "")
			var got, want bytes.Buffer
			err, refused := pageLayouts.fill(&got, name, view), other.ExecuteTemplate(&want, name, view)
			if (err == nil) != (refused == nil) {
				t.Fatalf("%s: error %v, html/template's is %v", name, err, refused)
			}
			if err != nil {
				continue // a row longer than the table's head, or no duel
			}
			filled++
			lines := strings.Split(want.String(), "\n")
			for i, line := range strings.Split(got.String(), "\n") {
				if i >= len(lines) || line != lines[i] {
					t.Fatalf("%s: line %d of %d of html/template's is\n%s", name, i+1, len(lines), line)
				}
			}
			if got.Len() != want.Len() {
				t.Fatalf("%s: %d bytes, html/template's has %d", name, got.Len(), want.Len())
			}
		}
		if filled < 40 {
			t.Errorf("%s: only %d pages were filled", name, filled)
		}
	}
}

// draw sets all fields in v. Anchors and URLs are the program's own and stay plain.
func draw(rng *rand.Rand, v reflect.Value, field string) {
	texts := []string{"", "a+b", `"><script>alert(1)</script>`, "' onload='x", "&amp;\x00", "javascript:", "{{.}}", "\xff –", "-->"}
	switch v.Interface().(type) {
	case template.HTML:
		v.SetString([]string{"", "<svg><g/></svg>"}[rng.IntN(2)])
		return
	case template.URL:
		v.SetString([]string{"", "data:image/jpeg;base64,/9j+A=="}[rng.IntN(2)])
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(texts[rng.IntN(len(texts))])
		if field == "Anchor" {
			v.SetString("label-1")
		}
	case reflect.Int:
		v.SetInt(rng.Int64N(3))
	case reflect.Bool:
		v.SetBool(rng.IntN(2) == 0)
	case reflect.Pointer:
		v.SetZero()
		if rng.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			draw(rng, v.Elem(), "")
		}
	case reflect.Slice:
		n := rng.IntN(3)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			draw(rng, v.Index(i), "")
		}
	case reflect.Struct:
		for i := range v.NumField() {
			draw(rng, v.Field(i), v.Type().Field(i).Name)
		}
	default:
		panic("a view holds a " + v.Type().String())
	}
}

// TestFillRefuses checks that what a template may not hold is an error.
func TestFillRefuses(t *testing.T) {
	view := struct {
		Name string
		Of   map[string]int
	}{Name: "x"}
	for _, text := range []string{
		"{{.Nothing}}", "{{.Name.Length}}", "{{len .Name}}", "{{.Name | print}}", "{{range .Name}}{{end}}", "{{.Of}}",
		"{{template `none`}}", "{{printf .Name}}", "{{.Name .Name}}", "{{range .Name}}{{break}}{{end}}", "{{nil}}",
	} {
		l, err := parseLayouts(fstest.MapFS{"page": {Data: []byte(text)}}, "page")
		var page bytes.Buffer
		if err == nil {
			err = l.fill(&page, "page", view)
		}
		if err == nil {
			t.Errorf("%s is filled as %q", text, page.String())
		}
	}
}
