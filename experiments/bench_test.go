package experiments

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"strata/engine"
	"strata/fixtures"
)

// openFixture opens the built-in gallery.
func openFixture(ctx context.Context, name string) (*engine.Gallery, error) {
	return engine.OpenFS(ctx, name, fixtures.Demo())
}

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
		Open: openFixture, Gallery: Builtin, Repeats: 3, Queries: 30, Schemes: 5, Seed: 1, K: 10, Budget: 1 << 20,
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

func TestBenchCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := Bench{Open: openFixture, Gallery: Builtin, Now: time.Now, Repeats: 1, Queries: 1, Schemes: 1, K: 1}
	_, err := b.Do(ctx, func(name string) {
		if name == "a slider's step, all layers" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
