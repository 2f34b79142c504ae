package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"strata/engine"
	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
	"strata/experiments/mine"
	"strata/experiments/run"
	"strata/experiments/table"
	"strata/experiments/tune"
	"strata/fixtures/need"
)

// tuneReport runs a search for weights and returns its report and the picture of
// its front.
func tuneReport(t *testing.T, ask tune.Tuning) (page, picture string) {
	t.Helper()
	out := t.TempDir()
	f := run.Folder{Out: out, Page: filepath.Join(out, "sub", "report.html"), Version: "v1"}
	if _, err := WriteTuning(t.Context(), ask, f, nil); err != nil {
		t.Fatal(err)
	}
	return readText(t, f.Page), readText(t, filepath.Join(out, "pareto.svg"))
}

// mineReport mines and returns the report.
func mineReport(t *testing.T, ask mine.Mining) string {
	t.Helper()
	out := t.TempDir()
	f := run.Folder{Out: out, Page: filepath.Join(out, "report.html"), Version: "v1"}
	if _, err := WriteMining(t.Context(), ask, f, nil); err != nil {
		t.Fatal(err)
	}
	return readText(t, f.Page)
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// demoTuning is a search over the demo gallery with a front of three metrics.
func demoTuning(t *testing.T, g *engine.Gallery) tune.Tuning {
	t.Helper()
	p10 := metric.Metric{Kind: metric.Precision, K: 10}
	return tune.Tuning{
		Gallery: g, Layers: []string{"B", "pattern/A"}, Objective: metric.Target{Metric: p10, Label: "category"},
		Constraints: []metric.Constraint{{Target: metric.Target{Metric: p10, Label: "pattern"}, Least: 0.5}}, Front: []metric.Target{{Metric: p10, Label: "category"}, {Metric: p10, Label: "brand"}, {Metric: p10, Label: "pattern"}},
		Parts: 4, Share: 0.5, Over: 300, Seed: 2,
	}
}

func demoMining(t *testing.T, g *engine.Gallery) mine.Mining {
	t.Helper()
	s := testgallery.Schemes(t, "C", "B+pattern")
	return mine.Mining{Gallery: g, A: s[0], B: s[1], Labels: []string{"category", "pattern"}, Near: 0.97, Over: 300}
}

// TestStudiesInBrowser loads the reports of tune and mine in a browser, as
// TestReportInBrowser does that of an evaluation.
func TestStudiesInBrowser(t *testing.T) {
	need.Long(t)
	need.Programs(t, browser)
	g := testgallery.Demo(t)
	page, _ := tuneReport(t, demoTuning(t, g))
	// A table and a plot a metric; six panels and a table of the front.
	lookAt(t, page, "pictures 0 broken 0 unnamed 0 plots 9 blind 0 tables 4 bare 0 fetched 0 wider 0")
	page = mineReport(t, demoMining(t, g))
	want := "broken 0 unnamed 0 plots 2 blind 0 tables 3 bare 0 fetched 0 wider 0"
	// Three queries for each of two labels and as many without, with two rows of
	// ten; five pairs for two schemes and labels; eight hubs of two schemes; pairs
	// of duplicates.
	pictures := strings.Count(page, `<div class="pic`)
	if least := 3*3*21 + 5*2*2*2 + 8*2; pictures < least {
		t.Errorf("%d pictures, want %d and duplicates", pictures, least)
	}
	lookAt(t, page, "pictures "+table.Number(float64(pictures))+" "+want)
}

// TestStudiesSameBytes: the reports do not depend on the number of threads or the
// run.
func TestStudiesSameBytes(t *testing.T) {
	g := testgallery.Demo(t)
	page, picture := tuneReport(t, demoTuning(t, g))
	mined := mineReport(t, demoMining(t, g))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if again, other := tuneReport(t, demoTuning(t, g)); again != page || other != picture {
		t.Error("two reports of one search differ")
	}
	if mineReport(t, demoMining(t, g)) != mined {
		t.Error("two reports of one mining differ")
	}
}

// TestTuneReportSays checks that every value of the queries to tune on is called
// that, and what is said of a choice that holds and of one that does not.
func TestTuneReportSays(t *testing.T) {
	g := testgallery.Demo(t)
	ask := demoTuning(t, g)
	page, picture := tuneReport(t, ask)
	const tuned, reported = 149, 151 // groups stay together
	for _, want := range []string{
		"weights chosen", "Chosen by P@10 category", fmt.Sprintf("on the %d queries that nothing was chosen on", reported), "Where it was chosen it has", "(gap ",
		"Against equal weights", "Against the best layer alone", "P@10 pattern ≥ 0.5", "The constraint holds on the other queries, too.",
		">Tuned on</th>", ">Others</th>", "Rings: the same scheme where weights were chosen", "P@10 brand, tuned on</th>",
		fmt.Sprintf("where weights were chosen: %d queries", tuned), fmt.Sprintf("on the others: %d queries", reported),
		fmt.Sprintf("is of the %d queries on which weights were chosen", tuned),
		"not for a scheme that is picked from the front by its values there",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	if strings.Count(picture, "where weights were chosen: ") != 3 || strings.Count(picture, "on the others: ") != 3 {
		t.Error("the picture does not name the side of its six panels")
	}
	// The bound is what the best just has where it was chosen: whether it holds
	// elsewhere is said.
	ask.Constraints = nil
	ask.Front = []metric.Target{{Metric: metric.Metric{Kind: metric.Precision, K: 10}, Label: "pattern"}}
	all, err := ask.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := all.TargetAt(metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 10}, Label: "pattern"})
	best := all.Trials[all.Best]
	bound, word := best.Tune[n], "The constraint does not hold on the other queries."
	if all.Summary(all.Best, n).Value >= bound {
		bound, word = best.Tune[n], "The constraint holds on the other queries, too."
	}
	ask.Constraints = []metric.Constraint{{Target: all.Targets[n], Least: bound}}
	page, _ = tuneReport(t, tune.Tuning{
		Gallery: g, Layers: ask.Layers, Objective: ask.Objective, Constraints: ask.Constraints, Parts: 4, Share: 0.5, Over: 300, Seed: 2,
	})
	if !strings.Contains(page, word) {
		t.Errorf("%q is not in the page", word)
	}
}

