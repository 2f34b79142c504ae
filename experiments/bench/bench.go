package bench

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"strata/engine"
	"strata/engine/code"
	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/run"
	"strata/experiments/table"
)

// Bench measures the engine's operations on a gallery on this machine, and the limits of the
// machine.
type Bench struct {
	Open    func(ctx context.Context, name string) (*engine.Gallery, error)
	Gallery string
	Now     func() time.Time // must tell monotonic time
	Repeats int              // times that each operation is measured, at least 1
	Queries int              // number of queries of an evaluation, at least 1
	Schemes int              // number of schemes of an evaluation of many, at least 1
	Seed    uint64           // of the draw of queries
	K       int              // hits of a ranking, at least 1
	Budget  int64            // bytes of score columns to keep
	Codes   code.Options
}

// Measure holds the times of one operation.
type Measure struct {
	Name  string
	Times []time.Duration // ascending
	Bytes int64           // size of the matrices that the operation reads; 0 if it reads none
	Units int             // number of Unit in one operation
	Unit  string          // "" when there is nothing to count
}

// Benchmark is the outcome of a Bench.
type Benchmark struct {
	Gallery  string
	Items    int
	Layers   []string
	Limits   layer.Limits
	Measures []Measure
	Rescored []int // rows rescored for each new query, ascending; none without codes
	RSS      int64 // anonymous memory of the process at the end, in bytes; 0 where the system does not say
}

// Quantile returns the time that a share p of the operations did not exceed (nearest rank).
func (m Measure) Quantile(p float64) time.Duration { return table.Quantile(m.Times, p) }

// Best returns the shortest time.
func (m Measure) Best() time.Duration { return m.Times[0] }

// Do measures. It writes only codes, if Codes says so. progress may be nil; it gets the name of
// each measure before it is taken.
func (b Bench) Do(ctx context.Context, progress func(name string)) (_ *Benchmark, err error) {
	r := benchRun{Bench: b, progress: progress}
	if r.progress == nil {
		r.progress = func(string) {}
	}
	if r.g, err = r.open(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if closed := r.g.Close(); err == nil {
			err = closed
		}
	}()
	r.out.Gallery, r.out.Items = r.g.Path, r.g.Len()
	for _, l := range r.g.Layers {
		r.bytes += int64(l.Rows) * int64(l.Dim) * l.Type.Size()
		r.out.Layers = append(r.out.Layers, fmt.Sprintf("%s %s %d×%d", l.Name, l.Type, l.Rows, l.Dim))
	}
	if r.among, err = r.g.Candidates(nil); err != nil {
		return nil, err
	}
	for _, act := range []func(context.Context) error{r.prepare, r.queries, r.sliders, r.evaluations} {
		if err := act(ctx); err != nil {
			return nil, err
		}
	}
	r.out.RSS = anonymous() // before the limits, which may allocate memory
	r.progress("limits")
	if r.out.Limits, err = layer.MeasureLimits(ctx, r.g.Layers); err != nil {
		return nil, err
	}
	return &r.out, nil
}

// benchRun is the state of a Bench.
type benchRun struct {
	Bench
	g        *engine.Gallery
	among    *items.Candidates
	bytes    int64 // of all layers
	progress func(string)
	out      Benchmark
}

// time measures n operations. act gets the index of each.
func (r *benchRun) time(ctx context.Context, m Measure, n int, act func(i int) error) error {
	r.progress(m.Name)
	for i := range n {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		began := r.Now()
		if err := act(i); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		m.Times = append(m.Times, r.Now().Sub(began))
	}
	slices.Sort(m.Times)
	r.out.Measures = append(r.out.Measures, m)
	return nil
}

// open opens the gallery several times, and returns it.
func (r *benchRun) open(ctx context.Context) (g *engine.Gallery, err error) {
	err = r.time(ctx, Measure{Name: "open"}, r.Repeats, func(int) error {
		if g != nil {
			if err := g.Close(); err != nil {
				return err
			}
		}
		g, err = r.Open(ctx, r.Gallery)
		return err
	})
	return g, err
}

