package bench

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"strata/engine"
	"strata/engine/code"
	"strata/engine/layer"
	"strata/experiments/internal/testgallery"
	"strata/fixtures/large"
)

func TestQuantile(t *testing.T) {
	m := Measure{}
	for i := range 20 {
		m.Times = append(m.Times, time.Duration(i+1))
	}
	for p, want := range map[float64]time.Duration{0: 1, .05: 1, .5: 10, .95: 19, .99: 20, 1: 20} {
		if got := m.Quantile(p); got != want {
			t.Errorf("quantile %v of 1 to 20 is %d, want %d", p, got, want)
		}
	}
	if m.Best() != 1 {
		t.Errorf("best %d", m.Best())
	}
}

// TestBench runs with a clock that moves on by a millisecond whenever it is
// read: then every act takes one, and rates are known.
func TestBench(t *testing.T) {
	var clock time.Time
	var names []string
	b := Bench{
		Open: testgallery.OpenDemo, Gallery: "demo", Repeats: 3, Queries: 30, Schemes: 5, Seed: 1, K: 10, Budget: 1 << 20,
		Now: func() time.Time { clock = clock.Add(time.Millisecond); return clock },
	}
	done, err := b.Do(t.Context(), func(name string) { names = append(names, name) })
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(names[len(names)-2:], []string{"30 queries × 5 schemes", "limits"}) || len(names) != len(done.Measures)+1 {
		t.Errorf("progress %q of %d measures", names, len(done.Measures))
	}
	for _, m := range done.Measures {
		for _, d := range m.Times {
			if d != time.Millisecond {
				t.Errorf("%s took %v", m.Name, m.Times)
			}
		}
	}
	if l := done.Limits; l.Bandwidth < 1e6 || l.Peak < 1e6 || l.Read < 1<<28 || l.Processors < 1 {
		t.Errorf("limits %+v", l)
	}
	var table, csv bytes.Buffer
	if err := errors.Join(done.WriteTable(&table), done.WriteCSV(&csv)); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		table.String(): "30 queries × 5 schemes       1   1.000  1.000  1.000  1.000  150000 rankings/s\n",
		csv.String():   "\"a slider's step, all layers\",s,15,0.001,0.001,0.001,0.001\n",
	} {
		if !bytes.Contains([]byte(text), []byte(want)) {
			t.Errorf("no line %q in\n%s", want, text)
		}
	}
}

// TestBenchCodes: the first run builds codes, the second opens them; both say how
// many rows were rescored.
func TestBenchCodes(t *testing.T) {
	dir := t.TempDir()
	layers, err := large.ParseLayers("A:64,C:128")
	if err != nil {
		t.Fatal(err)
	}
	spec := large.Gallery{Items: 3000, Layers: layers, Type: layer.Float16, Seed: 2}
	if err := spec.Write(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []Measure{{Name: "building codes", Bytes: spec.Bytes()}, {Name: "opening codes"}} {
		b := Bench{
			Open: engine.Open, Gallery: dir, Now: time.Now, Repeats: 7, Queries: 5, Schemes: 2, Seed: 1, K: 10, Budget: 1 << 20,
			Codes: code.Options{Build: true, All: true},
		}
		done, err := b.Do(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		is := func(m Measure) bool { return m.Name == want.Name && m.Bytes == want.Bytes }
		if !slices.ContainsFunc(done.Measures, is) {
			t.Errorf("no %q of %d bytes in %v", want.Name, want.Bytes, done.Measures)
		}
		if n := done.Rescored; len(n) != 7 || n[0] < 10 || n[6] > 3000 {
			t.Errorf("rescored %d", n)
		}
		var table, csv bytes.Buffer
		if err := errors.Join(done.WriteTable(&table), done.WriteCSV(&csv)); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(table.String(), "\nrescored   ") || !strings.Contains(csv.String(), "\nrows rescored for a new query,rows,7,") {
			t.Errorf("rows rescored are missing:\n%s%s", &table, &csv)
		}
	}
}

func TestBenchCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := Bench{Open: testgallery.OpenDemo, Gallery: "demo", Now: time.Now, Repeats: 1, Queries: 1, Schemes: 1, K: 1}
	_, err := b.Do(ctx, func(name string) {
		if name == "a slider's step, all layers" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