// pictureData is a picture as a page holds it.
var pictureData = regexp.MustCompile(`data:image/jpeg;base64,[^"]*`)

// TestMineReportSays looks for the sentences of a page and for what is picked.
func TestMineReportSays(t *testing.T) {
	g := testgallery.Demo(t)
	ask := demoMining(t, g)
	page := mineReport(t, ask)
	m, err := ask.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"A, what is", "B, what might be", "B = B&#43;pattern", "P@10 category", "ahead of A (", "in blue, A = C; to the left, in ochre, B = B&#43;pattern",
		"What B would lose", "<strong>" + m.Evaluation.Gallery.ID(m.Losses[0].Query) + "</strong>", m.Evaluation.Gallery.ID(m.Mistakes[0].Query) + " → " + m.Evaluation.Gallery.ID(m.Mistakes[0].Hit),
		"are hits of none", "rank-biased overlap", "<strong>" + m.Evaluation.Gallery.ID(m.Disagreements[0].Query) + "</strong>", "--exclude-duplicates",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	for _, not := range []string{"NaN", "%!", "&lt;nil&gt;"} {
		if strings.Contains(pictureData.ReplaceAllString(page, ""), not) {
			t.Errorf("%q is in the page", not)
		}
	}
}

// TestMostDiffering picks the pairs of duplicates whose labels differ most.
func TestMostDiffering(t *testing.T) {
	g := testgallery.Demo(t)
	ask := demoMining(t, g)
	ask.Labels, ask.Near = nil, 0.9
	m, err := ask.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &minePage{Mined: m}
	want := slices.Clone(m.Duplicates.Pairs)
	slices.SortStableFunc(want, func(a, b eval.Duplicate) int { return len(m.Differing(b)) - len(m.Differing(a)) })
	if len(want) < 20 || len(m.Differing(want[0])) == 0 {
		t.Fatalf("%d pairs, of which none differs", len(want))
	}
	for _, n := range []int{1, 7, len(want), len(want) + 3} {
		got := p.mostDiffering(n)
		if first := want[:min(n, len(want))]; fmt.Sprint(got) != fmt.Sprint(first) {
			t.Errorf("the first %d: %v, want %v", n, got, first)
		}
	}
}

