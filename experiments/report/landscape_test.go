package report

import (
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
	"strata/experiments/run"
	"strata/experiments/tune"
)

// TestLandscape writes a landscape for two and three layers that are tuned for P@10, the same bytes with one thread and
// with several, and for nothing else. Its means are those of the tuning on the same queries.
func TestLandscape(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(5, 8)), 120).Open(t)
	target := metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 10}, Label: "category"}
	ask := func(layers ...string) tune.Tuning {
		return tune.Tuning{Gallery: g, Layers: layers, Objective: target, Parts: 2, Share: 0.5, Seed: 6}
	}
	deep := ask("A", "B")
	deep.Objective.Metric.K = 5
	for _, tc := range []struct {
		ask   tune.Tuning
		parts int
	}{{ask("A", "B", "C"), 20}, {ask("B", "C"), 100}, {ask("A/B", "C"), 0}, {deep, 0}} {
		tuned, err := tc.ask.Do(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		l, err := landscapeOf(t.Context(), tuned, tc.ask, nil)
		if err != nil || (l != nil) != (tc.parts > 0) {
			t.Fatalf("%s: a landscape: %t, %v", tc.ask.Layers, l != nil, err)
		}
		if l == nil {
			continue
		}
		if l.Parts != tc.parts || l.Counted != l.Len() {
			t.Errorf("%s: %d of %d nodes of 1/%d", tc.ask.Layers, l.Counted, l.Len(), l.Parts)
		}
		for i, at := range tuned.Single {
			steps := [3]int{}
			steps[i] = l.Parts
			node := l.Node(steps[0], steps[1], steps[2])
			if got, want := l.Reliefs[0].Means[node].Value, tuned.Trials[at].Tune[0]; got != want {
				t.Errorf("%s alone has %v, tuned on the same queries %v", tuned.Layers[i], got, want)
			}
		}
		for _, text := range []string{landscapeSVG(l, true), landscapeSVG(l, false)} {
			wantXML(t, text)
			if len(l.Factors) == 3 && (strings.Count(text, "<path") != 2 || strings.Count(text, "<polygon") < 100) || !strings.Contains(text, ">"+tuned.Layers[0]+"</text>") {
				t.Errorf("%s: the picture is %.300s", tc.ask.Layers, text)
			}
		}
	}

	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var files []string
	for _, n := range []int{1, 3} {
		runtime.GOMAXPROCS(n)
		out := filepath.Join(t.TempDir(), "out")
		page := filepath.Join(out, "report.html")
		if _, err := WriteTuning(t.Context(), ask("A", "B", "C"), run.Folder{Out: out, Page: page}, nil); err != nil {
			t.Fatal(err)
		}
		if text := readText(t, page); !strings.Contains(text, "All weights") || !strings.Contains(text, "chosen on these queries") {
			t.Error("the report has no landscape")
		}
		files = append(files, readText(t, filepath.Join(out, "landscape.svg")))
	}
	plain := filepath.Join(t.TempDir(), "out")
	if _, err := WriteTuning(t.Context(), ask("A", "B", "C"), run.Folder{Out: plain}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(plain, "landscape.svg")); err == nil {
		t.Error("there is a landscape without a report")
	}
	if files[0] != files[1] || strings.Contains(files[0], "var(") {
		t.Errorf("the picture depends on threads, or on a page:\n%.300s\n%.300s", files[0], files[1])
	}
}

// wantXML checks that a text is well-formed.
func wantXML(t *testing.T, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %.300s", err, text)
		}
	}
}
