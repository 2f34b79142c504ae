package check

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"strata/engine"
	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/table"
)

// matrices reads every layer whole.
func (r *checkRun) matrices(ctx context.Context) error {
	all, done := int64(0), int64(0)
	for _, l := range r.g.Layers {
		all += int64(l.Rows) * int64(l.Dim) * l.Type.Size()
	}
	began := r.Now()
	var mu sync.Mutex
	var surveys []*layer.Survey
	for _, l := range r.g.Layers {
		row := int64(l.Dim) * l.Type.Size()
		s, err := r.g.Survey(ctx, l, func(rows int) {
			mu.Lock()
			defer mu.Unlock()
			done += int64(rows) * row
			r.Progress("layer "+l.Name, float64(done)/float64(all))
		})
		if err != nil {
			return err
		}
		r.layer(s)
		surveys = append(surveys, s)
		if err := r.g.Reading(nil, func() error { return l.CheckHeads(ctx) }); err != nil && ctx.Err() == nil {
			r.find(SeverityError, "rows.heads", placeOf(l), "%v", err)
		}
	}
	r.repeats(surveys)
	r.out.Bytes, r.out.Reading = all, r.Now().Sub(began)
	return nil
}

// placeOf names a layer: by its file, and by its name where the file does not.
func placeOf(l *layer.Layer) string {
	if stem, _, _ := strings.Cut(filepath.Base(l.File), "."); stem == l.Name || strings.HasPrefix(stem, l.Name+"-") {
		return l.File
	}
	return l.File + ": " + l.Name
}

// layer says what a survey means.
func (r *checkRun) layer(s *layer.Survey) {
	l := s.Layer
	c := CheckedLayer{
		Name: l.Name, File: l.File, Type: l.Type.String(), Rows: l.Rows, Features: l.Dim, Bytes: s.Bytes, Scored: s.Scored,
		Least: s.Lengths.Least, Median: s.Lengths.Median, Most: s.Lengths.Most, Unit: s.Unit,
	}
	r.out.Layers = append(r.out.Layers, c)
	r.values(s)
	r.rows(s)
	if s.Scored == 0 {
		r.find(SeverityError, "rows.scored", placeOf(l), "none of its %d rows has a score", l.Rows).of(l.Rows, 0)
		return
	}
	if n := s.ConstantColumns.Rows; n > 0 {
		r.find(SeverityWarning, "columns.constant", placeOf(l), "%d of %d features have the same value in all rows; the first is %d", n, l.Dim, s.ConstantColumns.First).of(n, -1)
	}
	if n := s.ZeroColumns.Rows; n > 0 {
		severity := SeverityNote
		if 2*n > l.Dim {
			severity = SeverityWarning
		}
		r.find(severity, "columns.zero", placeOf(l), "%d of %d features are zero in all rows; the first is %d", n, l.Dim, s.ZeroColumns.First).of(n, -1)
	}
	length := fmt.Sprintf("%s %d×%d: lengths %.4g to %.4g, median %.4g", l.Type, l.Rows, l.Dim, c.Least, c.Most, c.Median)
	if s.Unit {
		length = fmt.Sprintf("%s %d×%d: rows have length 1 already, so concat weighs layers alike", l.Type, l.Rows, l.Dim)
	}
	r.find(SeverityNote, "lengths", placeOf(l), "%s", length)
	if n := s.Outliers.Rows; n > 0 {
		r.find(SeverityWarning, "lengths.outliers", placeOf(l), "%s more than ten times the median length, or less than a tenth; the first is %s", countedHave(n, "row"), rowText(r.g, s.Outliers.First)).of(n, s.Outliers.First)
	}
}

// countedHave is counted with its verb.
func countedHave(n int, what string) string {
	if n == 1 {
		return "1 " + what + " has"
	}
	return fmt.Sprintf("%d %ss have", n, what)
}

// values says what is wrong with elements.
func (r *checkRun) values(s *layer.Survey) {
	l := s.Layer
	if v := s.NonFinite; v.Count > 0 {
		f := r.find(SeverityError, "values.finite", placeOf(l), "%d values in %d of %d rows are not finite; the first is %v in %s, feature %d", v.Count, v.Rows, l.Rows, v.Value, rowText(r.g, v.Row), v.Column).of(v.Rows, v.Row)
		if l.Type == layer.Float16 && s.Infinite > 0 {
			f.Text += "; float16 holds no more than 65504: write float32, or scale"
		}
	}
	if v := s.Saturated; v.Count > 0 {
		r.find(SeverityWarning, "values.saturated", placeOf(l), "%d values are ±65504, the largest that float16 holds, first in %s, feature %d: they may have been cut", v.Count, rowText(r.g, v.Row), v.Column).of(v.Rows, v.Row)
	}
}

// rows says what is wrong with rows.
func (r *checkRun) rows(s *layer.Survey) {
	l := s.Layer
	if n := s.Zero.Rows; n > 0 && n < l.Rows {
		severity, why := SeverityWarning, ""
		switch {
		case r.brokenRows(l.Name) == n:
			severity, why = SeverityNote, ", as many as pictures that gallery.yaml records as broken"
		case 2*n >= l.Rows:
			severity, why = SeverityError, ": did the job write all of them?"
		}
		r.find(severity, "rows.zero", placeOf(l), "%d of %d rows are zero; the first is %s%s", n, l.Rows, rowText(r.g, s.Zero.First), why).of(n, s.Zero.First)
	}
	if n := s.Same.Rows; n > 0 {
		r.find(SeverityWarning, "rows.constant", placeOf(l), "%d of %d rows have one value in all features; the first is %s", n, l.Rows, rowText(r.g, s.Same.First)).of(n, s.Same.First)
	}
}

