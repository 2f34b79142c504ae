package report

import (
	"bytes"
	"html"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"strata/engine"
	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
	"strata/experiments/run"
	"strata/fixtures/need"
)

// decide evaluates and returns the decision for a scheme, by place, against another.
func decide(t *testing.T, g *engine.Gallery, plan eval.Plan, scheme, against int, labels ...int) *Decision {
	t.Helper()
	e, err := plan.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	comparisons, err := e.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDecision(e, comparisons)
	if err != nil {
		t.Fatal(err)
	}
	d.Scheme, d.Against, d.Labels = scheme, against, labels
	return d
}

// pageOf writes the page of a decision.
func pageOf(t *testing.T, d *Decision, w Work) string {
	t.Helper()
	m, err := d.Evaluation.Manifest(t.Context(), run.Folder{Now: func() time.Time { return time.Time{} }}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	write, err := d.Page(t.Context(), w, m)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// demoWork is a search for weights, notes and flags of the demo gallery.
func demoWork(t *testing.T, g *engine.Gallery) Work {
	t.Helper()
	ask := demoTuning(t, g)
	ask.Constraints = nil
	ask.Front = []metric.Target{ask.Front[0], ask.Front[1]}
	tuned, err := ask.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return Work{
		Tuned: tuned, Notes: []string{"A note of some length, that goes over the end of a narrow line and is not cut there.", "short"},
		Flagged: []Flagged{{Row: 3, Flag: "wrong label"}, {Row: 7, Flag: "duplicate"}},
	}
}

// TestDecisionInBrowser loads the page of a decision in a browser, as TestReportInBrowser does that of an evaluation; and
// it, and the other pages, in one as narrow as a telephone.
func TestDecisionInBrowser(t *testing.T) {
	need.Long(t)
	need.Programs(t, browser)
	g := testgallery.Demo(t)
	plan := eval.Plan{Schemes: testgallery.Schemes(t, "A", "B", "C", "B+pattern", "concat(B|zscore,0.25*pattern)")}
	page := pageOf(t, decide(t, g, plan, 3, 1, 0, 1), demoWork(t, g))
	// Six queries with two rows of ten, two flags; the measured front, the tuned one on both sides, its intervals,
	// classes of two labels; schemes by two sets of labels, the tuned ones, their front, classes.
	lookAt(t, page, "pictures 128 broken 0 unnamed 0 plots 6 blind 0 tables 6 bare 0 fetched 0 wider 0")
	narrowly(t, page)
	narrowly(t, report(t, g, eval.Plan{Schemes: plan.Schemes, Over: 200}, nil, Sheets{Worst: 2}))
	tuned, _ := tuneReport(t, demoTuning(t, g))
	narrowly(t, tuned)
	narrowly(t, mineReport(t, demoMining(t, g)))
}

// narrowly loads a page at 420 pixels: no prose is cut at the right, the page does not scroll sideways, and the first
// table shows a scheme and its first value.
func narrowly(t *testing.T, page string) {
	t.Helper()
	policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`)
	probe := strings.Replace(policy.ReplaceAllString(page, ""), "</body>", narrowScript+"</body>", 1)
	dom := browse(t, probe, "--window-size=420,900").stdout
	_, found, _ := strings.Cut(dom, `<p id="probe">`)
	found, _, _ = strings.Cut(found, "</p>")
	if found = html.UnescapeString(found); found != "width 420 wider 0 head true" {
		t.Errorf("on a narrow screen: %s", found)
	}
}

const narrowScript = `<p id="probe"></p><script>addEventListener("load", () => {
const prose = "h1, h2, h3, h4, p, li, dd, dt, caption, figcaption, .says, .cap, .value, .who, strong";
const cut = [...document.querySelectorAll(prose)].filter(e => e.id != "probe" && e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 1);
const cell = document.querySelector("tbody td");
document.getElementById("probe").textContent = "width " + innerWidth + " wider " + Math.max(0, document.documentElement.scrollWidth - innerWidth) +
  " head " + (cell.getBoundingClientRect().right <= innerWidth) + cut.slice(0, 5).map(e => "; cut: " + e.tagName + " " + e.textContent.slice(0, 60)).join("");
})</script>`

// TestDecisionSays checks what the page says of a scheme that is behind, and of flags and notes.
func TestDecisionSays(t *testing.T) {
	g := testgallery.Demo(t)
	d := decide(t, g, eval.Plan{Schemes: testgallery.Schemes(t, "A", "B", "C", "B+pattern")}, 3, 1, 0, 1)
	work := demoWork(t, g)
	page := pageOf(t, d, work)
	for _, want := range []string{
		"B: category 0.640, ahead of all; costs 0.154 colour against A · B&#43;pattern: brand 0.306, ahead of 2 of 3, not shown against B; costs 0.074 category against B · p&lt;.05, Holm",
		"Behind B by 0.074 (0.062 to 0.085; p &lt; 0.0001).", "Not shown to differ from B: &#43;0.002",
		`<td class="faded`, `<tr class="faded"><th`, "1 · 0.914", ">wrong label</span>", "<li>short</li>", "B&#43;pattern finds 0 of 10, B 8",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	if again := pageOf(t, d, work); again != page {
		t.Error("two pages of one decision differ")
	}
	// The classes are in the order of what they weigh: skirts lose 238 hits.
	if !regexp.MustCompile(`<th scope="row">skirt</th><td>−238</td>(?s:.*)<th scope="row">business-bag</th><td>−200</td>`).MatchString(page) {
		t.Error("the class that loses most is not the first")
	}
}

// TestClassChance has the exact p where there is one, and else one of the same size.
func TestClassChance(t *testing.T) {
	nan := math.NaN()
	for _, tc := range []struct {
		c         eval.ClassDifference
		low, high float64
	}{
		{eval.ClassDifference{P: 0.25, Win: 100}, 0.25, 0.25},
		{eval.ClassDifference{P: nan, Tie: 9}, 1, 1},
		{eval.ClassDifference{P: nan, Win: 30, Loss: 10}, 0.002, 0.003}, // of a sign test, exactly .0022
		{eval.ClassDifference{P: nan, Win: 10, Loss: 30}, 0.002, 0.003},
		{eval.ClassDifference{P: nan, Win: 20, Loss: 20}, 1, 1},
	} {
		if p := classChance(tc.c); !(p >= tc.low && p <= tc.high) {
			t.Errorf("%+v: p %v, want %v to %v", tc.c, p, tc.low, tc.high)
		}
	}
}
