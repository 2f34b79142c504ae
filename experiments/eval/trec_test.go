package eval

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
)

// trecEval reads a run and judgements as trec_eval does, and computes its
// metrics: scores as float32, equal ones by descending id, a query without
// judgements ignored.
type trecEval struct {
	ranked map[string][]string       // by query: ids, best first
	gains  map[string]map[string]int // by query, then id

	largest int // gain that there may be
}

func readTrec(t *testing.T, run, qrels string) *trecEval {
	t.Helper()
	e := &trecEval{map[string][]string{}, map[string]map[string]int{}, 1}
	scores := map[string]map[string]float32{}
	for line := range strings.Lines(run) {
		f := strings.Fields(line)
		score, err := strconv.ParseFloat(f[4], 32)
		if len(f) != 6 || err != nil {
			t.Fatalf("run line %q: %v", line, err)
		}
		if scores[f[0]] == nil {
			scores[f[0]] = map[string]float32{}
		}
		e.ranked[f[0]] = append(e.ranked[f[0]], f[2])
		scores[f[0]][f[2]] = float32(score)
	}
	for q, ids := range e.ranked {
		slices.SortFunc(ids, func(a, b string) int {
			return cmp.Or(cmp.Compare(scores[q][b], scores[q][a]), cmp.Compare(b, a))
		})
	}
	for line := range strings.Lines(qrels) {
		f := strings.Fields(line)
		gain, err := strconv.Atoi(f[3])
		if len(f) != 4 || err != nil {
			t.Fatalf("qrels line %q: %v", line, err)
		}
		if e.gains[f[0]] == nil {
			e.gains[f[0]] = map[string]int{}
		}
		if _, twice := e.gains[f[0]][f[2]]; twice {
			t.Fatalf("%s is judged twice for %s", f[2], f[0])
		}
		e.gains[f[0]][f[2]] = gain
	}
	return e
}

// relevant returns R of a query.
func (e *trecEval) relevant(q string) int {
	r := 0
	for _, gain := range e.gains[q] {
		if gain > 0 {
			r++
		}
	}
	return r
}

// value computes a metric by its definition, from the ids alone.
func (e *trecEval) value(m metric.Metric, q string) float64 {
	ids, gains, r := e.ranked[q], e.gains[q], float64(e.relevant(q))
	k := m.K
	if k == 0 {
		k = len(ids)
	}
	hits, first := 0, 0
	var sum, dcg, atR float64
	for i, id := range ids[:min(k, len(ids))] {
		if gains[id] == 0 {
			continue
		}
		if hits++; hits == 1 {
			first = i + 1
		}
		sum += float64(hits) / float64(i+1)
		dcg += float64(gains[id]) / math.Log2(float64(i+2))
		if float64(i+1) <= r {
			atR++
		}
	}
	switch m.Kind {
	case metric.JudgedShare, metric.ExpectedReciprocalRank, metric.BinaryPreference, metric.RankBiased + 80, metric.RankBiased + 50:
		return e.graded(m, ids[:min(k, len(ids))], gains, r)
	case metric.Precision:
		return float64(hits) / float64(k)
	case metric.Recall:
		return float64(hits) / r
	case metric.Success:
		return float64(min(hits, 1))
	case metric.AveragePrecision:
		return sum / r
	case metric.RPrecision:
		return atR / r
	case metric.ReciprocalRank:
		if first == 0 {
			return 0
		}
		return 1 / float64(first)
	case metric.NDCG:
		var best []int
		for _, gain := range gains {
			best = append(best, gain)
		}
		slices.SortFunc(best, func(a, b int) int { return b - a })
		if m.K > 0 {
			best = best[:min(k, len(best))]
		}
		var ideal float64
		for i, gain := range best {
			ideal += float64(gain) / math.Log2(float64(i+2))
		}
		return dcg / ideal
	}
	panic("trec_eval has no such metric")
}

// graded is value for metrics that look at one rank after another.
func (e *trecEval) graded(m metric.Metric, ids []string, gains map[string]int, r float64) float64 {
	p := map[metric.Kind]float64{metric.RankBiased + 80: .8, metric.RankBiased + 50: .5}[m.Kind]
	known, before, others := 0.0, 0.0, float64(len(gains))-r
	var stopped, biased, preferred float64
	reading := 1.0
	for i, id := range ids {
		gain, ok := gains[id]
		if ok {
			known++
		}
		stops := (math.Exp2(float64(gain)) - 1) / math.Exp2(float64(e.largest))
		stopped += reading * stops / float64(i+1)
		reading *= 1 - stops
		biased += (1 - p) * math.Pow(p, float64(i)) * float64(gain) / float64(e.largest)
		switch {
		case ok && gain == 0:
			before++
		case before > 0 && gain > 0:
			preferred += 1 - min(before, r)/min(others, r)
		case gain > 0:
			preferred++
		}
	}
	switch m.Kind {
	case metric.JudgedShare:
		return known / float64(m.K)
	case metric.ExpectedReciprocalRank:
		return stopped
	case metric.BinaryPreference:
		return preferred / r
	}
	return biased
}

// exported returns the run of a scheme and the judgements of a label.
func exported(t *testing.T, e *Evaluation, scheme, label int) (run, qrels string) {
	t.Helper()
	var a, b bytes.Buffer
	if err := e.writeRun(&a, scheme); err != nil {
		t.Fatal(err)
	}
	if err := e.writeQrels(&b, label); err != nil {
		t.Fatal(err)
	}
	return a.String(), b.String()
}

