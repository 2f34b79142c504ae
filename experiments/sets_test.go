package experiments

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/experiments/internal/testgallery"
)

func TestReplayQuerySets(t *testing.T) {
	dir := t.TempDir()
	testgallery.Shirts().Write(t, filepath.Join(dir, "shirts"))
	sets := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "shirts", "gallery.yaml"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	sets("queries: {some: [a, c c], shirts: {where: {category: shirt}}}\n")
	path := filepath.Join(dir, "try.strata")
	steps := "gallery shirts\nevaluate x, y on category over some\ncompare x, y on category over 1 of some seed 2\n" +
		"mine x, y on category over some\ntune x, y for P@1 category over shirts share 0.5\n"
	if err := os.WriteFile(path, []byte(steps), 0o666); err != nil {
		t.Fatal(err)
	}
	log, _, err := replayFile(t, path, ReplayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"evaluate x, y on category over some seed 1\n    queries some: 2 ids  sha256:", "over 1 of some seed 2\n    queries some: 2 ids  sha256:",
		"    2 queries\n", "    1 queries\n", "over shirts seed 1 step 1/10 share 0.5\n    queries shirts: ",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in\n%s", want, log)
		}
	}
	if err := os.WriteFile(path, []byte(log), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := replayFile(t, path, ReplayOptions{Check: true}); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"queries: {some: [a, b], shirts: {where: {category: shirt}}}\n": "; the set of queries some has other ids than when this was written",
		"queries: {shirts: {where: {category: shirt}}}\n":               `shirts has no set of queries "some" (there is shirts)`,
		"queries: {some: [a, nobody]}\n":                                `queries: some: 1 of 2 ids are of no item: "nobody"`,
	} {
		sets(text)
		if _, _, err := replayFile(t, path, ReplayOptions{Check: true}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
