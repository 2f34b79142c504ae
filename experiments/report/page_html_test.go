package report

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"html"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"strata/engine"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
	"strata/experiments/run"
	"strata/fixtures/need"
)

// browser is the program that shows a page without a screen.
const browser = "chromium-headless-shell"

// report runs an evaluation and returns its report.
func report(t *testing.T, g *engine.Gallery, plan eval.Plan, baseline *scheme.Scheme, sheets Sheets) string {
	t.Helper()
	dir := t.TempDir()
	run := Run{Gallery: g, Plan: plan, Baseline: baseline, Folder: run.Folder{Out: dir, Page: filepath.Join(dir, "report.html"), Version: "v1"}, Sheets: sheets}
	if _, err := run.Do(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(run.Folder.Page)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestReportInBrowser loads a report in a browser: it asks for nothing, says
// nothing on the console, every picture decodes and is named, and every table has
// a caption and heads with a scope.
func TestReportInBrowser(t *testing.T) {
	need.Long(t)
	need.Programs(t, browser)
	page := report(t, testgallery.Demo(t), eval.Plan{Schemes: testgallery.Schemes(t, "A", "B", "C", "B+pattern"), Macro: true}, nil,
		Sheets{Queries: []string{"knit-0012"}, Worst: 2})
	// One chosen and two worst queries, each with four rows of ten.
	lookAt(t, page, "pictures 123 broken 0 unnamed 0 plots 10 blind 0 tables 20 bare 0 fetched 0 wider 0")
}

// lookAt loads a page in a browser and compares what it finds.
func lookAt(t *testing.T, page, want string) {
	t.Helper()
	if console := browse(t, page); strings.Contains(console.stderr, "CONSOLE") {
		t.Errorf("the console says\n%s", console.stderr)
	}
	// The same page with a script that looks at it, which its own policy forbids.
	policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`)
	if !policy.MatchString(page) {
		t.Fatal("the page has no policy")
	}
	probe := strings.Replace(policy.ReplaceAllString(page, ""), "</body>", probeScript+"</body>", 1)
	dom := browse(t, probe).stdout
	_, found, _ := strings.Cut(dom, `<p id="probe">`)
	found, _, _ = strings.Cut(found, "</p>")
	if html.UnescapeString(found) != want {
		t.Errorf("got  %s\nwant %s", found, want)
	}
}

const probeScript = `<p id="probe"></p><script>addEventListener("load", () => {
const all = (s) => [...document.querySelectorAll(s)];
const bare = all("table").filter(t => !t.caption || !t.querySelector("thead th[scope=col]") ||
  [...t.querySelectorAll("tbody tr")].some(r => !r.querySelector("th[scope=row]")));
const say = {
  pictures: all("img").length, broken: all("img").filter(i => !i.complete || !i.naturalWidth).length,
  unnamed: all("img").filter(i => !i.alt).length,
  plots: all("svg").length, blind: all("svg").filter(s => s.getAttribute("role") != "img" || !s.getAttribute("aria-label")).length,
  tables: all("table").length, bare: bare.length,
  fetched: performance.getEntriesByType("resource").filter(e => !e.name.startsWith("data:")).length,
  wider: Math.max(0, document.documentElement.scrollWidth - innerWidth),
};
document.getElementById("probe").textContent = Object.entries(say).flat().join(" ");
})</script>`

type browsed struct{ stdout, stderr string }

// browse loads a page and returns its document and what the browser says.
func browse(t *testing.T, page string, flags ...string) browsed {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "page.html")
	if err := os.WriteFile(path, []byte(page), 0o666); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, append(flags, "--no-sandbox", "--disable-gpu", "--user-data-dir="+dir,
		"--enable-logging=stderr", "--dump-dom", "file://"+path)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", browser, err, stderr.String())
	}
	return browsed{stdout.String(), stderr.String()}
}

// TestReportSameBytes: the report does not depend on the number of threads, the
// time, or the run.
func TestReportSameBytes(t *testing.T) {
	g := testgallery.Demo(t)
	plan := eval.Plan{Schemes: testgallery.Schemes(t, "A", "B", "rrf(A,C)"), Over: 60, Seed: 3}
	page := Sheets{Queries: []string{"knit-cap-0001"}, Worst: 3}
	first := report(t, g, plan, nil, page)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if second := report(t, g, plan, nil, page); first != second {
		t.Error("two reports of the same plan differ")
	}
}

// TestReportEscapes: names from a gallery stay text, in cells, attributes and plots.
func TestReportEscapes(t *testing.T) {
	const evil = `</svg><script>alert("x")</script>&'`
	tab := testgallery.Random(rand.New(rand.NewPCG(1, 2)), 60)
	tab.Labels = append(tab.Labels, evil)
	tab.Cells[evil] = make([]string, len(tab.IDs))
	for r := range tab.IDs {
		tab.IDs[r] += evil
		tab.Cells[evil][r] = []string{evil + "1", evil + "2"}[r%2]
	}
	page := report(t, tab.Open(t), eval.Plan{Schemes: testgallery.Schemes(t, "A", "B"), Labels: []string{evil}}, nil, Sheets{Worst: 2})
	if strings.Contains(page, "<script") || strings.Contains(page, `alert("`) {
		t.Error("a name has become part of the page")
	}
	if !strings.Contains(page, "&lt;script&gt;") {
		t.Error("the name is not in the page")
	}
}

// TestReportSays checks sentences and marks where they can be told: with a
// baseline, with one scheme, with schemes that are equal, without any judged query.
func TestReportSays(t *testing.T) {
	base := testgallery.Schemes(t, "A")[0]
	for _, c := range []struct {
		name     string
		schemes  []scheme.Scheme
		baseline *scheme.Scheme
		want     []string
		not      []string
	}{
		{
			"best", testgallery.Schemes(t, "A", "B", "C"), nil,
			[]string{"Ahead of every other scheme", ">0.640</b>", "B, the highest, against the others", `class="shown"><b>−0.260</b>`},
			[]string{"▲ ahead", `class="best"><b>−`}, // that B is better than A is no good sign, and no bad one
		},
		{
			"baseline", testgallery.Schemes(t, "A", "B", "C"), &base,
			[]string{"Ahead of the baseline A by &#43;0.260", "▲", "All against the baseline A"},
			[]string{"★ highest"},
		},
		{"one", testgallery.Schemes(t, "A"), nil, []string{">0.380</b>"}, []string{"★", "against the others", `id="worst"`}},
		{"equal", testgallery.Schemes(t, "C", "2*C"), nil, []string{"Not shown to differ from 2*C", "☆", "≈"}, []string{"Ahead of"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			page := report(t, testgallery.Demo(t), eval.Plan{Schemes: c.schemes, Labels: []string{"category"}}, c.baseline, Sheets{})
			for _, want := range c.want {
				if !strings.Contains(page, want) {
					t.Errorf("%q is not in the page", want)
				}
			}
			for _, not := range c.not {
				if strings.Contains(page, not) {
					t.Errorf("%q is in the page", not)
				}
			}
		})
	}
	tab := testgallery.Shirts()
	tab.Cells["none"] = make([]string, len(tab.IDs))
	tab.Labels = append(tab.Labels, "none")
	page := report(t, tab.Open(t), eval.Plan{Schemes: testgallery.Schemes(t, "x", "y")}, nil, Sheets{Worst: 1, Queries: []string{"c c"}})
	for _, want := range []string{"No query is judged under this label", "without a picture"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
}

// TestReportRefuses: what cannot be shown is said before anything is evaluated,
// and nothing is written.
func TestReportRefuses(t *testing.T) {
	g := testgallery.Demo(t)
	for want, c := range map[string]struct {
		page   string
		sheets Sheets
	}{
		`"nobody"`:                      {sheets: Sheets{Queries: []string{"nobody"}}},
		"at most 24 contact sheets":     {sheets: Sheets{Worst: 25}},
		"a file, this is a folder":      {page: t.TempDir()},
		"and of worst queries, not 30 ": {sheets: Sheets{Queries: make([]string, 30)}},
	} {
		dir := filepath.Join(t.TempDir(), "out")
		f := run.Folder{Out: dir, Page: cmp.Or(c.page, filepath.Join(dir, "r.html"))}
		_, err := Run{Gallery: g, Plan: eval.Plan{Schemes: testgallery.Schemes(t, "A")}, Folder: f, Sheets: c.sheets}.Do(t.Context(), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: the folder was made", want)
		}
	}
}

// TestShrink: a mean of areas against one in floating point, for sizes that
// divide and that do not; and a limit is kept.
func TestShrink(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, size := range [][3]int{{300, 200, 128}, {129, 1, 128}, {256, 128, 128}, {7, 501, 64}, {20, 30, 128}} {
		w, h, side := size[0], size[1], size[2]
		m := image.NewRGBA(image.Rect(0, 0, w, h))
		for i := range m.Pix {
			m.Pix[i] = uint8(rng.Uint32())
			if i%4 == 3 {
				m.Pix[i] = 255
			}
		}
		got := shrink(m, side)
		dw, dh := got.Rect.Dx(), got.Rect.Dy()
		if max(dw, dh) != min(side, max(w, h)) {
			t.Fatalf("%d×%d has become %d×%d", w, h, dw, dh)
		}
		for range 200 {
			x, y := rng.IntN(dw), rng.IntN(dh)
			want := areaMean(m, x, y, dw, dh)
			if d := float64(got.RGBAAt(x, y).R) - want; d > 0.5001 || d < -0.5001 {
				t.Fatalf("%d×%d at %d, %d: got %d, want %g", w, h, x, y, got.RGBAAt(x, y).R, want)
			}
		}
	}
	noise := image.NewRGBA(image.Rect(0, 0, 400, 400))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(rng.Uint32())
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, noise, nil); err != nil {
		t.Fatal(err)
	}
	small, err := thumbnail(bytes.NewReader(b.Bytes()), 1500)
	if err != nil || len(small) > 1500 {
		t.Errorf("got %d bytes, %v", len(small), err)
	}
	uri, _ := strings.CutPrefix(dataURI(small), "data:image/jpeg;base64,")
	if _, err := jpeg.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(uri))); err != nil {
		t.Error(err)
	}
	if _, err := thumbnail(io.LimitReader(&b, 100), 1500); err == nil {
		t.Error("a picture that is cut off was taken")
	}
}

func areaMean(m *image.RGBA, x, y, dw, dh int) float64 {
	w, h := float64(m.Rect.Dx()), float64(m.Rect.Dy())
	x0, x1 := float64(x)*w/float64(dw), float64(x+1)*w/float64(dw)
	y0, y1 := float64(y)*h/float64(dh), float64(y+1)*h/float64(dh)
	var sum, all float64
	for sy := range m.Rect.Dy() {
		for sx := range m.Rect.Dx() {
			area := max(0, min(float64(sx+1), x1)-max(float64(sx), x0)) * max(0, min(float64(sy+1), y1)-max(float64(sy), y0))
			sum += area * float64(m.RGBAAt(sx, sy).R)
			all += area
		}
	}
	return sum / all
}

// TestThumbnailTransparent: what lets through is seen on white.
func TestThumbnailTransparent(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 2, 2))
	m.Set(0, 0, color.NRGBA{255, 0, 0, 255})
	if got := opaque(m); got.RGBAAt(1, 1) != (color.RGBA{255, 255, 255, 255}) || got.RGBAAt(0, 0) != (color.RGBA{255, 0, 0, 255}) {
		t.Errorf("got %v", got.Pix)
	}
}