// TestStudiesEscape: names from a gallery stay text in the reports and the picture.
func TestStudiesEscape(t *testing.T) {
	const evil = `</svg><script>alert("x")</script>&'`
	tab := testgallery.Random(rand.New(rand.NewPCG(1, 2)), 60)
	tab.Labels = append(tab.Labels, evil)
	tab.Cells[evil] = make([]string, len(tab.IDs))
	for r := range tab.IDs {
		tab.IDs[r] += evil
		tab.Cells[evil][r] = []string{evil + "1", evil + "2"}[r%2]
	}
	g := tab.Open(t)
	s := testgallery.Schemes(t, "A", "B")
	target := metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 5}, Label: evil}
	page, picture := tuneReport(t, tune.Tuning{
		Gallery: g, Layers: []string{"A", "B"}, Objective: target, Front: []metric.Target{target, {Metric: metric.Metric{Kind: metric.Recall, K: 5}, Label: evil}}, Parts: 4, Share: 0.5,
	})
	mined := mineReport(t, mine.Mining{Gallery: g, A: s[0], B: s[1], Labels: []string{evil}, Near: 0.9})
	for name, text := range map[string]string{"tune": page, "mine": mined, "pareto.svg": picture} {
		if strings.Contains(text, "<script") || strings.Contains(text, `alert("`) {
			t.Errorf("%s: a name has become part of it", name)
		}
	}
	if !strings.Contains(mined, "&lt;script&gt;") {
		t.Error("the name is not in the page")
	}
	x := xml.NewDecoder(strings.NewReader(picture))
	for {
		if _, err := x.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("pareto.svg: %v", err)
		}
	}
}

// TestStudiesRefuse: a folder is no report, and a file no folder; either is named
// before anything is searched.
func TestStudiesRefuse(t *testing.T) {
	g := testgallery.Shirts().Open(t)
	s := testgallery.Schemes(t, "x", "y")
	dir := t.TempDir()
	tuning := tune.Tuning{Gallery: g, Layers: []string{"x", "y"}, Objective: metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 1}, Label: "category"}, Parts: 2, Share: 0.5}
	mining := mine.Mining{Gallery: g, A: s[0], B: s[1]}
	for _, c := range []struct {
		in   run.Folder
		want string
	}{
		{run.Folder{Page: dir}, "the report is a file, this is a folder"},
		{run.Folder{Out: filepath.Join(g.Path, "items.csv")}, "this is a file"},
	} {
		_, tune := WriteTuning(t.Context(), tuning, c.in, nil)
		_, mine := WriteMining(t.Context(), mining, c.in, nil)
		for _, err := range []error{tune, mine} {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		}
	}
}

// TestStudiesOdd: reports of galleries in which there is little to show.
func TestStudiesOdd(t *testing.T) {
	tab := testgallery.Shirts()
	tab.Cells["none"] = make([]string, len(tab.IDs))
	tab.Labels = append(tab.Labels, "none")
	g := tab.Open(t)
	s := testgallery.Schemes(t, "x", "y")
	page := mineReport(t, mine.Mining{Gallery: g, A: s[0], B: s[1]})
	if !strings.Contains(page, "No query is judged under this label by both.") || strings.Contains(page, "NaN") {
		t.Errorf("the page says nothing of a label without values, or NaN")
	}
	page, picture := tuneReport(t, tune.Tuning{
		Gallery: testgallery.Random(rand.New(rand.NewPCG(2, 2)), 60).Open(t), Layers: []string{"A/B"}, Objective: metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 5}, Label: "category"},
		Parts: 1, Share: 0.5,
	})
	if head, _, _ := strings.Cut(page, `id="caveats"`); strings.Contains(head, "NaN") || strings.Contains(picture, "NaN") {
		t.Error("NaN is in the page, where no row's value is named")
	}
}
