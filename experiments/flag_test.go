package experiments

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/experiments/internal/testgallery"
)

// TestReplayFlags runs a script that flags items between evaluations of the flagged ones. Its log agrees
// although the gallery has by then all of the flags, and not when somebody else has flagged more.
func TestReplayFlags(t *testing.T) {
	dir := t.TempDir()
	shop := filepath.Join(dir, "shirts")
	testgallery.Shirts().Write(t, shop)
	path := filepath.Join(dir, "try.strata")
	steps := "gallery shirts\nflag a wrong\nevaluate x on category where flag=wrong\nflag \"c c\" wrong\nflag b own word\n" +
		"evaluate x on category where flag=wrong flag=\"own word\"\nflag b none\nfilter flag=wrong\nquery b\nschemes x\nsearch 3\nfilter none\n" +
		"evaluate x on category where flag=wrong\n"
	if err := os.WriteFile(path, []byte(steps), 0o666); err != nil {
		t.Fatal(err)
	}
	log, _, err := replayFile(t, path, ReplayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"flag    a wrong\n    was none\n", "flag    b \"own word\"\n    was none\n", "flag    b none\n    was \"own word\"\n",
		"where flag=wrong over all seed 1\n    flag=wrong: 1 ids  sha256:", "    flag=\"own word\": 1 ids  sha256:",
		"filter  flag=wrong\n    flag=wrong: 2 ids  sha256:", "    2 queries\n", "    3 queries\n",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in\n%s", want, log)
		}
	}
	file := filepath.Join(shop, ".strata", "flags.csv")
	const flagged = "id,flag\na,wrong\nc c,wrong\n"
	if b, err := os.ReadFile(file); err != nil || string(b) != flagged {
		t.Fatalf("%v: %q", err, b)
	}
	if err := os.WriteFile(path, []byte(log), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := replayFile(t, path, ReplayOptions{Check: true}); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != flagged {
		t.Errorf("a check writes %q: %v", b, err)
	}
	if err := os.WriteFile(file, []byte(flagged+"d,wrong\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	want := "; other items have flag=wrong than when this was written"
	if _, _, err := replayFile(t, path, ReplayOptions{Check: true}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("other flags: %v", err)
	}
}

// TestReplayFlaggedDecision decides on flagged items, of which others are flagged before the decision, and
// none after it. The log agrees, whatever the items of its steps were flagged as since; it says so
// where others are.
func TestReplayFlaggedDecision(t *testing.T) {
	dir := t.TempDir()
	shop := filepath.Join(dir, "shirts")
	testgallery.Shirts().Write(t, shop)
	path, flags := filepath.Join(dir, "try.strata"), filepath.Join(shop, ".strata", "flags.csv")
	write := func(path, text string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(flags, "id,flag\nd,wrong\na,wrong\n")
	write(path, "gallery shirts\nevaluate x, y on category where flag=wrong\nflag \"c c\" wrong\ndecide x\nflag d none\nflag a none\nflag \"c c\" none\nexport decision.html\n"+
		"flag b good\nexport decision.html\nflag a wrong\nflag d wrong\nexport decision.html\n")
	log, _, err := replayFile(t, path, ReplayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "decision.html"))
	if err != nil || strings.Contains(string(page), "Measured on") || !strings.Contains(log, "    flag=good: 1 ids  sha256:") {
		t.Errorf("%v: the page says that queries were drawn, or the log does not name the flags:\n%s", err, log)
	}
	write(path, log)
	for _, now := range []string{"a,wrong\nd,wrong\nb,good\n", "b,good\nd,wrong\na,wrong\n", "a,own word\nc c,wrong\n", ""} {
		write(flags, "id,flag\n"+now)
		if _, _, err := replayFile(t, path, ReplayOptions{Check: true}); err != nil {
			t.Errorf("%q: %v", now, err)
		}
	}
	write(flags, "id,flag\ne,good\n")
	if _, _, err := replayFile(t, path, ReplayOptions{Check: true}); err == nil || !strings.Contains(err.Error(), "; other items are flagged than when this was written") {
		t.Errorf("another item is flagged: %v", err)
	}
}

// TestFlagsAreWholeSteps fails after a flag step: neither the gallery nor its file has the flag.
func TestFlagsAreWholeSteps(t *testing.T) {
	shop := filepath.Join(t.TempDir(), "shirts")
	testgallery.Shirts().Write(t, shop)
	s := NewSession(Options{Open: openFolder})
	defer s.Close()
	do(t, s, "gallery "+shop+"\nflag a wrong\nfilter flag=wrong\n")
	for step, want := range map[string]string{
		"flag b wrong\nquery nobody\n": `no item "nobody"`, "flag nobody wrong\n": `no item "nobody"`, "flag a none\n": "the filter would leave no item",
	} {
		if _, err := s.Do(t.Context(), steps(t, step)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", step, err, want)
		}
		if f := s.Gallery().Flags(); f.Len() != 1 || f.Of("a") != "wrong" {
			t.Errorf("after %s: %+v", step, f)
		}
	}
	if b, err := os.ReadFile(filepath.Join(shop, ".strata", "flags.csv")); err != nil || string(b) != "id,flag\na,wrong\n" {
		t.Errorf("%v: %q", err, b)
	}
}