// repeats says which rows repeat others: once, if it is so in every layer.
func (r *checkRun) repeats(surveys []*layer.Survey) {
	same := func(s *layer.Survey) bool {
		return s.Repeated == surveys[0].Repeated && s.RepeatOf == surveys[0].RepeatOf
	}
	place, each := "", surveys
	if len(surveys) > 1 && !slices.ContainsFunc(surveys, func(s *layer.Survey) bool { return !same(s) }) {
		place, each = "every layer", surveys[:1]
	}
	for _, s := range each {
		n, l := s.Repeated.Rows, s.Layer
		if n == 0 {
			continue
		}
		severity, why := SeverityWarning, ""
		if 2*n >= l.Rows {
			severity, why = SeverityError, ": did the job write one batch again and again?"
		}
		r.find(severity, "rows.repeated", cmp.Or(place, placeOf(l)), "%d of %d rows repeat another; the first is %s, which is %s%s", n, l.Rows, rowText(r.g, s.Repeated.First), rowText(r.g, s.RepeatOf), why).of(n, s.Repeated.First)
	}
}

// brokenRows returns the number of pictures that gallery.yaml records as broken in a layer.
func (r *checkRun) brokenRows(layer string) int {
	n := 0
	if m := r.g.Manifest(); m != nil {
		for _, b := range m.Broken {
			if b.In(layer) {
				n++
			}
		}
	}
	return n
}

// orderDepth is the depth of the rankings that the order of rows is checked by.
const orderDepth = 10

// order ranks some queries under each layer. Under a layer whose rows are not in the
// order of the items, hits share labels no more often than chance has it: that
// alone is no proof, since a layer may be blind to every label, but it is what a
// shuffled matrix looks like.
func (r *checkRun) order(ctx context.Context) error {
	queries, among, err := r.sampled()
	if err != nil || len(queries) == 0 || len(r.g.Labels()) == 0 || r.g.Len() < 10*orderDepth {
		return err
	}
	for i, l := range r.g.Layers {
		r.Progress("order of rows", float64(i)/float64(len(r.g.Layers)))
		if scored := r.out.Layers[i].Scored; 2*scored < l.Rows {
			continue // there are worse findings
		}
		chance := newLuck(r.g, among)
		var mu sync.Mutex
		err := r.g.RankAll(ctx, queries, alone(l.Name), orderDepth, among, func(i int, rankings []rank.Ranking) {
			mu.Lock()
			defer mu.Unlock()
			chance.add(queries[i], rankings[0].Hits)
		})
		if err != nil {
			return err
		}
		if label, z, rate, base := chance.best(); label != "" && z < 4 {
			r.find(SeverityWarning, "rows.order", placeOf(l),
				"the nearest items share a label no more often than any others (P@%d of %s is %.4f over %d queries, by chance it is %.4f): are its rows in the order of the items?",
				orderDepth, table.Quote(label), rate, len(queries), base)
		}
	}
	return nil
}

// sampled returns the queries that are ranked, and their candidates.
func (r *checkRun) sampled() (queries []int, among *items.Candidates, err error) {
	var all []int
	for row := range r.g.Len() {
		if r.g.IsQuery(row) {
			all = append(all, row)
		}
	}
	if among, err = r.g.Candidates(nil); err != nil || r.Queries == 0 {
		return nil, among, err
	}
	for _, i := range items.Sample(len(all), r.Queries, r.Seed) {
		queries = append(queries, all[i])
	}
	return queries, among, nil
}

// alone returns a layer as the only scheme.
func alone(layer string) []scheme.Scheme {
	return []scheme.Scheme{{Terms: []scheme.Term{{Weight: 1, Factor: scheme.FactorNamed(layer)}}}}
}

// luck counts hits by label, and what chance would give.
type luck struct {
	labels    []*items.Label
	relevance []*items.Relevance
	among     *items.Candidates
	hits, of  []int
	expected  []float64
	variance  []float64
}

func newLuck(g *engine.Gallery, among *items.Candidates) *luck {
	c := &luck{among: among}
	for _, l := range g.Labels() {
		c.labels, c.relevance = append(c.labels, l), append(c.relevance, among.Relevance(l))
	}
	n := len(c.labels)
	c.hits, c.of, c.expected, c.variance = make([]int, n), make([]int, n), make([]float64, n), make([]float64, n)
	return c
}

// add adds the hits of a query.
func (c *luck) add(query int, hits []rank.Hit) {
	for i, l := range c.labels {
		relevant, all := c.relevance[i].Count(query), c.among.Count(query)
		if relevant == 0 || relevant == all || all == 0 {
			continue
		}
		p := float64(relevant) / float64(all)
		for _, h := range hits {
			if l.Relevant(query, h.Row) {
				c.hits[i]++
			}
		}
		c.of[i] += len(hits)
		c.expected[i] += p * float64(len(hits))
		c.variance[i] += p * (1 - p) * float64(len(hits))
	}
}

// best returns the label under which hits are farthest from chance, by how many
// standard deviations, and the rates.
func (c *luck) best() (label string, z, rate, base float64) {
	z = math.Inf(-1)
	for i, l := range c.labels {
		if c.of[i] == 0 || c.variance[i] == 0 || c.expected[i] < 1 { // too rare to tell
			continue
		}
		if zi := (float64(c.hits[i]) - c.expected[i]) / math.Sqrt(c.variance[i]); zi > z {
			label, z = l.Name, zi
			rate, base = float64(c.hits[i])/float64(c.of[i]), c.expected[i]/float64(c.of[i])
		}
	}
	return label, z, rate, base
}