// trecMetrics are the metrics that trec_eval has.
func trecMetrics(t *testing.T) []metric.Metric {
	t.Helper()
	metrics, err := metric.ParseMetrics(strings.Fields("P R Success AP AP@all RR@all nDCG nDCG@all Rprec ERR RBP RBP(.5)@all bpref Judged"), []int{1, 3, 10})
	if err != nil {
		t.Fatal(err)
	}
	return metrics
}

// TestTrec exports random galleries and computes all metrics again from the
// files, for labels with several values, levels and joint ones.
func TestTrec(t *testing.T) {
	for seed := range uint64(4) {
		tab := testgallery.Random(rand.New(rand.NewPCG(seed, 31)), 120)
		for r := range tab.IDs {
			tab.IDs[r] = fmt.Sprintf("item %d%%", r) // blanks part fields
			tab.Cells["category"][r] = strings.Replace(tab.Cells["category"][r], "class 1", "class/1/", 1)
		}
		g := tab.Open(t)
		plan := Plan{
			Schemes: testgallery.Schemes(t, "A", "B+C", "rrf(A,C)"), Labels: []string{"category", "colour", "category/*", "category&colour"},
			Ks: []int{1, 3, 10}, Metrics: trecMetrics(t), Seed: seed + 1, Keep: -1,
		}
		e, err := plan.Evaluate(t.Context(), g, nil)
		if err != nil {
			t.Fatal(err)
		}
		compared := 0
		for s := range e.Schemes {
			for l, label := range e.Labels {
				run, qrels := exported(t, e, s, l)
				files := readTrec(t, run, qrels)
				files.largest = e.Judge.Labels[l].Label.LargestGain()
				for i, q := range e.Queries {
					id := strings.ReplaceAll(strings.ReplaceAll(g.ID(q), "%", "%25"), " ", "%20")
					skip := e.Skip(i, s, l)
					if (skip == Judged || skip == Unscored) != (files.gains[id] != nil) {
						t.Fatalf("%s, %s: skipped %v, but judgements are %v", g.ID(q), label, skip, files.gains[id])
					}
					if skip != Judged {
						continue
					}
					for m, metric := range e.Metrics {
						got := e.value(i, s, l, m) / float64(max(1, metric.Unit()))
						if want := files.value(metric, id); math.Abs(got-want) > 1e-14 {
							t.Fatalf("%s, %s, %s: %v is %v, from the files %v", e.Schemes[s], label, g.ID(q), metric, got, want)
						}
						compared++
					}
				}
			}
		}
		if compared < 10_000 {
			t.Errorf("only %d values compared", compared)
		}
	}
}

// TestTrecSampled: the files hold the drawn queries only, and the same ones for
// the same seed.
func TestTrecSampled(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(3, 31)), 120).Open(t)
	var first string
	for range 2 {
		e, err := Plan{Schemes: testgallery.Schemes(t, "A"), Labels: []string{"category"}, Seed: 7, Keep: 9}.Evaluate(t.Context(), g, nil)
		if err != nil {
			t.Fatal(err)
		}
		run, qrels := exported(t, e, 0, 0)
		files := readTrec(t, run, qrels)
		scored := 0
		for _, i := range e.kept {
			if e.Scored[i] {
				scored++
			}
		}
		if len(e.kept) != 9 || len(files.ranked) != scored || scored < 2 {
			t.Errorf("%d queries drawn, %d of them with a score, %d in the run", len(e.kept), scored, len(files.ranked))
		}
		for q, ids := range files.ranked {
			if len(ids) > 10 {
				t.Errorf("%s: %d ranked", q, len(ids))
			}
		}
		if first == "" {
			first = run + qrels
		} else if first != run+qrels {
			t.Error("other files from the same seed")
		}
	}
}

// TestTrecPadding: no name of padding is an item's id.
func TestTrecPadding(t *testing.T) {
	tab := testgallery.Shirts()
	tab.IDs[3], tab.IDs[4] = "__pad1", "___pad"
	e, err := Plan{Schemes: testgallery.Schemes(t, "x"), Ks: []int{1}, Keep: -1}.Evaluate(t.Context(), tab.Open(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := e.padding(); got != "____pad" {
		t.Errorf("got %q", got)
	}
}

func TestTrecName(t *testing.T) {
	for id, want := range map[string]string{"a-1.jpg": "a-1.jpg", "a b": "a%20b", "50%": "50%25", "é\t": "%C3%A9%09", "\x7f": "%7F"} {
		if got := trecName(id); got != want {
			t.Errorf("%q: got %s, want %s", id, got, want)
		}
	}
}

// FuzzTrecName: a name is one word of printable ASCII, and two ids have two names.
func FuzzTrecName(f *testing.F) {
	f.Add("knit-0001", "knit 0001")
	f.Add("50%", "50%25")
	f.Add("\x1b[c", "é")
	f.Add("", " ")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := trecName(a), trecName(b)
		if a != "" && (len(strings.Fields(x)) != 1 || strings.ContainsFunc(x, func(r rune) bool { return r <= ' ' || r >= 0x7f })) {
			t.Errorf("%q becomes %q", a, x)
		}
		if (a == b) != (x == y) {
			t.Errorf("%q and %q become %q and %q", a, b, x, y)
		}
	})
}