// prepare measures the operations that a gallery needs once: its fingerprint, and reading every
// layer whole.
func (r *benchRun) prepare(ctx context.Context) error {
	err := r.time(ctx, Measure{Name: "fingerprint"}, 1, func(int) error {
		_, err := r.g.Fingerprint(ctx)
		return err
	})
	if err != nil {
		return err
	}
	err = r.time(ctx, Measure{Name: "first pass over all layers", Bytes: r.bytes}, 1, func(int) error { return r.g.Measure(ctx) })
	if err != nil {
		return err
	}
	return r.codes(ctx)
}

// codes prepares the codes: it builds or only opens them. It reports the speed of building if all
// layers' codes were built.
func (r *benchRun) codes(ctx context.Context) error {
	var built int64
	o := r.Codes
	o.Progress = func(p code.Progress) {
		if l, err := r.g.Layer(p.Layer); err == nil && p.Rows == p.Of {
			built += int64(l.Rows) * int64(l.Dim) * l.Type.Size()
		}
	}
	err := r.time(ctx, Measure{Name: "codes"}, 1, func(int) error { return r.g.PrepareCodes(ctx, o) })
	if err != nil {
		return err
	}
	m := &r.out.Measures[len(r.out.Measures)-1]
	m.Name = "opening codes"
	if built > 0 {
		m.Name, m.Bytes = "building codes", built
	}
	return nil
}

// even returns the scheme in which all layers have the same weight. lean returns the i-th of n
// schemes with different weights.
func (r *benchRun) even() scheme.Scheme { return r.lean(0, 1) }

func (r *benchRun) lean(i, n int) scheme.Scheme {
	s := scheme.Scheme{Kind: scheme.Sum}
	for j, l := range r.g.Layers {
		w := 1 + float64((i*(j+1))%n)/float64(n)
		s.Terms = append(s.Terms, scheme.Term{Weight: w, Factor: scheme.FactorNamed(l.Name)})
	}
	return s
}

// drawn returns n drawn rows as queries.
func (r *benchRun) drawn(n int) []int {
	var rows []int
	for row := range r.g.Len() {
		if r.g.IsQuery(row) {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return []int{0}
	}
	picked := items.Sample(len(rows), n, r.Seed)
	for i, p := range picked {
		picked[i] = rows[p]
	}
	return picked
}

// queries measures single queries over all layers: new ones, and a repeated one.
func (r *benchRun) queries(ctx context.Context) error {
	rows := r.drawn(r.Repeats)
	schemes := []scheme.Scheme{r.even()}
	cold := rank.NewSearcher(r.g, 1)
	err := r.time(ctx, Measure{Name: "a new query, all layers", Bytes: r.bytes}, len(rows), func(i int) error {
		found, err := cold.Search(ctx, rows[i], schemes, r.K, r.among)
		if err == nil && found[0].Coded {
			r.out.Rescored = append(r.out.Rescored, found[0].Rescored)
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.Sort(r.out.Rescored)
	warm := rank.NewSearcher(r.g, r.Budget)
	if _, err := warm.Search(ctx, rows[0], schemes, r.K, r.among); err != nil {
		return err
	}
	return r.time(ctx, Measure{Name: "the same query again"}, r.Repeats, func(int) error {
		_, err := warm.Search(ctx, rows[0], schemes, r.K, r.among)
		return err
	})
}

// sliders measures steps of a slider: new weights for a repeated query.
func (r *benchRun) sliders(ctx context.Context) error {
	row := r.drawn(1)[0]
	s := rank.NewSearcher(r.g, r.Budget)
	if err := s.Warm(ctx, row, []scheme.Scheme{r.even()}); err != nil {
		return err
	}
	steps := 5 * r.Repeats
	return r.time(ctx, Measure{Name: "a slider's step, all layers"}, steps, func(i int) error {
		_, err := s.Search(ctx, row, []scheme.Scheme{r.lean(i+1, steps+1)}, r.K, r.among)
		return err
	})
}

// evaluations measures many queries at once, under one scheme and under many.
func (r *benchRun) evaluations(ctx context.Context) error {
	rows := r.drawn(r.Queries)
	for _, n := range []int{1, r.Schemes} {
		schemes := make([]scheme.Scheme, n)
		for i := range schemes {
			schemes[i] = r.lean(i, n)
		}
		m := Measure{Name: fmt.Sprintf("%d queries × %s", len(rows), table.Counted(n, "scheme")), Units: len(rows) * n, Unit: "rankings"}
		err := r.time(ctx, m, max(1, r.Repeats/10), func(int) error {
			return r.g.RankAll(ctx, rows, schemes, r.K, r.among, func(int, []rank.Ranking) {})
		})
		if err != nil || r.Schemes == 1 {
			return err
		}
	}
	return nil
}

// WriteTable writes the measures for people, with rounded numbers.
func (b *Benchmark) WriteTable(w io.Writer) error {
	var t strings.Builder
	l := b.Limits
	fmt.Fprintf(&t, "gallery    %s: %d items, %s\n", b.Gallery, b.Items, strings.Join(b.Layers, ", "))
	fmt.Fprintf(&t, "processor  %s/%s, %d in use, kernels for %s\n", runtime.GOOS, runtime.GOARCH, l.Processors, l.Kernels)
	fmt.Fprintf(&t, "memory     %.1f GB/s, the best of reading %.2f GB\n", l.Bandwidth/1e9, float64(l.Read)/1e9)
	fmt.Fprintf(&t, "multiply   %.0f GFLOP/s in registers\n", l.Peak/1e9)
	if b.RSS > 0 {
		fmt.Fprintf(&t, "resident   %.2f GB of memory of its own\n", float64(b.RSS)/1e9)
	}
	if n := b.Rescored; len(n) > 0 {
		fmt.Fprintf(&t, "rescored   %d rows at p50, %d at p95, %d at most, for a new query\n", table.Quantile(n, .5), table.Quantile(n, .95), n[len(n)-1])
	}
	fmt.Fprint(&t, "\nms\tn\tbest\tp50\tp95\tp99\trate\n")
	for _, m := range b.Measures {
		fmt.Fprintf(&t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", m.Name, len(m.Times), table.Millis(m.Best()),
			table.Millis(m.Quantile(.5)), table.Millis(m.Quantile(.95)), table.Millis(m.Quantile(.99)), m.rate(l))
	}
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(out, t.String()); err != nil {
		return err
	}
	return out.Flush()
}

// rate returns the bytes or units a second of the fastest operation.
func (m Measure) rate(l layer.Limits) string {
	switch seconds := m.Best().Seconds(); {
	case m.Unit != "" && seconds > 0:
		return fmt.Sprintf("%.0f %s/s", float64(m.Units)/seconds, m.Unit)
	case m.Bytes > 0 && seconds > 0:
		rate := float64(m.Bytes) / seconds
		return fmt.Sprintf("%.1f GB/s, %.2f of memory's", rate/1e9, rate/l.Bandwidth)
	}
	return ""
}

// WriteFile writes the measures as CSV, a row for each: measure, unit, n, best, p50, p95, p99. The
// limits come first.
func (b *Benchmark) WriteFile(path string) error {
	return run.WriteFile(path, b.WriteCSV)
}

// WriteCSV writes the rows of WriteFile.
func (b *Benchmark) WriteCSV(w io.Writer) error {
	columns := slices.Concat(table.Columns(table.Text, "measure", "unit"), table.Columns(table.Whole, "n"), table.Columns(table.Real, "best", "p50", "p95", "p99"))
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		one := func(name, unit string, value float64) bool {
			v := table.Number(value)
			return yield([]string{name, unit, "1", v, v, v, v})
		}
		if !one("memory bandwidth", "bytes/s", b.Limits.Bandwidth) ||
			!one("multiply-add peak", "operations/s", b.Limits.Peak) ||
			!one("anonymous memory", "bytes", float64(b.RSS)) {
			return
		}
		if n := b.Rescored; len(n) > 0 {
			row := []string{"rows rescored for a new query", "rows", strconv.Itoa(len(n)), strconv.Itoa(n[0])}
			for _, p := range []float64{.5, .95, .99} {
				row = append(row, strconv.Itoa(table.Quantile(n, p)))
			}
			if !yield(row) {
				return
			}
		}
		for _, m := range b.Measures {
			row := []string{m.Name, "s", strconv.Itoa(len(m.Times)), table.Number(m.Best().Seconds())}
			for _, p := range []float64{.5, .95, .99} {
				row = append(row, table.Number(m.Quantile(p).Seconds()))
			}
			if !yield(row) {
				return
			}
		}
	}}.Write(w, table.CSV)
}
